/// The definition of what stands for a token: a row of the embedding table, or, without a table, a one-hot vector.
public struct ReferenceEmbedding: Sendable {
  /// The table, [V, E]; empty without one.
  public let table: [Double]
  /// V: number of tokens.
  public let vocabularySize: Int
  /// E: length of a row; 0 without a table.
  public let embeddingSize: Int

  /// - Precondition: the table is [V, E].
  public init(table: [Double], vocabularySize: Int, embeddingSize: Int) {
    precondition(
      table.count == vocabularySize * embeddingSize, "the table must be [\(vocabularySize), \(embeddingSize)]")
    self.table = table
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
  }

  /// The vector of a token: [E], or [V] where it is one-hot.
  public func forward(_ token: Int) -> [Double] {
    precondition(0 <= token && token < vocabularySize, "token \(token) is not in 0..<\(vocabularySize)")
    if embeddingSize > 0 { return Array(table[token * embeddingSize..<(token + 1) * embeddingSize]) }
    return (0..<vocabularySize).map { $0 == token ? 1 : 0 }
  }

  /// d table, [V, E], of a sequence; empty without a table.
  ///
  /// - Parameters:
  ///   - tokens: T tokens.
  ///   - vectorGradients: d loss / d vector of each, T × [E].
  public func backward(_ tokens: [Int], vectorGradients: [[Double]]) -> [Double] {
    var gradient = [Double](repeating: 0, count: table.count)
    for (token, vector) in zip(tokens, vectorGradients) {
      for k in 0..<embeddingSize { gradient[token * embeddingSize + k] += vector[k] }
    }
    return gradient
  }
}
