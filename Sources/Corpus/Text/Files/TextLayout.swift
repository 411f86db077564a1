import Foundation

/// How texts and labels lie in their files.
enum TextLayout {
  /// A table of texts and labels.
  struct Table {
    let file: FileSet.File
    /// Whether its texts are the test part.
    let isTest: Bool
  }

  /// A file for each text, in a folder that is its label.
  case tree(TextTree)
  /// One table, or one for training and one for testing.
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
    let tree = try TextTree(files)
    var tables = files.files.filter { Self.tableSuffixes.contains($0.suffix) }
    if tree.labels.names.count > 1 || tables.isEmpty && !tree.texts.isEmpty {
      self = .tree(tree)
      return
    }
    // A file by itself is a table whatever its name.
    if tables.isEmpty && files.files.count == 1 { tables = files.files }
    tables.sort { $0.name < $1.name }
    if tables.count == 1 {
      self = .tables([Table(file: tables[0], isTest: false)])
    } else if tables.map(Self.stem) == ["test", "train"] {
      self = .tables([Table(file: tables[1], isTest: false), Table(file: tables[0], isTest: true)])
    } else {
      let names = files.files.map(\.name).sorted()
      throw CorpusError(
        .noTexts, file: files.path,
        expected: "folders with a .txt file for each text, one table, or two called train and test",
        found: names.isEmpty ? "no files" : CorpusError.quoted(names, limit: 8),
        advice: "give what holds the texts and their labels")
    }
  }

  /// A file's name without folders and suffix, in lowercase.
  private static func stem(_ file: FileSet.File) -> String {
    ((file.name as NSString).lastPathComponent as NSString).deletingPathExtension.lowercased()
  }
}
