/// Reads all texts of a data set on several threads, and numbers their words.
struct TextReader {
  let files: FileSet
  let layout: TextLayout
  let options: TextOptions
  /// How many different labels the texts must have; nil for two or more.
  let labelCount: Int?
  /// The names of the labels, from label 0 on, if a model has some or the caller has named them.
  let knownLabels: [String]?
  /// Whether these are a model's.
  let areLabelsOfModel: Bool
  let threads: ReadingThreads
  /// The path of texts without labels that are read, too; nil if there is none.
  let unlabeledPath: String?

  /// Reads the texts.
  ///
  /// - Parameter progress: told the share that has been read, by one thread at a time.
  /// - Throws: `CorpusError` if there are no texts with so many labels, or if one of them cannot be read.
  func read(progress: (Double) -> Void) throws -> NumberedTexts {
    switch layout {
    case .tree(let tree): try readTree(tree, progress: progress)
    case .tables(let tables): try readTables(tables, progress: progress)
    }
  }

  // MARK: Trees

  // Each text is a file, which a thread reads and splits into words.

  private func readTree(_ tree: TextTree, progress: (Double) -> Void) throws -> NumberedTexts {
    // Labels are the names of folders, and so can be checked before anything is read.
    let labels = try TextLabels(
      tree.labels.names.map(TextTree.fullName), numbers: tree.texts.lazy.map(\.label), count: labelCount,
      positive: options.positiveLabel.map(TextTree.fullName), known: knownLabels.map { $0.map(TextTree.fullName) },
      areModels: areLabelsOfModel, file: files.path)
    let chunks = try threads.chunks(of: tree.texts, in: files, options.encoding, progress: progress)
    var texts = NumberedTexts.texts(of: chunks, labels: labels.values)
    for index in texts.indices { texts[index].part = tree.texts[index].part }
    return NumberedTexts(
      chunks: chunks, texts: tree.readingOrder(labels.values).map { texts[$0] }, labels: labels.names,
      fileNames: tree.texts.map(\.file.name), notes: notesOfUnlabeled(tree) + tree.notes)
  }

  /// What is to be said of the tree's texts without labels, if they aren't read either.
  private func notesOfUnlabeled(_ tree: TextTree) -> [String] {
    guard let note = tree.noteOfUnlabeled, unlabeledPath != files.path else { return [] }
    return [unlabeledPath == nil ? note + Dataset.hintOfUnlabeled : note]
  }

  // MARK: Tables

  // A file is read from front to back, batch by batch; each thread splits the batches that it has taken into words.

  private func readTables(_ tables: [TextLayout.Table], progress: (Double) -> Void) throws -> NumberedTexts {
    let labels = LabelTable()
    var (chunks, notes) = ([WordChunk](), [String]())
    if Set(tables.map(\.part)).count < tables.count {
      notes.append("\(tables.count) tables are read: \(CorpusError.quoted(tables.map(\.file.name), limit: 8))")
    }
    for (index, table) in tables.enumerated() {
      let format = try TableFormat(of: table.file, in: files, options, hasLabels: true)
      let own = try threads.chunks(of: table, index, format, labels, in: files, options, progress: progress)
      chunks += own
      notes += format.notes + own.reduce(into: RowRemarks()) { $0.add($1.remarks) }.notes
      let note =
        "texts are taken from the column\(format.names.texts.count > 1 ? "s" : "") "
        + "\(format.names.texts.map(CorpusError.quoted).joined(separator: " and ")), labels from "
        + CorpusError.quoted(format.names.label)
      let isChosen = options.textColumn == nil || options.labelColumn == nil
      if isChosen, !notes.contains(note) { notes.append(note) }
    }
    let resolved = try TextLabels(
      labels.names, numbers: chunks.lazy.flatMap(\.labels), count: labelCount, positive: options.positiveLabel,
      known: knownLabels, areModels: areLabelsOfModel, file: files.path)
    return NumberedTexts(
      chunks: chunks, texts: NumberedTexts.texts(of: chunks, labels: resolved.values), labels: resolved.names,
      fileNames: tables.map(\.file.name), notes: notes)
  }
}
