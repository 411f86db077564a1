/// Where each tensor lies in the one flat array that holds all parameters of a network.
///
/// Shapes and gate order (i, f, g, o in blocks of H columns) are Keras's: an input row times a kernel.
public struct ParameterLayout: Sendable, Hashable {
  /// One tensor: its name, its shape (row-major) and where it starts in the flat array.
  public struct Tensor: Sendable, Hashable {
    /// The tensor's name, after Keras's variable path.
    public let name: String
    /// Its extents, row-major.
    public let shape: [Int]
    /// Index of its first element in the flat array.
    public let offset: Int
    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Where its elements lie in the flat array.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The network that is laid out.
  public let architecture: Architecture
  /// Embedding table, [V, E].
  public let embedding: Tensor
  /// LSTM input weights W, [E, 4H].
  public let kernel: Tensor
  /// LSTM recurrent weights U, [H, 4H].
  public let recurrentKernel: Tensor
  /// LSTM bias b, [4H].
  public let bias: Tensor
  /// Output weights, [H, 1].
  public let denseKernel: Tensor
  /// Output bias, [1].
  public let denseBias: Tensor

  /// Every tensor, in the order of the flat array.
  public var tensors: [Tensor] { [embedding, kernel, recurrentKernel, bias, denseKernel, denseBias] }
  /// Number of parameters.
  public var count: Int { denseBias.range.upperBound }

  /// Lays out the parameters of a network.
  public init(_ architecture: Architecture) {
    let (v, e, h) = (architecture.vocabularySize, architecture.embeddingSize, architecture.hiddenSize)
    var end = 0
    func place(_ name: String, _ shape: [Int]) -> Tensor {
      let tensor = Tensor(name: name, shape: shape, offset: end)
      end += tensor.count
      return tensor
    }
    self.architecture = architecture
    embedding = place("embedding/embeddings", [v, e])
    kernel = place("lstm/kernel", [e, 4 * h])
    recurrentKernel = place("lstm/recurrent_kernel", [h, 4 * h])
    bias = place("lstm/bias", [4 * h])
    denseKernel = place("dense/kernel", [h, 1])
    denseBias = place("dense/bias", [1])
  }
}
