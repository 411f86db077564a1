import Corpus
import Testing

@Suite struct CorpusErrorTests {
  @Test func oneLineWithAllFacts() {
    let error = CorpusError(
      file: "imdb.npz", entry: "x_train.npy", place: .byte(1234), expected: "this", found: "that", advice: "do so")
    #expect("\(error)" == "imdb.npz: x_train.npy: byte 1234: expected this, found that; do so")
  }

  @Test func whatIsNotKnownIsLeftOut() {
    #expect(
      "\(CorpusError(file: "imdb.npz", found: "no such file", advice: "do so"))" == "imdb.npz: no such file; do so")
    #expect(
      "\(CorpusError(place: .argument("seed"), expected: "1", found: "0", advice: "do so"))"
        == "seed: expected 1, found 0; do so")
  }

  @Test func entryNamesAreShortened() {
    let error = CorpusError(entry: String(repeating: "\u{202e}x", count: 100), found: "that", advice: "do so")
    #expect(error.description.hasPrefix("\\u{202E}x\\u{202E}x"))
    #expect(error.description.contains("…: that; do so"))
  }
}
