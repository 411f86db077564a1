/// What a network computes: Embedding(V, E) → LSTM layers → pooling over time → Dense layers. The defaults are the
/// tutorial's.
public struct Architecture: Sendable, Hashable {
  /// V: the number of tokens, including padding, start and unknown.
  public var vocabularySize: Int
  /// E: the length of a token's vector. With 0 there is no embedding: tokens are one-hot, and the first layer's kernel is
  /// [V, 4H].
  public var embeddingSize: Int
  /// H: the number of LSTM units in each layer and direction. With 0 there is no network: all that is left is the dense
  /// layer's bias, beside which a model has other parts.
  public var hiddenSize: Int
  /// The number of stacked LSTM layers. Each reads all outputs of the one below.
  public var layerCount: Int
  /// Whether each layer also reads the sequence backward, with separate weights. The outputs are concatenated, forward
  /// first (Schuster and Paliwal, 1997; Keras's `Bidirectional` with `merge_mode="concat"`).
  public var isBidirectional: Bool
  /// How the last layer's outputs become the first dense layer's input.
  public var pooling: Pooling
  /// Whether padding is skipped, as with Keras's `mask_zero` and PyTorch's packed sequences: each direction and the
  /// pooling see only the real tokens. Otherwise padding is read like any other token.
  public var masksPadding: Bool
  /// The dense layers between the pooling and the output layer, in order.
  public var denseLayers: [DenseLayer]
  /// The number of labels. With 2, the output layer has one output and a sigmoid; with more, one output per label and a
  /// softmax.
  public var labelCount: Int

  /// How the outputs of all steps become one vector.
  public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
    /// The state after the last step in the reading direction.
    case last
    /// The maximum of each element (Keras's `GlobalMaxPooling1D`).
    case max
    /// The mean of each element (Keras's `GlobalAveragePooling1D`).
    case mean
    /// The outputs of the last step in time, as PyTorch's `output[:, -1]`. With a backward direction that isn't `last`:
    /// of it they are the first that it writes.
    case lastStep = "last-step"
  }

  /// Describes a network. The defaults are the tutorial's.
  public init(
    vocabularySize: Int = 1000, embeddingSize: Int = 128, hiddenSize: Int = 128, layerCount: Int = 1,
    isBidirectional: Bool = false, pooling: Pooling = .last, masksPadding: Bool = false,
    denseLayers: [DenseLayer] = [], labelCount: Int = 2
  ) {
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.isBidirectional = isBidirectional
    self.pooling = pooling
    self.masksPadding = masksPadding
    self.denseLayers = denseLayers
    self.labelCount = labelCount
  }

  /// The number of directions in which each layer reads.
  public var directionCount: Int { isBidirectional ? 2 : 1 }
  /// The length of a layer's output at each step, and of the pooled vector.
  public var outputSize: Int { directionCount * hiddenSize }
  /// The number of the output layer's outputs.
  public var logitCount: Int { labelCount == 2 ? 1 : labelCount }

  /// The length of a layer's input at each step, which is the number of its kernel's rows.
  public func inputSize(ofLayer layer: Int) -> Int {
    layer > 0 ? outputSize : embeddingSize > 0 ? embeddingSize : vocabularySize
  }

  /// The lengths of what the dense layers read, the output layer last, and of the logits:
  /// `[denseLayers.count + 2]`.
  package var denseSizes: [Int] { [outputSize] + denseLayers.map(\.size) + [logitCount] }

  /// Keras's names of the dense layers' activations, that of the output layer last: `[denseLayers.count + 1]`.
  package var denseActivations: [String] {
    denseLayers.map(\.activation.rawValue) + [labelCount == 2 ? "sigmoid" : "softmax"]
  }
}

extension Architecture: CustomStringConvertible {
  /// The layers, such as `Embedding(1000, 128) → LSTM(128) → Dense(1, sigmoid)`.
  public var description: String {
    if hiddenSize == 0 { return "no network" }
    let embedding =
      embeddingSize > 0 ? "Embedding(\(vocabularySize), \(embeddingSize))" : "OneHot(\(vocabularySize))"
    let lstm = isBidirectional ? "Bidirectional(LSTM(\(hiddenSize)))" : "LSTM(\(hiddenSize))"
    var parts = [embedding + (masksPadding ? " masked" : "")] + [String](repeating: lstm, count: layerCount)
    if let layer = pooling.kerasLayer { parts.append(layer.className) }
    if pooling == .lastStep { parts.append("LastStep") }
    parts += zip(denseSizes.dropFirst(), denseActivations).map { "Dense(\($0), \($1))" }
    return parts.joined(separator: " → ")
  }
}

extension Architecture.Pooling {
  /// Keras's layer and its default name; nil if Keras needs no layer for it.
  package var kerasLayer: (className: String, name: String)? {
    switch self {
    case .last, .lastStep: nil
    case .max: ("GlobalMaxPooling1D", "global_max_pooling1d")
    case .mean: ("GlobalAveragePooling1D", "global_average_pooling1d")
    }
  }
}

extension Architecture {
  /// The first size that is out of range, or nil.
  public var invalidSetting: InvalidSetting? {
    InvalidSetting("vocabularySize", vocabularySize, in: 3...10_000_000)
      ?? InvalidSetting("embeddingSize", embeddingSize, in: 0...65_536)
      ?? InvalidSetting("hiddenSize", hiddenSize, in: 0...65_536)
      ?? InvalidSetting("layerCount", layerCount, in: 1...64)
      ?? InvalidSetting("labelCount", labelCount, in: 2...256) ?? invalidDenseLayer
  }

  private var invalidDenseLayer: InvalidSetting? {
    if denseLayers.count > 16 {
      return InvalidSetting("denseLayers", "must be at most 16, not \(denseLayers.count)")
    }
    if hiddenSize == 0 && !denseLayers.isEmpty {
      return InvalidSetting("denseLayers", "need LSTM layers below them")
    }
    return denseLayers.lazy.compactMap { InvalidSetting("denseLayers", $0.size, in: 1...65_536) }.first
  }
}
