import Foundation

/// How texts lie in their files that are learned from without labels: whether or not they have some.
struct UnlabeledLayout {
  /// What the texts are.
  enum Content {
    /// A file for each text; all labels are 0.
    case files([TextTree.Text])
    /// Tables with a text in each row.
    case tables([TextLayout.Table])
    /// A file with a text in each line.
    case lines(FileSet.File)
  }

  /// What the texts are, without those of a test part.
  private(set) var content: Content
  /// What was left out, in sentences.
  private(set) var notes: [String] = []
  /// Whether there is a test part.
  private(set) var hasTestPart = false
  /// Files that are neither texts nor part of a test part.
  private var others = FileCount()

  /// Finds out the layout: as for texts that a model is to classify, except that where there are folders of texts for
  /// each label beside tables, these are about the texts.
  ///
  /// - Parameters:
  ///   - options: how a table is to be read.
  ///   - takesAll: whether texts that have labels are taken where there is a folder of texts without any.
  /// - Throws: `CorpusError` if there are no texts outside a test part.
  init(of files: FileSet, _ options: TextOptions, takesAll: Bool) throws {
    content = .files([])
    if files.holdsNumbers {
      throw CorpusError(
        .tokensInsteadOfTexts, file: files.path, expected: "texts", found: "numbers",
        advice: "give the texts that the numbers were made of")
    }
    let withSuffix = files.files.filter { $0.suffix == "txt" }
    // Without .txt files, those whose names don't say that they are something else.
    let candidates = withSuffix.isEmpty ? files.files.filter { !$0.name.isEmpty && $0.suffix.isEmpty } : withSuffix
    let unlabeled = candidates.filter { Self.holdsUnlabeled($0.folder) }
    let tables = try unlabeled.isEmpty ? Self.tables(in: files, options) : []
    if !tables.isEmpty, !Self.isTree(files, besides: withSuffix) {
      chooseTables(tables, files.path)
    } else if files.isFileByItself {
      chooseLines(files.files[0], files.path)
    } else {
      chooseFiles(unlabeled.isEmpty || takesAll ? candidates : unlabeled)
    }
    try checkContent(files.path)
  }

  /// Whether tables are about the texts in some other files, as these lie in folders of several labels.
  private static func isTree(_ files: FileSet, besides texts: [FileSet.File]) -> Bool {
    guard !texts.isEmpty else { return false }
    // There may also be more folders than there can be labels.
    guard let tree = try? TextTree(files, suffix: "txt") else { return true }
    return tree.labels.names.count > 1
  }

  private static func holdsUnlabeled(_ folder: Substring) -> Bool {
    folder.split(separator: "/").contains { $0 == TextTree.unlabeled }
  }

  /// The tables, in the order of their names.
  private static func tables(in files: FileSet, _ options: TextOptions) throws -> [FileSet.File] {
    func suffix(_ file: FileSet.File) -> String {
      // A file by itself has its name in the path.
      file.name.isEmpty ? (files.path as NSString).pathExtension.lowercased() : file.suffix
    }
    let byName = files.files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let tables = byName.filter { TextLayout.tableSuffixes.contains(suffix($0)) }
    if !tables.isEmpty { return tables }
    let json = byName.filter { suffix($0) == "json" }
    if !json.isEmpty { return json }
    guard byName.count == 1 else { return [] }
    // A column's name may be that of the labeled texts alone, beside lines of texts.
    let isNamed = options.textColumnNames.contains { Int($0) == nil }
    var others = options
    if isNamed { others.textColumn = nil }
    let isTable =
      try TableFormat.isTable(byName[0], in: files, others)
      || isNamed && (try? TableFormat(of: byName[0], in: files, options, hasLabels: false)) != nil
    return isTable ? byName : []
  }

  private mutating func chooseTables(_ tables: [FileSet.File], _ path: String) {
    var test = FileCount()
    content = .tables(
      tables.compactMap { table in
        if Self.part(of: table, path) == .test {
          test.add([table])
          return nil
        }
        return TextLayout.Table(file: table, part: .training)
      })
    noteTestPart(test)
  }

  private mutating func chooseLines(_ file: FileSet.File, _ path: String) {
    if Self.part(of: file, path) == .test { return hasTestPart = true }
    content = .lines(file)
  }

  /// The part that a table or a file of lines is, by its name, which is the path's if it is by itself.
  private static func part(of file: FileSet.File, _ path: String) -> TextPart? {
    let name = file.name.isEmpty ? (path as NSString).lastPathComponent : file.name
    return TextLayout.part(FileSet.File(name: name, index: file.index, size: file.size))
  }

  private mutating func chooseFiles(_ candidates: [FileSet.File]) {
    let runs = TextTree.runs(candidates)
    let folders = LabelFolders(runs.reduce(into: [:]) { $0[candidates[$1.lowerBound].folder, default: 0] += $1.count })
    var (texts, test) = ([TextTree.Text](), FileCount())
    for run in runs {
      let folder = candidates[run.lowerBound].folder
      if Self.isTestPart(folder) {
        test.add(candidates[run])
      } else if folders.hasParts, folders.place(of: folder) == nil {
        others.add(candidates[run])
      } else {
        texts += candidates[run].map { TextTree.Text(file: $0, label: 0, part: .training) }
      }
    }
    content = .files(texts)
    noteTestPart(test)
    if let first = others.first {
      notes.append(
        "files outside the parts' folders are skipped: \(grouped(others.count)), such as \(CorpusError.quoted(first))")
    }
  }

  /// Whether a folder is a test part, or lies in one.
  private static func isTestPart(_ folder: Substring) -> Bool {
    folder.split(separator: "/").contains { TextPart(named: $0, isEnding: true) == .test }
  }

  private mutating func noteTestPart(_ files: FileCount) {
    guard let first = files.first else { return }
    hasTestPart = true
    notes.append("a test part is not learned from: \(grouped(files.count)) files, such as \(CorpusError.quoted(first))")
  }

  private func checkContent(_ path: String) throws {
    switch content {
    case .files(let texts) where texts.isEmpty: break
    case .tables(let tables) where tables.isEmpty: break
    default: return
    }
    if hasTestPart {
      throw CorpusError(
        .emptyPart, file: path, expected: "texts to learn from", found: "only those of a test part",
        advice: "give other texts, as these are to be tested on")
    }
    throw CorpusError(
      .noTexts, file: path,
      expected: "tables (\(TextLayout.tableSuffixes.joined(separator: ", "))) or .txt files", found: "none",
      advice: "check that it is the right one")
  }
}
