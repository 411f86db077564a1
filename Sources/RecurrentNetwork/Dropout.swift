/// The shares of numbers that a training step sets to zero, the others scaled up to keep the mean (Srivastava et al.,
/// 2014). Evaluation drops nothing.
public struct Dropout: Sendable, Hashable, Codable {
  /// Of whole words: a position's vector is all zeros. The engine's savings stay.
  public var words = 0.0
  /// Of the elements of each position's vector (Keras's `Dropout` behind the embedding).
  public var embedding = 0.0
  /// Of the elements of h that a step reads, the same ones at all steps of a sequence (Gal and Ghahramani, 2016; Keras's
  /// `recurrent_dropout`).
  public var recurrent = 0.0
  /// Of the elements of each step's output between two layers (`dropout` of PyTorch's `nn.LSTM`).
  public var layers = 0.0
  /// Of the elements that the dense layer reads.
  public var output = 0.0

  /// No dropout.
  public init() {}

  /// The settings, by name.
  public static let rates: [(name: String, path: WritableKeyPath<Self, Double> & Sendable)] = [
    ("words", \.words), ("embedding", \.embedding), ("recurrent", \.recurrent), ("layers", \.layers),
    ("output", \.output),
  ]
}

extension Dropout {
  private enum CodingKeys: String, CodingKey { case words, embedding, recurrent, layers, output }

  /// Rates from a file, in which those that are not named are 0.
  ///
  /// - Throws: `DecodingError` where one is no number.
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
  /// The rates above 0, as `words 0.1, output 0.5`; empty where nothing is dropped.
  public var description: String {
    Self.rates.filter { self[keyPath: $0.path] != 0 }.map { "\($0.name) \(self[keyPath: $0.path])" }
      .joined(separator: ", ")
  }
}
