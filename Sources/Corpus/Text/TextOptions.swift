/// How texts and labels are found in their files, and what becomes of them.
public struct TextOptions: Codable, Sendable, Equatable {
  /// How bytes stand for characters.
  public enum Encoding: String, Codable, Sendable, CaseIterable {
    case utf8, latin1, windows1252
  }

  /// The column of a table that holds the texts; nil for one of the usual names.
  public var textColumn: String?
  /// The column of a table that holds the labels; nil for one of the usual names.
  public var labelColumn: String?
  /// The label that becomes 1; nil for the one that says so, such as `positive`.
  public var positiveLabel: String?
  /// The texts' encoding.
  public var encoding = Encoding.utf8
  /// Which letters become lower case. Nil for `unicode`, as Keras's Tokenizer does; but where a word index is given, for
  /// `ascii`, as Keras's IMDB data were made.
  public var lowercasing: TextCoding.Lowercasing?
  /// Whether tags such as `<br />` are taken out.
  public var stripsHTML = false
  /// The share of each label's texts that is set apart for testing where the data have no test part of their own; from 0
  /// (none) to below 1.
  public var testSplit = 0.2

  /// The defaults.
  public init() {}

  /// The columns that are looked for, the first ones first.
  package static let textColumns = ["review", "text", "sentence", "content", "comment", "message"]
  /// The columns that are looked for, the first ones first.
  package static let labelColumns = ["sentiment", "label", "class", "target", "category"]
}

extension TextOptions.Encoding {
  /// What stands at 0x80 to 0x9F of Windows-1252, as browsers read it; latin1 has control characters there.
  private static let windows: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]

  /// Turns bytes of this encoding into UTF-8.
  ///
  /// - Returns: the offset of the first byte that is not of this encoding, where there is one.
  package func makeUTF8(_ bytes: inout [UInt8]) -> Int? {
    // Most texts have nothing else, and this is over in no time.
    if bytes.reduce(0, |) < 0x80 { return nil }
    if self == .utf8 {
      // Swift's own check is fast, but doesn't tell the place.
      if String(validating: bytes, as: UTF8.self) != nil { return nil }
      var parser = Unicode.UTF8.ForwardParser()
      var (iterator, offset) = (bytes.makeIterator(), 0)
      while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
      return offset
    }
    var text = String.UnicodeScalarView()
    for byte in bytes {
      let isMoved = self == .windows1252 && 0x80...0x9F ~= byte
      text.append(isMoved ? Unicode.Scalar(Self.windows[Int(byte) - 0x80])! : Unicode.Scalar(byte))
    }
    bytes = Array(String(text).utf8)
    return nil
  }

  /// The error for a byte that is not of this encoding.
  func error(file: String, entry: String?, line: Int, byte: UInt8) -> CorpusError {
    let digits = String(byte, radix: 16, uppercase: true)
    return CorpusError(
      file: file, entry: entry, place: .line(line), expected: "UTF-8", found: "byte 0x\(digits) where it can't stand",
      advice: "convert it, or say --encoding latin1 or windows1252")
  }
}

/// What may stand in front of UTF-8, and isn't text.
let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

/// The most bytes of one text: far more than any text, and little enough for any memory.
let textSizeLimit = 64 << 20
