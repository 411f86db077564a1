import Foundation

/// The texts of an archive, a folder or a table, without their labels: what a trained model is to classify.
package enum TextFiles {
  /// Whether a path leads to an archive, a folder or, judging by its content or its suffix, a table, rather than to
  /// plain lines of text; or to lines in UTF-16, which can't be read as they come.
  ///
  /// - Parameter options: how a table is to be read.
  /// - Throws: `CorpusError` if there is nothing, or if it cannot be read.
  package static func areMoreThanLines(at path: String, _ options: TextOptions = TextOptions()) throws -> Bool {
    var facts = stat()
    // What a pipe gives is lines.
    if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG, facts.st_mode & S_IFMT != S_IFDIR { return false }
    let files = try FileSet(path: path)
    if files.files.count != 1 || !files.files[0].name.isEmpty || isTable(files.files[0], path) { return true }
    return try TableFormat.isTable(files.files[0], in: files, options)
      || UTF16Text(start: files.start(of: files.files[0], count: 256), needsMark: !options.encoding.isUTF8) != nil
  }

  private static func isTable(_ file: FileSet.File, _ path: String) -> Bool {
    // A file by itself has its name in the path.
    let suffix = file.name.isEmpty ? (path as NSString).pathExtension.lowercased() : file.suffix
    return TextLayout.tableSuffixes.contains(suffix)
  }

  /// Reads the texts, as `forEachRows` does, without the rows that they stand in.
  @discardableResult
  package static func forEachBatch(
    path: String, _ options: TextOptions, _ body: ([String]) throws -> Void
  ) throws -> [String] {
    try forEachRows(path: path, options) { rows, _ in try body(rows.map(\.text)) }
  }

  /// Reads the texts: the rows of all tables, or if there are none each `.txt` file as one text, or else each file
  /// whose name has no ending; in the order of the files' names.
  ///
  /// - Parameters:
  ///   - options: the column of texts, the encoding, and how a table is to be read.
  ///   - keepsColumns: whether each row has the values of all its columns; a file's is its name.
  ///   - answersBadRows: whether rows that can't be read are given with their errors.
  ///   - body: takes the rows, some at a time; those before a row at fault, too. With them come the names of the kept
  ///     columns.
  /// - Returns: what was chosen or left out, in sentences.
  /// - Throws: `CorpusError` if there are no texts, or if one cannot be read; and whatever `body` throws.
  @discardableResult
  package static func forEachRows(
    path: String, _ options: TextOptions, keepsColumns: Bool = false, answersBadRows: Bool = false,
    _ body: (_ rows: [TextRow], _ columns: [String]) throws -> Void
  ) throws -> [String] {
    let files = try FileSet(path: path)
    if files.holdsNumbers {
      throw CorpusError(
        .tokensInsteadOfTexts, file: path, expected: "texts", found: "numbers", advice: "give texts to predict")
    }
    let byName = files.files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var tables = byName.filter { isTable($0, path) }
    if tables.isEmpty { tables = byName.filter { $0.suffix == "json" } }
    // A file by itself, whatever its name.
    if tables.isEmpty, byName.count == 1, try TableFormat.isTable(byName[0], in: files, options) { tables = byName }
    // Without .txt files, those whose names don't say that they are something else.
    let withSuffix = byName.filter { $0.suffix == "txt" }
    let texts = withSuffix.isEmpty ? byName.filter { !$0.name.isEmpty && $0.suffix.isEmpty } : withSuffix
    if tables.isEmpty, byName.count == 1, byName[0].name.isEmpty {
      try forEachBatch(ofLinesIn: byName[0], in: files, options) { try body($0, []) }
      return []
    }
    if !tables.isEmpty {
      return try tables.flatMap { table in
        let format = try TableFormat(of: table, in: files, options, hasLabels: false)
        return try forEachRows(
          of: table, format, in: files, options, keepsColumns: keepsColumns, answersBadRows: answersBadRows
        ) { try body($0, keepsColumns ? format.columns : []) }
      }
    } else if !texts.isEmpty {
      try forEachBatch(of: texts, in: files, options) { try body($0, keepsColumns ? ["file"] : []) }
      return []
    } else {
      throw CorpusError(
        .noTexts, file: path,
        expected: "tables (\(TextLayout.tableSuffixes.joined(separator: ", "))) or .txt files", found: "none",
        advice: "check that it is the right one")
    }
  }

  private static func forEachRows(
    of table: FileSet.File, _ format: TableFormat, in files: FileSet, _ options: TextOptions, keepsColumns: Bool,
    answersBadRows: Bool, _ body: ([TextRow]) throws -> Void
  ) throws -> [String] {
    let remarks = try files.readTable(table, options.encoding) { reader, encoding in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var table = try TextTable(
          reader, format, options, encoding, labels: nil, keepsColumns: keepsColumns, answersBadRows: answersBadRows)
        var remarks = RowRemarks()
        while let batch = try table.next() { remarks.add(try table.rows.withRows(of: batch, body)) }
        return remarks
      }
    }
    return format.notes + remarks.notes
  }

  private static func forEachBatch(
    ofLinesIn file: FileSet.File, in files: FileSet, _ options: TextOptions, _ body: ([TextRow]) throws -> Void
  ) throws {
    try files.readTable(file, options.encoding) { reader, encoding in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var (lines, texts) = (UTF8Lines(reader, encoding), [TextRow]())
        while try lines.next() {
          let line = lines.line.last == UInt8(ascii: "\r") ? lines.line.dropLast() : lines.line[...]
          texts.append(TextRow(text: String(decoding: line, as: UTF8.self)))
          if texts.count == 1000 {
            try body(texts)
            texts.removeAll()
          }
        }
        if !texts.isEmpty { try body(texts) }
      }
    }
  }

  private static func forEachBatch(
    of texts: [FileSet.File], in files: FileSet, _ options: TextOptions, _ body: ([TextRow]) throws -> Void
  ) throws {
    // Enough at a time that all threads find work.
    for first in stride(from: 0, to: texts.count, by: 1000) {
      var bytes: [UInt8] = []
      try body(
        texts[first..<min(first + 1000, texts.count)].map { text in
          try files.readText(text, options.encoding, into: &bytes)
          return TextRow(text: String(decoding: bytes, as: UTF8.self), values: [text.name])
        })
    }
  }
}
