import RecurrentNetwork

/// The sequences that one worker takes through time together: a few row tiles, and what it needs to know of each row
/// (legend: Kernels.md).
package final class RowBlock {
  /// Rows of a full block.
  package let capacity: Int
  /// T, or the last so many steps of it, in which all sequences begin.
  package let steps: Int
  /// The number of steps before those, in which there is nothing but padding.
  let earlierPaddings: Int
  private(set) var padding = PaddingTreatment.read
  /// Whether each row enters at its own first token. Otherwise, a tile's rows enter together, at the first token of the
  /// longest, which leaves fewer and larger sums to the chains' gradients.
  private(set) var entersByRow = false
  private(set) var tileCount = 0
  /// The step at which each tile enters, ascending: [tiles].
  let tileStarts: UnsafeMutablePointer<Int>
  /// The number of sequences in each tile: [tiles].
  let tileCounts: UnsafeMutablePointer<Int>
  // By row: [capacity].
  /// Where the token of step 0 would be.
  private let tokens: UnsafeMutablePointer<UnsafePointer<Int32>>
  /// The step of the first real token.
  package let starts: UnsafeMutablePointer<Int>
  /// The step before which the state is the initial one.
  package let entries: UnsafeMutablePointer<Int>
  /// The sequence's index in the batch, or −1 for a row without a sequence.
  package let samples: UnsafeMutablePointer<Int>
  /// Whether a position's word is dropped, [T][capacity]; empty where no words are dropped.
  private var droppedWords: [Bool] = []
  /// The batch's `TokenTable.slots`.
  private var slots: UnsafePointer<Int32>?

  package init(tiles: Int, steps: Int, earlierPaddings: Int = 0) {
    capacity = tiles * RegisterTile.rows
    (self.steps, self.earlierPaddings) = (steps, earlierPaddings)
    tileStarts = .allocate(capacity: tiles)
    tileCounts = .allocate(capacity: tiles)
    tokens = .allocate(capacity: capacity)
    starts = .allocate(capacity: capacity)
    entries = .allocate(capacity: capacity)
    samples = .allocate(capacity: capacity)
  }

  deinit {
    tileStarts.deallocate()
    tileCounts.deallocate()
    tokens.deallocate()
    starts.deallocate()
    entries.deallocate()
    samples.deallocate()
  }

  /// Takes in some tiles, in order of their start. `sequences` and `batch` must live as long as the rows are used.
  ///
  /// - Parameter learns: whether a pass backward follows.
  package func load(
    _ tiles: ArraySlice<RowTile>, _ sequences: [TokenSequence], _ batch: PreparedBatch, learns: Bool = true
  ) {
    padding = batch.padding
    entersByRow = padding == .masked || padding == .chained && !learns
    slots = UnsafePointer(batch.tokenTable.slots)
    tileCount = tiles.count
    for (index, tile) in tiles.enumerated() {
      tileStarts[index] = tile.start
      tileCounts[index] = tile.rows.count
      for tileRow in 0..<RegisterTile.rows {
        let row = index * RegisterTile.rows + tileRow
        if tileRow < tile.rows.count {
          let sequence = sequences[tile.rows[tileRow]]
          samples[row] = tile.rows[tileRow]
          starts[row] = steps - sequence.count
          tokens[row] = sequence.tokens - starts[row]
        } else {
          // A row without a sequence: it reads padding and has no loss, so it adds nothing to any gradient.
          samples[row] = -1
          starts[row] = steps
        }
        entries[row] = entersByRow ? starts[row] : tile.start
      }
    }
    droppedWords.removeAll(keepingCapacity: true)
    if let dropout = batch.dropout, dropout.rates.words > 0 { dropWords(dropout) }
  }

  private func dropWords(_ dropout: DropoutDraw) {
    droppedWords = [Bool](repeating: false, count: steps * capacity)
    for row in 0..<rowCount where samples[row] >= 0 {
      let factors = dropout.factors(.words, sample: samples[row])
      for step in firstStep..<steps { droppedWords[step * capacity + row] = factors.drops(step) }
    }
  }

  package var rowCount: Int { tileCount * RegisterTile.rows }
  /// The first step with anything to do.
  package var firstStep: Int { tileStarts[0] }

  /// How many tiles have entered by a step.
  package func activeTiles(_ step: Int) -> Int {
    var count = tileCount
    while count > 0 && tileStarts[count - 1] > step { count -= 1 }
    return count
  }

  /// How many of a tile's rows have entered by a step: the first ones, as they are in order of their length.
  func activeRows(tile: Int, _ step: Int) -> Int {
    var count = tileCounts[tile]
    while count > 0 && entries[tile * RegisterTile.rows + count - 1] > step { count -= 1 }
    return count
  }

  /// The slot of the token at a position, or nil where its word is dropped.
  @inline(__always)
  package func slot(_ row: Int, _ step: Int) -> Int? {
    if !droppedWords.isEmpty, droppedWords[step * capacity + row] { return nil }
    return step < starts[row] ? 0 : Int(slots![Int(tokens[row][step])])
  }

  /// The slot of a row's word at a step, dropped or not; nil where there is none.
  @inline(__always)
  func wordSlot(_ row: Int, _ step: Int) -> Int? {
    samples[row] >= 0 && starts[row]..<steps ~= step ? Int(slots![Int(tokens[row][step])]) : nil
  }

  /// Whether a row has nothing to read at all.
  func isEmpty(_ row: Int) -> Bool { entries[row] == steps }
}
