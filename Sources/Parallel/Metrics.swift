import RecurrentNetwork

/// Loss and accuracy over some samples. They are stored as sums, so that a batch's weight in a total is its number of
/// samples, as in Keras.
public struct Metrics: Sendable, Equatable, Codable, BitwiseCopyable {
  /// The sum of the cross-entropies.
  public var lossSum: Double = 0
  /// The number of correct predictions.
  public var correctCount = 0
  /// The number of samples.
  public var sampleCount = 0

  /// No samples.
  public init() {}

  package init(_ outcomes: [Outcome], _ labels: [UInt8]) {
    for (outcome, label) in zip(outcomes, labels) { add(outcome, label: label) }
  }

  /// The mean cross-entropy; NaN if there are no samples.
  public var loss: Double { lossSum / Double(sampleCount) }
  /// The share of correct predictions; NaN if there are no samples. A probability of exactly ½ predicts label 0
  /// (keras/src/metrics/accuracy_metrics.py).
  public var accuracy: Double { Double(correctCount) / Double(sampleCount) }

  /// Adds the samples of other metrics.
  public static func += (left: inout Metrics, right: Metrics) {
    left.lossSum += right.lossSum
    left.correctCount += right.correctCount
    left.sampleCount += right.sampleCount
  }

  mutating func add(_ outcome: Outcome, label: UInt8) {
    lossSum += outcome.loss
    if outcome.label == label { correctCount += 1 }
    sampleCount += 1
  }
}
