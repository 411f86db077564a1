import Corpus
import Foundation
import Testing

@Suite struct ZipWriterTests {
  private let path = NSTemporaryDirectory() + "written-\(UUID().uuidString).zip"

  @Test(arguments: [false, true]) func readsBackAsWritten(isDeflated: Bool) throws {
    let entries: [(name: String, data: Data)] = [
      ("metadata.json", Data("{}".utf8)), ("empty", Data()),
      ("é/weights", Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })),
    ]
    let archive = try ZipWriter.archive(entries, isDeflated: isDeflated)
    #expect(try archive == ZipWriter.archive(entries, isDeflated: isDeflated))
    #expect((archive.count > 200_000) == !isDeflated)
    try archive.write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    let read = try ZipArchive(path: path)
    #expect(read.entryNames == entries.map(\.name))
    for entry in entries {
      let bytes = try read.read(entry.name) { reader in try reader.bytes(reader.remaining) }
      #expect(Data(bytes) == entry.data)
    }
  }
}
