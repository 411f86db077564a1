import Corpus
import Foundation
import Testing

/// Texts that are recognized by their hashes.
@Suite struct TextHashesTests {
  private func hash(_ text: String) -> UInt64 {
    Array(text.utf8).withUnsafeBufferPointer { TextHashes.hash(of: $0) }
  }

  @Test func textsAreFoundAgainAndOthersAreNot() {
    let texts = TextHashes((0..<1000).map { hash("text \($0)") } + [hash("text 7")])
    #expect(texts.count == 1000)
    #expect((0..<1000).allSatisfy { texts.contains(hash("text \($0)")) })
    #expect(!(1000..<9000).contains { texts.contains(hash("text \($0)")) })
  }

  @Test func whiteSpaceAroundATextMakesNoDifference() {
    #expect(hash(" \ta b\r\n") == hash("a b") && hash("a b") != hash("a  b") && hash("") == hash(" "))
  }

  /// Where it is set apart depends on the order of hashes: they must be spread evenly.
  @Test func hashesAreSpreadEvenly() {
    var counts = [Int](repeating: 0, count: 16)
    for number in 0..<16_000 { counts[Int(hash("\(number)") >> 60)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 1000) < 150 }, "\(counts)")
  }

  @Test func theyComeBackFromAFile() throws {
    for texts in [TextHashes([]), TextHashes((0..<10).map { hash("\($0)") })] {
      #expect(try JSONDecoder().decode(TextHashes.self, from: JSONEncoder().encode(texts)) == texts)
    }
    for json in ["\"AAAA\"", "\"?\"", "7"] {
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(TextHashes.self, from: Data(json.utf8)) }
    }
  }

  @Test func aUnionHasTheTextsOfBoth() {
    let union = TextHashes([hash("a"), hash("b")]).union(TextHashes([hash("b"), hash("c")]))
    #expect(union == TextHashes(["a", "b", "c"].map(hash)))
  }
}
