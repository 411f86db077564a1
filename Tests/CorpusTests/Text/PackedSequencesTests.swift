import Testing

@testable import Corpus

@Suite("Sequences of numbers, packed")
struct PackedSequencesTests {
  private static let sequences: [[Int32]] = [
    [0, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, .max], [], [5], [.max, 0], [],
  ]
  private let packed = PackedSequences(sequences)

  private func unpacked(_ sequences: PackedSequences) -> [[Int32]] {
    (0..<sequences.count).map { index in
      #expect(sequences.length(of: index) == sequences[index].count)
      return sequences[index]
    }
  }

  @Test func keepsEveryNumber() {
    #expect(unpacked(packed) == Self.sequences)
    #expect(unpacked(PackedSequences()) == [])
  }

  @Test func takesPartsAndJoinsThem() {
    #expect(unpacked(packed.slice(1..<4)) == Array(Self.sequences[1..<4]))
    #expect(unpacked(packed.slice(0..<0)) == [])
    #expect(unpacked(packed.selecting([3, 0, 3])) == [3, 0, 3].map { Self.sequences[$0] })
    #expect(packed.slice(0..<2).appending(packed.slice(2..<5)) == packed)
    #expect(PackedSequences(joining: []) == PackedSequences())
  }
}
