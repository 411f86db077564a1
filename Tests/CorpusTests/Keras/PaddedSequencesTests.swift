import Corpus
import Fixtures
import Testing

@Suite struct PaddedSequencesTests {
  @Test func padSequencesIsKerass() throws {
    let golden = try Golden.data.get().padSequences
    let sequences = TokenSequences(golden.sequences)
    #expect(golden.cases.count == 40)
    for example in golden.cases {
      let padded = try padSequences(
        sequences, maxLength: example.maxlen, padding: #require(SequenceEnd(rawValue: example.padding)),
        truncating: #require(SequenceEnd(rawValue: example.truncating)), value: example.value)
      #expect(padded.count == sequences.count)
      #expect(padded.length == example.padded[0].count)
      #expect((0..<padded.count).map { Array(padded[$0]) } == example.padded, "\(example)")
    }
  }

  @Test func emptySequencesStayEmptyWithoutALength() throws {
    let padded = try padSequences(TokenSequences([[], []]))
    #expect(padded.tokens == [] && padded.count == 2 && padded.length == 0)
  }

  @Test func noSequencesHaveAnyLength() throws {
    let padded = try padSequences(TokenSequences([]), maxLength: 3)
    #expect(padded.tokens == [] && padded.count == 0 && padded.length == 3)
  }

  @Test func noSequencesAreRefusedWithoutALength() {
    refuses(.invalidArgument("sequences"), "sequences: expected at least one sequence") {
      try padSequences(TokenSequences([]))
    }
  }

  @Test(arguments: [0, -1]) func lengthsBelow1AreRefused(length: Int) {
    refuses(.invalidArgument("maxLength"), "maxLength: expected at least 1, found \(length); ") {
      try padSequences(TokenSequences([[1]]), maxLength: length)
    }
  }
}
