import Foundation

/// How texts and labels are found in their files, and how they are read.
public struct TextOptions: Codable, Sendable, Equatable {
  /// How bytes stand for characters.
  public enum Encoding: String, Codable, Sendable, CaseIterable {
    case utf8, latin1, windows1252
    /// UTF-8, where bytes that can't stand become U+FFFD instead of an error.
    case utf8Lossy = "utf8-lossy"

    /// Whether it is UTF-8, of any strictness.
    var isUTF8: Bool { self == .utf8 || self == .utf8Lossy }
  }

  /// What quotes mean in a table of delimited values.
  public enum Quotes: String, Codable, Sendable, CaseIterable {
    /// A field in quotes may hold delimiters and newlines; quotes inside it are doubled, as RFC 4180 has it.
    case double
    /// Nothing: they are characters like others.
    case none
    /// The same as `double`, except that quotes inside a field have a backslash before them.
    case backslash
  }

  /// The column of a table that holds the texts, by its name or by its number from 1 on; nil for the one with a usual
  /// name, such as `text`. Of several, with commas between them, the values are joined.
  public var textColumn: String?
  /// The column of a table that holds the labels, by its name or by its number from 1 on; nil for the one with a usual
  /// name, such as `label`.
  public var labelColumn: String?
  /// Whether the first row of a table names the columns; nil to find out.
  public var hasHeader: Bool?
  /// What quotes mean in a table; nil for `double`, or, where tabs are the delimiters, for the first of `double` and
  /// `backslash` whose rules are kept by all fields that open with a quote, and for `none` if there is none.
  public var quotes: Quotes?
  /// Whether rows of a table that break the rules, or lack a text or a label, are left out and counted; nil to throw an
  /// error.
  public var skipsBadRows: Bool?
  /// The names of all labels that there may be, from label 0 on; nil to take those of the data.
  public var labelNames: [String]?
  /// Of two labels, the one that becomes 1; nil for the one whose name says so, such as `positive`.
  public var positiveLabel: String?
  /// The texts' encoding.
  public var encoding = Encoding.utf8
  /// Which letters become lowercase. Nil stands for `unicode`, as in Keras's Tokenizer, or if a vocabulary is given for
  /// `ascii`, as in Keras's IMDB data.
  public var lowercasing: TextCoding.Lowercasing?
  /// What the words are; nil for `keras`. All others are separated by all of Unicode's white space, and every letter
  /// that can becomes lowercase unless ``lowercasing`` says otherwise.
  public var tokens: TextCoding.Tokens?
  /// Whether tags such as `<br />` are removed.
  public var stripsHTML = false
  /// The share of each label's texts that is set apart for testing if the data have no test part of their own; from 0
  /// (none) to below 1.
  public var testSplit = 0.2

  /// The default options.
  public init() {}

  /// How texts become words, where nothing else says so.
  ///
  /// - Parameters:
  ///   - whiteSpace: what separates Keras's words.
  ///   - lowercasing: which letters become lowercase in Keras's words, if the options don't say.
  package func coding(
    _ whiteSpace: TextCoding.WhiteSpace = .unicode, lowercasing usual: TextCoding.Lowercasing = .unicode
  ) -> TextCoding {
    var coding = TextCoding()
    coding.tokens = tokens ?? .keras
    coding.lowercasing = lowercasing ?? (coding.tokens == .keras ? usual : .unicode)
    coding.stripsHTML = stripsHTML
    coding.whiteSpace = coding.tokens == .keras ? whiteSpace : .unicode
    return coding
  }

  /// Lets texts become words as a coding has it.
  package mutating func read(as coding: TextCoding) {
    (tokens, lowercasing, stripsHTML) = (coding.tokens, coding.lowercasing, coding.stripsHTML)
  }

  /// The columns of texts that were asked for.
  var textColumnNames: [String] { textColumn.map(Self.parts) ?? [] }
  /// All columns that were asked for.
  var columnNames: [String] { textColumnNames + (labelColumn.map { [$0] } ?? []) }

  /// The parts of a list with commas between them, without spaces around them.
  static func parts(_ list: String) -> [String] {
    list.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The usual names of columns of texts, in the order in which they are looked for.
  package static let textColumns = ["review", "text", "sentence", "content", "comment", "message"]
  /// The usual names of columns of labels, in the order in which they are looked for.
  package static let labelColumns = ["sentiment", "label", "class", "target", "category"]
}

extension TextOptions.Encoding {
  /// The characters from 0x80 to 0x9F in Windows-1252, as browsers read it; Latin-1 has control characters there.
  private static let windows: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]

  /// Converts bytes of this encoding to UTF-8.
  ///
  /// - Returns: the offset of the first byte that does not belong to the encoding, or nil if all do.
  package func makeUTF8(_ bytes: inout [UInt8]) -> Int? {
    // Most texts are plain ASCII, and this check takes hardly any time.
    if bytes.reduce(0, |) < 0x80 { return nil }
    if self == .utf8 {
      // Swift's own check is fast, but does not tell where it failed.
      if String(validating: bytes, as: UTF8.self) != nil { return nil }
      var parser = Unicode.UTF8.ForwardParser()
      var (iterator, offset) = (bytes.makeIterator(), 0)
      while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
      return offset
    }
    if self == .utf8Lossy {
      bytes = Array(String(decoding: bytes, as: UTF8.self).utf8)
      return nil
    }
    var text = String.UnicodeScalarView()
    for byte in bytes {
      let isMoved = self == .windows1252 && 0x80...0x9F ~= byte
      text.append(isMoved ? Unicode.Scalar(Self.windows[Int(byte) - 0x80])! : Unicode.Scalar(byte))
    }
    bytes = Array(String(text).utf8)
    return nil
  }

  /// The error for a byte that does not belong to the encoding.
  func error(file: String, entry: String?, line: Int, byte: UInt8) -> CorpusError {
    let digits = String(byte, radix: 16, uppercase: true)
    return CorpusError(
      .invalidEncoding, file: file, entry: entry, place: .line(line), expected: "UTF-8",
      found: "byte 0x\(digits) where it can't stand", advice: "convert it, or name its encoding")
  }
}

/// What may precede UTF-8 in a file, without being part of the text.
let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// The largest size of one text in bytes: far more than any text has, and little enough for any memory.
let textSizeLimit = 64 << 20
