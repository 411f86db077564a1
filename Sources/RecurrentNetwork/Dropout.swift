/// The shares of numbers that a training step sets to zero, each from 0 to below 1. The remaining numbers are scaled up
/// to keep the mean (Srivastava et al., 2014). Evaluation drops nothing.
public struct Dropout: Sendable, Hashable, Codable {
  /// Whole words: all elements of a position's vector. The cheapest kind, since the engine's shortcuts still apply.
  public var words = 0.0
  /// Elements of each position's vector (Keras's `Dropout` after the embedding).
  public var embedding = 0.0
  /// Elements of the state h that a step reads, the same ones at all steps of a sequence (Gal and Ghahramani, 2016;
  /// Keras's `recurrent_dropout`).
  public var recurrent = 0.0
  /// Elements of each step's output between two layers (`dropout` of PyTorch's `nn.LSTM`).
  public var layers = 0.0
  /// Elements of the pooled vector, which the first dense layer reads.
  public var output = 0.0

  /// No dropout.
  public init() {}

  /// All rates, with their names.
  public static let rates: [(name: String, path: WritableKeyPath<Self, Double> & Sendable)] = [
    ("words", \.words), ("embedding", \.embedding), ("recurrent", \.recurrent), ("layers", \.layers),
    ("output", \.output),
  ]
}

extension Dropout {
  private enum CodingKeys: String, CodingKey { case words, embedding, recurrent, layers, output }

  /// Decodes the rates; those that are missing are 0.
  ///
  /// - Throws: `DecodingError` if one is not a number.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func rate(_ key: CodingKeys) throws -> Double { try values.decodeIfPresent(Double.self, forKey: key) ?? 0 }
    words = try rate(.words)
    embedding = try rate(.embedding)
    recurrent = try rate(.recurrent)
    layers = try rate(.layers)
    output = try rate(.output)
  }
}

extension Dropout: CustomStringConvertible {
  /// The rates that aren't 0, such as `words 0.1, output 0.5`; empty if nothing is dropped.
  public var description: String {
    Self.rates.filter { self[keyPath: $0.path] != 0 }.map { "\($0.name) \(self[keyPath: $0.path])" }
      .joined(separator: ", ")
  }
}
