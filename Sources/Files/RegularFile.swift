import Foundation

/// A regular file that is open for reading.
///
/// Its bytes are read where they are wanted, and never mapped: a file that is cut off while it is mapped would end the
/// process. One that changes after it was opened is refused, so that no two states of it are mixed.
package final class RegularFile: ByteSource, Sendable {
  /// Its path, as the caller gave it.
  package let path: String
  /// Its state when it was opened.
  package let state: FileState
  private let advice: String
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Parameter advice: what to use instead.
  /// - Throws: `FileError` where there is no such file, it can't be read, or it isn't a regular one: a pipe or a device
  ///   might never end.
  package init(_ path: String, advice: String) throws {
    try checkRegularFile(path, advice: advice)
    // Should a pipe have taken its place, opening it must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw FileError(errno == ENOENT ? .missing : .unreadable(code: errno), path: path, advice: advice)
    }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(.changed, path: path)
    }
    (self.path, self.advice, self.descriptor, state) = (path, advice, descriptor, FileState(facts))
  }

  deinit { close(descriptor) }

  /// Its size in bytes.
  package var count: Int { state.size }

  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(.unreadable(code: errno), path: path, advice: advice) }
      // It has become shorter.
      guard count > 0 else { throw FileError(.changed, path: path) }
      done += count
    }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, FileState(facts) == state else { throw FileError(.changed, path: path) }
  }

  /// All its bytes.
  ///
  /// - Throws: `FileError` where there are more than `limit`, they don't fit into memory, or they can't be read.
  package func contents(limit: Int) throws -> Data {
    guard count <= limit else { throw FileError(.tooLarge(limit: limit), path: path, advice: advice) }
    if count == 0 { return Data() }
    guard let memory = malloc(count) else { throw FileError(.outOfMemory(bytes: count), path: path) }
    do { try read(at: 0, into: UnsafeMutableRawBufferPointer(start: memory, count: count)) } catch {
      free(memory)
      throw error
    }
    return Data(bytesNoCopy: memory, count: count, deallocator: .free)
  }
}

/// What tells one state of a file from another: which file it is, its size, and when it was last written.
package struct FileState: Equatable, Sendable {
  private let device: UInt64
  private let file: UInt64
  private let seconds: Int
  private let nanoseconds: Int
  /// In bytes.
  package let size: Int

  package init(_ facts: stat) {
    #if canImport(Darwin)
      let time = facts.st_mtimespec
    #else
      let time = facts.st_mtim
    #endif
    (device, file) = (UInt64(truncatingIfNeeded: facts.st_dev), UInt64(facts.st_ino))
    (seconds, nanoseconds, size) = (Int(time.tv_sec), Int(time.tv_nsec), Int(facts.st_size))
  }
}

/// Checks that memory can be had before it is allocated, where a file says how much is needed: allocating an array ends the
/// process where there is too little.
///
/// - Parameter path: the file, for the message.
/// - Throws: `FileError`.
package func checkMemory(_ bytes: Int, for path: String) throws {
  // Less is no matter of a single file.
  guard bytes > 1 << 20 else { return }
  let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
  guard memory != MAP_FAILED else { throw FileError(.outOfMemory(bytes: bytes), path: path) }
  munmap(memory, bytes)
}
