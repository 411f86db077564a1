import Files

/// Where texts without labels come from that are learned from beside labeled ones.
struct UnlabeledSource {
  let files: FileSet
  /// The hashes of texts that are not learned from, as they are tested on.
  let testHashes: Set<UInt64>
}

/// Texts whose labels don't matter, with numbers for words, which become tokens when the vocabulary is known.
struct UnlabeledTexts {
  /// The texts with a word at least, in reading order; all labels are 0.
  private(set) var numbered: NumberedTexts
  /// For each thread the words that it has numbered.
  let words: [WordTable]
  private let path: String

  /// Reads the texts. Reading order is that of tables and lines; files are ordered by their folder, then by the number
  /// in their name.
  ///
  /// - Parameters:
  ///   - takesAll: whether texts that have labels are taken where there is a folder of texts without any.
  ///   - readers: the threads that read them.
  ///   - progress: told the share that has been read, by one thread at a time.
  /// - Throws: `CorpusError` if there are no texts, or if one cannot be read.
  init(
    _ files: FileSet, options: TextOptions, takesAll: Bool, by readers: ReadingThreads, progress: (Double) -> Void
  ) throws {
    let layout = try UnlabeledLayout(of: files, options, takesAll: takesAll)
    var (chunks, notes, fileNames) = ([WordChunk](), layout.notes, [""])
    switch layout.content {
    case .files(let texts):
      fileNames = texts.map(\.file.name)
      chunks = try readers.chunks(of: texts, in: files, options.encoding, progress: progress)
    case .tables(let tables):
      fileNames = tables.map(\.file.name)
      for (index, table) in tables.enumerated() {
        let format = try TableFormat(of: table.file, in: files, options, hasLabels: false)
        let own = try readers.chunks(of: table, index, format, nil, in: files, options) {
          progress((Double(index) + $0) / Double(tables.count))
        }
        notes += format.notes + own.reduce(into: RowRemarks()) { $0.add($1.remarks) }.notes
        chunks += own
      }
    case .lines(let file):
      chunks = try readers.chunks(ofLinesIn: file, in: files, options.encoding, progress: progress)
    }
    var texts = NumberedTexts.texts(of: chunks, labels: [0])
    if case .files(let files) = layout.content { texts = Self.readingOrder(files).map { texts[$0] } }
    // From a text without words nothing can be learned.
    texts.removeAll { chunks[$0.chunk].words.length(of: $0.index) == 0 }
    numbered = NumberedTexts(chunks: chunks, texts: texts, labels: [], fileNames: fileNames, notes: notes)
    (words, path) = (readers.takeWords(), files.path)
    if texts.isEmpty {
      throw CorpusError(
        .emptyPart, file: path, expected: "texts to learn from", found: "none with a word in it",
        advice: "check that it is the right file")
    }
  }

  private static func readingOrder(_ texts: [TextTree.Text]) -> [Int] {
    let keys = texts.map { (folder: $0.file.folder.utf8, number: $0.file.number, name: $0.file.name.utf8) }
    return texts.indices.sorted { a, b in
      let (a, b) = (keys[a], keys[b])
      if !a.folder.elementsEqual(b.folder) { return a.folder.lexicographicallyPrecedes(b.folder) }
      return a.number != b.number ? a.number < b.number : a.name.lexicographicallyPrecedes(b.name)
    }
  }

  /// Leaves texts out that are tested on.
  ///
  /// - Parameter hashes: the hashes of these.
  /// - Throws: `CorpusError` if no others remain.
  mutating func leaveOut(_ hashes: Set<UInt64>) throws {
    let count = numbered.texts.count
    let kept = numbered.texts.filter { !hashes.contains(numbered.origin(of: $0).hash) }
    if kept.count == count { return }
    guard !kept.isEmpty else {
      throw CorpusError(
        .emptyPart, file: path, expected: "texts to learn from", found: "only texts that are tested on",
        advice: "give other texts")
    }
    numbered.texts = kept
    numbered.notes.append(
      "\(grouped(count - kept.count)) texts are not learned from, as they are also texts of the test part")
  }

  /// Makes tokens of the texts; each chunk is given up when it has been read, so that the memory doesn't hold all texts
  /// twice.
  ///
  /// - Parameters:
  ///   - tokens: for each thread the token of each of its numbers, or nil if the numbers are tokens already.
  ///   - coding: what stands in front of a text, and whether unknown words are left out.
  mutating func takeSequences(tokens: [[Int32]]?, coding: TextCoding) -> TokenSequences {
    let texts = numbered.texts
    let extra = coding.hasStartToken ? 1 : 0
    var offsets = [0]
    offsets.reserveCapacity(texts.count + 1)
    for text in texts { offsets.append(offsets.last! + numbered.length(of: text) + extra) }
    let places = offsets
    var chunks = numbered.chunks
    (numbered.texts, numbered.chunks) = ([], [])
    let byChunk = texts.indices.sorted { (texts[$0].chunk, $0) < (texts[$1].chunk, $1) }
    let coded = [Int32](filling: places.last!) { target, count in
      count = places.last!
      var last = 0
      for index in byChunk {
        let text = texts[index]
        while last < text.chunk {
          chunks[last].words = PackedSequences()
          last += 1
        }
        if extra > 0 { target[places[index]] = TextCoder.startToken }
        let table = tokens?[chunks[text.chunk].thread]
        var place = places[index] + extra
        chunks[text.chunk].words.forEachNumber(of: text.index) { word in
          target[place] = table.map { $0[Int(word)] } ?? word
          place += 1
        }
      }
    }
    var sequences = TokenSequences(tokens: coded, offsets: places)
    if coding.skipsUnknownWords { sequences.remove(TextCoder.unknownToken) }
    return sequences
  }

  /// The same with labels, all 0, and in the order of labeled texts: shuffled, so that the first or last of them are a
  /// fair sample of all.
  ///
  /// - Parameters:
  ///   - words: all words, if they are to be kept beside the tokens; nil to spare the memory.
  ///   - threads: how many threads share the work.
  mutating func takeShuffled(
    tokens: [[Int32]]?, words: MergedWords?, coding: TextCoding, threads: Int
  ) -> LabeledSequences {
    var generator = MersenneTwister(seed: NumberedTexts.shuffleSeed)
    generator.shuffle(&numbered.texts)
    if let words {
      return numbered.sequences(of: numbered.texts, tokens: tokens, words: words, coding: coding, threads: threads)
    }
    let origins = numbered.texts.map(numbered.origin)
    let sequences = takeSequences(tokens: tokens, coding: coding)
    var result = LabeledSequences(sequences: sequences, labels: [UInt8](repeating: 0, count: sequences.count))
    result.origins = origins
    return result
  }

  /// The number of texts, as notes have it.
  var shownCount: String { grouped(numbered.texts.count) }

  /// What was chosen or left out, in sentences.
  var notes: [String] { ["\(shownCount) texts without labels are those of \(path)"] + numbered.notes }
}

extension UnlabeledTexts {
  /// The hashes of the texts that some labeled data would be tested on: of their test part, or else of a validation
  /// part, or else of all.
  ///
  /// - Parameter threads: how many threads share the work.
  /// - Throws: `CorpusError` if the texts cannot be read.
  static func testHashes(of files: FileSet, _ options: TextOptions, threads: Int) throws -> Set<UInt64> {
    let readers = ReadingThreads(
      count: max(1, min(threads, files.readerLimit)), TextCoding(), nil, keepsTokens: false, files: files)
    func part(_ parts: [TextPart]) -> TextPart { [.test, .validation].first(where: parts.contains) ?? .training }
    let chunks: [WordChunk]
    switch try TextLayout(of: files) {
    case .tree(let tree):
      let wanted = part(tree.texts.map(\.part))
      chunks = try readers.chunks(of: tree.texts.filter { $0.part == wanted }, in: files, options.encoding) { _ in }
    case .tables(let tables):
      let wanted = part(tables.map(\.part))
      chunks = try tables.enumerated().filter { $0.element.part == wanted }.flatMap { index, table in
        let format = try TableFormat(of: table.file, in: files, options, hasLabels: true)
        return try readers.chunks(of: table, index, format, nil, in: files, options) { _ in }
      }
    }
    return Set(chunks.lazy.flatMap(\.origins).map(\.hash))
  }
}

/// A number with commas between its thousands.
func grouped(_ number: Int) -> String {
  let digits = Array(String(number))
  return String(
    digits.indices.flatMap { index in
      index > 0 && (digits.count - index) % 3 == 0 ? [",", digits[index]] : [digits[index]]
    })
}
