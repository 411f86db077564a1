import Files
import Fixtures
import Foundation
import Testing

@Suite struct FileReadingTests {
  /// The three ways to begin reading a file.
  enum Reader: CaseIterable, CustomTestStringConvertible {
    case bounded, file, check

    var testDescription: String { "\(self)" }

    func read(_ path: String) throws {
      switch self {
      case .bounded: _ = try boundedContents(of: path, limit: 1 << 20, advice: "name another")
      case .file: _ = try RegularFile(path, advice: "name another")
      case .check: try checkRegularFile(path, advice: "name another")
      }
    }
  }

  @Test(arguments: [0, 1, 1000]) func bytesAreThoseOfTheFile(count: Int) throws {
    let bytes = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
    try withTemporaryFolder { folder in
      let path = try folder.write(bytes, to: "a")
      #expect(try boundedContents(of: path, limit: 1000, advice: "") == bytes)
      let file = try RegularFile(path, advice: "")
      #expect(try file.contents(limit: 1000) == bytes)
      #expect(try file.bytes(0..<count) == [UInt8](bytes))
      #expect(try file.bytes(count / 2..<count) == [UInt8](bytes[(count / 2)...]))
      #expect(throws: Never.self) { try checkRegularFile(path, advice: "") }
    }
  }

  @Test func aMissingFileHasNoBoundedContents() throws {
    #expect(try boundedContents(of: "/nowhere/a", limit: 9, advice: "") == nil)
  }

  @Test(arguments: [Reader.file, .check]) func aMissingFileIsRefused(reader: Reader) {
    refuses(.missing, at: "/nowhere/a", "; name another") { try reader.read("/nowhere/a") }
  }

  @Test(arguments: Reader.allCases) func aFolderIsRefused(reader: Reader) throws {
    try withTemporaryFolder { folder in
      refuses(.notRegular(isFolder: true), at: folder.path, "; name another") { try reader.read(folder.path) }
    }
  }

  /// Opening it would wait for a writer, forever.
  @Test(arguments: Reader.allCases) func aPipeIsRefused(reader: Reader) throws {
    try withTemporaryFolder { folder in
      let pipe = folder.path("pipe")
      try #require(mkfifo(pipe, 0o600) == 0)
      refuses(.notRegular(isFolder: false), at: pipe, "; name another") { try reader.read(pipe) }
    }
  }

  /// It never ends.
  @Test(arguments: Reader.allCases) func aDeviceIsRefused(reader: Reader) {
    refuses(.notRegular(isFolder: false), at: "/dev/zero", "; name another") { try reader.read("/dev/zero") }
  }

  /// The path leads through a file.
  @Test(arguments: Reader.allCases) func whatTheSystemCannotReachIsRefused(reader: Reader) throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("a", to: "file") + "/b"
      refuses(.unreadable(code: ENOTDIR), at: path, "; name another") { try reader.read(path) }
    }
  }

  /// Mapped, it would end the process with SIGBUS.
  @Test func aFileThatIsCutOffWhileItIsReadIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write(Data(count: 100_000), to: "a")
      let file = try RegularFile(path, advice: "")
      try #require(truncate(path, 50_000) == 0)
      refuses(.changed, at: path) { try file.bytes(0..<100_000) }
      // Even what is still there belongs to another state.
      refuses(.changed, at: path) { try file.bytes(0..<10) }
    }
  }

  @Test func aFileThatIsWrittenWhileItIsReadIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("12345", to: "a")
      let file = try RegularFile(path, advice: "")
      var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
      try #require(utimes(path, &times) == 0)
      refuses(.changed, at: path) { try file.contents(limit: 9) }
    }
  }

  /// It is another file that has taken the path; the open one is whole.
  @Test func aFileThatIsReplacedWhileItIsReadIsReadToItsEnd() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("12345", to: "a")
      let file = try RegularFile(path, advice: "")
      try AtomicFile.write([Data("67".utf8)], to: path)
      #expect(try file.contents(limit: 9) == Data("12345".utf8))
    }
  }

  @Test func moreMemoryThanThereIsIsRefused() {
    #expect(throws: Never.self) { try checkMemory(2 << 20, for: "a") }
    refuses(.outOfMemory(bytes: 1 << 60), at: "a") { try checkMemory(1 << 60, for: "a") }
  }

  @Test func aFileAboveTheLimitIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("12345", to: "a")
      refuses(.tooLarge(limit: 4), at: path, "; name another") {
        try boundedContents(of: path, limit: 4, advice: "name another")
      }
      #expect(try boundedContents(of: path, limit: 5, advice: "") == Data("12345".utf8))
    }
  }
}
