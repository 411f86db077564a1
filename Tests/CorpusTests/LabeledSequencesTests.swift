import Corpus
import Testing

@Suite struct LabeledSequencesTests {
  private let data = LabeledSequences([([1, 2], 0), ([], 1), ([3], 1)] as [(tokens: [Int32], label: UInt8)])

  @Test func eachSequenceHasItsLabel() {
    #expect(data.count == 3)
    #expect(data.sequences.lists == [[1, 2], [], [3]])
    #expect(data.labels == [0, 1, 1])
  }

  @Test func aPrefixHasTheFirstSequencesAndTheirLabels() {
    #expect(data.prefix(2) == LabeledSequences([([1, 2], 0), ([], 1)] as [(tokens: [Int32], label: UInt8)]))
  }

  @Test func aPrefixIsNeverLongerThanTheWholeNorShorterThanNothing() {
    #expect(data.prefix(4) == data)
    #expect(data.prefix(-1).count == 0)
  }
}
