import Files
import Foundation

/// An object of JSON Lines, or of an array.
struct JSONRow {
  /// How many halves of surrogate pairs were without their other half, and became U+FFFD.
  let loneSurrogateCount: Int
  /// The texts, numbers and truth values as text; nil for any other value.
  let values: [String: String?]

  /// A value, as text where it is one, a number or a truth value.
  enum Value: Decodable {
    case text(String), other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let truth = try? container.decode(Bool.self) {
        self = .text(truth ? "true" : "false")
      } else if let number = try? container.decode(Int.self) {
        self = .text("\(number)")
      } else if let number = try? container.decode(Double.self) {
        self = .text("\(number)")
      } else {
        self = .other
      }
    }

    var string: String? { if case .text(let text) = self { text } else { nil } }
  }

  /// Parses a line.
  ///
  /// - Parameters:
  ///   - line: valid UTF-8.
  ///   - file: the file's path, for a message.
  ///   - entry: the file's name in its archive, for a message.
  ///   - number: the number of the line, for a message.
  /// - Throws: `CorpusError` if it is not a JSON object.
  init(_ line: some Collection<UInt8>, file: String, entry: String?, number: Int) throws {
    var line = Array(line)
    loneSurrogateCount = Self.replaceLoneSurrogates(in: &line)
    do { try JSONSyntax.check(line) } catch {
      throw CorpusError(
        .malformedTable, file: file, entry: entry, place: .line(number), expected: "a JSON object",
        found: "something else (byte \(error.offset): \(error.text))",
        advice: "each line must be one, such as {\"text\": …, \"label\": …}")
    }
    guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(line)) else {
      throw CorpusError(
        .malformedTable, file: file, entry: entry, place: .line(number), expected: "a JSON object",
        found: "something else", advice: "each line must be one, such as {\"text\": …, \"label\": …}")
    }
    self.values = values.mapValues(\.string)
  }

  /// Replaces halves of surrogate pairs without their other half by U+FFFD, where they are escaped, as Python writes a
  /// text that was cut in the middle of a character.
  ///
  /// - Returns: how many there were.
  @discardableResult
  static func replaceLoneSurrogates(in json: inout [UInt8]) -> Int {
    /// The number of the escape `\uXXXX` at a place; nil if there is none.
    func escape(at place: Int) -> UInt16? {
      guard place + 6 <= json.count, json[place] == UInt8(ascii: "\\"), json[place + 1] == UInt8(ascii: "u") else {
        return nil
      }
      return UInt16(String(decoding: json[place + 2..<place + 6], as: UTF8.self), radix: 16)
    }
    guard let first = json.firstIndex(of: UInt8(ascii: "\\")) else { return 0 }
    var (place, count) = (first, 0)
    while place < json.count {
      guard json[place] == UInt8(ascii: "\\") else {
        place += 1
        continue
      }
      let number = escape(at: place)
      if let number, 0xD800...0xDBFF ~= number, let next = escape(at: place + 6), 0xDC00...0xDFFF ~= next {
        place += 12
      } else {
        if let number, 0xD800...0xDFFF ~= number {
          json.replaceSubrange(place + 2..<place + 6, with: "FFFD".utf8)
          count += 1
        }
        place += 2
      }
    }
    return count
  }
}

extension UInt8 {
  /// Whether JSON regards it as white space.
  var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
