#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The LSTM's definition, one sample at a time and in Double: what the fast engine must equal.
///
/// Hochreiter and Schmidhuber (1997) with the forget gate of Gers, Schmidhuber and Cummins (2000), as Keras computes it
/// (keras/src/layers/rnn/lstm.py, `LSTMCell.call`):
///
///     z = x W + h U + b                      [4H], gates i, f, g, o
///     i, f, o = σ(z…),  g = tanh(z…)
///     c' = f c + i g,   h' = o tanh(c')
public struct ReferenceLSTM {
  /// W, [E, 4H].
  public var kernel: [Double]
  /// U, [H, 4H].
  public var recurrentKernel: [Double]
  /// b, [4H].
  public var bias: [Double]
  /// E.
  public let inputSize: Int
  /// H.
  public let hiddenSize: Int

  /// h and c, [H] each.
  public struct State: Equatable {
    /// h, [H].
    public var hidden: [Double]
    /// c, [H].
    public var cell: [Double]

    /// Zeros, as Keras and PyTorch begin.
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

  /// What a step leaves for the way back.
  public struct Step {
    /// x, [E].
    let input: [Double]
    /// h and c before the step.
    let previous: State
    /// h and c after it.
    public let state: State
    /// Each [H].
    let inputGate: [Double]
    let forgetGate: [Double]
    let candidate: [Double]
    let outputGate: [Double]
  }

  /// Gradients of a sequence, in the shapes of what they belong to.
  public struct Gradient {
    /// dW, [E, 4H].
    public var kernel: [Double]
    /// dU, [H, 4H].
    public var recurrentKernel: [Double]
    /// db, [4H].
    public var bias: [Double]
    /// dx of each step, T × [E].
    public var inputs: [[Double]]
    /// dh and dc before the first step.
    public var initialState: State
  }

  /// One step from `previous`, with input [E].
  public func step(_ input: [Double], from previous: State) -> Step {
    let h = hiddenSize
    var z = bias
    for k in 0..<inputSize { for j in 0..<4 * h { z[j] += input[k] * kernel[k * 4 * h + j] } }
    for k in 0..<h { for j in 0..<4 * h { z[j] += previous.hidden[k] * recurrentKernel[k * 4 * h + j] } }
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
      input: input, previous: previous, state: state,
      inputGate: inputGate, forgetGate: forgetGate, candidate: candidate, outputGate: outputGate)
  }

  /// All steps of a sequence, T × [E].
  public func forward(_ inputs: [[Double]], from initial: State) -> [Step] {
    var steps: [Step] = []
    for input in inputs { steps.append(step(input, from: steps.last?.state ?? initial)) }
    return steps
  }

  /// Backpropagation through time from the gradient of the last h, [H].
  public func backward(_ steps: [Step], lastHiddenGradient: [Double]) -> Gradient {
    let (e, h) = (inputSize, hiddenSize)
    var gradient = Gradient(
      kernel: [Double](repeating: 0, count: e * 4 * h), recurrentKernel: [Double](repeating: 0, count: h * 4 * h),
      bias: [Double](repeating: 0, count: 4 * h), inputs: [], initialState: State(zeros: h))
    var (dh, dc) = (lastHiddenGradient, [Double](repeating: 0, count: h))
    for step in steps.reversed() {
      var dz = [Double](repeating: 0, count: 4 * h)
      for u in 0..<h {
        let (i, f, g, o) = (step.inputGate[u], step.forgetGate[u], step.candidate[u], step.outputGate[u])
        let t = tanh(step.state.cell[u])
        dc[u] += dh[u] * o * (1 - t * t)
        dz[u] = dc[u] * g * i * (1 - i)
        dz[h + u] = dc[u] * step.previous.cell[u] * f * (1 - f)
        dz[2 * h + u] = dc[u] * i * (1 - g * g)
        dz[3 * h + u] = dh[u] * t * o * (1 - o)
        dc[u] *= f
      }
      var dx = [Double](repeating: 0, count: e)
      for k in 0..<e {
        for j in 0..<4 * h {
          gradient.kernel[k * 4 * h + j] += step.input[k] * dz[j]
          dx[k] += dz[j] * kernel[k * 4 * h + j]
        }
      }
      gradient.inputs.append(dx)
      dh = [Double](repeating: 0, count: h)
      for k in 0..<h {
        for j in 0..<4 * h {
          gradient.recurrentKernel[k * 4 * h + j] += step.previous.hidden[k] * dz[j]
          dh[k] += dz[j] * recurrentKernel[k * 4 * h + j]
        }
      }
      for j in 0..<4 * h { gradient.bias[j] += dz[j] }
    }
    gradient.inputs.reverse()
    gradient.initialState = State(hidden: dh, cell: dc)
    return gradient
  }
}

/// σ(x) = 1 / (1 + e^−x).
func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
