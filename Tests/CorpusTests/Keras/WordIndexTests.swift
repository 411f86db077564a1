import Corpus
import Foundation
import Testing

@Suite struct WordIndexTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func index(_ json: String) throws -> WordIndex {
    try WordIndex(contentsOf: folder.write(Array(json.utf8), to: "words.json"))
  }

  @Test func words() throws {
    let index = try index(#"{"the": 1, "œuvre": 3, "a\"b": 2}"#)
    #expect(index.count == 3)
    #expect(
      index.words(for: [1, 4, 2, 6, 5, 0, 3, 7, -1]) == [
        "<start>", "the", "<oov>", "œuvre", "a\"b", "<pad>", "<3>", "<7>", "<-1>",
      ])
    #expect(index.words(for: [0, 1, 2, 3], indexFrom: 0) == ["<pad>", "<start>", "<oov>", "œuvre"])
    #expect(index.words(for: [0, 1, 2, 3], indexFrom: 0, specials: [:]) == ["<0>", "the", "a\"b", "œuvre"])
    #expect(index.vocabulary(size: 6) == ["<pad>", "<start>", "<oov>", "<3>", "the", "a\"b"])
    #expect(index.vocabulary(size: 0) == [])
  }

  @Test func refused() throws {
    for json in [
      "", "{", "nonsense", "{\"the\": 1", "{\"the\" 1}", "{\"the\": 1} x", "[1, 2]", "7", #"{"the": 1.5}"#,
      #"{"the": 99999999999999999999}"#,
    ] {
      expectError("words.json: expected JSON, {\"word\": rank, …} with integers as ranks, found something else") {
        try index(json)
      }
    }
    for json in [#"{"the": "1"}"#, #"{"the": null}"#, #"{"the": [1]}"#, #"{"the": true}"#] {
      expectError("words.json: word “the”: expected an integer rank, found another value") { try index(json) }
    }
    expectError("words.json: word “the”: expected a rank of 1 to 1073741823, found 0") { try index(#"{"the": 0}"#) }
    expectError("word “the”: expected a rank of 1 to 1073741823, found -1") { try index(#"{"the": -1}"#) }
    expectError("word “b”: expected a rank of its own, found 5, the rank of “a”") { try index(#"{"b": 5, "a": 5}"#) }
  }

  @Test func badFiles() throws {
    expectError("/nowhere/words.json: no such file") { try WordIndex(contentsOf: "/nowhere/words.json") }
    expectError("\(folder.path): expected a word index, found a directory") { try WordIndex(contentsOf: folder.path) }
    let path = try folder.write([], to: "large.json")
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: 64 << 20 + 1)
    expectError("large.json: expected at most 67108864 bytes, found more") { try WordIndex(contentsOf: path) }
  }

  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped)) func realFile() throws {
    let index = try WordIndex(contentsOf: KerasIMDBTests.dataPath("imdb_word_index.json"))
    #expect(index.count == 88_585)
    #expect(
      index.words(for: [1, 14, 22, 16, 43, 530, 973]) == [
        "<start>", "this", "film", "was", "just", "brilliant", "casting",
      ])
    #expect(index.vocabulary(size: 1000).count == 1000)
  }
}
