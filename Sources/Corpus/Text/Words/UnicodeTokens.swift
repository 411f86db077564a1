import Foundation

/// Finds the tokens of a text that are not Keras's, one after the other.
///
/// ASCII is read byte by byte, and never becomes a `String`. Where a character beyond ASCII is in a token or right after
/// it, the token is read again by Unicode's rules.
struct UnicodeTokens {
  /// How many bytes of memory a byte of text may need.
  ///
  /// A token is its characters in lowercase, normalized (NFC). In lowercase and decomposed, none takes more than three
  /// times its bytes (as U+0390, whose two become six), and composition makes none longer. So after each token the memory
  /// holds at most three times the bytes that were read, and ASCII, which becomes a byte for a byte, needs no check;
  /// everything else is checked as it is written, and in sum after each token, as the tables are not ours.
  static let growth = 3

  private let text: UnsafeBufferPointer<UInt8>
  private let coding: TextCoding
  private let kinds: UnsafeBufferPointer<UInt8>
  private let memory: UnsafeMutableBufferPointer<UInt8>
  private let start: Int
  /// Where to read on.
  private(set) var place: Int
  /// Where to write on.
  private var end = 0
  private var piece = Piece()
  private var forms = Forms()
  private var clusters = Clusters()

  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - coding: which tokens to find.
  ///   - start: where to begin, outside a token.
  ///   - kinds: ``kindOfByte``.
  ///   - memory: ``growth`` times as large as the text; the tokens are written to it, one after the other.
  init(
    of text: UnsafeBufferPointer<UInt8>, _ coding: TextCoding, from start: Int, kinds: UnsafeBufferPointer<UInt8>,
    memory: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(memory.count / Self.growth >= text.count && kinds.count == 256)
    (self.text, self.coding, self.kinds, self.memory, self.start, place) = (text, coding, kinds, memory, start, start)
  }

  /// Reads the next token.
  ///
  /// - Returns: where it is in the memory and in the text; nil if there are no more.
  mutating func next() -> (word: Range<Int>, range: Range<Int>)? {
    while place < text.count {
      let byte = text[place]
      switch kind(at: place) {
      case Kind.space: place += 1
      case Kind.beyondASCII:
        let (scalar, next) = text.scalar(at: place)
        guard CharacterFacts(scalar).wordBreak.isSpace else { return slowly() }
        place = next
      case Kind.letter, Kind.digit, Kind.underscore: return coding.tokens == .words ? word() : character()
      case _ where byte == UInt8(ascii: "<") && coding.stripsHTML:
        guard let next = TextCoding.endOfTag(at: place, in: text) else { return character() }
        place = next
      default: return character()
      }
    }
    return nil
  }

  // MARK: ASCII

  private enum Kind {
    static let (other, space, letter, digit, underscore) = (UInt8(0), UInt8(1), UInt8(2), UInt8(3), UInt8(4))
    static let (midNumLet, midLetter, midNum, beyondASCII) = (UInt8(5), UInt8(6), UInt8(7), UInt8(8))
  }

  /// What each byte is to the rules, and for capitals also the bit that makes them lowercase.
  static let kindOfByte: [UInt8] = (0...UInt8.max).map { byte in
    switch byte {
    case 0x80...: Kind.beyondASCII
    case 0x9...0xD, 0x20: Kind.space
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Kind.letter
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Kind.letter | 0x20
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Kind.digit
    case UInt8(ascii: "_"): Kind.underscore
    case UInt8(ascii: "."), UInt8(ascii: "'"): Kind.midNumLet
    case UInt8(ascii: ":"): Kind.midLetter
    case UInt8(ascii: ","), UInt8(ascii: ";"): Kind.midNum
    default: Kind.other
    }
  }

  /// What there is at a place; at the end of the text, nothing of note.
  @inline(__always)
  private func kind(at place: Int) -> UInt8 { place < text.count ? kinds[Int(text[place])] & 0x1F : Kind.other }

  @inline(__always)
  private func lowercased(_ byte: UInt8) -> UInt8 { byte | kinds[Int(byte)] & 0x20 }

  /// Reads a token that begins with a letter, a digit or an underscore.
  private mutating func word() -> (word: Range<Int>, range: Range<Int>)? {
    var (next, written) = (place, end)
    while next < text.count {
      let byte = text[next]
      let kind = kinds[Int(byte)]
      switch kind & 0x1F {
      case Kind.letter, Kind.digit, Kind.underscore: break
      case Kind.midNumLet, Kind.midLetter, Kind.midNum:
        let (before, after) = (self.kind(at: next - 1), self.kind(at: next + 1))
        let mayJoin =
          before == Kind.letter && kind != Kind.midNum || before == Kind.digit && kind != Kind.midLetter
        if mayJoin && after == Kind.beyondASCII { return slowly() }
        if mayJoin && after == before { break }
        return token(to: next, written)
      case Kind.beyondASCII: return slowly()
      default: return token(to: next, written)
      }
      memory[written] = byte | kind & 0x20
      (next, written) = (next + 1, written + 1)
    }
    return token(to: next, written)
  }

  /// Reads a token of one byte.
  private mutating func character() -> (word: Range<Int>, range: Range<Int>)? {
    if kind(at: place + 1) == Kind.beyondASCII { return slowly() }
    memory[end] = lowercased(text[place])
    return token(to: place + 1, end + 1)
  }

  private mutating func token(to next: Int, _ written: Int) -> (word: Range<Int>, range: Range<Int>) {
    defer { (place, end) = (next, written) }
    return (end..<written, place..<next)
  }

  // MARK: Beyond ASCII

  /// Reads a token that may have any characters.
  private mutating func slowly() -> (word: Range<Int>, range: Range<Int>)? {
    let (first, begin) = (place, end)
    piece = Piece(start: begin)
    let next =
      coding.tokens == .words
      ? WordBoundaries(text: text, dividesScripts: true).end(of: place) : clusters.end(of: place, in: text)
    repeat { writeCharacter() } while place < next && !isSpace(at: place)
    endPiece()
    precondition(end <= Self.growth * (place - start))
    return (begin..<end, first..<place)
  }

  /// Whether there is white space at a place, which ends a token: some characters, as the Arabic signs before numbers,
  /// form a cluster with whatever follows.
  private func isSpace(at place: Int) -> Bool { CharacterFacts(text.scalar(at: place).0).wordBreak.isSpace }

  /// Writes the character at ``place`` as it is in a token, and goes on to the next.
  private mutating func writeCharacter() {
    let (scalar, next) = text.scalar(at: place)
    let range = place..<next
    place = next
    let facts = CharacterFacts(scalar)
    if scalar.isASCII {
      let byte = text[range.lowerBound]
      write(CollectionOfOne(coding.lowercasing == .unicode ? lowercased(byte) : byte), facts, scalar)
    } else if coding.tokens == .words, let quote = Self.straightQuote(for: scalar) {
      write(CollectionOfOne(quote), CharacterFacts(Unicode.Scalar(quote)), Unicode.Scalar(quote))
    } else if facts.changesInLowercase && coding.lowercasing == .unicode {
      for scalar in TextCoding.lowercased(range, in: text).unicodeScalars {
        write(UTF8.encode(scalar)!, CharacterFacts(scalar), scalar)
      }
    } else {
      write(text[range], facts, scalar)
    }
  }

  /// The straight form of a curly quotation mark or apostrophe.
  private static func straightQuote(for scalar: Unicode.Scalar) -> UInt8? {
    switch scalar.value {
    case 0x2018...0x201B: UInt8(ascii: "'")
    case 0x201C...0x201F: UInt8(ascii: "\"")
    default: nil
    }
  }

  // MARK: Normalization

  /// What has been written since the last character before which normalization changes nothing.
  private struct Piece {
    var start = 0
    var isNormalized = true
    /// The class of the last mark in the canonical order of marks.
    var order: UInt8 = 0
    /// The number of characters that may be moved or joined to others.
    var count = 0
  }

  /// The most characters that are normalized with those before them: as many as Unicode's Stream-Safe Text Format allows
  /// (Unicode Standard Annex #15), more than any language has, and few enough for a text of nothing else.
  private static let longestPiece = 30

  @inline(__always)
  private mutating func write(_ bytes: some Collection<UInt8>, _ facts: CharacterFacts, _ scalar: Unicode.Scalar) {
    if facts.isStableStarter || piece.count == Self.longestPiece {
      endPiece()
    }
    if !facts.isStableStarter {
      let order = facts.isOrdered ? scalar.properties.canonicalCombiningClass.rawValue : 0
      if facts.isUnstable || order != 0 && order < piece.order { piece.isNormalized = false }
      piece.order = order
      piece.count += 1
    }
    write(bytes)
  }

  @inline(__always)
  private mutating func write(_ bytes: some Collection<UInt8>) {
    precondition(bytes.count <= memory.count - end)
    for byte in bytes {
      memory[end] = byte
      end += 1
    }
  }

  private mutating func endPiece() {
    if !piece.isNormalized {
      let bytes = UnsafeBufferPointer(rebasing: memory[piece.start..<end])
      let normalized = forms.normalized(bytes)
      end = piece.start
      write(normalized)
    }
    if coding.lowercasing == .ascii {
      // Only now, as É stays what it is, and E with an accent is the same.
      for place in piece.start..<end { memory[place] = lowercased(memory[place]) }
    }
    piece = Piece(start: end)
  }

  /// The normalized forms of some pieces, as the same ones come again and again, and Foundation takes its time.
  private struct Forms {
    private struct Form {
      var (piece, normalized) = (SIMD16<UInt8>(), SIMD16<UInt8>())
      var (pieceCount, count) = (0, 0)
    }

    private var forms: [Form] = []

    mutating func normalized(_ piece: UnsafeBufferPointer<UInt8>) -> [UInt8] {
      guard let key = Self.vector(piece) else { return Self.normalized(piece) }
      if forms.isEmpty { forms = [Form](repeating: Form(), count: 256) }
      let halves = unsafeBitCast(key, to: SIMD2<UInt64>.self)
      let index = Int(((halves.x ^ halves.y &* 31) &* 0x9E37_79B9_7F4A_7C15) >> 56)
      if forms[index].piece == key, forms[index].pieceCount == piece.count {
        return (0..<forms[index].count).map { forms[index].normalized[$0] }
      }
      let normalized = Self.normalized(piece)
      if let vector = Self.vector(normalized) {
        forms[index] = Form(
          piece: key, normalized: vector, pieceCount: piece.count, count: normalized.count)
      }
      return normalized
    }

    private static func vector(_ bytes: some Collection<UInt8>) -> SIMD16<UInt8>? {
      guard bytes.count <= 16 else { return nil }
      var vector = SIMD16<UInt8>()
      for (index, byte) in bytes.enumerated() { vector[index] = byte }
      return vector
    }

    /// Decomposed first, since Foundation on Linux does not join the last part of a Korean syllable to a composed one.
    private static func normalized(_ piece: UnsafeBufferPointer<UInt8>) -> [UInt8] {
      Array(
        String(decoding: piece, as: UTF8.self).decomposedStringWithCanonicalMapping
          .precomposedStringWithCanonicalMapping.utf8)
    }
  }

  // MARK: Grapheme clusters

  /// The next grapheme clusters of a text, as the standard library finds them, some at a time.
  private struct Clusters {
    /// Their ends.
    private var ends: [Int] = []
    private var next = 0

    /// The end of the cluster that begins at a place, or of what is left there of one.
    mutating func end(of start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
      while next < ends.count, ends[next] <= start { next += 1 }
      if next == ends.count { find(from: start, in: text) }
      return ends[next]
    }

    /// Finds at least one cluster.
    private mutating func find(from start: Int, in text: UnsafeBufferPointer<UInt8>) {
      var length = 256
      (ends, next) = ([], 0)
      while true {
        var stop = min(text.count, start + length)
        while stop < text.count && stop > start + 1 && text[stop] & 0xC0 == 0x80 { stop -= 1 }
        var end = start
        for cluster in String(decoding: UnsafeBufferPointer(rebasing: text[start..<stop]), as: UTF8.self) {
          // What is not UTF-8 takes more bytes here than in the text.
          end = min(stop, end + cluster.utf8.count)
          ends.append(end)
        }
        if stop == text.count { return }
        // The last one may go on.
        ends.removeLast()
        if !ends.isEmpty { return }
        length *= 4
      }
    }
  }
}
