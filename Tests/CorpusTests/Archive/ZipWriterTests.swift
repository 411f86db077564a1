import Corpus
import Foundation
import Testing

@Suite struct ZipWriterTests {
  private let entries: [(name: String, data: Data)] = [
    ("metadata.json", Data("{}".utf8)), ("empty", Data()),
    ("é/weights", Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })),
  ]

  @Test(arguments: [false, true]) func entriesAreReadAsTheyWereWritten(isDeflated: Bool) throws {
    let folder = try TemporaryFolder()
    let archive = try ZipWriter.archive(entries, isDeflated: isDeflated)
    let read = try ZipArchive(path: folder.write([UInt8](archive), to: "written.zip"))
    #expect(read.entryNames == entries.map(\.name))
    for entry in entries {
      #expect(try read.read(entry.name) { try Data($0.bytes($0.remaining)) } == entry.data)
    }
  }

  @Test(arguments: [false, true]) func theSameEntriesGiveTheSameBytes(isDeflated: Bool) throws {
    let archive = try ZipWriter.archive(entries, isDeflated: isDeflated)
    #expect(try ZipWriter.archive(entries, isDeflated: isDeflated) == archive)
  }

  @Test func deflatingMakesArchivesSmaller() throws {
    #expect(try ZipWriter.archive(entries).count > 200_000)
    #expect(try ZipWriter.archive(entries, isDeflated: true).count < 100_000)
  }
}
