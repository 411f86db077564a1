/// A row of a table, or a text by itself, that is to be classified.
package struct TextRow: Sendable {
  /// The text; empty where the row can't be read.
  package var text = ""
  /// The values of the columns that are kept.
  package var values: [String] = []
  /// Why the row can't be read; nil if it can.
  package var error: CorpusError?

  package init(text: String = "", values: [String] = [], error: CorpusError? = nil) {
    (self.text, self.values, self.error) = (text, values, error)
  }
}

/// Makes texts of the rows of a table; several threads may do so at once.
///
/// JSON Lines are parsed here, since this takes longer than reading them.
struct TextRows: Sendable {
  let file: String
  /// The table's name in its archive.
  let entry: String?
  /// Whether each row is a JSON object, rather than a record of delimited values.
  let isJSON: Bool
  /// The columns whose values are joined to a text.
  let textColumns: [String]
  /// Empty if labels are not wanted.
  let labelColumn: String
  /// Where the labels are numbered; nil if they are not wanted.
  let labels: LabelTable?
  /// What becomes of rows that break the rules, or lack a text or a label.
  let badRows: BadRows
  /// The columns whose values are given along with each text; nil for none.
  let keptColumns: [String]?

  /// What becomes of a row that can't be read.
  enum BadRows { case stop, skip, answer }

  /// What stands between the values of two columns that are joined to a text.
  static let joint = UInt8(ascii: "\n")

  /// Gives the texts of a batch with the numbers of their labels, 0 where labels aren't wanted, and with their lines.
  ///
  /// - Returns: which rows were left out.
  /// - Throws: `CorpusError` if a JSON object lacks its text or its label, or if there are too many labels.
  func forEachText(
    of batch: TextBatch, _ body: (_ text: UnsafeBufferPointer<UInt8>, _ label: Int, _ line: Int) -> Void
  ) throws -> RowRemarks {
    var (start, remarks) = (0, batch.remarks)
    for (index, end) in batch.ends.enumerated() {
      defer { start = end }
      let line = batch.lines[index]
      if isJSON {
        try skippingBadRows(&remarks) { remarks in
          let row = try object(batch.bytes[start..<end], line: line, &remarks)
          var text = try text(of: row, line: line)
          let number = try labels == nil ? 0 : labelNumber(of: row, line: line)
          text.withUTF8 { body($0, number, line) }
        }
      } else {
        batch.bytes[start..<end].withUnsafeBufferPointer { body($0, labels == nil ? 0 : batch.labels[index], line) }
      }
    }
    return remarks
  }

  /// Gives the rows of a batch that was read without labels; the last time is before the first row at fault.
  ///
  /// - Returns: which rows were left out.
  /// - Throws: `CorpusError` if a JSON object lacks its text; and whatever `body` throws.
  func withRows(of batch: TextBatch, _ body: ([TextRow]) throws -> Void) throws -> RowRemarks {
    var (start, remarks, rows) = (0, batch.remarks, [TextRow]())
    for (index, end) in batch.ends.enumerated() {
      defer { start = end }
      if let error = batch.errors[index] {
        rows.append(TextRow(error: error))
        continue
      }
      guard isJSON else {
        rows.append(
          TextRow(
            text: String(decoding: batch.bytes[start..<end], as: UTF8.self),
            values: keptColumns == nil ? [] : batch.values[index]))
        continue
      }
      do {
        try skippingBadRows(&remarks) { remarks in
          let row = try object(batch.bytes[start..<end], line: batch.lines[index], &remarks)
          rows.append(
            TextRow(
              text: try text(of: row, line: batch.lines[index]),
              values: keptColumns?.map { (row.values[$0] ?? nil) ?? "" } ?? []))
        } answer: {
          rows.append(TextRow(error: $0))
        }
      } catch {
        if !rows.isEmpty { try body(rows) }
        throw error
      }
    }
    if !rows.isEmpty { try body(rows) }
    return remarks
  }

  private func skippingBadRows(
    _ remarks: inout RowRemarks, _ body: (inout RowRemarks) throws -> Void, answer: (CorpusError) -> Void = { _ in }
  ) throws {
    do { try body(&remarks) } catch let error as CorpusError where badRows != .stop && error.isAboutARow {
      if badRows == .answer { answer(error) } else { remarks.skipped.append(error) }
    }
  }

  private func text(of row: JSONRow, line: Int) throws -> String {
    try textColumns.map { try value($0, of: row, line: line) }.joined(separator: String(UnicodeScalar(Self.joint)))
  }

  private func labelNumber(of row: JSONRow, line: Int) throws -> Int {
    let label = try value(labelColumn, of: row, line: line)
    guard label.contains(where: { !$0.isWhitespace }) else {
      throw malformed(line, expected: "a label", found: "none")
    }
    return try number(of: label, line: line)
  }

  private func object(_ bytes: ArraySlice<UInt8>, line: Int, _ remarks: inout RowRemarks) throws -> JSONRow {
    let row = try JSONRow(bytes, file: file, entry: entry, number: line)
    remarks.loneSurrogateCount += row.loneSurrogateCount
    return row
  }

  private func value(_ name: String, of row: JSONRow, line: Int) throws -> String {
    let shown = CorpusError.quoted(name)
    guard labels != nil else {
      if let text = row.values[name] ?? nil { return text }
      throw malformed(line, expected: "a text as \(shown)", found: "none")
    }
    guard let value = row.values[name] else { throw malformed(line, expected: "a value of \(shown)", found: "none") }
    guard let value else { throw malformed(line, expected: "a text as \(shown)", found: "another value") }
    return value
  }

  /// The number of a label, which is added if it is new.
  ///
  /// - Precondition: labels are wanted.
  /// - Throws: `CorpusError` if there are too many labels.
  func number(of label: String, line: Int) throws -> Int {
    guard let number = labels!.number(of: label) else {
      throw CorpusError(
        .tooManyLabels(column: labelColumn), file: file, entry: entry, place: .line(line),
        expected: "at most \(LabelTable.limit) labels",
        found: "more in the column \(CorpusError.quoted(labelColumn))", advice: "name another label column")
    }
    return number
  }

  private func malformed(_ line: Int, expected: String, found: String) -> CorpusError {
    CorpusError(
      .malformedTable, file: file, entry: entry, place: .line(line), expected: expected, found: found,
      advice: "correct the line, or leave it out")
  }
}
