import Corpus
import Testing

@Suite struct TokenSequencesTests {
  private let sequences = TokenSequences([[1, 2, 3], [], [4], [5, 6, 7, 8, 9]])

  @Test func sequencesAreStoredOneAfterTheOther() {
    #expect(sequences.tokens == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(sequences.offsets == [0, 3, 3, 4, 9])
  }

  @Test func eachSequenceIsGivenBack() {
    #expect(sequences.count == 4)
    #expect(sequences.lists == [[1, 2, 3], [], [4], [5, 6, 7, 8, 9]])
    #expect((0..<4).map(sequences.length) == [3, 0, 1, 5])
  }

  @Test func truncatingKeepsTheEnds() {
    #expect(sequences.truncated(to: 2).lists == [[2, 3], [], [4], [8, 9]])
    #expect(sequences.truncated(to: 3).lists == [[1, 2, 3], [], [4], [7, 8, 9]])
    #expect(sequences.truncated(to: 0).lists == [[], [], [], []])
  }

  @Test func truncatingAtTheBackKeepsTheStarts() {
    var cut = sequences
    cut.truncate(to: 2, at: .post)
    #expect(cut.lists == [[1, 2], [], [4], [5, 6]])
    cut.truncate(to: 2, at: .post)
    #expect(cut.lists == [[1, 2], [], [4], [5, 6]])
  }

  @Test func truncatingToMoreThanTheLongestChangesNothing() {
    #expect(sequences.truncated(to: 9) == sequences)
  }

  /// With padding in front, it is what `padSequences` gives.
  @Test(arguments: [1, 2, 3, 5, 8]) func truncatedSequencesArePaddedOnesWithoutThePadding(length: Int) throws {
    let padded = try padSequences(sequences, maxLength: length)
    let truncated = sequences.truncated(to: length)
    for index in 0..<4 {
      let padding = [Int32](repeating: 0, count: length - truncated.length(of: index))
      #expect(Array(padded[index]) == padding + truncated[index])
    }
  }
}
