import Foundation

/// The texts of an archive, a folder or a table, without their labels: what a trained model is to classify.
package enum TextFiles {
  /// Whether a path leads to an archive, a folder or, judging by its suffix, a table, rather than to plain lines of
  /// text.
  ///
  /// - Throws: `CorpusError` if there is nothing, or if it cannot be read.
  package static func areMoreThanLines(at path: String) throws -> Bool {
    var facts = stat()
    // What a pipe gives is lines.
    if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG, facts.st_mode & S_IFMT != S_IFDIR { return false }
    let files = try FileSet(path: path)
    return files.files.count != 1 || !files.files[0].name.isEmpty || isTable(files.files[0], path)
  }

  private static func isTable(_ file: FileSet.File, _ path: String) -> Bool {
    // A file by itself has its name in the path.
    let suffix = file.name.isEmpty ? (path as NSString).pathExtension.lowercased() : file.suffix
    return TextLayout.tableSuffixes.contains(suffix)
  }

  /// Reads the texts: the rows of all tables, or if there are none each `.txt` file as one text; in the order of the
  /// files' names.
  ///
  /// - Parameters:
  ///   - options: the column of texts, and the encoding.
  ///   - body: takes the texts, some at a time.
  /// - Throws: `CorpusError` if there are no texts, or if one cannot be read; and whatever `body` throws.
  package static func forEachBatch(
    path: String, _ options: TextOptions, _ body: ([String]) throws -> Void
  ) throws {
    let files = try FileSet(path: path)
    if files.holdsNumbers {
      throw CorpusError(
        .tokensInsteadOfTexts, file: path, expected: "texts", found: "numbers", advice: "give texts to predict")
    }
    let byName = files.files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let tables = byName.filter { isTable($0, path) }
    let texts = byName.filter { $0.suffix == "txt" }
    if !tables.isEmpty {
      for table in tables { try forEachBatch(of: table, in: files, options, body) }
    } else if !texts.isEmpty {
      try forEachBatch(of: texts, in: files, options, body)
    } else {
      throw CorpusError(
        .noTexts, file: path,
        expected: "tables (\(TextLayout.tableSuffixes.joined(separator: ", "))) or .txt files", found: "none",
        advice: "check that it is the right one")
    }
  }

  private static func forEachBatch(
    of table: FileSet.File, in files: FileSet, _ options: TextOptions, _ body: ([String]) throws -> Void
  ) throws {
    let format = try TableFormat(of: table, in: files, options, hasLabels: false)
    try files.read(table) { reader in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var table = try TextTable(reader, format, options, labels: nil)
        while let batch = try table.next() { try body(table.rows.texts(of: batch)) }
      }
    }
  }

  private static func forEachBatch(
    of texts: [FileSet.File], in files: FileSet, _ options: TextOptions, _ body: ([String]) throws -> Void
  ) throws {
    // Enough at a time that all threads find work.
    for first in stride(from: 0, to: texts.count, by: 1000) {
      var bytes: [UInt8] = []
      try body(
        texts[first..<min(first + 1000, texts.count)].map { text in
          try files.readText(text, options.encoding, into: &bytes)
          return String(decoding: bytes, as: UTF8.self)
        })
    }
  }
}
