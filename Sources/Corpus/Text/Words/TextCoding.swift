/// How a text becomes words, before the vocabulary makes them tokens.
///
/// The rest is as in Keras's Tokenizer (keras/src/legacy/preprocessing/text.py) and `imdb.load_data`: punctuation,
/// tabs and newlines become spaces, words stand between spaces, and a review begins with the start token.
public struct TextCoding: Codable, Sendable, Equatable {
  /// Which letters become lower case.
  public enum Lowercasing: String, Codable, Sendable, CaseIterable {
    /// A to Z alone, as in Keras's IMDB data.
    case ascii
    /// Every letter that has a lower case, as Keras's Tokenizer does.
    case unicode
  }

  /// Which letters become lower case.
  public var lowercasing = Lowercasing.ascii
  /// Whether `<br />` and other tags are taken out first; Keras's IMDB data keep the word `br`.
  public var stripsHTML = false

  /// As Keras's IMDB data were made.
  public init() {}
}
