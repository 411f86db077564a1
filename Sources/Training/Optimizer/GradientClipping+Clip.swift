import Hyperparameters
import RecurrentNetwork

extension GradientClipping {
  /// Clips a gradient, which becomes NaN where its norm isn't finite.
  ///
  /// - Parameter start: the first element that counts: those before it are frozen.
  package func clip(_ gradient: inout Parameters, from start: Int = 0) {
    switch self {
    case .globalNorm(let limit):
      Self.scale(&gradient.values, start..<gradient.layout.count, toNorm: limit)
    case .norm(let limit):
      for tensor in gradient.layout.tensors where tensor.offset >= start {
        Self.scale(&gradient.values, tensor.range, toNorm: limit)
      }
    case .value(let limit):
      let limit = Float(limit)
      // In this order of arguments a NaN stays one.
      for i in gradient.values.indices { gradient.values[i] = min(max(gradient.values[i], -limit), limit) }
    }
  }

  private static func scale(_ values: inout [Float], _ range: Range<Int>, toNorm limit: Double) {
    // One by one and in Double: the sum depends on the values alone, and no Float makes it overflow.
    var squares = 0.0
    for i in range { squares += Double(values[i]) * Double(values[i]) }
    let norm = squares.squareRoot()
    if norm <= limit { return }
    // The difference is 0, or NaN where the norm is infinite: such a gradient must not be used.
    let scale = Float(limit / norm + (norm - norm))
    for i in range { values[i] *= scale }
  }
}
