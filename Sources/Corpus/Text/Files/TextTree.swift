/// Texts in a file each, in a folder that is named after their label: `…/{train,test}/{pos,neg}/ID_RATING.txt` as in
/// the Large Movie Review Dataset, or `…/{one,another}/*.txt`.
struct TextTree {
  /// A text.
  struct Text {
    let file: FileSet.File
    let label: Int
    let isTest: Bool
  }

  /// In the archive's order.
  private(set) var texts: [Text] = []
  let labels = LabelTable()
  /// Whether there are folders `train` and `test`.
  let hasParts: Bool
  /// What was left out, in sentences.
  private(set) var notes: [String] = []

  /// The folder of the Large Movie Review Dataset that holds reviews without labels.
  private static let unlabeled = "unsup"

  /// Finds the texts by the names of the files.
  ///
  /// - Throws: `CorpusError` if there are too many labels.
  init(_ files: FileSet) throws {
    let candidates = files.files.filter { $0.suffix == "txt" }
    hasParts = candidates.contains { $0.folders.above.lowercased() == "train" }
    let depth = candidates.lazy.map(\.depth).max() ?? 0
    var unlabeledCount = 0
    for file in candidates {
      let (folder, above) = file.folders
      let part = hasParts ? above.lowercased() : ""
      // Files elsewhere are not texts, but a README for example, or a list of addresses.
      guard !folder.isEmpty, hasParts ? part == "train" || part == "test" : file.depth == depth else { continue }
      if folder == Self.unlabeled {
        unlabeledCount += 1
        continue
      }
      guard let label = labels.number(of: String(folder)) else { throw Self.tooManyLabels(files.path) }
      texts.append(Text(file: file, label: label, isTest: part == "test"))
    }
    if unlabeledCount > 0 {
      notes.append("\(unlabeledCount) texts in \(Self.unlabeled) have no label, and are left out")
    }
  }

  /// Whether it is the Large Movie Review Dataset, with all its 50,000 texts; not a tree that is laid out alike.
  var isLargeMovieReviewDataset: Bool {
    guard texts.count == 50_000, Set(labels.names) == ["pos", "neg"] else { return false }
    var counts = [0, 0, 0, 0]
    for text in texts { counts[(text.isTest ? 2 : 0) + text.label] += 1 }
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
    let keys = texts.map { text in
      let name = text.file.name.utf8
      let start = name.lastIndex(of: UInt8(ascii: "/")).map(name.index(after:)) ?? name.startIndex
      let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
      let digits = name[start...].drop { !isDigit($0) }.prefix(while: isDigit)
      return Int(Substring(digits)) ?? .max
    }
    return texts.indices.sorted { a, b in
      if texts[a].isTest != texts[b].isTest { return texts[b].isTest }
      let (first, second) = (values[texts[a].label], values[texts[b].label])
      if first != second { return first > second }
      if keys[a] != keys[b] { return keys[a] < keys[b] }
      return texts[a].file.name.utf8.lexicographicallyPrecedes(texts[b].file.name.utf8)
    }
  }
}
