import Corpus
import Fixtures
import Foundation
import Testing

/// Archives of GNU tar (`Scripts/golden/tar.sh`).
@Suite struct TarArchiveTests {
  private let data: TextData
  private static let formats = ["gnu", "pax", "ustar"]
  private static let contents = ["0 <start> bad", "0 <start> so bad", "1 <start> a good film"]

  init() throws { data = try TextData() }

  /// An archive's bytes, unpacked by the system.
  private static func unpacked(_ format: String) throws -> [UInt8] {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = try ["gzip", "-dc", Golden.path("\(format).tar.gz")]
    process.standardOutput = output
    try process.run()
    return [UInt8](output.fileHandleForReading.readDataToEndOfFile())
  }

  @Test(arguments: formats) func itsFilesAreThoseOfAFolder(format: String) throws {
    let texts = try data.load(Golden.path("\(format).tar.gz"), .training)
    #expect(texts.contents[0] == Self.contents)
    #expect(texts.fileNames[1].hasSuffix("/" + String(repeating: "e", count: 60) + ".txt"))
  }

  @Test(arguments: formats) func itNeedNotBeCompressed(format: String) throws {
    let path = try data.folder.write(Self.unpacked(format), to: "a.tar")
    #expect(try data.load(path, .training).contents[0] == Self.contents)
    var rows: [String] = []
    try TextFiles.forEachBatch(path: path, TextOptions()) { rows += $0 }
    #expect(rows.sorted() == ["a good film", "bad", "so bad"])
  }

  @Test func oldArchivesHaveAChecksumAndNoMark() throws {
    var bytes = try Self.unpacked("ustar")
    let mark = Array("ustar".utf8)
    for header in stride(from: 0, to: bytes.count, by: 512) where bytes[(header + 257)...].starts(with: mark) {
      for place in header + 257..<header + 265 { bytes[place] = 0 }
      let sum = (0..<512).reduce(0) { $0 + (148..<156 ~= $1 ? 0x20 : Int(bytes[header + $1])) }
      let digits = Array(String(sum, radix: 8).utf8)
      bytes.replaceSubrange(
        header + 148..<header + 156, with: [UInt8](repeating: 0x30, count: 6 - digits.count) + digits + [0, 0x20])
    }
    let texts = try data.load(data.folder.write(bytes, to: "a.tar"), .training)
    // Without the mark a header has no place for the folder of the third.
    #expect(texts.contents[0] == ["0 <start> bad", "1 <start> a good film"])
  }

  @Test func ofTwoFilesOfTheSameNameTheLastOneCounts() throws {
    let bytes = try Self.unpacked("ustar")
    let end = bytes.lastIndex { $0 != 0 }! / 512 * 512 + 512
    var twice = Array(bytes[..<end]) + bytes
    // The first text of the second half.
    let place = twice[end...].indices.first { twice[$0...].starts(with: "a good film".utf8) }!
    twice.replaceSubrange(place..<place + 6, with: "a fine".utf8)
    let texts = try data.load(data.folder.write(twice, to: "a.tar"), .training)
    #expect(texts.contents[0] == Self.contents.dropLast() + ["1 <start> a fine film"])
  }

  @Test func aDamagedHeaderIsRefused() throws {
    var bytes = try Self.unpacked("ustar")
    bytes[512] ^= 1
    refuses(.damaged, "a.tar: byte 512: expected the header of a file in the archive") {
      try data.load(data.folder.write(bytes, to: "a.tar"))
    }
  }

  @Test func anArchiveThatIsCutOffIsRefused() throws {
    let bytes = try Self.unpacked("ustar")
    let text = bytes.indices.first { bytes[$0...].starts(with: "so bad".utf8) }!
    refuses(.damaged, "a.tar: byte \(text): expected a file inside the archive, found the end of the archive") {
      try data.load(data.folder.write(Array(bytes[..<text]), to: "a.tar"))
    }
  }
}
