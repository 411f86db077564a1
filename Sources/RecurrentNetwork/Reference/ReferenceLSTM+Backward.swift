#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension ReferenceLSTM {
  /// The gradients of a sequence's loss, each in the shape of what it belongs to.
  public struct Gradient: Sendable {
    /// dW, [I, 4H].
    public var kernel: [Double]
    /// dU, [H, 4H].
    public var recurrentKernel: [Double]
    /// db, [4H].
    public var bias: [Double]
    /// dx of each step, T × [I], in the order of reading.
    public var inputs: [[Double]]
    /// dh and dc before the first step.
    public var initialState: State
  }

  /// Backpropagation through time, from the last step to the first:
  ///
  ///     dh += what the layer above sends to this step's h
  ///     dc += dh o (1 − tanh² c')
  ///     dz = (dc g i (1 − i),  dc c f (1 − f),  dc i (1 − g²),  dh tanh(c') o (1 − o))
  ///     dW += xᵀ dz,  dU += (r h)ᵀ dz,  db += dz
  ///     dx = dz Wᵀ,   dh = r (dz Uᵀ),   dc = dc f
  ///
  /// - Parameters:
  ///   - pass: the forward pass.
  ///   - outputGradients: d loss / d h of each step as far as it comes from outside this LSTM, T × [H].
  public func backward(_ pass: Pass, outputGradients: [[Double]]) -> Gradient {
    precondition(outputGradients.count == pass.steps.count, "there must be one output gradient for each step")
    let h = hiddenSize
    var gradient = Gradient(
      kernel: [Double](repeating: 0, count: kernel.count),
      recurrentKernel: [Double](repeating: 0, count: recurrentKernel.count),
      bias: [Double](repeating: 0, count: bias.count), inputs: [], initialState: State(zeros: h))
    var (dh, dc) = ([Double](repeating: 0, count: h), [Double](repeating: 0, count: h))
    for (step, outputGradient) in zip(pass.steps, outputGradients).reversed() {
      var dz = [Double](repeating: 0, count: 4 * h)
      for u in 0..<h {
        let (i, f, g, o) = (step.inputGate[u], step.forgetGate[u], step.candidate[u], step.outputGate[u])
        let t = tanh(step.state.cell[u])
        dh[u] += outputGradient[u]
        dc[u] += dh[u] * o * (1 - t * t)
        dz[u] = dc[u] * g * i * (1 - i)
        dz[h + u] = dc[u] * step.previousCell[u] * f * (1 - f)
        dz[2 * h + u] = dc[u] * i * (1 - g * g)
        dz[3 * h + u] = dh[u] * t * o * (1 - o)
        dc[u] *= f
      }

      var dx = [Double](repeating: 0, count: inputSize)
      for k in 0..<inputSize {
        for j in 0..<4 * h {
          gradient.kernel[k * 4 * h + j] += step.input[k] * dz[j]
          dx[k] += dz[j] * kernel[k * 4 * h + j]
        }
      }
      gradient.inputs.append(dx)

      dh = [Double](repeating: 0, count: h)
      for k in 0..<h {
        for j in 0..<4 * h {
          gradient.recurrentKernel[k * 4 * h + j] += step.hiddenRead[k] * dz[j]
          dh[k] += dz[j] * recurrentKernel[k * 4 * h + j]
        }
        dh[k] *= pass.recurrentFactors[k]
      }
      for j in 0..<4 * h { gradient.bias[j] += dz[j] }
    }
    gradient.inputs.reverse()
    gradient.initialState = State(hidden: dh, cell: dc)
    return gradient
  }
}
