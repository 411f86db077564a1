/// The sizes of the tutorial's network: Embedding(V, E) → LSTM(H) → Dense(1, sigmoid).
public struct Architecture: Sendable, Hashable, Codable {
  /// V: how many tokens there are, padding, start and unknown included.
  public var vocabularySize: Int
  /// E: length of a token's vector.
  public var embeddingSize: Int
  /// H: number of LSTM units.
  public var hiddenSize: Int

  /// Describes a network; the defaults are the tutorial's.
  public init(vocabularySize: Int = 1000, embeddingSize: Int = 128, hiddenSize: Int = 128) {
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
  }
}

extension Architecture: CustomStringConvertible {
  /// The layers, as `Embedding(1000, 128) → LSTM(128) → Dense(1, sigmoid)`.
  public var description: String {
    "Embedding(\(vocabularySize), \(embeddingSize)) → LSTM(\(hiddenSize)) → Dense(1, sigmoid)"
  }
}
