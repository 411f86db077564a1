import RecurrentNetwork

/// Loss and accuracy over some samples, as sums: they add up over batches weighted by sample count, as Keras's do.
public struct Metrics: Sendable, Equatable, Codable, BitwiseCopyable {
  /// Σ binary cross-entropy.
  public var lossSum: Double = 0
  /// How many predictions were right.
  public var correctCount = 0
  /// How many samples.
  public var sampleCount = 0

  /// Of no samples.
  public init() {}

  /// Mean binary cross-entropy.
  public var loss: Double { lossSum / Double(sampleCount) }
  /// Share of right predictions; a probability of exactly ½ predicts 0 (keras/src/metrics/accuracy_metrics.py).
  public var accuracy: Double { Double(correctCount) / Double(sampleCount) }

  /// Adds the samples of another.
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
