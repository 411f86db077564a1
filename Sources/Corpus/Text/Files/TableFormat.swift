import Foundation

/// How a table is to be read, found out from its first rows: what a row is, and which columns hold texts and labels.
struct TableFormat: Sendable {
  /// What a row is.
  enum Kind: Sendable, Equatable {
    /// A record of delimited values.
    case delimited(by: UInt8, quotes: TextOptions.Quotes)
    /// A JSON object on a line of its own.
    case jsonLines
    /// A JSON object in an array, which is all that the file holds.
    case jsonArray
    /// A line of fastText: a label that begins with `__label__`, then the text.
    case fastText
  }

  /// What a row is.
  private(set) var kind: Kind
  /// Whether the first line is Excel's `sep=;`, which names the delimiter.
  private(set) var hasSeparatorLine = false
  /// Whether the first row names the columns.
  private(set) var hasHeader = false
  /// How many fields a record has.
  private(set) var columnCount = 2
  /// The indices of the columns of texts and of labels.
  private(set) var places = (texts: [1], label: 0)
  /// The names of these columns, or if there is no header their numbers from 1 on.
  private(set) var names = (texts: ["text"], label: "label")
  /// The names of all columns, or their numbers.
  private(set) var columns: [String] = []
  /// What was chosen, in sentences.
  private(set) var notes: [String] = []

  /// Whether each row is a JSON object.
  var isJSON: Bool { kind == .jsonLines || kind == .jsonArray }

  /// Whether a file by itself is a table, rather than texts of a line each: it is JSON or fastText's, or it has columns
  /// and says so, by a name that is looked for or by labels that occur again behind tabs.
  ///
  /// - Throws: `CorpusError` if the file cannot be read, or is no text at all.
  static func isTable(_ file: FileSet.File, in files: FileSet, _ options: TextOptions) throws -> Bool {
    let sample = try TableSample(of: file, in: files, options.encoding)
    guard let first = sample.lines.first else { return false }
    if first.starts(with: labelPrefix) || separator(of: first) != nil || options.textColumn != nil { return true }
    let start = first.drop(while: \.isJSONSpace)
    if start.first == UInt8(ascii: "{") {
      return (try? JSONRow(first, file: sample.file, entry: sample.entry, number: 1)) != nil
    }
    if start.first == UInt8(ascii: "[") { return (try? sample.firstObject()) != nil }
    let delimiter = Delimiters.delimiter(of: sample.lines[...], options)
    guard first.contains(delimiter) else { return false }
    let rows = (try? sample.records(skipsLine: false, delimiter: delimiter, quotes: .none)) ?? []
    guard let header = rows.first else { return false }
    if header.contains(where: { HeaderRow.isUsualForTexts($0) }) { return true }
    let isRegular = rows.allSatisfy { $0.count == header.count }
    return delimiter == DelimitedText.tab && isRegular
      && HeaderRow(header).problem(rows, ColumnGuess(rows, options), options) != nil
  }

  /// What a label of fastText begins with.
  static let labelPrefix = Array("__label__".utf8)

  /// Finds out the format.
  ///
  /// - Parameters:
  ///   - file: the table.
  ///   - files: the set that it belongs to.
  ///   - options: what the caller has decided.
  ///   - hasLabels: whether labels are wanted.
  /// - Throws: `CorpusError` if the file is not a table, or if it lacks a column.
  init(of file: FileSet.File, in files: FileSet, _ options: TextOptions, hasLabels: Bool) throws {
    let sample = try TableSample(of: file, in: files, options.encoding)
    guard let first = sample.lines.first else {
      throw sample.error(
        .noTexts, line: nil, expected: "a table of texts and labels", found: "an empty file",
        advice: "check that it is the right one")
    }
    switch first.first(where: { !$0.isJSONSpace }) {
    case UInt8(ascii: "["):
      kind = .jsonArray
      guard let (object, number) = try sample.firstObject() else {
        throw sample.error(
          .noTexts, expected: "a table of texts and labels", found: "an empty JSON array",
          advice: "check that it is the right one")
      }
      try choose(of: object, number: number, options, hasLabels: hasLabels, sample)
    case UInt8(ascii: "{"):
      kind = .jsonLines
      try choose(of: first, number: sample.firstNumber, options, hasLabels: hasLabels, sample)
    case _ where first.starts(with: Self.labelPrefix):
      kind = .fastText
      try choose(["label", "text"], ColumnGuess(text: 1, label: 0), options, hasLabels: hasLabels, sample)
    default:
      kind = .delimited(by: UInt8(ascii: ","), quotes: .double)
      try chooseDelimited(first, file, files, options, hasLabels: hasLabels, sample)
    }
  }

  private mutating func choose(
    of object: [UInt8], number: Int, _ options: TextOptions, hasLabels: Bool, _ sample: TableSample
  ) throws {
    let row = try JSONRow(object, file: sample.file, entry: sample.entry, number: number)
    try choose(row.values.keys.sorted(), ColumnGuess(), options, hasLabels: hasLabels, sample)
  }

  private mutating func chooseDelimited(
    _ first: [UInt8], _ file: FileSet.File, _ files: FileSet, _ options: TextOptions, hasLabels: Bool,
    _ sample: TableSample
  ) throws {
    let separator = Self.separator(of: first)
    hasSeparatorLine = separator != nil
    let lines = sample.lines.dropFirst(hasSeparatorLine ? 1 : 0)
    let delimiter = separator ?? Delimiters.delimiter(of: lines, options)
    var quotes = options.quotes ?? .double
    let isTab = delimiter == DelimitedText.tab
    // In other files than those with tabs, quotes with backslashes are looked for where there may be some.
    if options.quotes == nil, isTab || sample.holdsBackslashedQuotes {
      let found = try Self.quotes(
        of: file, in: files, options.encoding, skipsLine: hasSeparatorLine, delimiter: delimiter)
      quotes = found.quotes ?? (isTab ? .none : .double)
      if let openLine = found.openLine, quotes == .none {
        notes.append(
          "quotes are read literally, since a quoted field in line \(openLine) goes on after its closing quote")
      }
    }
    kind = .delimited(by: delimiter, quotes: quotes)
    let rows = try sample.records(skipsLine: hasSeparatorLine, delimiter: delimiter, quotes: quotes)
    guard let header = rows.first else {
      throw sample.error(
        .noTexts, line: nil, expected: "a table of texts and labels", found: "no rows",
        advice: "check that it is the right one")
    }
    let guess = ColumnGuess(rows, options)
    let problem = HeaderRow(header).problem(rows, guess, options)
    hasHeader = options.hasHeader ?? (problem == nil)
    if options.hasHeader == nil, let problem { notes.append(problem) }
    let isNamed = hasHeader && !HeaderRow(header).isNumbering
    try choose(
      hasHeader ? header : header.indices.map { "\($0 + 1)" }, isNamed ? ColumnGuess() : guess, options,
      hasLabels: hasLabels, sample)
  }

  /// Chooses the columns.
  ///
  /// - Parameter guess: which columns to take where the options name none and no name is usual.
  private mutating func choose(
    _ names: [String], _ guess: ColumnGuess, _ options: TextOptions, hasLabels: Bool, _ sample: TableSample
  ) throws {
    let columns = TableColumns(names: names, hasNumbers: !isJSON, sample: sample)
    var guess = guess
    if names.count == 2 {
      // Where one of two columns is known, the other one needs no name.
      let text = try? columns.index(of: .text, named: options.textColumn, guess: nil)
      let label = try? columns.index(of: .label, named: options.labelColumn, guess: nil)
      if text == nil, let label { guess.text = 1 - label }
      if hasLabels, label == nil, let text { guess.label = 1 - text }
    }
    let texts = try columns.indices(ofTexts: options.textColumn, guess: guess.text)
    let label = hasLabels ? try columns.index(of: .label, named: options.labelColumn, guess: guess.label) : nil
    if let label, texts.contains(label) {
      throw sample.error(
        .invalidArgument("labelColumn"), found: "one column for text and label, \(CorpusError.quoted(names[label]))",
        advice: "name another text or label column")
    }
    columnCount = names.count
    places = (texts, label ?? 0)
    self.names = (texts.map { names[$0] }, label.map { names[$0] } ?? "")
    self.columns = names
  }

  /// The delimiter that Excel's line `sep=;` names; nil if it is not such a line.
  private static func separator(of line: [UInt8]) -> UInt8? {
    let start = Array("sep=".utf8)
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
    guard line.count == start.count + 1,
      line.prefix(start.count).map({ $0 | 0x20 }).elementsEqual(start.map { $0 | 0x20 })
    else { return nil }
    return line.last! < 0x80 ? line.last : nil
  }

  /// What quotes mean, by the rules that all fields keep which open with one.
  ///
  /// - Returns: nil if they keep none, and the line of the first one that doesn't keep CSV's.
  private static func quotes(
    of file: FileSet.File, in files: FileSet, _ encoding: TextOptions.Encoding, skipsLine: Bool, delimiter: UInt8
  ) throws -> (quotes: TextOptions.Quotes?, openLine: Int?) {
    var openLine: Int?
    for quotes in [TextOptions.Quotes.double, .backslash] {
      let line: Int? = try files.readTable(file, encoding) { reader, encoding in
        let line = try withUnsafeMutablePointer(to: &reader) { reader in
          var lines = UTF8Lines(reader, encoding)
          if skipsLine { _ = try lines.next() }
          var table = DelimitedText(lines, delimiter: delimiter, quotes: quotes, believesQuotes: false)
          return try table.firstBrokenLine()
        }
        try reader.skipRest()
        return line
      }
      guard let line else { return (quotes, openLine) }
      openLine = openLine ?? line
    }
    return (nil, openLine)
  }
}

// MARK: The first rows

/// The first lines of a table.
private struct TableSample {
  /// The file's path, for messages.
  let file: String
  /// Its name in its archive, for messages.
  let entry: String?
  /// The lines that hold anything, the first of them being line `firstNumber`.
  let lines: [[UInt8]]
  let firstNumber: Int
  private let bytes: [UInt8]
  private let encoding: TextOptions.Encoding

  /// - Throws: `CorpusError` if the file cannot be read, is certainly not text, or has another encoding in its first
  ///   line.
  init(of file: FileSet.File, in files: FileSet, _ encoding: TextOptions.Encoding) throws {
    (self.file, entry) = files.location(of: file)
    var (count, bytes, decoded) = (1 << 18, try files.start(of: file, count: 1 << 18), encoding)
    if let rows = try files.rowsOfColumns(file, encoding) { (count, bytes, decoded) = (file.size, rows, .utf8) }
    // An array may stand on one line of any length.
    let isArray = bytes.first { !$0.isJSONSpace && !byteOrderMark.contains($0) } == UInt8(ascii: "[")
    // At least a whole line.
    while !isArray, count < file.size, count <= textSizeLimit, !bytes.contains(UInt8(ascii: "\n")) {
      count = min(16 * count, textSizeLimit + 1)
      bytes = try files.start(of: file, count: count)
    }
    if let signature = FileSignature.found(in: bytes) { throw signature.error(file: self.file, entry: entry) }
    if let utf16 = UTF16Text(start: bytes, needsMark: !encoding.isUTF8) {
      // Whole characters.
      (bytes, decoded) = (utf16.utf8(bytes.dropLast(bytes.count % 2)), .utf8)
    }
    if count < file.size, let end = bytes.lastIndex(of: UInt8(ascii: "\n")) {
      bytes.removeLast(bytes.count - end - 1)
    }
    (self.bytes, self.encoding) = (bytes, decoded)
    if isArray, !bytes.contains(UInt8(ascii: "\n")) {
      (self.lines, self.firstNumber) = ([bytes], 1)
      return
    }
    var (lines, firstNumber) = ([[UInt8]](), 0)
    var reader = EntryReader(bytes, file: self.file, entry: entry)
    try withUnsafeMutablePointer(to: &reader) { reader in
      var source = UTF8Lines(reader, decoded)
      do {
        while lines.count < 200, try source.next() {
          if source.line.allSatisfy(\.isJSONSpace) { continue }
          if lines.isEmpty { firstNumber = source.number }
          lines.append(source.line)
        }
      } catch {
        // Whoever reads the whole table meets it again.
        if lines.isEmpty { throw error }
      }
    }
    if let first = lines.first, first.contains(0) {
      throw CorpusError(
        .unsupportedFormat, file: self.file, entry: entry, place: .line(firstNumber), expected: "text",
        found: "a binary file, with NUL bytes", advice: "check that it is the right one")
    }
    (self.lines, self.firstNumber) = (lines, firstNumber)
  }

  /// Whether there are quotes with a backslash before them.
  var holdsBackslashedQuotes: Bool {
    zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: "\\") && $1 == UInt8(ascii: "\"") }
  }

  /// The first object of a JSON array, and the line where it begins; nil if there is none.
  ///
  /// - Throws: `CorpusError` if it is no array of objects.
  func firstObject() throws -> ([UInt8], line: Int)? {
    var reader = EntryReader(bytes, file: file, entry: entry)
    return try withUnsafeMutablePointer(to: &reader) { reader in
      var lines = UTF8Lines(reader, encoding)
      return try lines.nextObject() ? (lines.line, lines.number) : nil
    }
  }

  /// The first records.
  ///
  /// - Throws: `CorpusError` if the first one breaks the rules.
  func records(skipsLine: Bool, delimiter: UInt8, quotes: TextOptions.Quotes) throws -> [[String]] {
    var records: [[String]] = []
    var reader = EntryReader(bytes, file: file, entry: entry)
    try withUnsafeMutablePointer(to: &reader) { reader in
      var lines = UTF8Lines(reader, encoding)
      if skipsLine { _ = try lines.next() }
      var table = DelimitedText(lines, delimiter: delimiter, quotes: quotes, believesQuotes: true)
      do {
        while records.count < 1000, try table.next() { records.append(table.fields) }
      } catch {
        // Whoever reads the whole table meets it again.
        if records.isEmpty { throw error }
      }
    }
    return records
  }

  /// An error about the first line.
  func error(
    _ kind: CorpusError.Kind, line: Int? = 1, expected: String? = nil, found: String, advice: String
  ) -> CorpusError {
    CorpusError(
      kind, file: file, entry: entry, place: line.map { .line($0 - 1 + max(1, firstNumber)) }, expected: expected,
      found: found, advice: advice)
  }
}

/// What may separate the fields of a table, and which of these does.
private enum Delimiters {
  private static let all = "\t,;|".utf8.map(\.self)

  /// The delimiter of some lines: by whom a column gets a name that is looked for, or else the one that most lines have
  /// as often as the first; of equals the first of tab, comma, semicolon and vertical line.
  static func delimiter(of lines: ArraySlice<[UInt8]>, _ options: TextOptions) -> UInt8 {
    guard let first = lines.first else { return UInt8(ascii: ",") }
    let candidates = all.filter(first.contains)
    guard candidates.count > 1 else { return candidates.first ?? UInt8(ascii: ",") }
    let named = candidates.map { delimiter in
      let cells = first.split(separator: delimiter).map { String(decoding: $0, as: UTF8.self) }
      return cells.count { HeaderRow.isLookedFor($0.trimmingCharacters(in: .init(charactersIn: "\" \r")), options) }
    }
    let regular = candidates.map { delimiter in
      let counts = lines.map { count(of: delimiter, in: $0) }
      return counts.count { $0 == counts[0] }
    }
    let best = candidates.indices.max { (named[$0], regular[$0], -$0) < (named[$1], regular[$1], -$1) }!
    return candidates[best]
  }

  /// How often a delimiter stands outside quotes.
  private static func count(of delimiter: UInt8, in line: [UInt8]) -> Int {
    var (count, isQuoted) = (0, false)
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == delimiter && !isQuoted { count += 1 }
    }
    return count
  }
}

/// A first row, which may name the columns.
private struct HeaderRow {
  let cells: [String]

  init(_ cells: [String]) { self.cells = cells }

  private static func plain(_ name: String) -> String {
    name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
  }

  /// Whether a column of this name is looked for: because it is usual, or because it was asked for.
  static func isLookedFor(_ name: String, _ options: TextOptions) -> Bool {
    let name = plain(name)
    return TextOptions.textColumns.contains(name) || TextOptions.labelColumns.contains(name)
      || options.columnNames.contains { Int($0) == nil && plain($0) == name }
  }

  /// Whether a column of this name usually holds texts.
  static func isUsualForTexts(_ name: String) -> Bool {
    TextOptions.textColumns.contains(plain(name).trimmingCharacters(in: .init(charactersIn: "\"")))
  }

  /// Whether the cells number the columns, as pandas does where they have no names.
  var isNumbering: Bool { cells.count > 1 && cells == cells.indices.map(String.init) }

  /// Why the row can't name the columns, in a sentence; nil if it can.
  ///
  /// - Parameters:
  ///   - rows: the first rows, this one included.
  ///   - guess: which columns hold texts and labels.
  func problem(_ rows: [[String]], _ guess: ColumnGuess, _ options: TextOptions) -> String? {
    if isNumbering || options.columnNames.contains(where: { Int($0) == nil }) { return nil }
    if cells.contains(where: { Self.isLookedFor($0, options) }) { return nil }
    guard let label = guess.label, cells.indices.contains(label) else { return nil }
    func cell(_ row: [String]) -> String { row[label].trimmingCharacters(in: .whitespacesAndNewlines) }
    let own = cell(cells)
    let isRepeated = rows.dropFirst().contains { $0.count == cells.count && cell($0) == own }
    guard !own.isEmpty, isRepeated || Double(own) != nil else { return nil }
    return "the first row is read as a text, not as a header, since its label, \(CorpusError.quoted(own)), "
      + (isRepeated ? "also occurs in other rows" : "is a number")
  }
}

/// Which columns hold texts and labels, judging by what they hold.
private struct ColumnGuess {
  var text: Int?
  var label: Int?

  init(text: Int? = nil, label: Int? = nil) { (self.text, self.label) = (text, label) }

  /// The texts are in the column with the longest cells, the labels in the one with the fewest different ones, but at
  /// least two.
  ///
  /// - Parameters:
  ///   - rows: the first rows.
  ///   - options: the columns that the caller has numbered.
  init(_ rows: [[String]], _ options: TextOptions) {
    let count = rows.first?.count ?? 0
    guard count > 1 else {
      text = count == 1 ? 0 : nil
      return
    }
    let rows = rows.filter { $0.count == count }
    func place(_ number: String?) -> Int? {
      number.flatMap { Int($0) }.flatMap { 1...count ~= $0 ? $0 - 1 : nil }
    }
    let columns = (0..<count).filter { $0 != place(options.labelColumn) }
    let lengths = (0..<count).map { column in rows.reduce(0) { $0 + $1[column].utf8.count } }
    let text =
      options.textColumnNames.lazy.compactMap(place).first ?? columns.max { (lengths[$0], -$0) < (lengths[$1], -$1) }!
    let kinds = (0..<count).map { column in Set(rows.map { $0[column] }).count }
    let others = (0..<count).filter { $0 != text }
    // Of 21 different cells on, a column of few rows is more likely to hold names than labels.
    let likely = others.filter { 2...20 ~= kinds[$0] }
    let constant = others.filter { kinds[$0] == 1 }
    let candidates = !likely.isEmpty ? likely : !constant.isEmpty ? constant : others
    self.text = text
    label = place(options.labelColumn) ?? candidates.min { (kinds[$0], $0) < (kinds[$1], $1) }
  }
}

/// The columns of a table, by their names.
private struct TableColumns {
  let names: [String]
  /// Whether columns can be asked for by number: those of JSON have no order.
  let hasNumbers: Bool
  /// For messages.
  let sample: TableSample

  /// Finds the columns of texts: one of this name, or else one for each part of it between commas.
  func indices(ofTexts name: String?, guess: Int?) throws -> [Int] {
    guard let name, name.contains(","), !names.contains(name) else {
      return [try index(of: .text, named: name, guess: guess)]
    }
    return try TextOptions.parts(name).map { try index(of: .text, named: $0, guess: nil) }
  }

  /// Finds a column: by the exact name, or else by one that differs in case or surrounding spaces, or else by number.
  ///
  /// - Parameters:
  ///   - name: the name or number that the caller wants, or nil for one of the usual names.
  ///   - guess: the column to take if no name is wanted and none is usual.
  /// - Throws: `CorpusError` if there is no such column, or more than one.
  func index(of column: CorpusError.Column, named name: String?, guess: Int?) throws -> Int {
    func plain(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
    let usual = column == .text ? TextOptions.textColumns : TextOptions.labelColumns
    for wanted in name.map({ [$0] }) ?? usual {
      let found = names.indices.filter { names[$0] == wanted }
      let alike = found.isEmpty ? names.indices.filter { plain(names[$0]) == plain(wanted) } : found
      if alike.count == 1 { return alike[0] }
      if alike.count > 1 {
        throw sample.error(
          .ambiguousColumn(wanted), expected: "one column \(CorpusError.quoted(wanted))", found: "several",
          advice: "rename the others")
      }
    }
    if hasNumbers, let number = name.flatMap({ Int($0) }), 1...names.count ~= number { return number - 1 }
    if name == nil, let guess { return guess }
    if column == .label, let parts = name.map(TextOptions.parts), parts.count > 1,
      parts.allSatisfy({ (try? index(of: .label, named: $0, guess: nil)) != nil })
    {
      throw sample.error(
        .invalidArgument("labelColumn"), expected: "one column of labels", found: CorpusError.quoted(parts, limit: 20),
        advice: "train a model for each, since a text has one label of a model")
    }
    throw sample.error(
      .missingColumn(column, columns: names),
      expected: name.map { "a column \(CorpusError.quoted($0))" }
        ?? "a column of \(column)s, called \(usual.joined(separator: ", "))",
      found: "the columns \(CorpusError.quoted(names, limit: 20))",
      advice: "name the column that holds the \(column)s")
  }
}
