import Foundation

/// Writes files that are there whole or not at all.
package enum AtomicFile {
  /// Replaces a file: writes a temporary one beside it, makes it durable, and renames it.
  ///
  /// - Throws: `TrainingError`; the old file is then as it was.
  package static func write(_ parts: [Data], to path: String) throws {
    let temporary = path + ".partial"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard file >= 0 else { throw failure("can't be written", path) }
    do {
      for part in parts { try write(part, to: file, path) }
      guard fsync(file) == 0 else { throw failure("can't be made durable", path) }
    } catch {
      close(file)
      unlink(temporary)
      throw error
    }
    guard close(file) == 0, rename(temporary, path) == 0 else {
      let error = failure("can't be put in place", path)
      unlink(temporary)
      throw error
    }
    // The rename itself lies in the folder.
    let folderPath = (path as NSString).deletingLastPathComponent
    let folder = open(folderPath.isEmpty ? "." : folderPath, O_RDONLY)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  /// Writes all bytes to an open file.
  package static func write(_ data: Data, to file: Int32, _ path: String) throws {
    try data.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = systemWrite(file, bytes.baseAddress! + written, bytes.count - written)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw failure("can't be written", path) }
        written += count
      }
    }
  }

  /// An error with what the system says of the last call.
  static func failure(_ problem: String, _ path: String) -> TrainingError {
    TrainingError(
      path: path, problem: "\(problem) (\(String(cString: strerror(errno))))",
      advice: "see to the folder's rights and space, or give another --output")
  }
}

private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  #if canImport(Darwin)
    Darwin.write(file, bytes, count)
  #else
    Glibc.write(file, bytes, count)
  #endif
}
