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
  /// All values of each row of delimited values or of fastText, if they are to be kept.
  var values: [[String]] = []
  /// Why rows can't be read, by their indices, if they are to be answered.
  var errors: [Int: CorpusError] = [:]
  /// Rows that were left out.
  var remarks = RowRemarks()

  /// The number of bytes from which on a batch is complete.
  static let size = 1 << 18

  /// Adds a text, or a JSON object.
  mutating func add(_ text: ArraySlice<UInt8>, line: Int, label: Int? = nil, values: [String]? = nil) {
    bytes += text
    ends.append(bytes.count)
    lines.append(line)
    if let label { labels.append(label) }
    if let values { self.values.append(values) }
  }
}

/// Reads a table of texts and labels batch by batch.
struct TextTable {
  /// What makes texts of the batches.
  let rows: TextRows
  private var source: DelimitedText
  private let format: TableFormat
  /// Met behind the rows that were given out last.
  private var failure: CorpusError?

  /// Goes to the first row.
  ///
  /// - Parameters:
  ///   - reader: at the file's first byte; has to stay at this address as long as the table is read.
  ///   - format: the table's format.
  ///   - options: what the caller has decided.
  ///   - encoding: how the reader's bytes stand for characters.
  ///   - labels: where to number the labels, or nil if labels are not wanted.
  ///   - keepsColumns: whether all values of a row are kept beside its text.
  ///   - answersBadRows: whether rows that can't be read are given out with their errors.
  /// - Throws: `CorpusError` if the file cannot be read up to there.
  init(
    _ reader: UnsafeMutablePointer<EntryReader>, _ format: TableFormat, _ options: TextOptions,
    _ encoding: TextOptions.Encoding, labels: LabelTable?, keepsColumns: Bool = false, answersBadRows: Bool = false
  ) throws {
    var lines = UTF8Lines(reader, encoding)
    self.format = format
    if format.hasSeparatorLine { _ = try lines.next() }
    var (delimiter, quotes) = (DelimitedText.tab, TextOptions.Quotes.none)
    if case .delimited(let found, let meant) = format.kind { (delimiter, quotes) = (found, meant) }
    source = DelimitedText(lines, delimiter: delimiter, quotes: quotes, believesQuotes: options.quotes != nil)
    source.columnCount = format.columnCount
    if format.hasHeader { _ = try source.next() }
    rows = TextRows(
      file: lines.file, entry: lines.entry, isJSON: format.isJSON, textColumns: format.names.texts,
      labelColumn: format.names.label, labels: labels,
      badRows: answersBadRows ? .answer : options.skipsBadRows ?? false ? .skip : .stop,
      keptColumns: keepsColumns ? format.columns : nil)
  }

  /// The share of the file that has been read.
  var progress: Double { source.lines.progress }

  /// Reads on.
  ///
  /// - Returns: some rows, or nil at the end of the file.
  /// - Throws: `CorpusError` if the file breaks the rules of its format, behind the rows that come before that.
  mutating func next() throws -> TextBatch? {
    if let failure { throw failure }
    var batch = TextBatch()
    while batch.bytes.count < TextBatch.size {
      do {
        guard try addRow(to: &batch) else { break }
      } catch let error as CorpusError {
        if rows.badRows != .stop, error.isAboutARow {
          if rows.badRows == .answer {
            batch.errors[batch.ends.count] = error
            batch.add([], line: 0, values: rows.keptColumns == nil ? nil : [])
          } else {
            batch.remarks.skipped.append(error)
          }
          continue
        }
        if batch.ends.isEmpty { throw error }
        failure = error
        break
      }
    }
    return batch.ends.isEmpty && batch.remarks.skipped.isEmpty ? nil : batch
  }

  private mutating func addRow(to batch: inout TextBatch) throws -> Bool {
    switch format.kind {
    case .delimited: try addRecord(to: &batch)
    case .jsonLines: try addObject(to: &batch)
    case .jsonArray: try addElement(to: &batch)
    case .fastText: try addFastText(to: &batch)
    }
  }

  private mutating func addObject(to batch: inout TextBatch) throws -> Bool {
    guard try source.lines.next() else { return false }
    if source.lines.line.allSatisfy(\.isJSONSpace) { return true }
    batch.add(source.lines.line[...], line: source.lines.number)
    return true
  }

  private mutating func addElement(to batch: inout TextBatch) throws -> Bool {
    guard try source.lines.nextObject() else { return false }
    batch.add(source.lines.line[...], line: source.lines.number)
    return true
  }

  private mutating func addRecord(to batch: inout TextBatch) throws -> Bool {
    guard try source.next() else { return false }
    guard source.ends.count == format.columnCount else {
      throw source.lines.error(
        .malformedTable, line: source.firstLine, expected: "\(format.columnCount) fields as in the first line",
        found: "\(source.ends.count)", advice: "put fields that hold a delimiter in quotes")
    }
    let label = try rows.labels.map { _ in
      try number(ofLabel: source.field(format.places.label), line: source.firstLine)
    }
    var text = source.field(format.places.texts[0])
    if format.places.texts.count > 1 {
      text = ArraySlice(format.places.texts.map { source.field($0) }.joined(separator: [TextRows.joint]))
    }
    batch.add(
      text, line: source.firstLine, label: label, values: rows.keptColumns == nil ? nil : source.fields)
    return true
  }

  private mutating func addFastText(to batch: inout TextBatch) throws -> Bool {
    guard try source.lines.next() else { return false }
    let line = source.lines.line
    if line.allSatisfy(\.isJSONSpace) { return true }
    var (rest, labels) = (line[...], [ArraySlice<UInt8>]())
    while true {
      rest = rest.drop(while: \.isJSONSpace)
      guard rest.starts(with: TableFormat.labelPrefix) else { break }
      let word = rest.prefix { !$0.isJSONSpace }
      labels.append(word.dropFirst(TableFormat.labelPrefix.count))
      rest = rest[word.endIndex...]
    }
    guard rows.labels != nil else {
      let values = [labels.joined(separator: [UInt8(ascii: " ")]).map(\.self), Array(rest)]
        .map { String(decoding: $0, as: UTF8.self) }
      batch.add(rest, line: source.lines.number, values: rows.keptColumns == nil ? nil : values)
      return true
    }
    guard labels.count == 1 else {
      throw source.lines.error(
        .malformedTable, expected: "one label, as in __label__good", found: labels.isEmpty ? "none" : "\(labels.count)",
        advice: "leave one label in front of each text")
    }
    let label = try number(ofLabel: labels[0], line: source.lines.number)
    batch.add(rest, line: source.lines.number, label: label)
    return true
  }

  private func number(ofLabel bytes: ArraySlice<UInt8>, line: Int) throws -> Int {
    let label = String(decoding: bytes, as: UTF8.self)
    guard label.contains(where: { !$0.isWhitespace }) else {
      throw source.lines.error(
        .malformedTable, line: line, expected: "a label", found: "none", advice: "add it, or leave out the line")
    }
    return try rows.number(of: label, line: line)
  }
}
