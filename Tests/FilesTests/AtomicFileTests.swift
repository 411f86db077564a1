import Files
import Fixtures
import Foundation
import Testing

@Suite struct AtomicFileTests {
  private static let codes = [EIO, ENOSPC, EACCES]

  @Test func aFileHasItsPartsOneAfterTheOther() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write([Data("one ".utf8), Data(), Data("two".utf8)], to: folder.path("a"))
      #expect(try folder.text("a") == "one two")
      #expect(folder.names == ["a"])
    }
  }

  @Test func aFileReplacesTheOldOne() throws {
    try withTemporaryFolder { folder in
      try folder.write("a long old text", to: "a")
      try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
      #expect(try folder.text("a") == "new")
    }
  }

  /// Nothing can lie in wait under the name of the temporary file, as nobody knows it.
  @Test func aLinkBesideTheFileIsNotFollowed() throws {
    try withTemporaryFolder { folder in
      try folder.write("kept", to: "target")
      symlink(folder.path("target"), folder.path("a.partial"))
      try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
      #expect(try folder.text("a") == "new")
      #expect(try folder.text("target") == "kept")
      #expect(folder.names == ["a", "a.partial", "target"])
    }
  }

  /// Until the rename the old file stays whole; after it, the new one is there, though a crash may still undo it.
  @Test(arguments: AtomicFile.Operation.allCases, codes)
  func aFaultLeavesAWholeFile(operation: AtomicFile.Operation, code: Int32) throws {
    try withTemporaryFolder { folder in
      try folder.write("old", to: "a")
      _ = try? withFaults(below: folder.path, { $0 == operation ? code : nil }) {
        try AtomicFile.write([Data("new".utf8), Data("er".utf8)], to: folder.path("a"))
      }
      let isRenamed = [.openFolder, .syncFolder].contains(operation)
      #expect(try folder.text("a") == (isRenamed ? "newer" : "old"))
    }
  }

  @Test(arguments: AtomicFile.Operation.allCases) func aFaultLeavesNoTemporaryFile(operation: AtomicFile.Operation)
    throws
  {
    try withTemporaryFolder { folder in
      try folder.write("old", to: "a")
      _ = try? withFaults(below: folder.path, { $0 == operation ? EIO : nil }) {
        try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
      }
      #expect(folder.names == ["a"])
    }
  }

  @Test(
    arguments: [
      (.open, .write), (.write, .write), (.sync, .makeDurable), (.close, .move), (.rename, .move),
      (.openFolder, .makeFolderDurable), (.syncFolder, .makeFolderDurable),
    ] as [(AtomicFile.Operation, FileError.Operation)], codes)
  func aFaultIsNamed(fault: (operation: AtomicFile.Operation, found: FileError.Operation), code: Int32) throws {
    try withTemporaryFolder { folder in
      refuses(.unwritable(fault.found, code: code), at: folder.path("a")) {
        try withFaults(below: folder.path, { $0 == fault.operation ? code : nil }) {
          try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
        }
      }
    }
  }

  @Test func anInterruptedWriteIsDoneAgain() throws {
    try withTemporaryFolder { folder in
      let interruptions = Countdown(3)
      try withFaults(below: folder.path, { $0 == .write && interruptions.next() ? EINTR : nil }) {
        try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
      }
      #expect(try folder.text("a") == "new")
      #expect(!interruptions.next())
    }
  }

  @Test func aFolderThatIsNotThereIsRefused() {
    refuses(.unwritable(.write, code: ENOENT), at: "/nowhere/a") {
      try AtomicFile.write([Data("new".utf8)], to: "/nowhere/a")
    }
  }

  @Test func aFolderIsNotReplaced() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder.path("a"), withIntermediateDirectories: false)
      refuses(.unwritable(.move, code: EISDIR), at: folder.path("a")) {
        try AtomicFile.write([Data("new".utf8)], to: folder.path("a"))
      }
      #expect(folder.names == ["a"])
    }
  }

  /// True so many times.
  private final class Countdown: Sendable {
    private let lock = NSLock()
    /// Only accessed under the lock.
    nonisolated(unsafe) private var count: Int

    init(_ count: Int) { self.count = count }

    func next() -> Bool {
      lock.withLock {
        defer { count = max(0, count - 1) }
        return count > 0
      }
    }
  }
}
