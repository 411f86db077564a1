import RecurrentNetwork
import Testing

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

/// What a block knows of its rows: six sequences and one, 7 steps.
@Suite(.enabled(if: isAvailable)) struct RowBlockTests {
  private static let sequences: [[Int32]] = [[5, 3, 5, 9, 1], [4, 4, 2], [], [9], [0, 8], [7, 6, 5, 4], [3, 2]]
  private static let tiles = [
    RowTile(index: 0, start: 2, rows: [0, 5, 1, 4, 6, 3]), RowTile(index: 1, start: 7, rows: [2]),
  ]
  private let steps = 7

  @Test func aPositionsSlotIsThatOfItsToken() {
    withBlock { block, batch in
      #expect(batch.tokens.count == 10)
      for (row, sample) in Self.tiles[0].rows.enumerated() {
        let padded = [Int32](repeating: 0, count: steps - Self.sequences[sample].count) + Self.sequences[sample]
        let found = (0..<steps).map { batch.tokens[block.slot(row, $0)!] }
        #expect(found == padded)
        #expect(block.samples[row] == sample)
        #expect(block.starts[row] == steps - Self.sequences[sample].count)
      }
    }
  }

  @Test func rowsWithoutASequenceReadPadding() {
    withBlock { block, _ in
      #expect(block.rowCount == 12)
      for row in 7..<12 {
        #expect(block.samples[row] == -1)
        for step in 0..<steps { #expect(block.slot(row, step) == 0) }
      }
    }
  }

  @Test func rowsEnterWithTheirTile() {
    withBlock { block, _ in
      for row in 0..<12 { #expect(block.entries[row] == (row < 6 ? 2 : 7)) }
    }
  }

  @Test func maskedRowsEnterAtTheirOwnStart() {
    withBlock(masksPadding: true) { block, _ in
      for (row, sample) in Self.tiles.flatMap(\.rows).enumerated() {
        #expect(block.entries[row] == steps - Self.sequences[sample].count)
      }
    }
  }

  @Test func tilesAreActiveFromTheirStart() {
    withBlock { block, _ in
      #expect(block.firstStep == 2)
      #expect((0...steps).map(block.activeTiles) == [0, 0, 1, 1, 1, 1, 1, 2])
    }
  }

  /// The backward pass, another thread or another order of tiles must see the same words dropped.
  @Test func droppedWordsFollowTheSampleAndNotItsRow() {
    func dropped(_ tiles: [RowTile]) -> [[Bool]] {
      withBlock(tiles, words: 0.5) { block, _ in
        var dropped = [[Bool]](repeating: [], count: Self.sequences.count)
        for row in 0..<block.rowCount where block.samples[row] >= 0 {
          dropped[block.samples[row]] = (2..<steps).map { block.slot(row, $0) == nil }
        }
        return dropped
      }
    }
    let found = dropped(Self.tiles)
    #expect(
      found
        == dropped([
          RowTile(index: 0, start: 2, rows: [6, 2, 0]), RowTile(index: 1, start: 2, rows: [3, 1, 5, 4]),
        ]))
    // Of 35 positions about half, and not the same ones in all rows.
    #expect((8...27).contains(found.joined().count { $0 }))
    #expect(Set(found).count > 1)
  }

  @Test func aBatchForgetsTheTokensOfTheOneBefore() {
    let batch = PreparedBatch(ParameterLayout(.init(vocabularySize: 10, embeddingSize: 2, hiddenSize: 3)))
    let parameters = Parameters(zeros: ParameterLayout(.init(vocabularySize: 10, embeddingSize: 2, hiddenSize: 3)))
    for tokens in [[5, 3, 5], [8, 3]] as [[Int32]] {
      tokens.withUnsafeBufferPointer {
        batch.load(parameters, for: [TokenSequence(tokens: $0.baseAddress!, count: $0.count, label: 0)])
      }
    }
    #expect(batch.tokens == [0, 8, 3])
    #expect((0..<10).map { batch.tokenTable.slots[$0] } == [0, -1, -1, 2, -1, -1, -1, -1, 1, -1])
  }

  private func withBlock<Result>(
    _ tiles: [RowTile] = tiles, masksPadding: Bool = false, words: Double = 0,
    _ body: (RowBlock, PreparedBatch) -> Result
  ) -> Result {
    let layout = ParameterLayout(
      .init(vocabularySize: 10, embeddingSize: 2, hiddenSize: 3, masksPadding: masksPadding))
    var dropout = Dropout()
    dropout.words = words
    return Array(Self.sequences.joined()).withUnsafeBufferPointer { tokens in
      var start = tokens.baseAddress!
      let sequences = Self.sequences.map { sequence in
        defer { start += sequence.count }
        return TokenSequence(tokens: start, count: sequence.count, label: 0)
      }
      let batch = PreparedBatch(layout)
      batch.load(Parameters(zeros: layout), for: sequences, dropout: DropoutDraw(rates: dropout, seed: 3))
      let block = RowBlock(tiles: 2, steps: steps)
      block.load(tiles[...], sequences, batch)
      return body(block, batch)
    }
  }
}
