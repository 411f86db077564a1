import RecurrentNetwork

/// Keeps a batch's gradient from being too large (keras/src/optimizers/base_optimizer.py).
///
/// Limits are above 0. A gradient within its limit keeps its bits.
public enum GradientClipping: Codable, Sendable, Equatable {
  /// Scales the whole gradient to at most this norm: Keras's `global_clipnorm`.
  case globalNorm(limit: Double)
  /// Scales each tensor's gradient to at most this norm: Keras's `clipnorm`.
  case norm(limit: Double)
  /// Cuts each element to −limit…limit: Keras's `clipvalue`.
  case value(limit: Double)

  /// Clips a gradient, which becomes NaN where its norm isn't finite.
  package func clip(_ gradient: inout Parameters) {
    switch self {
    case .globalNorm(let limit):
      Self.scale(&gradient.values, 0..<gradient.layout.count, toNorm: limit)
    case .norm(let limit):
      for tensor in gradient.layout.tensors { Self.scale(&gradient.values, tensor.range, toNorm: limit) }
    case .value(let limit):
      let limit = Float(limit)
      // In this order of arguments a NaN stays one.
      for i in gradient.values.indices { gradient.values[i] = min(max(gradient.values[i], -limit), limit) }
    }
  }

  private static func scale(_ values: inout [Float], _ range: Range<Int>, toNorm limit: Double) {
    // One by one and in Double: the sum depends on the values alone, and overflows for no Float.
    var squares = 0.0
    for i in range { squares += Double(values[i]) * Double(values[i]) }
    let norm = squares.squareRoot()
    if norm <= limit { return }
    // The difference is 0, or NaN for a norm that is infinite: what is left of such a gradient is not to be used.
    let scale = Float(limit / norm + (norm - norm))
    for i in range { values[i] *= scale }
  }
}
