import Corpus
import Foundation
import Testing

@Suite struct CorpusErrorTests {
  private let error = CorpusError(
    .damaged, file: "imdb.npz", entry: "x_train.npy", place: .byte(1234), expected: "this", found: "that",
    advice: "do so")

  @Test func theDescriptionIsOneLineOfFactsAndAdvice() {
    #expect("\(error)" == "imdb.npz: x_train.npy: byte 1234: expected this, found that; do so")
  }

  @Test func theFactsLeaveOutTheAdvice() {
    #expect(error.facts == "imdb.npz: x_train.npy: byte 1234: expected this, found that")
  }

  @Test func whatIsNotKnownIsLeftOut() {
    #expect(CorpusError(.notFound, file: "a.npz", found: "no such file", advice: "").facts == "a.npz: no such file")
  }

  /// Whoever has no more than an `Error`, as loggers and alerts do, shows the same line.
  @Test func foundationShowsTheDescription() {
    #expect((error as any Error).localizedDescription == error.description)
  }

  @Test func foundationHasReasonAndRecovery() {
    let error: any LocalizedError = error
    #expect(error.failureReason == "imdb.npz: x_train.npy: byte 1234: expected this, found that")
    #expect(error.recoverySuggestion == "do so")
  }

  @Test(
    arguments: [
      (.byte(7), "byte 7"), (.line(7), "line 7"), (.list(7), "list 7"), (.label(7), "label 7"),
      (.word("a"), "word “a”"),
      (.argument("seed"), "seed"),
    ] as [(CorpusError.Place, String)]) func placesAreSpelledOut(place: CorpusError.Place, expected: String)
  {
    #expect(CorpusError(.damaged, place: place, found: "that", advice: "").facts == "\(expected): that")
  }

  @Test func entryNamesCannotFloodTheTerminal() {
    let error = CorpusError(.damaged, entry: String(repeating: "x", count: 100), found: "that", advice: "")
    #expect(error.facts == String(repeating: "x", count: 80) + "…: that")
  }

  @Test func entryNamesCannotSteerTheTerminal() {
    let error = CorpusError(.damaged, entry: "a\u{202e}b\u{1b}[2J\n", found: "that", advice: "")
    #expect(error.facts == "a\\u{202E}b\\u{1B}[2J\\n: that")
  }
}
