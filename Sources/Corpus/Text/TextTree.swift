/// Texts in files of their own, whose folder is their label: `…/{train,test}/{pos,neg}/ID_RATING.txt` as in the Large
/// Movie Review Dataset, or `…/{one,another}/*.txt`.
struct TextTree {
  /// A text.
  struct Text {
    let file: FileSet.File
    let label: Int
    let isTest: Bool
  }

  /// In no particular order.
  private(set) var texts: [Text] = []
  let labels = LabelTable()
  /// Whether there are folders `train` and `test`.
  let hasParts: Bool
  /// What the data's owner should know, in sentences.
  private(set) var notes: [String] = []

  /// The folder of that data set with reviews that nobody has labelled.
  private static let unlabelled = "unsup"

  init(_ files: FileSet) throws {
    let candidates = files.files.filter { $0.suffix == "txt" }.map { (file: $0, path: $0.components) }
    func part(_ path: [Substring]) -> String { path.count > 2 ? path[path.count - 3].lowercased() : "" }
    hasParts = candidates.contains { part($0.path) == "train" }
    let depth = candidates.lazy.map(\.path.count).max() ?? 0
    var unlabelledCount = 0
    for (file, path) in candidates {
      // What lies elsewhere is no text: a README, a list of addresses.
      guard path.count > 1, hasParts ? ["train", "test"].contains(part(path)) : path.count == depth else { continue }
      let folder = String(path[path.count - 2])
      if folder == Self.unlabelled {
        unlabelledCount += 1
        continue
      }
      guard let label = labels.number(of: folder) else { throw Self.tooManyLabels(files.path) }
      texts.append(Text(file: file, label: label, isTest: hasParts && part(path) == "test"))
    }
    if unlabelledCount > 0 {
      notes.append("\(unlabelledCount) texts in \(Self.unlabelled) have no label, and are left out")
    }
  }

  private static func tooManyLabels(_ path: String) -> CorpusError {
    CorpusError(
      file: path, expected: "two folders of texts, one for each label", found: "more than 100",
      advice: "give an archive or a folder with two")
  }

  /// What people call these two labels.
  static func fullName(_ label: String) -> String { ["pos": "positive", "neg": "negative"][label] ?? label }

  /// The texts in reading order: part, positive before negative, then the number in the file's name.
  ///
  /// - Parameter values: the label, 0 or 1, of each number.
  func sorted(_ values: [UInt8]) -> [Text] {
    let keys = texts.map { text in
      let name = text.file.name.utf8
      let start = name.lastIndex(of: UInt8(ascii: "/")).map(name.index(after:)) ?? name.startIndex
      let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
      let digits = name[start...].drop { !isDigit($0) }.prefix(while: isDigit)
      return Int(Substring(digits)) ?? .max
    }
    return texts.indices.sorted { a, b in
      let (first, second) = (texts[a], texts[b])
      if first.isTest != second.isTest { return second.isTest }
      if values[first.label] != values[second.label] { return values[first.label] > values[second.label] }
      if keys[a] != keys[b] { return keys[a] < keys[b] }
      return first.file.name.utf8.lexicographicallyPrecedes(second.file.name.utf8)
    }.map { texts[$0] }
  }
}
