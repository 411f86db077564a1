import RecurrentNetwork

/// Loss and accuracy over some samples, kept as sums, so that batches add up weighted by their samples, as Keras's do.
public struct Metrics: Sendable, Equatable, Codable, BitwiseCopyable {
  /// Sum of the cross-entropies.
  public var lossSum: Double = 0
  /// Number of right predictions.
  public var correctCount = 0
  /// Number of samples.
  public var sampleCount = 0

  /// No samples.
  public init() {}

  /// Mean cross-entropy.
  public var loss: Double { lossSum / Double(sampleCount) }
  /// Share of right predictions; a probability of exactly ½ predicts 0 (keras/src/metrics/accuracy_metrics.py).
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
