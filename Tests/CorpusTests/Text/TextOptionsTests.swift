import Corpus
import Fixtures
import Foundation
import Testing

/// The encodings of texts.
@Suite struct TextOptionsTests {
  private let data: TextData

  init() throws { data = try TextData() }

  private static let bytes: [UInt8] = latin1("text,label\ncaf\u{e9} \u{80}5,a\n\u{c9}T\u{c9},b\n")

  /// Each: an encoding, and the words that the bytes are in it.
  @Test(
    arguments: [(.latin1, ["café", "\u{80}5", "été"]), (.windows1252, ["café", "€5", "été"])]
      as [(TextOptions.Encoding, [String])])
  func tablesMayHaveAnotherEncoding(encoding: TextOptions.Encoding, words: [String]) throws {
    let path = try data.folder.write(Self.bytes, to: "a.csv")
    let texts = try data.load(path, .with { ($0.encoding, $0.testSplit) = (encoding, 0) })
    #expect(Array(texts.vocabulary[4..<7]) == words)
  }

  private func tree() throws -> String {
    try data.zip(.init("pos/1.txt", latin1("a\n\nb\u{e9}")), .init("neg/1.txt", latin1("\u{e9}")))
  }

  @Test func treesMayHaveAnotherEncoding() throws {
    let texts = try data.load(tree(), .with { ($0.encoding, $0.testSplit) = (.latin1, 0) })
    #expect(texts.vocabulary.contains("bé"))
  }

  @Test func aByteThatIsNotUTF8IsNamedWithItsLine() throws {
    let path = try data.folder.write(Self.bytes, to: "a.csv")
    refuses(
      .invalidEncoding,
      "a.csv: line 2: expected UTF-8, found byte 0xE9 where it can't stand; convert it, or name its encoding"
    ) {
      try data.load(path)
    }
  }

  @Test func aByteThatIsNotUTF8IsNamedWithItsFile() {
    refuses(.invalidEncoding, "a.zip: pos/1.txt: line 3: expected UTF-8, found byte 0xE9") {
      try data.load(tree(), .training)
    }
  }

  /// All texts are damaged. The first is so long that other threads meet errors before it.
  @Test(arguments: [1, 2, 4]) func theFirstErrorIsReportedWhateverTheNumberOfThreads(threads: Int) throws {
    let long = [UInt8](repeating: UInt8(ascii: "\n"), count: 8 << 20) + [0xE9]
    var zip = Zip(.init("pos/long.txt", long))
    zip.entries += (0..<1000).map { .init("neg/\($0).txt", [0xE9]) }
    let path = try data.folder.write(zip.bytes, to: "a.zip")
    refuses(.invalidEncoding, "a.zip: pos/long.txt: line 8388609: expected UTF-8, found byte 0xE9") {
      try data.load(path, threads: threads)
    }
  }

  @Test func aByteOrderMarkIsNotPartOfATable() throws {
    let texts = try data.load(table: "\u{FEFF}text,label\nx,a\ny,b\n", .training)
    #expect(texts.contents[0] == ["0 <start> x", "1 <start> y"])
  }

  @Test func aByteOrderMarkIsNotPartOfAText() throws {
    let texts = try data.load(data.zip([("pos/1.txt", "\u{FEFF}x"), ("neg/1.txt", "y")]), .training)
    #expect(texts.contents[0] == ["0 <start> y", "1 <start> x"])
  }
}
