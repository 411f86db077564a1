/// How well probabilities of label 1 agree with the true labels.
///
/// The definitions and the treatment of ties are those of scikit-learn's `confusion_matrix`, `precision_recall_fscore_support`,
/// `roc_curve`, `roc_auc_score` and `calibration_curve` (sklearn/metrics/_ranking.py, sklearn/calibration.py).
package struct BinaryEvaluation: Sendable, Equatable {
  /// How often each label was predicted for each true label. A probability equal to the threshold predicts 0.
  package struct Confusion: Sendable, Equatable {
    package var truePositives = 0
    package var falsePositives = 0
    package var trueNegatives = 0
    package var falseNegatives = 0
  }

  /// The shares of the negative and of the positive samples whose probability is above some threshold, or equal to it.
  package struct ROCPoint: Sendable, Equatable {
    package var falsePositiveRate: Double
    package var truePositiveRate: Double
  }

  /// The samples whose probability lies in one of the ten bins from 0 to 1.
  package struct CalibrationBin: Sendable, Equatable {
    package var meanProbability: Double
    /// The share of label 1 among them.
    package var positiveShare: Double
    package var count: Int
  }

  package let confusion: Confusion
  /// The ROC curve from (0, 0) to (1, 1), with a point for each distinct probability; empty unless both labels occur.
  package let rocCurve: [ROCPoint]
  /// The area under the ROC curve; nil unless both labels occur.
  package let rocArea: Double?
  /// The area's 95 % interval, by DeLong's estimate of its variance; nil unless there are two samples of each label.
  ///
  /// E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
  /// operating characteristic curves: a nonparametric approach", Biometrics 44 (1988).
  package let rocAreaInterval: ClosedRange<Double>?
  /// The bins that aren't empty, in ascending order of probability.
  package let calibration: [CalibrationBin]

  /// Evaluates samples, of which there may be none.
  ///
  /// - Parameters:
  ///   - probabilities: the probability of label 1 for each sample, from 0 to 1, [N].
  ///   - labels: the true labels, 0 or 1, [N].
  ///   - threshold: a probability above it predicts 1.
  /// - Precondition: there are as many probabilities as labels, each from 0 to 1.
  package init(probabilities: [Float], labels: [UInt8], threshold: Float = 0.5) {
    precondition(probabilities.count == labels.count, "probabilities and labels differ in number")
    precondition(probabilities.allSatisfy { (0...1).contains($0) }, "a probability is not between 0 and 1")
    var confusion = Confusion()
    // Bin k holds k/10 < p ≤ (k + 1)/10; the first one also holds 0.
    var bins = [CalibrationBin](repeating: .init(meanProbability: 0, positiveShare: 0, count: 0), count: 10)
    for (probability, label) in zip(probabilities, labels) {
      switch (probability > threshold, label == 1) {
      case (true, true): confusion.truePositives += 1
      case (true, false): confusion.falsePositives += 1
      case (false, false): confusion.trueNegatives += 1
      case (false, true): confusion.falseNegatives += 1
      }
      let bin = (1..<10).count { Double(probability) > Double($0) * 0.1 }
      bins[bin].meanProbability += Double(probability)
      bins[bin].positiveShare += Double(label)
      bins[bin].count += 1
    }
    self.confusion = confusion
    calibration = bins.filter { $0.count > 0 }.map { bin in
      let count = Double(bin.count)
      return .init(
        meanProbability: bin.meanProbability / count, positiveShare: bin.positiveShare / count, count: bin.count)
    }

    let positives = confusion.truePositives + confusion.falseNegatives
    let negatives = labels.count - positives
    guard positives > 0, negatives > 0 else {
      (rocCurve, rocArea, rocAreaInterval) = ([], nil, nil)
      return
    }
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    var curve = [ROCPoint(falsePositiveRate: 0, truePositiveRate: 0)]
    var (truePositives, falsePositives) = (0, 0)
    // Twice the area, counted in pairs of a positive and a negative sample: a pair of equal probabilities counts half.
    var pairs = 0.0
    // Σ v² over DeLong's structural components v: for a positive sample the share of the negatives below it, and for a
    // negative one the share of the positives above it.
    var (positiveSquares, negativeSquares) = (0.0, 0.0)
    var start = 0
    while start < order.count {
      let (previousTrue, previousFalse) = (truePositives, falsePositives)
      let probability = probabilities[order[start]]
      while start < order.count, probabilities[order[start]] == probability {
        if labels[order[start]] == 1 { truePositives += 1 } else { falsePositives += 1 }
        start += 1
      }
      let (tiedTrue, tiedFalse) = (Double(truePositives - previousTrue), Double(falsePositives - previousFalse))
      pairs += tiedFalse * Double(truePositives + previousTrue)
      let below = (Double(negatives - falsePositives) + tiedFalse / 2) / Double(negatives)
      let above = (Double(previousTrue) + tiedTrue / 2) / Double(positives)
      positiveSquares += tiedTrue * below * below
      negativeSquares += tiedFalse * above * above
      curve.append(
        .init(
          falsePositiveRate: Double(falsePositives) / Double(negatives),
          truePositiveRate: Double(truePositives) / Double(positives)))
    }
    let area = pairs / 2 / (Double(positives) * Double(negatives))
    func variance(_ squares: Double, _ count: Int) -> Double {
      max(squares - Double(count) * area * area, 0) / Double(count - 1) / Double(count)
    }
    rocCurve = curve
    rocArea = area
    rocAreaInterval =
      positives < 2 || negatives < 2
      ? nil
      : ClosedRange.normal(
        area, variance: variance(positiveSquares, positives) + variance(negativeSquares, negatives)
      ).clamped(to: 0...1)
  }

  /// The number of samples.
  package var count: Int {
    confusion.truePositives + confusion.falsePositives + confusion.trueNegatives + confusion.falseNegatives
  }
  /// The share of correct predictions; nil if there are no samples.
  package var accuracy: Double? {
    share(confusion.truePositives + confusion.trueNegatives, confusion.falsePositives + confusion.falseNegatives)
  }
  /// The share of correct ones among the predictions of label 1; nil if there are none.
  package var precision: Double? { share(confusion.truePositives, confusion.falsePositives) }
  /// The share of predictions of label 1 among the samples of label 1; nil if there are none.
  package var recall: Double? { share(confusion.truePositives, confusion.falseNegatives) }
  /// The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); nil if that is 0 / 0.
  package var f1: Double? {
    share(2 * confusion.truePositives, confusion.falsePositives + confusion.falseNegatives)
  }
  private func share(_ part: Int, _ rest: Int) -> Double? {
    part + rest == 0 ? nil : Double(part) / Double(part + rest)
  }

  /// The difference between a bin's mean probability and its share of label 1, averaged over all samples; nil if there
  /// are none.
  package var calibrationError: Double? {
    if count == 0 { return nil }
    return calibration.reduce(0) { $0 + Double($1.count) * abs($1.meanProbability - $1.positiveShare) } / Double(count)
  }
}

// MARK: Intervals

extension BinaryEvaluation {
  /// The accuracy's 95 % interval, by Wilson's score; nil if there are no samples.
  package var accuracyInterval: ClosedRange<Double>? {
    .wilson(confusion.truePositives + confusion.trueNegatives, of: count)
  }
  /// The precision's 95 % interval, by Wilson's score; nil if label 1 is never predicted.
  package var precisionInterval: ClosedRange<Double>? {
    .wilson(confusion.truePositives, of: confusion.truePositives + confusion.falsePositives)
  }
  /// The recall's 95 % interval, by Wilson's score; nil if no sample has label 1.
  package var recallInterval: ClosedRange<Double>? {
    .wilson(confusion.truePositives, of: confusion.truePositives + confusion.falseNegatives)
  }
  /// The 95 % interval of F1; nil if F1 is. F1 = 2 J / (1 + J) increases with the share J = TP / (TP + FP + FN), whose
  /// interval is Wilson's.
  package var f1Interval: ClosedRange<Double>? {
    let (right, wrong) = (confusion.truePositives, confusion.falsePositives + confusion.falseNegatives)
    guard let interval = ClosedRange.wilson(right, of: right + wrong) else { return nil }
    func f1(_ share: Double) -> Double { 2 * share / (1 + share) }
    return f1(interval.lowerBound)...f1(interval.upperBound)
  }
}
