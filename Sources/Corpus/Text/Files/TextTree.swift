/// Which part of the data a text belongs to.
enum TextPart: Sendable {
  case training, validation, test

  private static let names: [(String, TextPart)] = [
    ("train", .training), ("training", .training), ("test", .test), ("testing", .test), ("valid", .validation),
    ("validation", .validation), ("val", .validation), ("dev", .validation),
  ]

  /// The part that a folder or a table of this name is.
  ///
  /// - Parameter isEnding: whether the name only has to end so: `20news-bydate-train`.
  init?(named name: some StringProtocol, isEnding: Bool = false) {
    let name = name.lowercased()
    let found = Self.names.first { part, _ in
      name == part || isEnding && ["-", "_", "."].contains { name.hasSuffix($0 + part) }
    }
    guard let found else { return nil }
    self = found.1
  }
}

/// Texts in a file each, in a folder that is named after their label: `…/{train,test}/{pos,neg}/ID_RATING.txt` as in
/// the Large Movie Review Dataset, or `…/{one,another}/*`. What lies in folders below that belongs to the label, too.
struct TextTree {
  /// A text.
  struct Text {
    let file: FileSet.File
    let label: Int
    let part: TextPart
  }

  /// In the archive's order.
  private(set) var texts: [Text] = []
  let labels = LabelTable()
  /// What was left out, in sentences.
  private(set) var notes: [String] = []
  /// What is to be said of texts without labels, which are left out; nil if there are none.
  private(set) var noteOfUnlabeled: String?

  /// The folder of the Large Movie Review Dataset that holds reviews without labels.
  static let unlabeled = "unsup"

  /// Finds the texts by the names of the files.
  ///
  /// - Parameter suffix: what the names of texts end in; nil for anything, or nothing.
  /// - Throws: `CorpusError` if there are too many labels.
  init(_ files: FileSet, suffix: String? = nil) throws {
    let candidates = files.files.filter { suffix == nil || $0.suffix == suffix }
    let runs = Self.runs(candidates)
    let folders = LabelFolders(
      runs.reduce(into: [:]) { $0[candidates[$1.lowerBound].folder, default: 0] += $1.count })
    var (unlabeledCount, outside, deeper) = (0, FileCount(), FileCount())
    for run in runs {
      let folder = candidates[run.lowerBound].folder
      guard let place = folders.place(of: folder) else {
        outside.add(candidates[run])
        continue
      }
      if place.label == Self.unlabeled {
        unlabeledCount += run.count
        continue
      }
      if place.isDeeper { deeper.add(candidates[run]) }
      guard let label = labels.number(of: place.label) else { throw Self.tooManyLabels(files.path) }
      for file in candidates[run] { texts.append(Text(file: file, label: label, part: place.part)) }
    }
    if texts.isEmpty { return }
    outside.add(files.files.filter { suffix != nil && $0.suffix != suffix })
    if unlabeledCount > 0 {
      noteOfUnlabeled = "\(unlabeledCount) texts in \(Self.unlabeled) have no label and are skipped"
    }
    if let first = outside.first {
      let what = suffix == nil ? "outside the labels' folders" : "in the labels' folders that aren't texts"
      notes.append("files \(what) are skipped: \(outside.count), such as \(CorpusError.quoted(first))")
    }
    if let first = deeper.first {
      notes.append(
        "texts in subfolders of a label's folder belong to that label: \(deeper.count), such as "
          + CorpusError.quoted(first))
    }
    let others = texts.lazy.filter { $0.file.suffix != "txt" }
    if let first = others.first(where: { _ in true }), case let count = others.count, count < texts.count {
      notes.append(
        "files that don't end in .txt are read as texts, too: \(count), such as \(CorpusError.quoted(first.file.name))")
    }
  }

  /// Files that follow each other and lie in the same folder.
  static func runs(_ files: [FileSet.File]) -> [Range<Int>] {
    var (runs, start) = ([Range<Int>](), 0)
    for index in files.indices where index + 1 == files.count || files[index + 1].folder != files[start].folder {
      runs.append(start..<index + 1)
      start = index + 1
    }
    return runs
  }

  /// Whether it is the Large Movie Review Dataset, with all its 50,000 texts; not a tree that is laid out alike.
  var isLargeMovieReviewDataset: Bool {
    guard texts.count == 50_000, Set(labels.names) == ["pos", "neg"] else { return false }
    var counts = [0, 0, 0, 0]
    for text in texts where text.part != .validation { counts[(text.part == .test ? 2 : 0) + text.label] += 1 }
    return counts == [12_500, 12_500, 12_500, 12_500]
  }

  private static func tooManyLabels(_ path: String) -> CorpusError {
    CorpusError(
      .tooManyLabels(column: nil), file: path,
      expected: "a folder of texts for each of at most \(LabelTable.limit) labels", found: "more folders",
      advice: "give an archive or a folder with fewer")
  }

  /// The full names of the labels that the Large Movie Review Dataset shortens.
  static func fullName(_ label: String) -> String { ["pos": "positive", "neg": "negative"][label] ?? label }

  /// The indices of the texts in reading order: by part, then by label, the last one first (so that positive comes
  /// before negative), then by the number in the file's name.
  ///
  /// - Parameter values: the label for each number in ``labels``.
  func readingOrder(_ values: [UInt8]) -> [Int] {
    let keys = texts.map(\.file.number)
    let parts = texts.map { text in [TextPart.training, .validation, .test].firstIndex(of: text.part)! }
    return texts.indices.sorted { a, b in
      if parts[a] != parts[b] { return parts[a] < parts[b] }
      let (first, second) = (values[texts[a].label], values[texts[b].label])
      if first != second { return first > second }
      if keys[a] != keys[b] { return keys[a] < keys[b] }
      return texts[a].file.name.utf8.lexicographicallyPrecedes(texts[b].file.name.utf8)
    }
  }
}

extension FileSet.File {
  /// The first number in its name; the greatest of all if there is none.
  var number: Int {
    let name = name.utf8
    let start = name.lastIndex(of: UInt8(ascii: "/")).map(name.index(after:)) ?? name.startIndex
    let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
    let digits = name[start...].drop { !isDigit($0) }.prefix(while: isDigit)
    return Int(Substring(digits)) ?? .max
  }
}

/// Files that are spoken of in a note.
struct FileCount {
  private(set) var count = 0
  private(set) var first: String?

  mutating func add(_ files: some Collection<FileSet.File>) {
    count += files.count
    first = first ?? files.first?.name
  }
}

/// Which folders of a tree are parts and labels.
struct LabelFolders {
  /// What the files in a folder are.
  struct Place {
    let part: TextPart
    let label: String
    /// Whether the folder lies below the label's.
    let isDeeper: Bool
  }

  /// Whether the names of parts only have to end so; nil if there are no parts.
  private let partsAreEndings: Bool?
  /// Whether there are folders of parts.
  var hasParts: Bool { partsAreEndings != nil }
  /// If there are no parts, the number of folders down to those of the labels.
  private let depth: Int

  /// - Parameter folders: the folders that hold files, and how many each holds itself.
  init(_ folders: [Substring: Int]) {
    let folders = folders.map { (path: Self.components($0.key), count: $0.value) }.filter { !$0.path.isEmpty }
    // A folder is a part only if there are folders in it.
    partsAreEndings = [false, true].first { isEnding in
      folders.contains { $0.path.dropLast().contains { TextPart(named: $0, isEnding: isEnding) == .training } }
    }
    let levels = (1...max(1, folders.lazy.map(\.path.count).max() ?? 1)).map { depth in
      Level(depth: depth, folders: folders)
    }
    let best =
      levels.first(where: \.holdsLabels) ?? levels.max { ($0.folderCount, -$0.depth) < ($1.folderCount, -$1.depth) }
    depth = best!.depth
  }

  /// The folders at one depth of the tree.
  private struct Level {
    let depth: Int
    let folderCount: Int
    /// Whether the folders look like labels: two of them hold a fair share of the files below the level, and in one of
    /// these most files lie in the folder itself. One that holds nothing but folders is more likely to be a collection,
    /// and one with few files to hold a description.
    let holdsLabels: Bool

    init(depth: Int, folders: [(path: [Substring], count: Int)]) {
      var counts: [ArraySlice<Substring>: (all: Int, direct: Int)] = [:]
      for folder in folders where folder.path.count >= depth {
        counts[folder.path.prefix(depth), default: (0, 0)].all += folder.count
        if folder.path.count == depth { counts[folder.path[...], default: (0, 0)].direct += folder.count }
      }
      let total = counts.values.reduce(0) { $0 + $1.all }
      let large = counts.values.filter { 5 * $0.all * counts.count >= total }
      self.depth = depth
      folderCount = counts.count
      holdsLabels = large.count > 1 && large.contains { 2 * $0.direct >= $0.all }
    }
  }

  private static func components(_ folder: Substring) -> [Substring] { folder.split(separator: "/") }

  /// What the files in a folder are; nil if they belong to no label.
  func place(of folder: Substring) -> Place? {
    let components = Self.components(folder)
    guard let partsAreEndings else {
      if components.count < depth { return nil }
      return Place(part: .training, label: String(components[depth - 1]), isDeeper: components.count > depth)
    }
    for (index, component) in components.dropLast().enumerated() {
      guard let part = TextPart(named: component, isEnding: partsAreEndings) else { continue }
      return Place(part: part, label: String(components[index + 1]), isDeeper: components.count > index + 2)
    }
    return nil
  }
}
