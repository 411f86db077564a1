import Files
import Foundation

/// A table as one JSON object with a member for each column, whose values are an array or, as pandas's `to_json` writes
/// them, an object with a member for each row.
enum JSONColumns {
  /// The largest file that is converted; it is in memory several times over.
  static let sizeLimit = 1 << 28

  /// Whether a file that begins so may be such a table: the first member's value is an array or an object.
  static func mayBegin(_ start: some Collection<UInt8>) -> Bool {
    var rest = start.drop { $0.isJSONSpace || byteOrderMark.contains($0) }
    guard rest.first == UInt8(ascii: "{") else { return false }
    rest = rest.dropFirst().drop(while: \.isJSONSpace)
    guard rest.first == UInt8(ascii: "\"") else { return false }
    var isEscaped = false
    rest = rest.dropFirst().drop { byte in
      defer { isEscaped = !isEscaped && byte == UInt8(ascii: "\\") }
      return isEscaped || byte != UInt8(ascii: "\"")
    }
    rest = rest.dropFirst().drop { $0.isJSONSpace || $0 == UInt8(ascii: ":") }
    return rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: "[")
  }

  /// The same table as JSON Lines, row by row; nil if the bytes are something else.
  ///
  /// The rows of an array are in its order; those of objects are in the order of their names, by number where these are
  /// numbers.
  static func lines(of json: [UInt8]) -> [UInt8]? {
    var json = json.starts(with: byteOrderMark) ? Array(json.dropFirst(byteOrderMark.count)) : json
    JSONRow.replaceLoneSurrogates(in: &json)
    guard (try? JSONSyntax.check(json)) != nil,
      let columns = try? JSONDecoder().decode([String: Column].self, from: Data(json)), columns.count > 1
    else { return nil }
    let names = columns.keys.sorted()
    let keys = Set(columns.values.flatMap(\.keys)).sorted {
      if let first = Int($0), let second = Int($1) { first < second } else { $0 < $1 }
    }
    var lines: [UInt8] = []
    for key in keys {
      let members = names.compactMap { name in
        columns[name]!.values[key].map { (name: name, value: $0.string.map(OrderedJSON.string) ?? .null) }
      }
      lines += OrderedJSON.object(members).utf8() + [UInt8(ascii: "\n")]
    }
    return lines
  }

  private struct Column: Decodable {
    let values: [String: JSONRow.Value]
    var keys: some Sequence<String> { values.keys }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let values = try? container.decode([JSONRow.Value].self) {
        self.values = Dictionary(uniqueKeysWithValues: values.enumerated().map { ("\($0)", $1) })
      } else {
        values = try container.decode([String: JSONRow.Value].self)
      }
    }
  }
}
