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

  /// Gives the texts of a batch with the numbers of their labels.
  ///
  /// - Throws: `CorpusError` if a JSON object lacks its text or its label, or if there are too many labels.
  func forEachText(
    of batch: TextBatch, _ body: (_ text: UnsafeBufferPointer<UInt8>, _ label: Int) -> Void
  ) throws {
    var start = 0
    for (index, end) in batch.ends.enumerated() {
      defer { start = end }
      if isJSON {
        var (text, label) = try labeledText(batch.bytes[start..<end], line: batch.lines[index])
        text.withUTF8 { body($0, label) }
      } else {
        batch.bytes[start..<end].withUnsafeBufferPointer { body($0, batch.labels[index]) }
      }
    }
  }

  /// The texts of a batch that was read without labels.
  ///
  /// - Throws: `CorpusError` if a JSON object lacks its text.
  func texts(of batch: TextBatch) throws -> [String] {
    var start = 0
    return try zip(batch.ends, batch.lines).map { end, line in
      defer { start = end }
      guard isJSON else { return String(decoding: batch.bytes[start..<end], as: UTF8.self) }
      let row = try JSONRow(batch.bytes[start..<end], file: file, entry: entry, number: line)
      guard let text = row.values[textColumn] ?? nil else {
        throw malformed(line, expected: "a text as \(CorpusError.quoted(textColumn))", found: "none")
      }
      return text
    }
  }

  private func labeledText(_ object: ArraySlice<UInt8>, line: Int) throws -> (text: String, label: Int) {
    let row = try JSONRow(object, file: file, entry: entry, number: line)
    func value(_ name: String) throws -> String {
      let shown = CorpusError.quoted(name)
      guard let value = row.values[name] else { throw malformed(line, expected: "a value of \(shown)", found: "none") }
      guard let value else { throw malformed(line, expected: "a text as \(shown)", found: "another value") }
      return value
    }
    let text = try value(textColumn)
    let label = try value(labelColumn)
    guard label.contains(where: { !$0.isWhitespace }) else {
      throw malformed(line, expected: "a label", found: "none")
    }
    return (text, try number(of: label, line: line))
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
