extension TextCoding {
  /// What each byte becomes: a space between words, or a byte of a word in lowercase.
  private static let kerasBytes = bytes(separators: "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n")
  /// The same, with the rest of ASCII's white space.
  private static let unicodeBytes = bytes(separators: "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\u{B}\u{C}\r")

  /// ASCII's white space separates, and punctuation is removed.
  private static let strippedBytes = bytes(
    separators: " \t\n\u{B}\u{C}\r", removed: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

  private static func bytes(separators: String, removed: String = "") -> [UInt8] {
    (0...UInt8.max).map { byte in
      switch byte {
      case _ where separators.utf8.contains(byte): space
      case _ where removed.utf8.contains(byte): Self.removed
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
      default: byte
      }
    }
  }
  private static var space: UInt8 { 0x20 }
  /// A byte that no text has in UTF-8.
  private static var removed: UInt8 { 0xFF }
  private var byteTable: [UInt8] {
    removesPunctuation ? Self.strippedBytes : whiteSpace == .keras ? Self.kerasBytes : Self.unicodeBytes
  }

  /// Finds the words of a text: those of Keras's Tokenizer with its default filters, or the coding's other tokens.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - scratch: memory that is reused from text to text.
  ///   - body: gets each word, in lowercase, and where it is in `text`.
  @inline(__always)
  package func forEachWord(
    in text: UnsafeBufferPointer<UInt8>, scratch: inout [UInt8],
    _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
  ) {
    makeRoom(for: text, in: &scratch)
    scratch.withUnsafeMutableBufferPointer { _ = forEachWord(in: text, memory: $0, body) }
  }

  /// Makes memory large enough for the words of a text.
  func makeRoom(for text: UnsafeBufferPointer<UInt8>, in scratch: inout [UInt8]) {
    // Keras's: a letter takes at most half as many bytes again in lowercase, and a byte that is not UTF-8 becomes at
    // most two.
    let count = (tokens == .keras ? 2 : UnicodeTokens.growth) * text.count
    if scratch.count < count { scratch = [UInt8](repeating: 0, count: count) }
  }

  /// Finds some of the words of a text.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - start: where to begin, outside a word.
  ///   - limit: the number of words after which to stop.
  ///   - memory: has room for the text's words, see ``makeRoom(for:in:)``; afterwards it holds those that were found, one after the other.
  ///   - body: gets each word, in lowercase, and where it is in `text`.
  /// - Returns: where to continue.
  @inline(__always)
  func forEachWord(
    in text: UnsafeBufferPointer<UInt8>, from start: Int = 0, limit: Int = .max,
    memory: UnsafeMutableBufferPointer<UInt8>,
    _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
  ) -> Int {
    if tokens != .keras { return forEachUnicodeToken(in: text, from: start, limit: limit, memory: memory, body) }
    return byteTable.withUnsafeBufferPointer { bytes in
      // The word so far: text[start..<next] has become memory[begin..<end].
      var (start, next, begin, end, count) = (start, start, 0, 0, 0)
      while next < text.count {
        let byte = bytes[Int(text[next])]
        let spaceLength = byte == Self.space ? 1 : byte < 0x80 ? 0 : lengthOfSpace(at: next, in: text)
        if spaceLength > 0 {
          if end > begin {
            body(.init(rebasing: memory[begin..<end]), start..<next)
            count += 1
            if count == limit { return next }
          }
          begin = end
          next = stripsHTML ? Self.endOfTag(at: next, in: text) ?? next + 1 : next + spaceLength
          continue
        }
        if byte == Self.removed && text[next] < 0x80 {
          next += 1
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

  @inline(__always)
  private func forEachUnicodeToken(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int, memory: UnsafeMutableBufferPointer<UInt8>,
    _ body: (_ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Void
  ) -> Int {
    UnicodeTokens.kindOfByte.withUnsafeBufferPointer { kinds in
      var tokens = UnicodeTokens(of: text, self, from: start, kinds: kinds, memory: memory)
      var count = 0
      while count < limit, let (word, range) = tokens.next() {
        body(.init(rebasing: memory[word]), range)
        count += 1
      }
      return tokens.place
    }
  }

  // MARK: White space

  /// The number of bytes of the white space beyond ASCII that begins here; 0 if none does.
  private func lengthOfSpace(at start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    if whiteSpace == .keras || whiteSpace == .ascii { return 0 }
    func byte(_ offset: Int) -> UInt8 { start + offset < text.count ? text[start + offset] : 0 }
    switch (byte(0), byte(1)) {
    // U+0085 and U+00A0
    case (0xC2, 0x85), (0xC2, 0xA0): return whiteSpace == .unicode ? 2 : 0
    // U+1680
    case (0xE1, 0x9A): return byte(2) == 0x80 ? 3 : 0
    // U+2000 to U+200A, U+2028, U+2029 and U+202F
    case (0xE2, 0x80):
      switch byte(2) {
      case 0x80...0x8A, 0xA8, 0xA9, 0xAF: return 3
      default: return 0
      }
    // U+205F
    case (0xE2, 0x81): return byte(2) == 0x9F ? 3 : 0
    // U+3000
    case (0xE3, 0x80): return byte(2) == 0x80 ? 3 : 0
    default: return 0
    }
  }

  // MARK: HTML

  /// The place after the tag that begins here, if one does: in HTML, with `<` and a letter or one of `/`, `!` and `?`.
  static func endOfTag(at start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard text[start] == UInt8(ascii: "<"), start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      let end = text[(start + 1)...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }
      return end.flatMap { text[$0] == UInt8(ascii: ">") ? $0 + 1 : nil }
    default: return nil
    }
  }

  // MARK: Lowercase

  /// The lowercase form of the letter in a range, as Python's `str.lower` gives it.
  static func lowercased(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> String {
    let scalar = scalar(range, in: text)
    return scalar == "Σ" && isFinalSigma(range, in: text) ? "ς" : scalar.properties.lowercaseMapping
  }

  /// Whether a capital sigma ends a word: there is a cased letter before it and none after it, apart from characters
  /// that case ignores (The Unicode Standard, section 3.13, Final_Sigma).
  private static func isFinalSigma(_ sigma: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = sigma.lowerBound
    var followsLetter = false
    while start > 0 {
      let end = start
      repeat { start -= 1 } while start > 0 && text[start] & 0xC0 == 0x80
      let properties = scalar(start..<end, in: text).properties
      if properties.isCaseIgnorable { continue }
      followsLetter = properties.isCased
      break
    }
    guard followsLetter else { return false }
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
