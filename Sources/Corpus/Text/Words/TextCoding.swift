/// How a text becomes words, before the vocabulary makes them tokens.
///
/// Everything else is as in Keras's Tokenizer (keras/src/legacy/preprocessing/text.py) and `imdb.load_data`:
/// punctuation, tabs and newlines become spaces, and spaces separate words. For languages that this does not suit there
/// are ``Tokens`` of other kinds.
public struct TextCoding: Sendable, Equatable {
  /// Which letters become lowercase.
  public enum Lowercasing: String, Codable, Sendable, CaseIterable {
    /// Only A to Z, as in Keras's IMDB data.
    case ascii
    /// Every letter that has a lowercase form, as in Keras's Tokenizer.
    case unicode
  }

  /// What the words are, the smallest parts of a text that have a token.
  public enum Tokens: String, Codable, Sendable, CaseIterable {
    /// What stands between spaces and punctuation, which is left out, as in Keras's Tokenizer.
    case keras
    /// What Unicode's rules take for words (Unicode Standard Annex #29); each mark of punctuation and each symbol, such
    /// as an emoji with all that modifies it, is a word too. Where a script has no spaces between words, as in Chinese,
    /// Japanese, Thai, Lao, Khmer and Burmese, each character is one, with its marks.
    ///
    /// Words are normalized (NFC), curly quotation marks and apostrophes become straight ones, and all of Unicode's white
    /// space separates words, as the zero width space does.
    case words
    /// Each character that is not white space, with its marks (a grapheme cluster), normalized (NFC).
    case characters
  }

  /// Which characters separate words, besides punctuation.
  public enum WhiteSpace: String, Codable, Sendable, CaseIterable {
    /// The space, the tab and the newline alone, as in Keras's Tokenizer. A carriage return is part of the word before
    /// it.
    case keras
    /// ASCII's alone: also the carriage return, the form feed and the vertical tab, as in Keras's TextVectorization.
    case ascii
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
  /// Which characters separate words, besides punctuation, where ``tokens`` are Keras's; others are always separated by
  /// all of Unicode's white space.
  public var whiteSpace = WhiteSpace.keras
  /// Whether ASCII's punctuation, apostrophes too, is removed from words instead of separating them, where ``tokens`` are
  /// Keras's: “well-known” becomes “wellknown”, as in Keras's TextVectorization.
  public var removesPunctuation = false
  /// What the words are.
  public var tokens = Tokens.keras
  /// Whether each text begins with the start token, as `imdb.load_data` has it.
  public var hasStartToken = true
  /// Whether words that the vocabulary lacks are left out, as by Keras's Tokenizer without an `oov_token`, instead of
  /// becoming the token for unknown words.
  public var skipsUnknownWords = false
  /// Where texts that are shorter than the network's length are padded.
  public var padding = Padding.pre

  /// Where texts that are longer than the network's length lose tokens.
  public var truncation = Padding.pre

  /// An end of a text, where it is padded or cut, in the terms of Keras's `pad_sequences`.
  public enum Padding: String, Codable, Sendable, CaseIterable {
    /// The front.
    case pre
    /// The back.
    case post
  }

  /// The way in which Keras's IMDB data were made.
  public init() {}
}

extension TextCoding: Codable {
  private enum CodingKeys: CodingKey {
    case lowercasing, stripsHTML, whiteSpace, removesPunctuation, tokens, hasStartToken, skipsUnknownWords, padding
    case truncation
  }

  /// Decodes a coding; what it doesn't say is as in Keras's IMDB data.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    lowercasing = try container.decode(Lowercasing.self, forKey: .lowercasing)
    stripsHTML = try container.decode(Bool.self, forKey: .stripsHTML)
    whiteSpace = try container.decodeIfPresent(WhiteSpace.self, forKey: .whiteSpace) ?? .keras
    removesPunctuation = try container.decodeIfPresent(Bool.self, forKey: .removesPunctuation) ?? false
    tokens = try container.decodeIfPresent(Tokens.self, forKey: .tokens) ?? .keras
    hasStartToken = try container.decodeIfPresent(Bool.self, forKey: .hasStartToken) ?? true
    skipsUnknownWords = try container.decodeIfPresent(Bool.self, forKey: .skipsUnknownWords) ?? false
    padding = try container.decodeIfPresent(Padding.self, forKey: .padding) ?? .pre
    truncation = try container.decodeIfPresent(Padding.self, forKey: .truncation) ?? .pre
  }

  /// Encodes the coding; of what could not always be chosen, only what differs from Keras's IMDB data.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lowercasing, forKey: .lowercasing)
    try container.encode(stripsHTML, forKey: .stripsHTML)
    if whiteSpace != .keras { try container.encode(whiteSpace, forKey: .whiteSpace) }
    if removesPunctuation { try container.encode(true, forKey: .removesPunctuation) }
    if tokens != .keras { try container.encode(tokens, forKey: .tokens) }
    if !hasStartToken { try container.encode(false, forKey: .hasStartToken) }
    if skipsUnknownWords { try container.encode(true, forKey: .skipsUnknownWords) }
    if padding != .pre { try container.encode(padding, forKey: .padding) }
    if truncation != .pre { try container.encode(truncation, forKey: .truncation) }
  }
}
