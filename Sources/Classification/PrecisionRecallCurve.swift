import Foundation

/// How precision and recall of label 1 depend on the threshold that its probability has to exceed.
///
/// The precisions and recalls are those of scikit-learn's `precision_recall_curve`, and the average precision that of its
/// `average_precision_score` (sklearn/metrics/_ranking.py), where no probability is 0.
package struct PrecisionRecallCurve: Sendable, Equatable {
  /// A threshold, and what it leads to.
  package struct Point: Sendable, Equatable {
    /// Halfway between the least probability above it and the greatest one below it.
    package var threshold: Float
    /// The share of label 1 among the samples above the threshold.
    package var precision: Double
    /// The share of the samples of label 1 that are above the threshold.
    package var recall: Double
    /// The harmonic mean of precision and recall.
    package var f1: Double { precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall) }
  }

  /// A point for each distinct probability except 0, which is above no threshold, from the highest to the lowest; empty
  /// unless there is a sample of label 1.
  package let points: [Point]

  /// - Parameters:
  ///   - probabilities: the probability of label 1 for each sample, from 0 to 1, [N].
  ///   - labels: the true labels, 0 or 1, [N].
  package init(probabilities: [Float], labels: [UInt8]) {
    let positives = labels.count { $0 == 1 }
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    var (points, found, start) = ([Point](), 0, 0)
    while positives > 0, start < order.count, case let probability = probabilities[order[start]], probability > 0 {
      while start < order.count, probabilities[order[start]] == probability {
        if labels[order[start]] == 1 { found += 1 }
        start += 1
      }
      let next = start < order.count ? probabilities[order[start]] : 0
      let middle = next + (probability - next) / 2
      points.append(
        Point(
          // Two neighboring numbers have no other between them.
          threshold: middle < probability ? middle : next, precision: Double(found) / Double(start),
          recall: Double(found) / Double(positives)))
    }
    self.points = points
  }

  /// The mean precision, weighted by the increase in recall at each point; nil if there are no points.
  package var averagePrecision: Double? {
    if points.isEmpty { return nil }
    var (sum, recall) = (0.0, 0.0)
    for point in points {
      sum += (point.recall - recall) * point.precision
      recall = point.recall
    }
    return sum
  }

  /// The point of the greatest F1, of equals the one with the highest threshold; nil if there are no points.
  package var bestF1: Point? { points.reduce(nil) { best, point in point.f1 > best?.f1 ?? -1 ? point : best } }

  /// The point of the greatest recall among those with at least a precision, of equals the one with the highest
  /// threshold; nil if there are none.
  package func point(minimumPrecision: Double) -> Point? {
    points.reduce(nil) { best, point in
      point.precision >= minimumPrecision && point.recall > best?.recall ?? -1 ? point : best
    }
  }
}
