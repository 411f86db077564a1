import Foundation

/// The texts of an archive, a folder or a table without their labels, for a model in use.
package enum TextFiles {
  private static let tables = ["csv", "tsv", "jsonl", "ndjson"]

  /// Whether a path leads to an archive, a folder or, by its ending, a table, and not just to lines of text.
  ///
  /// - Throws: `CorpusError` where there is nothing.
  package static func areMoreThanLines(at path: String) throws -> Bool {
    var facts = stat()
    // A pipe gives lines.
    if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG, facts.st_mode & S_IFMT != S_IFDIR { return false }
    let files = try FileSet(path: path)
    return files.files.count != 1 || !files.files[0].name.isEmpty || tables.contains(suffix(files.files[0], path))
  }

  private static func suffix(_ file: FileSet.File, _ path: String) -> String {
    file.name.isEmpty ? (path as NSString).pathExtension.lowercased() : file.suffix
  }

  /// Reads the texts: of a table its rows, or else each `.txt` file as one, by rising name.
  ///
  /// - Parameters:
  ///   - options: the column and the encoding.
  ///   - body: takes some texts after the others.
  /// - Throws: `CorpusError` where there are none, or where one can't be read; and what `body` throws.
  package static func forEachBatch(
    path: String, _ options: TextOptions, _ body: ([String]) throws -> Void
  ) throws {
    let files = try FileSet(path: path)
    if files.holdsNumbers {
      throw CorpusError(
        file: path, expected: "texts", found: "numbers",
        advice: "lstm evaluate measures a model on them; give texts to predict")
    }
    let byName = files.files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let tables = byName.filter { Self.tables.contains(suffix($0, path)) }
    let texts = byName.filter { $0.suffix == "txt" }
    guard !tables.isEmpty || !texts.isEmpty else {
      throw CorpusError(
        file: path, expected: "tables (\(Self.tables.joined(separator: ", "))) or .txt files", found: "none",
        advice: "check that it is the right one")
    }
    for table in tables {
      try files.read(table) { reader in
        try withUnsafeMutablePointer(to: &reader) { reader in
          var table = try TextTable(reader, options, labels: nil)
          while let batch = try table.next() { try body(table.texts(of: batch)) }
        }
      }
    }
    if !tables.isEmpty { return }
    // A few at a time, so that all threads find work.
    for first in stride(from: 0, to: texts.count, by: 1000) {
      try body(texts[first..<min(first + 1000, texts.count)].map { try text(of: $0, files, options.encoding) })
    }
  }

  private static func text(of file: FileSet.File, _ files: FileSet, _ encoding: TextOptions.Encoding) throws -> String {
    var bytes: [UInt8] = []
    try WordCounter.read(file, of: files, encoding, into: &bytes)
    return String(
      decoding: bytes.starts(with: byteOrderMark) ? bytes.dropFirst(byteOrderMark.count) : bytes[...], as: UTF8.self)
  }
}
