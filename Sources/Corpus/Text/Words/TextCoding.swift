/// How a text becomes words, before the vocabulary makes them tokens.
///
/// Everything else is as in Keras's Tokenizer (keras/src/legacy/preprocessing/text.py) and `imdb.load_data`:
/// punctuation, tabs and newlines become spaces, spaces separate words, and a text begins with the start token.
public struct TextCoding: Codable, Sendable, Equatable {
  /// Which letters become lowercase.
  public enum Lowercasing: String, Codable, Sendable, CaseIterable {
    /// Only A to Z, as in Keras's IMDB data.
    case ascii
    /// Every letter that has a lowercase form, as in Keras's Tokenizer.
    case unicode
  }

  /// Which letters become lowercase.
  public var lowercasing = Lowercasing.ascii
  /// Whether `<br />` and other tags are removed first; in Keras's IMDB data the word `br` remains.
  public var stripsHTML = false

  /// The way in which Keras's IMDB data were made.
  public init() {}
}
