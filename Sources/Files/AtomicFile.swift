import Foundation

/// Writes files so that they are there whole or not at all.
package enum AtomicFile {
  /// The system calls that can fail.
  package enum Operation: CaseIterable, Sendable {
    case open, write, sync, close, rename, openFolder, syncFolder
  }

  /// For tests: asked before each call on a file; an error number that it returns becomes the call's outcome.
  package static var fault: Fault? {
    get { lock.withLock { currentFault } }
    set { lock.withLock { currentFault = newValue } }
  }
  package typealias Fault = @Sendable (Operation, _ path: String) -> Int32?
  private static let lock = NSLock()
  /// Only accessed under the lock.
  nonisolated(unsafe) private static var currentFault: Fault?

  /// The ending of temporary files, which a process that is killed leaves behind.
  package static let temporarySuffix = ".partial"

  /// Replaces a file: writes a temporary one beside it, makes it durable, and renames it.
  ///
  /// The temporary file has a name of its own, and is created by this call or not at all: nobody can put a link in its
  /// place, and two processes that write the same path can't tear each other's files.
  ///
  /// - Throws: `FileError`; the old file is then unchanged, unless only the folder could not be made durable.
  package static func write(_ parts: some Sequence<Data>, to path: String) throws {
    let temporary = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36))\(temporarySuffix)"
    let file = call(.open, path) {
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    guard file >= 0 else { throw failure(.write, path) }
    do {
      for part in parts { try write(part, to: file, path) }
      guard call(.sync, path, { fsync(file) }) == 0 else { throw failure(.makeDurable, path) }
    } catch {
      close(file)
      unlink(temporary)
      throw error
    }
    guard call(.close, path, { close(file) }) == 0, call(.rename, path, { rename(temporary, path) }) == 0 else {
      let error = failure(.move, path)
      unlink(temporary)
      throw error
    }
    // The rename itself is stored in the folder.
    let folderPath = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let folder = call(.openFolder, path) { open(folderPath, O_RDONLY | O_CLOEXEC) }
    guard folder >= 0 else { throw failure(.makeFolderDurable, path) }
    defer { close(folder) }
    guard call(.syncFolder, path, { fsync(folder) }) == 0 else { throw failure(.makeFolderDurable, path) }
  }

  /// Writes all bytes to an open file.
  package static func write(_ data: Data, to file: Int32, _ path: String) throws {
    try data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = call(.write, path) { systemWrite(file, bytes.baseAddress! + written, bytes.count - written) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw failure(.write, path) }
        written += count
      }
    }
  }

  private static func call<Result: SignedInteger>(
    _ operation: Operation, _ path: String, _ body: () -> Result
  ) -> Result {
    guard let code = fault?(operation, path) else { return body() }
    errno = code
    return -1
  }

  /// An error with what the system says about the last call.
  package static func failure(_ operation: FileError.Operation, _ path: String) -> FileError {
    FileError(.unwritable(operation, code: errno), path: path)
  }
}

private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  #if canImport(Darwin)
    Darwin.write(file, bytes, count)
  #else
    Glibc.write(file, bytes, count)
  #endif
}
