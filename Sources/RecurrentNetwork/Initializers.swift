#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Parameters {
  /// Initial weights with the distributions of Keras's layers, drawn from a different generator, so that Keras's own
  /// numbers are not reproduced.
  ///
  /// The embedding is uniform in ±0.05, the kernels are Glorot uniform over all four gates together, the recurrent kernels
  /// have orthonormal rows, and the biases are 0, except for the forget gate's, which are 1
  /// (keras/src/layers/rnn/lstm.py, keras/src/initializers/random_initializers.py).
  public init(kerasInitial layout: ParameterLayout, using generator: inout RandomGenerator) {
    self.init(zeros: layout)
    let h = layout.architecture.hiddenSize
    fill(layout.embedding, limit: 0.05, using: &generator)
    for recurrence in layout.recurrences.joined() {
      fill(recurrence.kernel, limit: glorotLimit(recurrence.kernel), using: &generator)
      self[recurrence.recurrentKernel] = orthonormalRows(h, 4 * h, using: &generator)[...]
      for unit in 0..<h { values[recurrence.bias.offset + h + unit] = 1 }
    }
    for layer in layout.dense { fill(layer.kernel, limit: glorotLimit(layer.kernel), using: &generator) }
  }

  private func glorotLimit(_ kernel: ParameterLayout.Tensor) -> Double {
    (6 / Double(kernel.shape[0] + kernel.shape[1])).squareRoot()
  }

  private mutating func fill(
    _ tensor: ParameterLayout.Tensor, limit: Double, using generator: inout RandomGenerator
  ) {
    for i in tensor.range { values[i] = Float(limit * (2 * generator.uniform() - 1)) }
  }
}

/// A random matrix, [rows, columns], with orthonormal rows, where rows ≤ columns.
///
/// Keras decomposes a normal [columns, rows] matrix into QR and transposes Q · sign(diag R), which is what the
/// Gram–Schmidt process computes.
private func orthonormalRows(_ rows: Int, _ columns: Int, using generator: inout RandomGenerator) -> [Float] {
  var basis: [[Double]] = []
  for _ in 0..<rows {
    var row = (0..<columns).map { _ in standardNormal(using: &generator) }
    // The second pass removes what rounding left over from the first.
    for _ in 0..<2 {
      for other in basis {
        var projection = 0.0
        for i in 0..<columns { projection += row[i] * other[i] }
        for i in 0..<columns { row[i] -= projection * other[i] }
      }
    }
    var squares = 0.0
    for x in row { squares += x * x }
    let scale = 1 / squares.squareRoot()
    basis.append(row.map { $0 * scale })
  }
  return basis.flatMap { $0.map { Float($0) } }
}

/// A draw from N(0, 1), by the Box–Muller transform.
private func standardNormal(using generator: inout RandomGenerator) -> Double {
  (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform())
}
