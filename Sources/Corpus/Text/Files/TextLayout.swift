import Foundation

/// How texts and labels lie in their files.
enum TextLayout {
  /// A table of texts and labels.
  struct Table {
    let file: FileSet.File
    /// The part that its texts are.
    let part: TextPart
  }

  /// A file for each text, in a folder that is its label.
  case tree(TextTree)
  /// One table, or one for each part.
  case tables([Table])

  /// What separates the words of such texts.
  var whiteSpace: TextCoding.WhiteSpace {
    if case .tree(let tree) = self, tree.isLargeMovieReviewDataset { return .imdb }
    return .unicode
  }

  /// What the names of tables end in, in lowercase.
  static let tableSuffixes = ["csv", "tsv", "jsonl", "ndjson"]

  /// Finds out the layout from the files' names alone.
  ///
  /// - Throws: `CorpusError` if there are neither folders of texts nor tables, or too many of them.
  init(of files: FileSet) throws {
    var tables = files.files.filter { Self.tableSuffixes.contains($0.suffix) }
    // Beside tables, texts are recognized by their names alone.
    let tree = try TextTree(files, suffix: tables.isEmpty ? nil : "txt")
    if tree.labels.names.count > 1 || tables.isEmpty && !tree.texts.isEmpty {
      self = .tree(tree)
      return
    }
    // A file by itself is a table whatever its name, also beside a file about it.
    if tables.isEmpty { tables = files.files.filter { $0.suffix == "json" } }
    if tables.isEmpty {
      let others = files.files.filter { !Self.isAboutData($0) }
      if others.count == 1 { tables = others }
    }
    tables.sort { $0.name < $1.name }
    let parts = tables.map(Self.part)
    if tables.count == 1 {
      self = .tables([Table(file: tables[0], part: .training)])
    } else if tables.count > 1, parts.allSatisfy({ $0 == nil }) {
      self = .tables(tables.map { Table(file: $0, part: .training) })
    } else if parts.contains(.training), !parts.contains(nil) {
      let order: [TextPart] = [.training, .validation, .test]
      self = .tables(
        order.flatMap { part in
          zip(tables, parts).filter { $0.1 == part }.map { Table(file: $0.0, part: part) }
        })
    } else {
      let names = files.files.map(\.name).sorted()
      throw CorpusError(
        .noTexts, file: files.path,
        expected: "folders with a .txt file for each text, one table, or two called train and test",
        found: names.isEmpty ? "no files" : CorpusError.quoted(names, limit: 8),
        advice: "give what holds the texts and their labels")
    }
  }

  /// The part that a table is, by its name, as in `train.csv` and `train-00001-of-00004.jsonl`, or by its folder's.
  static func part(_ table: FileSet.File) -> TextPart? {
    let stem = stem(table)
    let end = stem.firstIndex { "-_.".contains($0) } ?? stem.endIndex
    let isNumbered = stem[end...].allSatisfy { $0.isNumber || "-_.of".contains($0) }
    if let part = TextPart(named: isNumbered ? stem[..<end] : stem[...]) { return part }
    return table.folder.split(separator: "/").lazy.reversed().compactMap { TextPart(named: $0) }.first
  }

  /// Whether a file is about the data, rather than part of them, as its name tells.
  private static func isAboutData(_ file: FileSet.File) -> Bool {
    let stem = stem(file)
    return ["readme", "license", "licence", "copying", "citation"].contains { stem.hasPrefix($0) }
  }

  /// A file's name without folders and suffix, in lowercase.
  private static func stem(_ file: FileSet.File) -> String {
    ((file.name as NSString).lastPathComponent as NSString).deletingPathExtension.lowercased()
  }
}
