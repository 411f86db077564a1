/// The definition of the last layer: logits = x W + b.
public struct ReferenceDense: Sendable {
  /// W, [I, L].
  public let kernel: [Double]
  /// b, [L], where L is the number of logits.
  public let bias: [Double]

  /// - Precondition: the kernel has a column for each element of the bias.
  public init(kernel: [Double], bias: [Double]) {
    precondition(kernel.count % bias.count == 0, "W must have \(bias.count) columns")
    self.kernel = kernel
    self.bias = bias
  }

  /// The gradients of a sample's loss.
  public struct Gradient: Sendable {
    /// dW, [I, L].
    public let kernel: [Double]
    /// db, [L].
    public let bias: [Double]
    /// dx, [I].
    public let input: [Double]
  }

  /// The logits, [L], from x, [I].
  public func forward(_ input: [Double]) -> [Double] {
    var logits = bias
    for k in input.indices { for j in bias.indices { logits[j] += input[k] * kernel[k * bias.count + j] } }
    return logits
  }

  /// The gradients from x, [I], and d loss / d logit, [L].
  public func backward(_ input: [Double], logitGradients: [Double]) -> Gradient {
    var kernelGradient = [Double](repeating: 0, count: kernel.count)
    var inputGradient = [Double](repeating: 0, count: input.count)
    for k in input.indices {
      for j in bias.indices {
        kernelGradient[k * bias.count + j] = input[k] * logitGradients[j]
        inputGradient[k] += logitGradients[j] * kernel[k * bias.count + j]
      }
    }
    return Gradient(kernel: kernelGradient, bias: logitGradients, input: inputGradient)
  }
}
