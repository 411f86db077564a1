import Corpus
import Testing

@Suite struct PaddedSequencesTests {
  @Test func padSequencesIsKeras() throws {
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

  @Test func nothingToPad() throws {
    let empty = try padSequences(TokenSequences([[], []]))
    #expect(empty.tokens == [] && empty.count == 2 && empty.length == 0)
    let none = try padSequences(TokenSequences([]), maxLength: 3)
    #expect(none.tokens == [] && none.count == 0 && none.length == 3)
    expectError("sequences: expected at least one sequence") { try padSequences(TokenSequences([])) }
  }

  @Test func lengthBelowOne() {
    expectError("maxLength: expected at least 1, found 0; ") { try padSequences(TokenSequences([[1]]), maxLength: 0) }
    expectError("maxLength: expected at least 1, found -1; ") { try padSequences(TokenSequences([[1]]), maxLength: -1) }
  }
}
