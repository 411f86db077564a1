import Foundation

/// Reads texts on several threads, and turns them into numbers.
///
/// Each thread numbers the words in the order in which it meets them, so that the texts are read but once: before their
/// counts are known, which decide the tokens. Afterwards the threads' numbers are made one.
final class WordCounter {
  /// A text of which the words are known.
  struct Text {
    /// The chunk that has its words, and where.
    let chunk: Int
    let range: Range<Int>
    /// 0 or 1.
    let label: UInt8
    var isTest: Bool
  }

  /// What one thread made of some texts that follow each other.
  private struct Chunk {
    var worker = 0
    /// The texts' words, by the thread's numbers.
    var words: [Int32] = []
    /// Where each text ends.
    var ends: [Int] = []
    /// The number of each text's label.
    var labels: [Int] = []
    var isTest = false
  }

  /// What a thread keeps from text to text.
  private struct Worker {
    var table = WordTable()
    /// Opened where it is needed.
    var files: FileSet?

    /// - Parameter text: valid UTF-8.
    mutating func add(
      _ text: UnsafeBufferPointer<UInt8>, label: Int, to chunk: inout Chunk, _ coding: TextCoding, _ coder: TextCoder?,
      _ scratch: inout [UInt8]
    ) {
      TextCoding.makeRoom(for: text, in: &scratch)
      scratch.withUnsafeMutableBufferPointer { memory in
        if let coder { return coder.forEachToken(of: text, memory: memory) { chunk.words.append($0) } }
        // Some words at a time: few enough to stay in the cache, and many enough to be looked up together.
        var queries: [WordTable.Query] = []
        var place = 0
        while place < text.count {
          queries.removeAll(keepingCapacity: true)
          table.withSearcher { searcher in
            place = coding.forEachWord(in: text, from: place, limit: 256, memory: memory) { word, _ in
              queries.append(searcher.query(word))
            }
          }
          for query in queries { chunk.words.append(table.add(query)) }
        }
      }
      chunk.ends.append(chunk.words.count)
      chunk.labels.append(label)
    }
  }

  var notes: [String] = []
  private let coding: TextCoding
  /// Where there is a vocabulary already, the words' numbers are tokens.
  private let coder: TextCoder?
  private let options: TextOptions
  private let labelCount: Int
  private var chunks: [Chunk] = []
  private let workers: UnsafeMutableBufferPointer<Worker>
  /// All threads' words.
  private var table = WordTable()
  /// For each thread, the number in `table` of each of its words.
  private var numbers: [[Int32]] = []
  /// The words of the training part by rank, as numbers in `table`.
  private var ranked: [Int32] = []

  init(
    _ coding: TextCoding, _ coder: TextCoder?, _ options: TextOptions, labelCount: Int, threads: Int
  ) {
    (self.coding, self.coder, self.options, self.labelCount) = (coding, coder, options, labelCount)
    workers = .allocate(capacity: threads)
    workers.initialize(repeating: Worker())
  }

  deinit {
    workers.deinitialize()
    workers.deallocate()
  }

  // MARK: Reading

  /// Reads all texts.
  ///
  /// - Returns: what the labels are called, from label 0 on, and the texts in reading order.
  func read(
    _ files: FileSet, known: [String]?, progress: (Double) -> Void
  ) throws -> (labels: [String], texts: [Text]) {
    let tree = try TextTree(files)
    let tables = files.files.filter { ["csv", "tsv", "jsonl", "ndjson"].contains($0.suffix) }
    if tree.labels.names.count > 1 || tables.isEmpty && !tree.texts.isEmpty {
      return try read(tree, files, known: known, progress: progress)
    }
    switch (tables.isEmpty && files.files.count == 1 ? files.files : tables).sorted(by: { $0.name < $1.name }) {
    case let tables where tables.count == 1:
      return try read(tables.map { ($0, false) }, files, known: known, progress: progress)
    case let tables where tables.count == 2 && tables.map(Self.stem) == ["test", "train"]:
      return try read([(tables[1], false), (tables[0], true)], files, known: known, progress: progress)
    default:
      let names = files.files.map(\.name).sorted()
      throw CorpusError(
        file: files.path,
        expected: "folders with a .txt file for each text, one table, or two called train and test",
        found: names.isEmpty
          ? "no files"
          : names.prefix(8).map(CorpusError.quoted).joined(separator: ", ")
            + (names.count > 8 ? " and \(names.count - 8) more" : ""),
        advice: "give what holds the texts and their labels")
    }
  }

  private static func stem(_ file: FileSet.File) -> String {
    ((file.name as NSString).lastPathComponent as NSString).deletingPathExtension.lowercased()
  }

  private func read(
    _ tree: TextTree, _ files: FileSet, known: [String]?, progress: (Double) -> Void
  ) throws -> (labels: [String], texts: [Text]) {
    let names = tree.labels.names
    let counts = tree.texts.reduce(into: [Int](repeating: 0, count: names.count)) { $0[$1.label] += 1 }
    let labels = try TextLabels(
      zip(names, counts).map { (TextTree.fullName($0), $1) }, count: labelCount,
      positive: options.positiveLabel.map(TextTree.fullName), known: known, file: files.path)
    notes += tree.notes
    workers[0].files = files
    // In the archive's own order, which is the fastest to read.
    let texts = tree.texts
    var next = 0
    chunks = try inParallel { () -> ArraySlice<TextTree.Text>? in
      guard next < texts.count else { return nil }
      let start = next
      next = min(start + 64, texts.count)
      progress(Double(start) / Double(texts.count))
      return texts[start..<next]
    } read: { worker, texts, chunk in
      if worker.files == nil { worker.files = try files.reopened() }
      // English has some five bytes a word.
      chunk.words.reserveCapacity(texts.reduce(0) { $0 + $1.file.size } / 5)
      var (bytes, scratch) = ([UInt8](), [UInt8]())
      for text in texts {
        bytes.removeAll(keepingCapacity: true)
        try Self.read(text.file, of: worker.files!, options.encoding, into: &bytes)
        bytes.withUnsafeBufferPointer { bytes in
          let start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
          worker.add(.init(rebasing: bytes[start...]), label: text.label, to: &chunk, coding, coder, &scratch)
        }
      }
    }
    var found = self.texts(labels.values)
    for index in found.indices { found[index].isTest = texts[index].isTest }
    return (labels.names, tree.readingOrder(labels.values).map { found[$0] })
  }

  /// Reads the text that a file is, as UTF-8.
  static func read(
    _ file: FileSet.File, of files: FileSet, _ encoding: TextOptions.Encoding, into bytes: inout [UInt8]
  ) throws {
    guard file.size <= textSizeLimit else {
      throw CorpusError(
        file: files.path, entry: files.entry(file), expected: "a text of at most \(textSizeLimit) bytes",
        found: "\(file.size)", advice: "leave it out, or cut it")
    }
    try files.read(file) { try $0.append($0.size, to: &bytes) }
    if let offset = encoding.makeUTF8(&bytes) {
      throw encoding.error(
        file: files.path, entry: files.entry(file), line: bytes[..<offset].count { $0 == 0x0A } + 1, byte: bytes[offset]
      )
    }
  }

  private func read(
    _ tables: [(file: FileSet.File, isTest: Bool)], _ files: FileSet, known: [String]?,
    progress: (Double) -> Void
  ) throws -> (labels: [String], texts: [Text]) {
    let labels = LabelTable()
    for (file, isTest) in tables {
      try files.read(file) { reader in
        try withUnsafeMutablePointer(to: &reader) { reader in
          var table = try TextTable(reader, options, labels: labels)
          let columns = table.columns
          if options.textColumn == nil || options.labelColumn == nil {
            notes.append(
              "texts are taken from the column \(CorpusError.quoted(columns.text)), labels from "
                + CorpusError.quoted(columns.label))
          }
          let (path, entry) = (reader.pointee.file, reader.pointee.entry)
          chunks += try inParallel {
            progress(table.progress)
            return try table.next()
          } read: { worker, batch, chunk in
            chunk.isTest = isTest
            try read(batch, columns, labels, path, entry, &worker, &chunk)
          }
        }
      }
    }
    if tables.count > 1, notes.count == 2, notes[0] == notes[1] { notes.removeLast() }
    let names = labels.names
    let counts = chunks.reduce(into: [Int](repeating: 0, count: names.count)) { counts, chunk in
      for label in chunk.labels { counts[label] += 1 }
    }
    let resolved = try TextLabels(
      zip(names, counts).map { ($0, $1) }, count: labelCount, positive: options.positiveLabel, known: known,
      file: files.path)
    return (resolved.names, texts(resolved.values))
  }

  private func read(
    _ batch: TextBatch, _ columns: (text: String, label: String), _ labels: LabelTable, _ path: String,
    _ entry: String?, _ worker: inout Worker, _ chunk: inout Chunk
  ) throws {
    var (start, scratch) = (0, [UInt8]())
    for (index, end) in batch.ends.enumerated() {
      defer { start = end }
      if !batch.labels.isEmpty {
        batch.bytes[start..<end].withUnsafeBufferPointer {
          worker.add($0, label: batch.labels[index], to: &chunk, coding, coder, &scratch)
        }
        continue
      }
      let line = batch.lines[index]
      func fail(_ expected: String, _ found: String) -> CorpusError {
        CorpusError(
          file: path, entry: entry, place: .line(line), expected: expected, found: found,
          advice: "correct the line, or leave it out")
      }
      guard let row = JSONRow(batch.bytes[start..<end]) else { throw JSONRow.error(path, entry, line) }
      func value(_ name: String) throws -> String {
        guard let value = row.values[name] else { throw fail("a value of \(CorpusError.quoted(name))", "none") }
        guard let value else { throw fail("a text as \(CorpusError.quoted(name))", "another value") }
        return value
      }
      var text = try value(columns.text)
      let label = try value(columns.label)
      guard label.contains(where: { !$0.isWhitespace }) else { throw fail("a label", "none") }
      guard let number = labels.number(of: label) else {
        throw TextTable.tooManyLabels(path, entry, line, columns.label)
      }
      text.withUTF8 { worker.add($0, label: number, to: &chunk, coding, coder, &scratch) }
    }
  }

  /// The texts of all chunks, in their order.
  private func texts(_ values: [UInt8]) -> [Text] {
    var texts: [Text] = []
    for (index, chunk) in chunks.enumerated() {
      var start = 0
      for (end, label) in zip(chunk.ends, chunk.labels) {
        texts.append(Text(chunk: index, range: start..<end, label: values[label], isTest: chunk.isTest))
        start = end
      }
    }
    return texts
  }

  /// Has the threads take one batch after the other.
  ///
  /// - Parameters:
  ///   - next: gives the next batch, or nil when there are no more; called by one thread at a time.
  ///   - read: makes a chunk of a batch, on several threads at once.
  /// - Returns: the chunks, in their batches' order.
  /// - Throws: what the first batch to fail has thrown, which does not depend on the threads.
  private func inParallel<Batch>(
    _ next: () throws -> Batch?, read: (inout Worker, Batch, inout Chunk) throws -> Void
  ) throws -> [Chunk] {
    try withoutActuallyEscaping(next) { next in
      try withoutActuallyEscaping(read) { read in
        // `next` and the two variables are only touched under the lock, which ThreadSanitizer knows; `read` changes
        // nothing but its arguments, and a worker belongs to one thread. `concurrentPerform` returns after the last one.
        let lock = NSLock()
        nonisolated(unsafe) let (next, read, workers) = (next, read, workers)
        nonisolated(unsafe) var chunks: [Chunk] = []
        nonisolated(unsafe) var failure: (batch: Int, error: any Error)?
        DispatchQueue.concurrentPerform(iterations: workers.count) { worker in
          while true {
            nonisolated(unsafe) var taken: (index: Int, batch: Batch)?
            lock.withLock {
              guard failure == nil else { return }
              do {
                guard let batch = try next() else { return }
                taken = (chunks.count, batch)
                chunks.append(Chunk())
              } catch { failure = (chunks.count, error) }
            }
            guard let (index, batch) = taken else {
              // An archive takes a while to close.
              workers[worker].files = nil
              return
            }
            var chunk = Chunk(worker: worker)
            do {
              try read(&workers[worker], batch, &chunk)
              let made = chunk
              lock.withLock { chunks[index] = made }
            } catch {
              lock.withLock { if index < failure?.batch ?? .max { failure = (index, error) } }
            }
          }
        }
        if let failure { throw failure.error }
        return chunks
      }
    }
  }

  // MARK: Numbers

  /// The vocabulary of some texts: as many words as have tokens below `size`, by falling count, of equal counts the first
  /// met.
  func vocabulary(of texts: [Text], size: Int, file: String) throws -> [String] {
    // The first thread's numbers stay.
    table = workers[0].table
    workers[0].table = WordTable()
    numbers = [Array(0..<Int32(table.count))]
    for worker in workers.dropFirst() {
      numbers.append(
        (0..<worker.table.count).map { number in worker.table.withBytes(of: number) { table.add($0) } })
    }
    var counts = [Int](repeating: 0, count: table.count)
    for text in texts {
      let chunk = chunks[text.chunk]
      let numbers = numbers[chunk.worker]
      for word in chunk.words[text.range] {
        let number = numbers[Int(word)]
        if counts[Int(number)] == 0 { ranked.append(number) }
        counts[Int(number)] += 1
      }
    }
    let places = ranked.indices.sorted { (-counts[Int(ranked[$0])], $0) < (-counts[Int(ranked[$1])], $1) }
    ranked = places.prefix(max(0, size - TextCoder.firstWord)).map { ranked[$0] }
    let length = ranked.reduce(0) { $0 + table.length(of: Int($1)) }
    guard length <= Self.vocabularyLimit else {
      throw CorpusError(
        file: file, expected: "words of at most \(Self.vocabularyLimit) bytes in all", found: "\(length)",
        advice: "check that it is text; a smaller vocabulary helps too")
    }
    let words = ranked.map { table[Int($0)] }
    return (0..<size).map { token in
      let rank = token - TextCoder.firstWord
      return rank >= 0 && rank < words.count ? words[rank] : WordIndex.keras[token] ?? "<\(token)>"
    }
  }

  /// A model file has to hold them.
  private static let vocabularyLimit = 32 << 20

  /// For each thread, the token of each of its numbers.
  func tokens(vocabularySize: Int) -> [[Int32]] {
    var tokens = [Int32](repeating: TextCoder.unknownToken, count: table.count)
    for (rank, number) in ranked.enumerated() { tokens[Int(number)] = Int32(rank + TextCoder.firstWord) }
    return numbers.map { $0.map { tokens[Int($0)] } }
  }

  /// Some texts as tokens, in the given order.
  func coded(_ texts: [Text], _ tokens: [[Int32]]) -> LabelledSequences {
    // Of no texts nothing is written, not even their number, into the storage that all empty arrays share.
    if texts.isEmpty { return LabelledSequences(sequences: TokenSequences([]), labels: []) }
    var offsets = [0]
    offsets.reserveCapacity(texts.count + 1)
    for text in texts { offsets.append(offsets.last! + text.range.count + 1) }
    let (chunks, isCoded) = (chunks, coder != nil)
    let places = offsets
    let result = [Int32](unsafeUninitializedCapacity: places.last!) { result, count in
      count = places.last!
      // Each part of the texts has its own places in the result.
      nonisolated(unsafe) let result = result
      let parts = workers.count
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        for index in texts.count * part / parts..<texts.count * (part + 1) / parts {
          let chunk = chunks[texts[index].chunk]
          let words = chunk.words[texts[index].range]
          result[places[index]] = TextCoder.startToken
          let target = UnsafeMutableBufferPointer(rebasing: result[places[index] + 1..<places[index + 1]])
          if isCoded {
            _ = target.update(fromContentsOf: words)
          } else {
            let table = tokens[chunk.worker]
            for (place, word) in zip(target.indices, words) { target[place] = table[Int(word)] }
          }
        }
      }
    }
    return LabelledSequences(
      sequences: TokenSequences(tokens: result, offsets: offsets), labels: texts.map(\.label))
  }
}
