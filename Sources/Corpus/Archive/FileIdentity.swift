import Foundation

/// What tells a file from another one that has taken its place, and from itself with other content.
struct FileIdentity: Equatable, Sendable {
  private let device, inode, size, seconds, nanoseconds: Int64

  /// - Parameter facts: the system's facts about the file.
  init(_ facts: stat) {
    #if canImport(Darwin)
      let time = facts.st_mtimespec
    #else
      let time = facts.st_mtim
    #endif
    (device, inode) = (Int64(truncatingIfNeeded: facts.st_dev), Int64(truncatingIfNeeded: facts.st_ino))
    (size, seconds, nanoseconds) = (Int64(facts.st_size), Int64(time.tv_sec), Int64(time.tv_nsec))
  }

  /// Checks that an open file is still this one, as it was.
  ///
  /// - Parameter path: its path, for a message.
  /// - Throws: `CorpusError` if it isn't, or if the system doesn't tell.
  func check(_ descriptor: Int32, path: String) throws {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw CorpusError.inaccessible(path, code: errno) }
    try check(FileIdentity(facts), path: path)
  }

  /// Checks that a file is still this one, as it was.
  func check(_ other: FileIdentity, path: String) throws {
    guard other == self else {
      throw CorpusError(
        .unreadableFile, file: path, found: "the file has changed while it was read", advice: "try again")
    }
  }
}
