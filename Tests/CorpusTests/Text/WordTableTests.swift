import Corpus
import Testing

@Suite struct WordTableTests {
  private func table(_ words: [String]) -> (table: WordTable, numbers: [Int32]) {
    var table = WordTable()
    let numbers = words.map { word in Array(word.utf8).withUnsafeBufferPointer { table.add($0) } }
    return (table, numbers)
  }

  private func number(of word: String, in table: WordTable) -> Int32? {
    Array(word.utf8).withUnsafeBufferPointer(table.number)
  }

  @Test func wordsAreNumberedInTheOrderInWhichTheyCome() {
    #expect(table(["b", "a", "b", "", "c", ""]).numbers == [0, 1, 0, 2, 3, 2])
  }

  @Test func aTableGrowsToManyWords() {
    let words = (0..<50_000).map { "word \($0 % 40_000)" }
    let (table, numbers) = table(words)
    #expect(numbers == words.indices.map { Int32($0 % 40_000) })
    #expect(table.count == 40_000)
    for index in [0, 7, 39_999] { #expect(number(of: words[index], in: table) == Int32(index)) }
  }

  @Test func wordsAreGivenBack() {
    let words = ["", "a", "éé", "12345678", "123456789", String(repeating: "x", count: 1000)]
    let table = table(words).table
    #expect(words.indices.map { table[$0] } == words)
    #expect(words.indices.map(table.length) == words.map(\.utf8.count))
  }

  @Test(arguments: ["", "c", "word 40000"]) func otherWordsHaveNoNumber(word: String) {
    #expect(number(of: word, in: table(["a", "b"]).table) == nil)
  }

  /// For Swift's strings they would be the same.
  @Test func wordsAreTheSameOnlyIfTheirBytesAre() {
    #expect(table(["\u{E9}", "e\u{301}"]).numbers == [0, 1])
  }

  /// The last eight bytes overlap with those before.
  @Test func longWordsDifferInAnyByte() {
    let word = [UInt8](repeating: 0x61, count: 13)
    let words = [word] + word.indices.map { index in word.enumerated().map { $0 == index ? 0x62 : $1 } }
    #expect(table(words.map { String(decoding: $0, as: UTF8.self) }).numbers == Array(0...13))
  }
}
