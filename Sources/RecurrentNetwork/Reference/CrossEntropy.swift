#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The loss of one sample, in nats: the negative logarithm of the probability that the network gives to the right label.
///
/// With two labels there is one logit, whose sigmoid is the probability of label 1 (`BinaryCrossEntropy`); with more
/// there is one logit for each label, and the probabilities are their softmax (`CategoricalCrossEntropy`).
public enum CrossEntropy {
  /// −ln p(label).
  public static func loss(logits: [Double], label: Int) -> Double {
    logits.count == 1
      ? BinaryCrossEntropy.loss(logit: logits[0], label: Double(label))
      : CategoricalCrossEntropy.loss(logits: logits, label: label)
  }

  /// d loss / d logit, [logits].
  public static func gradients(logits: [Double], label: Int) -> [Double] {
    logits.count == 1
      ? [BinaryCrossEntropy.gradient(logit: logits[0], label: Double(label))]
      : CategoricalCrossEntropy.gradients(logits: logits, label: label)
  }
}

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

/// −ln pₖ of the right label k, for p = softmax(logits), computed from the logits; nothing is clipped.
public enum CategoricalCrossEntropy {
  /// exp(zᵢ) / Σ exp(zⱼ), [logits].
  public static func probabilities(logits: [Double]) -> [Double] {
    logits.indices.map { exp(logProbability(logits: logits, label: $0)) }
  }

  /// The logarithm of one of the probabilities. The largest logit is subtracted first, so that `exp` cannot overflow.
  public static func logProbability(logits: [Double], label: Int) -> Double {
    let largest = logits.max()!
    return logits[label] - largest - log(logits.reduce(0) { $0 + exp($1 - largest) })
  }

  /// The loss of one sample.
  public static func loss(logits: [Double], label: Int) -> Double { -logProbability(logits: logits, label: label) }

  /// d loss / d logit = pᵢ, less 1 for the right label; [logits].
  public static func gradients(logits: [Double], label: Int) -> [Double] {
    probabilities(logits: logits).enumerated().map { $1 - ($0 == label ? 1 : 0) }
  }
}

/// The softmax of the engine's logits, in Double.
func softmax(_ logits: [Float]) -> [Double] { CategoricalCrossEntropy.probabilities(logits: logits.map { Double($0) }) }

/// The logarithm of one element of the softmax of the engine's logits, in Double.
func logSoftmax(_ logits: [Float], _ index: Int) -> Double {
  CategoricalCrossEntropy.logProbability(logits: logits.map { Double($0) }, label: index)
}
