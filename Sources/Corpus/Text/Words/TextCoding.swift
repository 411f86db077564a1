/// How a text becomes words, before the vocabulary makes them tokens.
///
/// Everything else is as in Keras's Tokenizer (keras/src/legacy/preprocessing/text.py) and `imdb.load_data`:
/// punctuation, tabs and newlines become spaces, spaces separate words, and a text begins with the start token.
public struct TextCoding: Sendable, Equatable {
  /// Which letters become lowercase.
  public enum Lowercasing: String, Codable, Sendable, CaseIterable {
    /// Only A to Z, as in Keras's IMDB data.
    case ascii
    /// Every letter that has a lowercase form, as in Keras's Tokenizer.
    case unicode
  }

  /// Which characters separate words, besides punctuation.
  public enum WhiteSpace: String, Codable, Sendable, CaseIterable {
    /// The space, the tab and the newline alone, as in Keras's Tokenizer. A carriage return is part of the word before
    /// it.
    case keras
    /// Unicode's, except U+0085 and U+00A0, which some words of the Large Movie Review Dataset hold: on that data set
    /// the words are Keras's.
    case imdb
    /// Whatever Unicode calls White_Space: all line ends, and spaces of any width, no-break spaces too.
    case unicode
  }

  /// Which letters become lowercase.
  public var lowercasing = Lowercasing.ascii
  /// Whether `<br />` and other tags are removed first; in Keras's IMDB data the word `br` remains.
  public var stripsHTML = false
  /// Which characters separate words, besides punctuation.
  public var whiteSpace = WhiteSpace.keras

  /// The way in which Keras's IMDB data were made.
  public init() {}
}

extension TextCoding: Codable {
  private enum CodingKeys: CodingKey { case lowercasing, stripsHTML, whiteSpace }

  /// Decodes a coding; one that was stored before there was a choice of white space has Keras's.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    lowercasing = try container.decode(Lowercasing.self, forKey: .lowercasing)
    stripsHTML = try container.decode(Bool.self, forKey: .stripsHTML)
    whiteSpace = try container.decodeIfPresent(WhiteSpace.self, forKey: .whiteSpace) ?? .keras
  }

  /// Encodes the coding; Keras's white space is left out, so that a model's file does not change.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lowercasing, forKey: .lowercasing)
    try container.encode(stripsHTML, forKey: .stripsHTML)
    if whiteSpace != .keras { try container.encode(whiteSpace, forKey: .whiteSpace) }
  }
}
