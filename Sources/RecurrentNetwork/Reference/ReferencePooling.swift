/// The definition of pooling: how the last layer's outputs over time become the one vector that the dense layer reads.
///
/// Each element k of the result is a weighted sum over the steps, pooled[k] = Σₜ share[t][k] · output[t][k]:
///
/// - `last`: the step that is read last has a share of 1: for the backward direction that is the first step in time.
/// - `lastStep`: the last step in time has a share of 1, in both directions.
/// - `mean`: each of the T steps has a share of 1 / T (Keras's `GlobalAveragePooling1D`).
/// - `max`: the step with the largest output has a share of 1 (Keras's `GlobalMaxPooling1D`). If several are equal, it is
///   the one that the direction reads first, and the whole gradient goes there.
///
/// With no steps, as in a sequence of masked padding alone, the result is zeros.
public struct ReferencePooling: Sendable {
  /// How outputs over time become one vector.
  public let kind: Architecture.Pooling
  /// H: number of units in each direction.
  public let hiddenSize: Int
  /// D: 1, or 2 with a backward direction.
  public let directionCount: Int

  /// Pools outputs of [D · H] elements, the forward direction's first.
  public init(_ kind: Architecture.Pooling, hiddenSize: Int, directionCount: Int) {
    self.kind = kind
    self.hiddenSize = hiddenSize
    self.directionCount = directionCount
  }

  /// The share of each step's output in the result, T × [D · H].
  ///
  /// - Parameter outputs: T × [D · H], in the order of time.
  public func shares(_ outputs: [[Double]]) -> [[Double]] {
    var shares = outputs.map { _ in [Double](repeating: 0, count: directionCount * hiddenSize) }
    if outputs.isEmpty { return shares }
    for k in 0..<directionCount * hiddenSize {
      let order = k < hiddenSize ? Array(outputs.indices) : outputs.indices.reversed()
      switch kind {
      case .last: shares[order.last!][k] = 1
      case .lastStep: shares[outputs.count - 1][k] = 1
      case .mean: for t in order { shares[t][k] = 1 / Double(outputs.count) }
      case .max:
        var largest = order[0]
        for t in order where outputs[t][k] > outputs[largest][k] { largest = t }
        shares[largest][k] = 1
      }
    }
    return shares
  }

  /// The pooled vector, [D · H].
  ///
  /// - Parameters:
  ///   - outputs: T × [D · H], in the order of time.
  ///   - shares: what `shares(_:)` gives for them, T × [D · H].
  public func forward(_ outputs: [[Double]], shares: [[Double]]) -> [Double] {
    var pooled = [Double](repeating: 0, count: directionCount * hiddenSize)
    for (output, share) in zip(outputs, shares) {
      for k in pooled.indices { pooled[k] += share[k] * output[k] }
    }
    return pooled
  }

  /// d loss / d output of each step, T × [D · H], from d loss / d pooled, [D · H].
  public func backward(_ pooledGradient: [Double], shares: [[Double]]) -> [[Double]] {
    shares.map { share in share.indices.map { share[$0] * pooledGradient[$0] } }
  }
}
