/// Where each tensor lies in the flat array that holds all parameters of a network.
///
/// Shapes and the order of the gates (i, f, g, o, in blocks of H columns) are Keras's: an input row is multiplied by a
/// kernel.
public struct ParameterLayout: Sendable, Hashable {
  /// One tensor: its name, its shape (row-major) and where it starts in the flat array.
  public struct Tensor: Sendable, Hashable {
    /// The tensor's name, in the form of Keras's variable paths.
    public let name: String
    /// Its extents, row-major.
    public let shape: [Int]
    /// The index of its first element in the flat array.
    public let offset: Int
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// The indices of its elements in the flat array.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The tensors of a layer in one direction.
  public struct Recurrence: Sendable, Hashable {
    /// Input weights W, [inputs, 4H]: the first layer has E inputs (V without an embedding), the others D · H.
    public let kernel: Tensor
    /// Recurrent weights U, [H, 4H].
    public let recurrentKernel: Tensor
    /// b, [4H].
    public let bias: Tensor
  }

  /// The tensors of a dense layer.
  public struct Dense: Sendable, Hashable {
    /// W, [inputs, outputs].
    public let kernel: Tensor
    /// b, [outputs].
    public let bias: Tensor
  }

  /// The network that the parameters belong to.
  public let architecture: Architecture
  /// Embedding table, [V, E]; empty if the network has no embedding.
  public let embedding: Tensor
  /// [layers][directions], forward before backward.
  public let recurrences: [[Recurrence]]
  /// The dense layers, of which the last is the output layer; the first reads [D · H].
  public let dense: [Dense]
  /// By direction, what predicts the word that comes next in it: a row for each token, of its weights and its bias,
  /// [V, H + 1]. Empty, unless the network is to learn from texts without labels.
  public let words: [Tensor]

  /// The output layer's weights, [inputs, logits].
  public var denseKernel: Tensor { dense[dense.count - 1].kernel }
  /// The output layer's bias, [logits].
  public var denseBias: Tensor { dense[dense.count - 1].bias }
  /// W of the first layer, forward.
  public var kernel: Tensor { recurrences[0][0].kernel }
  /// U of the first layer, forward.
  public var recurrentKernel: Tensor { recurrences[0][0].recurrentKernel }
  /// b of the first layer, forward.
  public var bias: Tensor { recurrences[0][0].bias }

  /// Every tensor, in the order of the flat array.
  public var tensors: [Tensor] {
    (architecture.embeddingSize > 0 ? [embedding] : [])
      + recurrences.joined().flatMap { [$0.kernel, $0.recurrentKernel, $0.bias] }
      + dense.flatMap { [$0.kernel, $0.bias] } + words
  }
  /// The tensors that have a row for each token.
  package var tablesByToken: [Tensor] {
    (architecture.embeddingSize > 0 ? [embedding] : recurrences[0].map(\.kernel)) + words
  }
  /// The number of parameters of the embedding and the recurrent layers, which come before all others.
  package var bodyCount: Int { recurrences.last?.last?.bias.range.upperBound ?? embedding.range.upperBound }
  /// The number of parameters.
  public var count: Int { (words.last ?? denseBias).range.upperBound }

  /// Lays out the parameters of a network.
  ///
  /// - Parameters:
  ///   - architecture: the network.
  ///   - predictsWords: whether it has weights that predict words, too.
  /// - Precondition: the network's sizes are possible, that is, ``Architecture/invalidSetting`` is nil.
  public init(_ architecture: Architecture, predictsWords: Bool = false) {
    let h = architecture.hiddenSize
    var end = 0
    func append(_ name: String, _ shape: [Int]) -> Tensor {
      let tensor = Tensor(name: name, shape: shape, offset: end)
      end += tensor.count
      return tensor
    }
    self.architecture = architecture
    embedding = append("embedding/embeddings", [architecture.vocabularySize, architecture.embeddingSize])
    recurrences = (0..<architecture.layerCount).map { layer in
      // The names that Keras chooses by default.
      let suffix = layer == 0 ? "" : "_\(layer)"
      let names =
        architecture.isBidirectional
        ? ["forward", "backward"].map { "bidirectional\(suffix)/\($0)_lstm\(suffix)" } : ["lstm\(suffix)"]
      return names.map { name in
        Recurrence(
          kernel: append("\(name)/kernel", [architecture.inputSize(ofLayer: layer), 4 * h]),
          recurrentKernel: append("\(name)/recurrent_kernel", [h, 4 * h]), bias: append("\(name)/bias", [4 * h]))
      }
    }
    let sizes = architecture.denseSizes
    dense = sizes.indices.dropLast().map { layer in
      let name = Self.denseName(layer)
      return Dense(
        kernel: append("\(name)/kernel", [sizes[layer], sizes[layer + 1]]),
        bias: append("\(name)/bias", [sizes[layer + 1]]))
    }
    words = (0..<(predictsWords ? architecture.directionCount : 0)).map { direction in
      append("words_\(direction)", [architecture.vocabularySize, h + 1])
    }
  }

  /// Keras's default name of a dense layer.
  package static func denseName(_ layer: Int) -> String { layer == 0 ? "dense" : "dense_\(layer)" }
}
