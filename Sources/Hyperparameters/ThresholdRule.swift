/// How the threshold of a model with two labels is chosen, on the validation texts: label 1 is predicted where its
/// probability is above it.
public enum ThresholdRule: Codable, Sendable, Equatable {
  /// The greatest F1 of label 1.
  case bestF1
  /// The greatest recall of label 1 with at least a precision, above 0 and at most 1.
  case precision(atLeast: Double)
}
