import Corpus
import Fixtures
import Foundation
import Testing

@Suite struct WordIndexTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func index(_ json: String) throws -> WordIndex {
    try WordIndex(contentsOf: folder.write(Array(json.utf8), to: "words.json"))
  }

  // MARK: Words

  private static let json = #"{"the": 1, "œuvre": 3, "a\"b": 2}"#

  @Test func tokensHaveTheirWords() throws {
    let index = try index(Self.json)
    #expect(index.count == 3)
    #expect(index.words(for: [4, 6, 5]) == ["the", "œuvre", "a\"b"])
  }

  @Test func reservedTokensHaveNames() throws {
    #expect(try index(Self.json).words(for: [0, 1, 2]) == ["<pad>", "<start>", "<oov>"])
  }

  @Test func tokensWithoutAWordAreShownAsNumbers() throws {
    #expect(try index(Self.json).words(for: [3, 7, -1]) == ["<3>", "<7>", "<-1>"])
  }

  @Test func reservedTokensComeBeforeWords() throws {
    #expect(try index(Self.json).words(for: [0, 1, 2, 3], indexFrom: 0) == ["<pad>", "<start>", "<oov>", "œuvre"])
  }

  @Test func anOffsetWithoutSenseGivesNoWords() throws {
    #expect(try index(Self.json).words(for: [-2, 7], indexFrom: .max) == ["<-2>", "<7>"])
  }

  @Test func noTokensNeedBeReserved() throws {
    let words = try index(Self.json).words(for: [0, 1, 2, 3], indexFrom: 0, specials: [:])
    #expect(words == ["<0>", "the", "a\"b", "œuvre"])
  }

  @Test func aVocabularyHasAWordForEachToken() throws {
    #expect(try index(Self.json).vocabulary(size: 6) == ["<pad>", "<start>", "<oov>", "<3>", "the", "a\"b"])
  }

  @Test(arguments: [0, -1]) func aVocabularyOfNoTokensIsEmpty(size: Int) throws {
    #expect(try index(Self.json).vocabulary(size: size) == [])
  }

  /// For Swift's strings they would be the same.
  @Test func wordsAreTheSameOnlyIfTheirScalarsAre() throws {
    let index = try index("{\"\u{E9}\": 1, \"e\u{301}\": 2, \"\\u00c9 \\\\\": 3}")
    #expect(index.count == 3)
    let words = index.words(for: [4, 5, 6]).map { Array($0.unicodeScalars) }
    #expect(words == [["\u{E9}"], ["e", "\u{301}"], ["\u{C9}", " ", "\\"]])
  }

  @Test func indexesOfOtherScalarsAreOthers() throws {
    #expect(try index("{\"\u{E9}\": 1}") != index("{\"e\u{301}\": 1}"))
    #expect(try index("{\"a\": 1, \"b\": 2}") == index("{\"b\" : 2,\"a\" :1 }"))
  }

  // MARK: Errors

  @Test(arguments: [
    "", "{", "nonsense", "{\"the\": 1", "{\"the\" 1}", "{\"the\": 1} x", "[1, 2]", "7", #"{"the": 1.5}"#,
    #"{"the": 99999999999999999999}"#,
  ]) func otherFormatsAreRefused(json: String) {
    refuses(
      .unsupportedFormat,
      "expected JSON, {\"word\": rank, …} with integers as ranks, found something else"
    ) {
      try index(json)
    }
  }

  @Test(arguments: [#"{"the": "1"}"#, #"{"the": null}"#, #"{"the": [1]}"#, #"{"the": true}"#])
  func ranksAreIntegers(json: String) {
    refuses(.invalidWordIndex, "words.json: word “the”: expected an integer rank, found another value") {
      try index(json)
    }
  }

  @Test(arguments: [0, -1, 1_073_741_824]) func ranksArePositiveAndFitATokenId(rank: Int) {
    refuses(.invalidWordIndex, "words.json: word “the”: expected a rank of 1 to 1073741823, found \(rank)") {
      try index("{\"the\": \(rank)}")
    }
  }

  @Test func noTwoWordsShareARank() {
    refuses(.invalidWordIndex, "word “b”: expected a rank of its own, found 5, the rank of “a”") {
      try index(#"{"b": 5, "a": 5}"#)
    }
  }

  /// Foundation's decoder skips a word's second value without looking at it.
  @Test(arguments: [#"{"a":1,"a":"7"}"#, #"{"a":1,"a":"7\""}"#, #"{"a":1,"a":["b"]}"#])
  func aSecondValueOfAWordIsRefused(json: String) {
    refuses(.invalidWordIndex, "word “a”: expected an integer rank, found another value") { try index(json) }
  }

  @Test func whatIsNotUTF8JSONIsRefused() throws {
    let message = "expected JSON, {\"word\": rank, …} with integers as ranks, found something else"
    refuses(.unsupportedFormat, message) { try index(#"{"a":1,"a":"b"#) }
    let utf16 = try #require(#"{"a": 1}"#.data(using: .utf16LittleEndian))
    let path = try folder.write([UInt8](utf16), to: "words.json")
    refuses(.unsupportedFormat, "byte 1: \(message)") { try WordIndex(contentsOf: path) }
  }

  @Test func aMissingFileIsNotFound() {
    refuses(.notFound, "/nowhere/words.json: no such file") { try WordIndex(contentsOf: "/nowhere/words.json") }
  }

  @Test func aDirectoryIsRefused() {
    refuses(.unsupportedFormat, "\(folder.path): expected a word index, found a directory") {
      try WordIndex(contentsOf: folder.path)
    }
  }

  @Test func filesAbove64MiBAreRefused() throws {
    let path = try folder.write([], to: "large.json")
    try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: 64 << 20 + 1)
    refuses(CorpusError.Kind.tooLarge, "large.json: expected at most 67108864 bytes, found more") {
      try WordIndex(contentsOf: path)
    }
  }

  // MARK: The real file

  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped)) func theRealFileIsReadable() throws {
    let index = try WordIndex(contentsOf: KerasIMDBTests.dataPath("imdb_word_index.json"))
    #expect(index.count == 88_585)
    #expect(
      index.words(for: [1, 14, 22, 16, 43, 530, 973]) == [
        "<start>", "this", "film", "was", "just", "brilliant", "casting",
      ])
    #expect(index.vocabulary(size: 1000).count == 1000)
  }
}
