import Foundation

/// An object of JSON Lines.
struct JSONRow {
  /// The texts, numbers and truth values as text; nil for any other value.
  let values: [String: String?]

  private enum Value: Decodable {
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
    guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(line)) else {
      throw CorpusError(
        .malformedTable, file: file, entry: entry, place: .line(number), expected: "a JSON object",
        found: "something else", advice: "each line must be one, such as {\"text\": …, \"label\": …}")
    }
    self.values = values.mapValues(\.string)
  }
}

extension UInt8 {
  /// Whether JSON regards it as white space.
  var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
