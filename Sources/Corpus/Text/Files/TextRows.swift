/// Makes texts of the rows of a table; several threads may do so at once.
///
/// JSON Lines are parsed here, since this takes longer than reading them.
struct TextRows: Sendable {
  let file: String
  /// The table's name in its archive.
  let entry: String?
  /// Whether each row is a JSON object, rather than a record of delimited values.
  let isJSON: Bool
  let textColumn: String
  /// Empty if labels are not wanted.
  let labelColumn: String
  /// Where the labels are numbered; nil if they are not wanted.
  let labels: LabelTable?
  /// Whether objects that lack a text or a label are left out.
  let skipsBadRows: Bool

  /// Gives the texts of a batch with the numbers of their labels.
  ///
  /// - Returns: which rows were left out.
  /// - Throws: `CorpusError` if a JSON object lacks its text or its label, or if there are too many labels.
  func forEachText(
    of batch: TextBatch, _ body: (_ text: UnsafeBufferPointer<UInt8>, _ label: Int) -> Void
  ) throws -> RowRemarks {
    var (start, remarks) = (0, batch.remarks)
    for (index, end) in batch.ends.enumerated() {
      defer { start = end }
      if isJSON {
        let line = batch.lines[index]
        try skippingBadRows(&remarks) { remarks in
          let row = try object(batch.bytes[start..<end], line: line, &remarks)
          var text = try value(textColumn, of: row, line: line)
          let label = try value(labelColumn, of: row, line: line)
          guard label.contains(where: { !$0.isWhitespace }) else {
            throw malformed(line, expected: "a label", found: "none")
          }
          let number = try number(of: label, line: line)
          text.withUTF8 { body($0, number) }
        }
      } else {
        batch.bytes[start..<end].withUnsafeBufferPointer { body($0, batch.labels[index]) }
      }
    }
    return remarks
  }

  /// Gives the texts of a batch that was read without labels; the last time is before the first row at fault.
  ///
  /// - Returns: which rows were left out.
  /// - Throws: `CorpusError` if a JSON object lacks its text; and whatever `body` throws.
  func withTexts(of batch: TextBatch, _ body: ([String]) throws -> Void) throws -> RowRemarks {
    var (start, remarks, texts) = (0, batch.remarks, [String]())
    for (end, line) in zip(batch.ends, batch.lines) {
      defer { start = end }
      guard isJSON else {
        texts.append(String(decoding: batch.bytes[start..<end], as: UTF8.self))
        continue
      }
      do {
        try skippingBadRows(&remarks) { remarks in
          let row = try object(batch.bytes[start..<end], line: line, &remarks)
          guard let text = row.values[textColumn] ?? nil else {
            throw malformed(line, expected: "a text as \(CorpusError.quoted(textColumn))", found: "none")
          }
          texts.append(text)
        }
      } catch {
        if !texts.isEmpty { try body(texts) }
        throw error
      }
    }
    if !texts.isEmpty { try body(texts) }
    return remarks
  }

  private func skippingBadRows(_ remarks: inout RowRemarks, _ body: (inout RowRemarks) throws -> Void) throws {
    do { try body(&remarks) } catch let error as CorpusError where skipsBadRows && error.isAboutARow {
      remarks.skipped.append(error)
    }
  }

  private func object(_ bytes: ArraySlice<UInt8>, line: Int, _ remarks: inout RowRemarks) throws -> JSONRow {
    let row = try JSONRow(bytes, file: file, entry: entry, number: line)
    remarks.loneSurrogateCount += row.loneSurrogateCount
    return row
  }

  private func value(_ name: String, of row: JSONRow, line: Int) throws -> String {
    let shown = CorpusError.quoted(name)
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
