/// Turns texts into token ids by a vocabulary, as Keras does: its Tokenizer cuts the words, and `imdb.load_data` has the
/// start token and the one for unknown words.
public struct TextCoder: Sendable {
  /// A word of a text.
  public struct Word: Equatable, Sendable {
    /// As the vocabulary spells it: in lower case.
    public var word: String
    /// Its token id; 2 where the vocabulary hasn't got it.
    public var token: Int32
    /// Where it stands in the text.
    public var range: Range<String.Index>
  }

  /// Stands in front of every text.
  public static let startToken: Int32 = 1
  /// Stands for every word that the vocabulary hasn't got.
  public static let unknownToken: Int32 = 2
  /// The ids below have no words: padding, start, unknown, and one that Keras leaves unused.
  package static let firstWord = 4

  /// How texts become words.
  public let coding: TextCoding
  private let table: WordTable
  /// The token id of each word of `table`.
  private let tokens: [Int32]

  /// - Parameters:
  ///   - vocabulary: the word of each token id, `[V]`. The first three are never met in a text: 0 is padding, 1 starts a
  ///     text, 2 is unknown. Of two that are the same the first counts.
  ///   - coding: how texts become words.
  public init(vocabulary: [String], coding: TextCoding) {
    self.coding = coding
    var table = WordTable()
    var tokens: [Int32] = []
    for (token, word) in vocabulary.enumerated().dropFirst(Int(Self.unknownToken) + 1) {
      var word = word
      let number = word.withUTF8 { table.add($0) }
      if number == tokens.count { tokens.append(Int32(token)) }
    }
    self.table = table
    self.tokens = tokens
  }

  /// The token ids of a text: the start token, then one for each word.
  public func tokens(of text: String) -> [Int32] {
    var (text, result, scratch) = (text, [Int32](), [UInt8]())
    text.withUTF8 { append(tokensOf: $0, to: &result, scratch: &scratch) }
    return result
  }

  /// The words of a text: `words(of: text)[i]` is behind `tokens(of: text)[i + 1]`.
  public func words(of text: String) -> [Word] {
    var text = text
    text.makeContiguousUTF8()
    var (found, scratch) = ([(word: String, token: Int32, range: Range<Int>)](), [UInt8]())
    text.withUTF8 { bytes in
      coding.forEachWord(in: bytes, scratch: &scratch) { word, range in
        let token = table.number(of: word).map { tokens[Int($0)] } ?? Self.unknownToken
        found.append((String(decoding: word, as: UTF8.self), token, range))
      }
    }
    return found.map { word, token, range in
      let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
      return Word(word: word, token: token, range: start..<text.utf8.index(start, offsetBy: range.count))
    }
  }

  /// Appends the token ids of a text to others.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - result: what they are appended to.
  ///   - scratch: memory that is used again from text to text.
  public func append(
    tokensOf text: UnsafeBufferPointer<UInt8>, to result: inout [Int32], scratch: inout [UInt8]
  ) {
    result.append(Self.startToken)
    TextCoding.makeRoom(for: text, in: &scratch)
    scratch.withUnsafeMutableBufferPointer { memory in
      forEachToken(of: text, memory: memory) { result.append($0) }
    }
  }

  /// Gives the token of each word; see ``TextCoding/forEachWord(in:from:limit:memory:_:)``.
  @inline(__always)
  func forEachToken(
    of text: UnsafeBufferPointer<UInt8>, memory: UnsafeMutableBufferPointer<UInt8>, _ body: (Int32) -> Void
  ) {
    table.withSearcher { searcher in
      tokens.withUnsafeBufferPointer { tokens in
        _ = coding.forEachWord(in: text, memory: memory) { word, _ in
          body(searcher.number(of: searcher.query(word)).map { tokens[Int($0)] } ?? Self.unknownToken)
        }
      }
    }
  }
}

extension TextCoding {
  /// What each byte becomes: a space between words, or a byte of a word in lower case.
  private static let bytes: [UInt8] = (0...UInt8.max).map { byte in
    switch byte {
    case _ where "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n".utf8.contains(byte): space
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: byte
    }
  }
  private static var space: UInt8 { 0x20 }

  /// Finds the words of a text, as Keras's Tokenizer does with its default filters.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - scratch: memory that is used again from text to text.
  ///   - body: gets each word, in lower case, and where it stands in `text`.
  @inline(__always)
  package func forEachWord(
    in text: UnsafeBufferPointer<UInt8>, scratch: inout [UInt8],
    _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
  ) {
    Self.makeRoom(for: text, in: &scratch)
    scratch.withUnsafeMutableBufferPointer { _ = forEachWord(in: text, memory: $0, body) }
  }

  /// Makes memory large enough for the words of a text.
  static func makeRoom(for text: UnsafeBufferPointer<UInt8>, in scratch: inout [UInt8]) {
    // No letter's lower case has more than half as many bytes again.
    if scratch.count < 2 * text.count { scratch = [UInt8](repeating: 0, count: 2 * text.count) }
  }

  /// Finds words of a text.
  ///
  /// - Parameters:
  ///   - start: where to begin, outside of a word.
  ///   - limit: after how many words to stop.
  ///   - memory: has room for the text's words, and holds those that were found, one behind the other.
  /// - Returns: where to go on.
  @inline(__always)
  func forEachWord(
    in text: UnsafeBufferPointer<UInt8>, from start: Int = 0, limit: Int = .max,
    memory: UnsafeMutableBufferPointer<UInt8>,
    _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
  ) -> Int {
    Self.bytes.withUnsafeBufferPointer { bytes in
      // text[start..<next] has become memory[begin..<end].
      var (start, next, begin, end, count) = (start, start, 0, 0, 0)
      while next < text.count {
        let byte = bytes[Int(text[next])]
        if byte == Self.space {
          if end > begin {
            body(.init(rebasing: memory[begin..<end]), start..<next)
            count += 1
            if count == limit { return next }
          }
          begin = end
          next = stripsHTML ? endOfTag(at: next, in: text) ?? next + 1 : next + 1
          continue
        }
        if end == begin { start = next }
        if byte < 0x80 || lowercasing == .ascii {
          memory[end] = byte
          end += 1
          next += 1
        } else {
          let scalar = next..<Self.endOfScalar(at: next, in: text)
          for byte in Self.lowercased(scalar, in: text).utf8 {
            memory[end] = byte
            end += 1
          }
          next = scalar.upperBound
        }
      }
      if end > begin { body(.init(rebasing: memory[begin..<end]), start..<next) }
      return next
    }
  }

  // MARK: HTML

  /// The place behind a tag that begins here, as HTML has it: `<` and a letter, or one of `/`, `!` and `?`.
  private func endOfTag(at start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard text[start] == UInt8(ascii: "<"), start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      let end = text[(start + 1)...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }
      return end.flatMap { text[$0] == UInt8(ascii: ">") ? $0 + 1 : nil }
    default: return nil
    }
  }

  // MARK: Lower case

  /// The lower case of the letter of some bytes, as Python's `str.lower` has it.
  private static func lowercased(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> String {
    let scalar = scalar(range, in: text)
    return scalar == "Σ" && isFinalSigma(range, in: text) ? "ς" : scalar.properties.lowercaseMapping
  }

  /// Whether a capital sigma ends a word: a cased letter stands before it and none behind it, apart from what says
  /// nothing about case (The Unicode Standard, section 3.13, Final_Sigma).
  private static func isFinalSigma(_ sigma: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = sigma.lowerBound
    var isBehindLetter = false
    while start > 0 {
      let end = start
      repeat { start -= 1 } while start > 0 && text[start] & 0xC0 == 0x80
      let properties = scalar(start..<end, in: text).properties
      if properties.isCaseIgnorable { continue }
      isBehindLetter = properties.isCased
      break
    }
    guard isBehindLetter else { return false }
    var next = sigma.upperBound
    while next < text.count {
      let end = endOfScalar(at: next, in: text)
      let properties = scalar(next..<end, in: text).properties
      if !properties.isCaseIgnorable { return !properties.isCased }
      next = end
    }
    return true
  }

  private static func endOfScalar(at start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    let lead = text[start]
    return min(text.count, start + (lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4))
  }

  private static func scalar(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Unicode.Scalar {
    let first = UInt32(text[range.lowerBound])
    if range.count == 1 { return Unicode.Scalar(UInt8(first)) }
    let bits = text[range].dropFirst().reduce(first & 0x7F >> UInt32(range.count)) { $0 << 6 | UInt32($1 & 0x3F) }
    return Unicode.Scalar(bits) ?? "\u{FFFD}"
  }
}
