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
    let chunks = try chunks(of: tree.texts, progress: progress)
    var texts = NumberedTexts.texts(of: chunks, labels: labels.values)
    for index in texts.indices { texts[index].part = tree.texts[index].part }
    return NumberedTexts(
      chunks: chunks, texts: tree.readingOrder(labels.values).map { texts[$0] }, labels: labels.names,
      fileNames: tree.texts.map(\.file.name), notes: tree.notes)
  }

  /// Reads texts in the archive's own order, which is the fastest.
  private func chunks(of texts: [TextTree.Text], progress: (Double) -> Void) throws -> [WordChunk] {
    var next = 0
    return try threads.chunks { () -> ArraySlice<TextTree.Text>? in
      guard next < texts.count else { return nil }
      let start = next
      next = min(start + 64, texts.count)
      progress(Double(start) / Double(texts.count))
      return texts[start..<next]
    } read: { thread, texts, chunk in
      let files = try thread.opened(files)
      // An English word takes about five bytes.
      chunk.words.reserveCapacity(texts.reduce(0) { $0 + $1.file.size } / 5)
      var (bytes, scratch) = ([UInt8](), [UInt8]())
      for (index, text) in zip(texts.indices, texts) {
        try files.readText(text.file, options.encoding, into: &bytes)
        bytes.withUnsafeBufferPointer { bytes in
          thread.add(bytes, label: text.label, file: index, to: &chunk, scratch: &scratch)
        }
      }
    }
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
      let own = try readTable(table, index, format, labels, progress: progress)
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

  private func readTable(
    _ table: TextLayout.Table, _ index: Int, _ format: TableFormat, _ labels: LabelTable, progress: (Double) -> Void
  ) throws -> [WordChunk] {
    try files.readTable(table.file, options.encoding) { reader, encoding in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var batches = try TextTable(reader, format, options, encoding, labels: labels)
        let rows = batches.rows
        return try threads.chunks {
          progress(batches.progress)
          return try batches.next()
        } read: { thread, batch, chunk in
          chunk.part = table.part
          var scratch: [UInt8] = []
          chunk.remarks = try rows.forEachText(of: batch) { text, label, line in
            thread.add(text, label: label, file: index, line: line, to: &chunk, scratch: &scratch)
          }
        }
      }
    }
  }
}
