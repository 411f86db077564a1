/// The definition of a layer: one LSTM, or two that read the sequence from its two ends.
///
/// The outputs of the two directions at a step are joined, forward first (Schuster and Paliwal, 1997; Keras's
/// `Bidirectional` with `merge_mode="concat"`). All sequences here are in the order of time, whichever way they are read.
public struct ReferenceLayer: Sendable {
  /// The LSTM that reads forward, then the one that reads backward, if there is one: D of them.
  public let directions: [ReferenceLSTM]

  /// A layer of given LSTMs, forward before backward.
  ///
  /// - Precondition: there are one or two, of equal sizes.
  public init(_ directions: [ReferenceLSTM]) {
    precondition(directions.count == 1 || directions.count == 2, "a layer has one direction or two")
    self.directions = directions
  }

  /// A sequence's way through the layer, with everything that the backward pass needs.
  public struct Pass: Sendable {
    /// [D].
    public let directions: [ReferenceLSTM.Pass]
    /// h of all directions, T × [D · H].
    public let outputs: [[Double]]
  }

  /// The gradients of a sequence's loss.
  public struct Gradient: Sendable {
    /// [D].
    public let directions: [ReferenceLSTM.Gradient]
    /// dx of each step, T × [I].
    public let inputs: [[Double]]
  }

  /// All steps of a sequence.
  ///
  /// - Parameters:
  ///   - inputs: x of each step, T × [I].
  ///   - initialStates: what each direction starts from, [D].
  ///   - recurrentFactors: what each direction multiplies its h by before it reads it, [D] × [H]; nil for none dropped.
  public func forward(
    _ inputs: [[Double]], from initialStates: [ReferenceLSTM.State], recurrentFactors: [[Double]]? = nil
  ) -> Pass {
    precondition(initialStates.count == directions.count, "each direction needs an initial state")
    let passes = directions.indices.map { direction in
      directions[direction].forward(
        reading(inputs, direction), from: initialStates[direction], recurrentFactors: recurrentFactors?[direction])
    }
    let outputs = passes.enumerated().map { direction, pass in reading(pass.steps.map(\.state.hidden), direction) }
    return Pass(directions: passes, outputs: inputs.indices.map { t in outputs.flatMap { $0[t] } })
  }

  /// Backpropagation through time in every direction.
  ///
  /// - Parameters:
  ///   - pass: the forward pass.
  ///   - outputGradients: d loss / d output of each step, T × [D · H].
  public func backward(_ pass: Pass, outputGradients: [[Double]]) -> Gradient {
    let gradients = directions.indices.map { direction in
      let h = directions[direction].hiddenSize
      let own = outputGradients.map { Array($0[direction * h..<(direction + 1) * h]) }
      return directions[direction].backward(pass.directions[direction], outputGradients: reading(own, direction))
    }
    // Both directions read the same x.
    var inputs = outputGradients.map { _ in [Double](repeating: 0, count: directions[0].inputSize) }
    for (direction, gradient) in gradients.enumerated() {
      for (t, dx) in reading(gradient.inputs, direction).enumerated() {
        for k in dx.indices { inputs[t][k] += dx[k] }
      }
    }
    return Gradient(directions: gradients, inputs: inputs)
  }

  /// From the order of time to the order of reading, or from that to the order of time.
  private func reading(_ sequence: [[Double]], _ direction: Int) -> [[Double]] {
    direction == 0 ? sequence : sequence.reversed()
  }
}
