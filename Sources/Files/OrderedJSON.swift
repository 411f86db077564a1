/// A JSON value to be written, for text that `JSONEncoder` can't produce: an object's members keep the order in which
/// they are given, and a `Float` keeps its own few digits.
///
/// Values of other types that are simply to be stored are better encoded with ``Foundation/JSONEncoder/reproducible``.
package enum OrderedJSON: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// NaN and infinity, which JSON lacks, are written as `null`.
  case double(Double)
  /// As `double`, with the fewest digits that identify the `Float`: 0.1, not 0.10000000149011612.
  case float(Float)
  case string(String)
  case array([OrderedJSON])
  case object([(name: String, value: OrderedJSON)])

  /// The value as text on one line.
  ///
  /// - Parameter isSpaced: whether a space follows each comma and colon, as in Python's `json.dumps`.
  package func text(isSpaced: Bool = false) -> String { String(decoding: utf8(isSpaced: isSpaced), as: UTF8.self) }

  /// The value as text on one line, in UTF-8.
  package func utf8(isSpaced: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, comma: isSpaced ? ", " : ",", colon: isSpaced ? ": " : ":")
    return bytes
  }

  private func write(to bytes: inout [UInt8], comma: String, colon: String) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += "\(value)".utf8
    case .double(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
    case .float(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let values):
      bytes += "[".utf8
      for (index, value) in values.enumerated() {
        if index > 0 { bytes += comma.utf8 }
        value.write(to: &bytes, comma: comma, colon: colon)
      }
      bytes += "]".utf8
    case .object(let members):
      bytes += "{".utf8
      for (index, member) in members.enumerated() {
        if index > 0 { bytes += comma.utf8 }
        Self.write(member.name, to: &bytes)
        bytes += colon.utf8
        member.value.write(to: &bytes, comma: comma, colon: colon)
      }
      bytes += "}".utf8
    }
  }

  /// Writes a string in quotation marks, escaping only what JSON requires: `"`, `\` and the control characters below U+0020.
  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension OrderedJSON: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: OrderedJSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, OrderedJSON)...) {
    self = .object(elements.map { (name: $0, value: $1) })
  }
}
