import Foundation

/// Some texts of a table with their labels, on the way from the file to whoever counts their words.
struct TextBatch {
  /// The texts, or for JSON Lines the lines, one behind the other.
  var bytes: [UInt8] = []
  /// Where each ends.
  var ends: [Int] = []
  /// In which line each begins; counts from 1.
  var lines: [Int] = []
  /// The labels' numbers; for JSON Lines none, they are still to be read.
  var labels: [Int] = []

  /// So many bytes make a batch.
  static let size = 1 << 18
}

/// Texts and labels in the columns of a table: comma-, tab- or semicolon-separated values, or JSON Lines.
struct TextTable {
  /// The columns' names.
  private(set) var columns = (text: "", label: "")
  private var places = (text: 0, label: 0)
  private var source: DelimitedText
  /// Whether each line is a JSON object, rather than values of a record.
  private let isJSON: Bool
  private let columnCount: Int
  /// Nil where labels are not wanted.
  private let labels: LabelTable?
  private var isAtStart = true

  /// Reads the first line, and finds the columns.
  ///
  /// - Throws: `CorpusError` if this is no such table, or if columns are missing.
  init(_ reader: UnsafeMutablePointer<EntryReader>, _ options: TextOptions, labels: LabelTable?) throws {
    var lines = LineReader(reader, options.encoding)
    guard try lines.next() else {
      throw CorpusError(
        file: lines.file, entry: lines.entry, expected: "a table of texts and labels", found: "an empty file",
        advice: "check that it is the right one")
    }
    self.labels = labels
    let first = lines.line.first { !$0.isSpace }
    isJSON = first == UInt8(ascii: "{")
    if first == UInt8(ascii: "[") {
      throw lines.error(
        expected: "JSON Lines, an object a line", found: "a JSON array", advice: "convert it, as jq -c '.[]' does")
    }
    source = DelimitedText(lines)
    var names: [String]
    if isJSON {
      names = try JSONRow(source.lines).values.keys.sorted()
    } else {
      try source.parse()
      names = []
      for index in 0..<source.ends.count { names.append(String(decoding: source.field(index), as: UTF8.self)) }
    }
    columnCount = names.count
    func column(_ name: String?, _ usual: [String], _ what: String) throws -> Int {
      func plain(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
      for wanted in name.map({ [$0] }) ?? usual {
        let found = names.indices.filter { names[$0] == wanted }
        let alike = found.isEmpty ? names.indices.filter { plain(names[$0]) == plain(wanted) } : found
        if alike.count == 1 { return alike[0] }
        if alike.count > 1 {
          throw source.lines.error(
            expected: "one column \(CorpusError.quoted(wanted))", found: "several", advice: "rename the others")
        }
      }
      let shown = names.prefix(20).map(CorpusError.quoted).joined(separator: ", ")
      throw source.lines.error(
        expected: name.map { "a column \(CorpusError.quoted($0))" }
          ?? "a column of \(what)s, called \(usual.joined(separator: ", "))",
        found: "the columns \(shown)\(names.count > 20 ? " and \(names.count - 20) more" : "")",
        advice: "name it with --\(what)-column")
    }
    places.text = try column(options.textColumn, TextOptions.textColumns, "text")
    if labels == nil {
      columns.text = names[places.text]
      return
    }
    places.label = try column(options.labelColumn, TextOptions.labelColumns, "label")
    guard places.text != places.label else {
      throw source.lines.error(
        found: "one column for text and label, \(CorpusError.quoted(names[places.text]))",
        advice: "name another with --text-column or --label-column")
    }
    columns = (names[places.text], names[places.label])
  }

  /// The share of the file that was read.
  var progress: Double { source.lines.progress }

  /// Reads on.
  ///
  /// - Returns: nil at the end.
  /// - Throws: `CorpusError` where the file is not such a table.
  mutating func next() throws -> TextBatch? {
    var batch = TextBatch()
    while batch.bytes.count < TextBatch.size, try isJSON ? addLine(to: &batch) : addRecord(to: &batch) {}
    return batch.ends.isEmpty ? nil : batch
  }

  private mutating func addLine(to batch: inout TextBatch) throws -> Bool {
    // The first line was read for its columns.
    if isAtStart { isAtStart = false } else { guard try source.lines.next() else { return false } }
    if source.lines.line.allSatisfy(\.isSpace) { return true }
    batch.bytes += source.lines.line
    batch.ends.append(batch.bytes.count)
    batch.lines.append(source.lines.number)
    return true
  }

  private mutating func addRecord(to batch: inout TextBatch) throws -> Bool {
    guard try source.next() else { return false }
    guard source.ends.count == columnCount else {
      throw source.lines.error(
        line: source.firstLine, expected: "\(columnCount) fields as in the first line", found: "\(source.ends.count)",
        advice: "put fields that hold a delimiter in quotes")
    }
    batch.bytes += source.field(places.text)
    batch.ends.append(batch.bytes.count)
    batch.lines.append(source.firstLine)
    guard let labels else { return true }
    let label = String(decoding: source.field(places.label), as: UTF8.self)
    guard label.contains(where: { !$0.isWhitespace }) else {
      throw source.lines.error(
        line: source.firstLine, expected: "a label", found: "none", advice: "add it, or leave out the line")
    }
    guard let number = labels.number(of: label) else {
      throw Self.tooManyLabels(source.lines.file, source.lines.entry, source.firstLine, columns.label)
    }
    batch.labels.append(number)
    return true
  }

  /// The texts of a batch that was read without labels.
  ///
  /// - Throws: `CorpusError` where a line of JSON has none.
  func texts(of batch: TextBatch) throws -> [String] {
    var start = 0
    return try zip(batch.ends, batch.lines).map { end, line in
      defer { start = end }
      guard isJSON else { return String(decoding: batch.bytes[start..<end], as: UTF8.self) }
      let (file, entry) = (source.lines.file, source.lines.entry)
      guard let row = JSONRow(batch.bytes[start..<end]) else { throw JSONRow.error(file, entry, line) }
      guard let text = row.values[columns.text] ?? nil else {
        throw CorpusError(
          file: file, entry: entry, place: .line(line), expected: "a text as \(CorpusError.quoted(columns.text))",
          found: "none", advice: "correct the line, or leave it out")
      }
      return text
    }
  }

  static func tooManyLabels(_ file: String, _ entry: String?, _ line: Int, _ column: String) -> CorpusError {
    CorpusError(
      file: file, entry: entry, place: .line(line), expected: "at most \(LabelTable.limit) labels",
      found: "more in the column \(CorpusError.quoted(column))",
      advice: "name another column with --label-column")
  }
}

/// An object of JSON Lines.
struct JSONRow {
  /// What is neither text, number nor truth value is nil.
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

  /// - Parameter line: valid UTF-8.
  /// - Returns: nil where it is no JSON object.
  init?(_ line: some Collection<UInt8>) {
    guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(line)) else { return nil }
    self.values = values.mapValues(\.string)
  }

  init(_ lines: LineReader) throws {
    guard let row = JSONRow(lines.line) else { throw Self.error(lines.file, lines.entry, lines.number) }
    self = row
  }

  static func error(_ file: String, _ entry: String?, _ line: Int) -> CorpusError {
    CorpusError(
      file: file, entry: entry, place: .line(line), expected: "a JSON object", found: "something else",
      advice: "each line must be one, such as {\"text\": …, \"label\": …}")
  }
}

extension UInt8 {
  /// Whether JSON takes it for white space.
  fileprivate var isSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
