import Corpus

/// Parses the subset of JSON that a safetensors header may use.
///
/// A general JSON decoder would silently take the last of several equal keys; here each key may occur only once.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    var dtype = ""
    var shape: [Int] = []
    var start = 0
    var end = 0
  }

  struct Problem: Error {
    /// In bytes, from the start of the header.
    var offset: Int
    var text: String
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

  mutating func read() throws {
    var names: Set<String> = []
    try object { header, name in
      guard names.insert(name).inserted else { throw header.problem("\(CorpusError.quoted(name)) occurs twice") }
      if name == "__metadata__" {
        try header.object { header, key in
          guard header.metadata[key] == nil else {
            throw header.problem("metadata key \(CorpusError.quoted(key)) occurs twice")
          }
          header.metadata[key] = try header.string()
        }
      } else {
        header.entries.append(try header.entry(name))
      }
    }
    skipSpace()
    guard position == bytes.count else { throw problem("expected the end of the header") }
  }

  private mutating func entry(_ name: String) throws -> Entry {
    var entry = Entry(name: name)
    var missing: Set = ["dtype", "shape", "data_offsets"]
    try object { header, key in
      guard missing.remove(key) != nil else {
        throw header.problem("\(CorpusError.quoted(name)) has an unexpected key \(CorpusError.quoted(key))")
      }
      switch key {
      case "dtype": entry.dtype = try header.string()
      case "shape": entry.shape = try header.integers()
      default:
        let offsets = try header.integers()
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
          throw header.problem("\(CorpusError.quoted(name)): data_offsets must be a start and an end")
        }
        (entry.start, entry.end) = (offsets[0], offsets[1])
      }
    }
    guard missing.isEmpty else {
      throw problem("\(CorpusError.quoted(name)) lacks \(missing.sorted().joined(separator: ", "))")
    }
    return entry
  }

  // MARK: JSON

  private func problem(_ text: String) -> Problem { Problem(offset: position, text: text) }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// Consumes the next character if it is the given one; returns whether it is.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw problem("expected “\(character)”") }
  }

  /// Reads `{"key": value, …}`; `body` reads the value.
  private mutating func object(_ body: (inout SafetensorsHeader, String) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(&self, key)
    } while take(",")
    try expect("}")
  }

  private mutating func integers() throws -> [Int] {
    try expect("[")
    var result: [Int] = []
    if take("]") { return result }
    repeat {
      skipSpace()
      let start = position
      var value = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
        let (next, overflow2) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
        guard !overflow, !overflow2 else { throw problem("a number is too large") }
        value = next
        position += 1
      }
      guard position > start, position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
        throw problem("expected a non-negative integer")
      }
      result.append(value)
    } while take(",")
    try expect("]")
    return result
  }

  private mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw problem("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try text.append(contentsOf: escape())
      case 0..<0x20: throw problem("a string contains a control character")
      default: text.append(byte)
      }
    }
    throw problem("a string is unterminated")
  }

  /// Reads the rest of an escape sequence, after the backslash; returns the character in UTF-8.
  private mutating func escape() throws -> [UInt8] {
    guard position < bytes.count else { throw problem("a string is unterminated") }
    let byte = bytes[position]
    position += 1
    switch Character(Unicode.Scalar(byte)) {
    case "\"", "\\", "/": return [byte]
    case "b": return [8]
    case "f": return [12]
    case "n": return [10]
    case "r": return [13]
    case "t": return [9]
    case "u":
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw problem("a surrogate is unpaired") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw problem("a surrogate is unpaired") }
      return Array(String(Character(scalar)).utf8)
    default: throw problem("a string has an unknown escape")
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard position + 4 <= bytes.count,
      let digits = String(validating: bytes[position..<position + 4], as: UTF8.self),
      digits.allSatisfy(\.isHexDigit), let code = UInt32(digits, radix: 16)
    else { throw problem("expected four hexadecimal digits") }
    position += 4
    return code
  }
}
