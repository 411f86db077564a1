import Foundation

/// Checks that bytes are JSON as RFC 8259 defines it.
///
/// Foundation's decoder skips what isn't asked for without looking at it, and allows commas before brackets: -01, raw
/// tabs and the like would be accepted in one place and refused in another.
package struct JSONSyntax {
  /// What is wrong, and where.
  package struct Problem: Error, Equatable {
    /// In bytes.
    package var offset: Int
    package var text: String
  }

  /// More than any file of ours has.
  private static let deepest = 500

  private let bytes: UnsafeBufferPointer<UInt8>
  private let needsFiniteNumbers: Bool
  private var position = 0

  /// Checks a value, which takes all of the bytes.
  ///
  /// - Parameter needsFiniteNumbers: whether numbers such as 1e999, which no program can store, are refused.
  /// - Throws: `Problem` where they are something else, or values are nested too deeply.
  package static func check(_ bytes: some Sequence<UInt8>, needsFiniteNumbers: Bool = false) throws(Problem) {
    let result: Result<Void, Problem>? = bytes.withContiguousStorageIfAvailable { bytes in
      Result { () throws(Problem) in try whole(bytes, needsFiniteNumbers) }
    }
    if let result { return try result.get() }
    try check(ContiguousArray(bytes), needsFiniteNumbers: needsFiniteNumbers)
  }

  /// Decodes a value, after it was checked.
  ///
  /// - Throws: `Problem`, or what the decoder does.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from json: Data, by decoder: JSONDecoder = JSONDecoder()
  ) throws -> Value {
    try check(json)
    return try decoder.decode(type, from: json)
  }

  private static func whole(_ bytes: UnsafeBufferPointer<UInt8>, _ needsFiniteNumbers: Bool) throws(Problem) {
    var syntax = JSONSyntax(bytes: bytes, needsFiniteNumbers: needsFiniteNumbers)
    // A byte order mark, which parsers may ignore.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { syntax.position = 3 }
    try syntax.value(depth: 0)
    guard syntax.next == nil else { throw syntax.problem("expected the end") }
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, needsFiniteNumbers: Bool) {
    (self.bytes, self.needsFiniteNumbers) = (bytes, needsFiniteNumbers)
  }

  private func problem(_ text: String) -> Problem { Problem(offset: position, text: text) }

  private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// The next byte that isn't white space.
  private var next: UInt8? {
    mutating get {
      while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
      return byte
    }
  }

  /// Goes past the next byte if it is the given one, after any white space; returns whether it is.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(Problem) {
    guard depth < Self.deepest else { throw problem("values are nested too deeply") }
    switch next {
    case UInt8(ascii: "{"): try members(until: "}", depth: depth, named: true)
    case UInt8(ascii: "["): try members(until: "]", depth: depth, named: false)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func members(until end: Unicode.Scalar, depth: Int, named: Bool) throws(Problem) {
    position += 1
    if take(end) { return }
    repeat {
      if named {
        guard next == UInt8(ascii: "\"") else { throw problem("expected a name in quotation marks") }
        try string()
        guard take(":") else { throw problem("expected “:”") }
      }
      try value(depth: depth + 1)
    } while take(",")
    guard take(end) else { throw problem("expected “,” or “\(end)”") }
  }

  private mutating func word(_ word: StaticString) throws(Problem) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard byte == word.utf8Start[offset] else { throw problem("expected a value") }
      position += 1
    }
  }

  private mutating func number() throws(Problem) {
    let start = position
    if byte == UInt8(ascii: "-") { position += 1 }
    if byte == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if byte == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      position += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    if needsFiniteNumbers, Double(String(decoding: bytes[start..<position], as: UTF8.self))?.isFinite != true {
      position = start
      throw problem("a number is too large")
    }
  }

  private mutating func digits() throws(Problem) {
    let start = position
    while let byte, (0x30...0x39).contains(byte) { position += 1 }
    guard position > start else { throw problem("expected a value") }
  }

  private mutating func string() throws(Problem) {
    position += 1
    while let byte {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        position += 1
        try escape()
      case 0..<0x20: throw problem("a control character in a text must be escaped")
      default: position += 1
      }
    }
    throw problem("a text has no end")
  }

  private mutating func escape() throws(Problem) {
    guard let byte, #""\/bfnrtu"#.utf8.contains(byte) else { throw problem("unknown escape") }
    position += 1
    guard byte == UInt8(ascii: "u") else { return }
    for _ in 0..<4 {
      guard let digit = self.byte, Character(Unicode.Scalar(digit)).isHexDigit else {
        throw problem("expected four hexadecimal digits")
      }
      position += 1
    }
  }
}
