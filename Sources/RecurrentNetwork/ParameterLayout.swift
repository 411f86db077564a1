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

  /// The tensors of a layer in one direction.
  public struct Recurrence: Sendable, Hashable {
    /// Input weights W, [inputs, 4H]: of E rows in the first layer (of V without an embedding), then of D · H.
    public let kernel: Tensor
    /// Recurrent weights U, [H, 4H].
    public let recurrentKernel: Tensor
    /// b, [4H].
    public let bias: Tensor
  }

  /// The network that is laid out.
  public let architecture: Architecture
  /// Embedding table, [V, E]; without elements where the network has none.
  public let embedding: Tensor
  /// [layers][directions], forward before backward.
  public let recurrences: [[Recurrence]]
  /// Output weights, [D · H, logits].
  public let denseKernel: Tensor
  /// Output bias, [logits].
  public let denseBias: Tensor

  /// W of the first layer, forward.
  public var kernel: Tensor { recurrences[0][0].kernel }
  /// U of the first layer, forward.
  public var recurrentKernel: Tensor { recurrences[0][0].recurrentKernel }
  /// b of the first layer, forward.
  public var bias: Tensor { recurrences[0][0].bias }

  /// Every tensor, in the order of the flat array.
  public var tensors: [Tensor] {
    (architecture.embeddingSize > 0 ? [embedding] : [])
      + recurrences.joined().flatMap { [$0.kernel, $0.recurrentKernel, $0.bias] } + [denseKernel, denseBias]
  }
  /// Number of parameters.
  public var count: Int { denseBias.range.upperBound }

  /// Lays out the parameters of a network.
  public init(_ architecture: Architecture) {
    let h = architecture.hiddenSize
    var end = 0
    func place(_ name: String, _ shape: [Int]) -> Tensor {
      let tensor = Tensor(name: name, shape: shape, offset: end)
      end += tensor.count
      return tensor
    }
    self.architecture = architecture
    embedding = place("embedding/embeddings", [architecture.vocabularySize, architecture.embeddingSize])
    recurrences = (0..<architecture.layerCount).map { layer in
      // As Keras names them by itself.
      let suffix = layer == 0 ? "" : "_\(layer)"
      let names =
        architecture.isBidirectional
        ? ["forward", "backward"].map { "bidirectional\(suffix)/\($0)_lstm\(suffix)" } : ["lstm\(suffix)"]
      return names.map { name in
        Recurrence(
          kernel: place("\(name)/kernel", [architecture.inputSize(ofLayer: layer), 4 * h]),
          recurrentKernel: place("\(name)/recurrent_kernel", [h, 4 * h]), bias: place("\(name)/bias", [4 * h]))
      }
    }
    denseKernel = place("dense/kernel", [architecture.outputSize, architecture.logitCount])
    denseBias = place("dense/bias", [architecture.logitCount])
  }
}
