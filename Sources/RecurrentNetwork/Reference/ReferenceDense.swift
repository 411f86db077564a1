/// The definition of a dense layer's sums: x W + b. The last layer's are the logits; see `Activation` for the others'.
public struct ReferenceDense: Sendable {
  /// W, [I, O].
  public let kernel: [Double]
  /// b, [O], where O is the number of outputs.
  public let bias: [Double]

  /// - Precondition: the kernel has a column for each element of the bias.
  public init(kernel: [Double], bias: [Double]) {
    precondition(kernel.count % bias.count == 0, "W must have \(bias.count) columns")
    self.kernel = kernel
    self.bias = bias
  }

  /// The gradients of a sample's loss.
  public struct Gradient: Sendable {
    /// dW, [I, O].
    public let kernel: [Double]
    /// db, [O].
    public let bias: [Double]
    /// dx, [I].
    public let input: [Double]
  }

  /// The sums, [O], from x, [I].
  public func forward(_ input: [Double]) -> [Double] {
    var sums = bias
    for k in input.indices { for j in bias.indices { sums[j] += input[k] * kernel[k * bias.count + j] } }
    return sums
  }

  /// The gradients from x, [I], and d loss / d sum, [O].
  public func backward(_ input: [Double], sumGradients: [Double]) -> Gradient {
    var kernelGradient = [Double](repeating: 0, count: kernel.count)
    var inputGradient = [Double](repeating: 0, count: input.count)
    for k in input.indices {
      for j in bias.indices {
        kernelGradient[k * bias.count + j] = input[k] * sumGradients[j]
        inputGradient[k] += sumGradients[j] * kernel[k * bias.count + j]
      }
    }
    return Gradient(kernel: kernelGradient, bias: sumGradients, input: inputGradient)
  }
}
