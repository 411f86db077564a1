/// What a network computes: Embedding(V, E) → LSTM layers → pooling over time → Dense; the defaults are the tutorial's.
public struct Architecture: Sendable, Hashable {
  /// V: how many tokens there are, padding, start and unknown included.
  public var vocabularySize: Int
  /// E: length of a token's vector; 0 for none: tokens are then one-hot, and the first layer's kernel is [V, 4H].
  public var embeddingSize: Int
  /// H: number of LSTM units of each layer, in each direction.
  public var hiddenSize: Int
  /// How many LSTM layers stand one on the other, each reading all outputs of the one below.
  public var layerCount: Int
  /// Whether each layer also reads the sequence from its end, with weights of its own; outputs are joined, forward
  /// first (Schuster and Paliwal, 1997; Keras's `Bidirectional` with `merge_mode="concat"`).
  public var isBidirectional: Bool
  /// What the last layer's outputs become before the dense layer.
  public var pooling: Pooling
  /// Whether padding is left out, as by Keras's `mask_zero` and PyTorch's packed sequences: each direction begins and
  /// ends at the real tokens, and pooling is over those. Otherwise padding is read like any token.
  public var masksPadding: Bool
  /// How many labels there are: with 2 the dense layer has one output and a sigmoid, with more one a label and a softmax.
  public var labelCount: Int

  /// How outputs over time become one vector.
  public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
    /// The state after the last step in the direction of reading.
    case last
    /// The largest of each element (Keras's `GlobalMaxPooling1D`).
    case max
    /// The mean of each element (Keras's `GlobalAveragePooling1D`).
    case mean
  }

  /// Describes a network; the defaults are the tutorial's.
  public init(
    vocabularySize: Int = 1000, embeddingSize: Int = 128, hiddenSize: Int = 128, layerCount: Int = 1,
    isBidirectional: Bool = false, pooling: Pooling = .last, masksPadding: Bool = false, labelCount: Int = 2
  ) {
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.isBidirectional = isBidirectional
    self.pooling = pooling
    self.masksPadding = masksPadding
    self.labelCount = labelCount
  }

  /// Directions of a layer.
  public var directionCount: Int { isBidirectional ? 2 : 1 }
  /// Length of what a layer puts out a step, and of what pooling makes of it.
  public var outputSize: Int { directionCount * hiddenSize }
  /// Outputs of the dense layer.
  public var logitCount: Int { labelCount == 2 ? 1 : labelCount }

  /// Rows of the kernel of a layer: what it reads a step.
  public func inputSize(ofLayer layer: Int) -> Int {
    layer > 0 ? outputSize : embeddingSize > 0 ? embeddingSize : vocabularySize
  }
}

extension Architecture: CustomStringConvertible {
  /// The layers, as `Embedding(1000, 128) → LSTM(128) → Dense(1, sigmoid)`.
  public var description: String {
    let embedding =
      embeddingSize > 0 ? "Embedding(\(vocabularySize), \(embeddingSize))" : "OneHot(\(vocabularySize))"
    let lstm = isBidirectional ? "Bidirectional(LSTM(\(hiddenSize)))" : "LSTM(\(hiddenSize))"
    var parts = [embedding + (masksPadding ? " masked" : "")] + [String](repeating: lstm, count: layerCount)
    if let layer = pooling.kerasLayer { parts.append(layer.className) }
    parts.append(labelCount == 2 ? "Dense(1, sigmoid)" : "Dense(\(labelCount), softmax)")
    return parts.joined(separator: " → ")
  }
}

extension Architecture.Pooling {
  /// Keras's layer, and the name that Keras gives it; nil where there is none.
  package var kerasLayer: (className: String, name: String)? {
    switch self {
    case .last: nil
    case .max: ("GlobalMaxPooling1D", "global_max_pooling1d")
    case .mean: ("GlobalAveragePooling1D", "global_average_pooling1d")
    }
  }
}

extension Architecture {
  /// The first of its sizes that is impossible, or nil.
  public var invalidSetting: InvalidSetting? {
    InvalidSetting("vocabularySize", vocabularySize, in: 3...10_000_000)
      ?? InvalidSetting("embeddingSize", embeddingSize, in: 0...65_536)
      ?? InvalidSetting("hiddenSize", hiddenSize, in: 1...65_536)
      ?? InvalidSetting("layerCount", layerCount, in: 1...64)
      ?? InvalidSetting("labelCount", labelCount, in: 2...256)
  }
}
