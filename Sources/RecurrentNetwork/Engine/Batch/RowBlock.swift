/// The sequences that go through time together: a few row tiles, and where each of their rows is.
final class RowBlock {
  /// Rows of a full block.
  let capacity: Int
  /// T.
  let steps: Int
  private(set) var padding = PaddingTreatment.read
  private(set) var tileCount = 0
  /// Where each tile enters, ascending: [tiles].
  let tileStarts: UnsafeMutablePointer<Int>
  // The rows: [capacity].
  /// The token of step 0, were there one.
  let tokens: UnsafeMutablePointer<UnsafePointer<Int32>>
  /// The step of the first real token.
  let starts: UnsafeMutablePointer<Int>
  /// The step before which the state is the initial one.
  let entries: UnsafeMutablePointer<Int>
  /// Places in the batch, or −1 of a row too many.
  let samples: UnsafeMutablePointer<Int>
  /// Whether a position's word is dropped, [T][capacity]; only where words are dropped at all.
  private(set) var droppedWords: [Bool] = []

  init(tiles: Int, steps: Int) {
    capacity = tiles * RowTile.rowCount
    self.steps = steps
    tileStarts = .allocate(capacity: tiles)
    tokens = .allocate(capacity: capacity)
    starts = .allocate(capacity: capacity)
    entries = .allocate(capacity: capacity)
    samples = .allocate(capacity: capacity)
  }

  deinit {
    tileStarts.deallocate()
    tokens.deallocate()
    starts.deallocate()
    entries.deallocate()
    samples.deallocate()
  }

  func load(_ tiles: ArraySlice<RowTile>, _ sequences: [TokenSequence], _ weights: FoldedWeights) {
    padding = weights.padding
    tileCount = tiles.count
    for (index, tile) in tiles.enumerated() {
      tileStarts[index] = tile.start
      for place in 0..<RowTile.rowCount {
        let row = index * RowTile.rowCount + place
        if place < tile.rows.count {
          let sequence = sequences[tile.rows[place]]
          samples[row] = tile.rows[place]
          starts[row] = steps - sequence.count
          tokens[row] = sequence.tokens - starts[row]
        } else {
          // A row too many: it reads padding, its loss is not asked for, and so it adds nothing to any gradient.
          samples[row] = -1
          starts[row] = steps
        }
        entries[row] = padding == .masked ? starts[row] : tile.start
      }
    }
    droppedWords.removeAll(keepingCapacity: true)
    if let dropout = weights.dropout, dropout.rates.words > 0 { dropWords(dropout) }
  }

  private func dropWords(_ dropout: DropoutDraw) {
    droppedWords = [Bool](repeating: false, count: steps * capacity)
    for row in 0..<rowCount where samples[row] >= 0 {
      let factors = dropout.factors(.words, sample: samples[row])
      for step in tileStarts[0]..<steps { droppedWords[step * capacity + row] = factors.drops(step) }
    }
  }

  var rowCount: Int { tileCount * RowTile.rowCount }
  /// The first step at which there is anything to do.
  var firstStep: Int { tileStarts[0] }
  /// How many tiles have entered by a step.
  func activeTiles(_ step: Int) -> Int {
    var count = tileCount
    while count > 0 && tileStarts[count - 1] > step { count -= 1 }
    return count
  }

  /// A position's place among the batch's tokens, padding being the first, or −1 where its word is dropped.
  @inline(__always)
  func slot(_ row: Int, _ step: Int, _ slots: UnsafePointer<Int32>) -> Int32 {
    if !droppedWords.isEmpty, droppedWords[step * capacity + row] { return -1 }
    return step < starts[row] ? 0 : slots[Int(tokens[row][step])]
  }

  /// Whether a row has nothing to read at all.
  func isEmpty(_ row: Int) -> Bool { entries[row] == steps }
}
