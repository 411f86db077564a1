/// Keeps a batch's gradient from growing too large (keras/src/optimizers/base_optimizer.py).
///
/// Limits are above 0. A gradient within its limit keeps its bits.
public enum GradientClipping: Codable, Sendable, Equatable {
  /// Scales the whole gradient to at most this norm: Keras's `global_clipnorm`.
  case globalNorm(limit: Double)
  /// Scales each tensor's gradient to at most this norm: Keras's `clipnorm`.
  case norm(limit: Double)
  /// Clips each element to −limit…limit: Keras's `clipvalue`.
  case value(limit: Double)

  /// The limit, whatever it applies to.
  package var limit: Double {
    switch self {
    case .globalNorm(let limit), .norm(let limit), .value(let limit): limit
    }
  }
}
