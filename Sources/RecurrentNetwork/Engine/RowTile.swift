/// Up to six sequences that go through time together.
///
/// They enter at the start of the longest; the others read padding until their own start, which changes nothing, since
/// the padding chain does the same arithmetic.
package struct RowTile: Sendable, Equatable {
  /// Its place among the batch's tiles: where its share of the padding chain's gradient goes.
  package let index: Int
  /// The step at which it enters: T − the longest sequence's count.
  package let start: Int
  /// Places of the sequences in the batch; at most `rowCount`.
  package let rows: [Int]

  /// Height of a full tile.
  package static let rowCount = RegisterTile.rows

  package init(index: Int, start: Int, rows: [Int]) {
    self.index = index
    self.start = start
    self.rows = rows
  }
}

/// What a sequence came to.
package struct Outcome: Sendable, Equatable {
  /// z; the probability of label 1 is σ(z).
  package var logit: Float = 0
  /// Binary cross-entropy, times the sequence's weight.
  package var loss: Double = 0
  /// σ(z) in Float, as a metric sees it.
  package var probability: Float = 0

  package init() {}

  init(logit: Float, label: Float, weight: Float) {
    let z = Double(logit)
    self.logit = logit
    loss = BinaryCrossEntropy.loss(logit: z, label: Double(label)) * Double(weight)
    probability = Float(sigmoid(z))
  }
}
