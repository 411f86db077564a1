#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The definition of an LSTM that reads one sequence in one direction.
///
/// Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and Cummins (2000), as Keras computes it
/// (keras/src/layers/rnn/lstm.py, `LSTMCell.call`):
///
///     z = x W + (r h) U + b                  [4H], gates i, f, g, o
///     i, f, o = σ(z…),  g = tanh(z…)
///     c' = f c + i g,   h' = o tanh(c')
///
/// r are the factors of recurrent dropout, the same at every step of a sequence (Gal and Ghahramani, 2016); without
/// dropout they are 1.
public struct ReferenceLSTM: Sendable {
  /// W, [I, 4H].
  public let kernel: [Double]
  /// U, [H, 4H].
  public let recurrentKernel: [Double]
  /// b, [4H].
  public let bias: [Double]
  /// I: length of the vector that a step reads.
  public let inputSize: Int
  /// H: number of units.
  public let hiddenSize: Int

  /// An LSTM with given weights, row-major.
  ///
  /// - Precondition: the arrays have the sizes [I, 4H], [H, 4H] and [4H].
  public init(kernel: [Double], recurrentKernel: [Double], bias: [Double], inputSize: Int, hiddenSize: Int) {
    precondition(kernel.count == inputSize * 4 * hiddenSize, "W must be [\(inputSize), 4 · \(hiddenSize)]")
    precondition(recurrentKernel.count == hiddenSize * 4 * hiddenSize, "U must be [\(hiddenSize), 4 · \(hiddenSize)]")
    precondition(bias.count == 4 * hiddenSize, "b must be [4 · \(hiddenSize)]")
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    self.bias = bias
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
  }

  /// h and c, [H] each.
  public struct State: Sendable, Equatable {
    /// h, [H].
    public var hidden: [Double]
    /// c, [H].
    public var cell: [Double]

    /// Zeros, the state from which Keras and PyTorch start.
    public init(zeros hiddenSize: Int) {
      hidden = [Double](repeating: 0, count: hiddenSize)
      cell = hidden
    }

    /// A given state.
    public init(hidden: [Double], cell: [Double]) {
      self.hidden = hidden
      self.cell = cell
    }
  }

  /// One step, with everything that its backward pass needs.
  public struct Step: Sendable {
    /// x, [I].
    let input: [Double]
    /// r h: the previous h as the step reads it, after dropout; [H].
    let hiddenRead: [Double]
    /// The previous c, [H].
    let previousCell: [Double]
    /// i, f, g and o, [H] each.
    let inputGate: [Double]
    let forgetGate: [Double]
    let candidate: [Double]
    let outputGate: [Double]
    /// h and c after the step.
    public let state: State
  }

  /// A whole sequence, with everything that its backward pass needs.
  public struct Pass: Sendable {
    /// h and c before the first step.
    public let initialState: State
    /// r, [H].
    public let recurrentFactors: [Double]
    /// T steps, in the order of reading.
    public let steps: [Step]

    /// h and c after the last step; of an empty sequence the initial state.
    public var lastState: State { steps.last?.state ?? initialState }
  }

  /// One step from a state.
  ///
  /// - Parameters:
  ///   - input: x, [I].
  ///   - previous: h and c.
  ///   - recurrentFactors: r, [H].
  public func step(_ input: [Double], from previous: State, recurrentFactors: [Double]) -> Step {
    let h = hiddenSize
    precondition(input.count == inputSize && previous.hidden.count == h && recurrentFactors.count == h)
    let hiddenRead = (0..<h).map { previous.hidden[$0] * recurrentFactors[$0] }
    var z = bias
    for k in 0..<inputSize { for j in 0..<4 * h { z[j] += input[k] * kernel[k * 4 * h + j] } }
    for k in 0..<h { for j in 0..<4 * h { z[j] += hiddenRead[k] * recurrentKernel[k * 4 * h + j] } }
    let inputGate = z[0..<h].map(sigmoid)
    let forgetGate = z[h..<2 * h].map(sigmoid)
    let candidate = z[2 * h..<3 * h].map { tanh($0) }
    let outputGate = z[3 * h..<4 * h].map(sigmoid)
    var state = State(zeros: h)
    for u in 0..<h {
      state.cell[u] = forgetGate[u] * previous.cell[u] + inputGate[u] * candidate[u]
      state.hidden[u] = outputGate[u] * tanh(state.cell[u])
    }
    return Step(
      input: input, hiddenRead: hiddenRead, previousCell: previous.cell, inputGate: inputGate, forgetGate: forgetGate,
      candidate: candidate, outputGate: outputGate, state: state)
  }

  /// All steps of a sequence.
  ///
  /// - Parameters:
  ///   - inputs: x of each step, T × [I], in the order of reading.
  ///   - initial: h and c before the first step.
  ///   - recurrentFactors: r, [H]; nil for none dropped.
  public func forward(_ inputs: [[Double]], from initial: State, recurrentFactors: [Double]? = nil) -> Pass {
    let factors = recurrentFactors ?? [Double](repeating: 1, count: hiddenSize)
    var state = initial
    var steps: [Step] = []
    for input in inputs {
      let step = step(input, from: state, recurrentFactors: factors)
      state = step.state
      steps.append(step)
    }
    return Pass(initialState: initial, recurrentFactors: factors, steps: steps)
  }
}

/// σ(x) = 1 / (1 + e^−x).
func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
