import Foundation

/// Some rows of a table, on their way from the thread that reads the file to the one that finds their words.
struct TextBatch {
  /// The texts, or for JSON Lines the lines, one after the other.
  var bytes: [UInt8] = []
  /// Where each of them ends in `bytes`.
  var ends: [Int] = []
  /// The line in which each of them begins; counts from 1.
  var lines: [Int] = []
  /// The number of each text's label in the ``LabelTable``; empty for JSON Lines, which are still to be parsed, and
  /// where no labels are wanted.
  var labels: [Int] = []

  /// The number of bytes from which on a batch is complete.
  static let size = 1 << 18
}

/// Reads a table of texts and labels batch by batch: comma-, tab- or semicolon-separated values, or JSON Lines.
struct TextTable {
  /// What makes texts of the batches.
  let rows: TextRows
  private var source: DelimitedText
  private let columnCount: Int
  /// The index of the column of texts, and of the one of labels.
  private let places: (text: Int, label: Int)
  /// Whether the first line of JSON, which has been read for its columns, is still to be given out.
  private var isAtStart = true

  /// Reads the first line, and finds the columns.
  ///
  /// - Parameters:
  ///   - reader: at the file's first byte; has to stay at this address as long as the table is read.
  ///   - options: the columns and the encoding.
  ///   - labels: where to number the labels, or nil if labels are not wanted.
  /// - Throws: `CorpusError` if the file is not such a table, or if it lacks a column.
  init(_ reader: UnsafeMutablePointer<EntryReader>, _ options: TextOptions, labels: LabelTable?) throws {
    var lines = UTF8Lines(reader, options.encoding)
    guard try lines.next() else {
      throw CorpusError(
        .noTexts, file: lines.file, entry: lines.entry, expected: "a table of texts and labels",
        found: "an empty file", advice: "check that it is the right one")
    }
    let first = lines.line.first { !$0.isJSONSpace }
    if first == UInt8(ascii: "[") {
      throw lines.error(
        .unsupportedFormat, expected: "JSON Lines, an object a line", found: "a JSON array",
        advice: "convert it, as jq -c '.[]' does")
    }
    let isJSON = first == UInt8(ascii: "{")
    source = DelimitedText(lines)
    let names: [String]
    if isJSON {
      let row = try JSONRow(lines.line, file: lines.file, entry: lines.entry, number: lines.number)
      names = row.values.keys.sorted()
    } else {
      try source.parse()
      names = source.fields
    }
    columnCount = names.count
    let columns = TableColumns(names: names, lines: source.lines)
    let text = try columns.index(of: .text, named: options.textColumn)
    let label = try labels.map { _ in try columns.index(of: .label, named: options.labelColumn) }
    guard text != label else {
      throw source.lines.error(
        .invalidArgument("labelColumn"),
        found: "one column for text and label, \(CorpusError.quoted(names[text]))",
        advice: "name another text or label column")
    }
    places = (text, label ?? 0)
    rows = TextRows(
      file: lines.file, entry: lines.entry, isJSON: isJSON, textColumn: names[text],
      labelColumn: label.map { names[$0] } ?? "", labels: labels)
  }

  /// The share of the file that has been read.
  var progress: Double { source.lines.progress }

  /// Reads on.
  ///
  /// - Returns: some rows, or nil at the end of the file.
  /// - Throws: `CorpusError` if the file breaks the rules of its format.
  mutating func next() throws -> TextBatch? {
    var batch = TextBatch()
    while batch.bytes.count < TextBatch.size, try rows.isJSON ? addLine(to: &batch) : addRecord(to: &batch) {}
    return batch.ends.isEmpty ? nil : batch
  }

  private mutating func addLine(to batch: inout TextBatch) throws -> Bool {
    if isAtStart { isAtStart = false } else { guard try source.lines.next() else { return false } }
    if source.lines.line.allSatisfy(\.isJSONSpace) { return true }
    batch.bytes += source.lines.line
    batch.ends.append(batch.bytes.count)
    batch.lines.append(source.lines.number)
    return true
  }

  private mutating func addRecord(to batch: inout TextBatch) throws -> Bool {
    guard try source.next() else { return false }
    guard source.ends.count == columnCount else {
      throw source.lines.error(
        .malformedTable, line: source.firstLine, expected: "\(columnCount) fields as in the first line",
        found: "\(source.ends.count)", advice: "put fields that hold a delimiter in quotes")
    }
    batch.bytes += source.field(places.text)
    batch.ends.append(batch.bytes.count)
    batch.lines.append(source.firstLine)
    guard rows.labels != nil else { return true }
    let label = String(decoding: source.field(places.label), as: UTF8.self)
    guard label.contains(where: { !$0.isWhitespace }) else {
      throw source.lines.error(
        .malformedTable, line: source.firstLine, expected: "a label", found: "none",
        advice: "add it, or leave out the line")
    }
    batch.labels.append(try rows.number(of: label, line: source.firstLine))
    return true
  }
}

/// The columns of a table, by their names in the first line.
private struct TableColumns {
  let names: [String]
  /// At the first line, for messages.
  let lines: UTF8Lines

  /// Finds a column: by the exact name, or else by one that differs in case or surrounding spaces.
  ///
  /// - Parameter name: the name that the caller wants, or nil for one of the usual names.
  /// - Throws: `CorpusError` if there is no such column, or more than one.
  func index(of column: CorpusError.Column, named name: String?) throws -> Int {
    func plain(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
    let usual = column == .text ? TextOptions.textColumns : TextOptions.labelColumns
    for wanted in name.map({ [$0] }) ?? usual {
      let found = names.indices.filter { names[$0] == wanted }
      let alike = found.isEmpty ? names.indices.filter { plain(names[$0]) == plain(wanted) } : found
      if alike.count == 1 { return alike[0] }
      if alike.count > 1 {
        throw lines.error(
          .ambiguousColumn(wanted), expected: "one column \(CorpusError.quoted(wanted))", found: "several",
          advice: "rename the others")
      }
    }
    throw lines.error(
      .missingColumn(column, columns: names),
      expected: name.map { "a column \(CorpusError.quoted($0))" }
        ?? "a column of \(column)s, called \(usual.joined(separator: ", "))",
      found: "the columns \(CorpusError.quoted(names, limit: 20))",
      advice: "name the column that holds the \(column)s")
  }
}
