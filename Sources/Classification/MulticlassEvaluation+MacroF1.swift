extension MulticlassEvaluation {
  /// An evaluation by how often each label was predicted for each true label: [true label][predicted label].
  package init(confusion: [[Int]]) { self.confusion = confusion }

  /// The 95 % interval of ``macroF1``, by the delta method over the cells of the confusion matrix; nil if there are no
  /// samples.
  ///
  /// K. Takahashi, K. Yamamoto, A. Kuchiba, T. Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1
  /// scores", Applied Intelligence 52 (2022).
  package var macroF1Interval: ClosedRange<Double>? {
    guard let estimate = macroF1 else { return nil }
    let samples = Double(count)
    // F1 of label i is 2 p / s, with the share p of the cell (i, i), and s those of its row and of its column together.
    let shares = confusion.indices.map { Double(confusion[$0][$0]) / samples }
    let sums = confusion.indices.map { label in
      confusion.indices.reduce(0) { $0 + Double(confusion[label][$1] + confusion[$1][label]) } / samples
    }
    /// d F1 / d s of a label.
    let slopes = zip(shares, sums).map { $1 > 0 ? -2 * $0 / ($1 * $1) : 0 }
    var (mean, square) = (0.0, 0.0)
    for (label, row) in confusion.enumerated() {
      for (predicted, cell) in row.enumerated() where cell > 0 {
        // A cell adds to the row of one label and to the column of another.
        var gradient = slopes[label] + slopes[predicted]
        if label == predicted { gradient += 2 / sums[label] }
        gradient /= Double(confusion.count)
        mean += gradient * Double(cell) / samples
        square += gradient * gradient * Double(cell) / samples
      }
    }
    return ClosedRange.normal(estimate, variance: max(square - mean * mean, 0) / samples).clamped(to: 0...1)
  }
}
