#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// −y ln p − (1 − y) ln(1 − p) for p = σ(logit), computed from the logit.
///
/// Nothing is clipped: logit 100 with label 0 costs 100, as in Keras on TensorFlow where the last layer is a sigmoid
/// (`sigmoid_cross_entropy_with_logits`).
public enum BinaryCrossEntropy {
  /// The loss of one sample.
  public static func loss(logit: Double, label: Double) -> Double {
    max(logit, 0) - logit * label + log1p(exp(-abs(logit)))
  }

  /// d loss / d logit = σ(logit) − label.
  public static func gradient(logit: Double, label: Double) -> Double {
    1 / (1 + exp(-logit)) - label
  }
}

/// exp(zᵢ) / Σ exp(zⱼ).
func softmax(_ logits: [Float]) -> [Double] { logits.indices.map { exp(logSoftmax(logits, $0)) } }

/// ln of one of them, without an overflow on the way.
func logSoftmax(_ logits: [Float], _ index: Int) -> Double {
  let largest = Double(logits.max()!)
  return Double(logits[index]) - largest - log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
}
