/// Texts with labels, read from a file or a folder and turned into tokens.
///
/// Words and vocabulary are those of Keras's Tokenizer, except that all of Unicode's white space separates words (see
/// ``TextCoding/WhiteSpace``): the vocabulary lists the words of the training part by falling
/// count, and of equal counts the one first in reading order. That is the order of a table; files are ordered by part,
/// then by label, the last one first, then by the number in the file's name. Tokens are those of `imdb.load_data`, and
/// as there, both parts are shuffled in the end, so that the first or last texts are a fair sample of all.
public struct LabeledTexts: Sendable {
  /// The texts to train on.
  public let training: LabeledSequences
  /// The texts to validate on; nil if the data have no part for it beside those for training and testing.
  public let validation: LabeledSequences?
  /// The texts to test on; none if the data have no test part and none was set apart.
  public let test: LabeledSequences
  /// The word of each token id, `[V]`; ids beyond the last word have their number in angle brackets.
  public let vocabulary: [String]
  /// How the texts became words.
  public let coding: TextCoding
  /// The names of the labels, from label 0 on.
  public let labels: [String]
  /// Whether the data have a test part of their own.
  public let hasTestPart: Bool
  /// The names of the files that the texts come from.
  package let fileNames: [String]
  /// What was chosen or left out, in sentences.
  public let notes: [String]
  /// Texts without labels that are learned from, too, in reading order; nil if none were asked for.
  let unlabeled: TokenSequences?

  /// How texts become tokens and labels numbers, if that is decided already, by a model for example.
  public struct Terms: Codable, Sendable, Equatable {
    /// The word of each token id, `[V]`.
    public var vocabulary: [String]
    /// How texts become words; nil to follow the options.
    public var coding: TextCoding?
    /// The names of the labels, from label 0 on; nil to take those of the data.
    public var labels: [String]?

    /// Terms with these values; see the properties.
    public init(vocabulary: [String], coding: TextCoding?, labels: [String]?) {
      (self.vocabulary, self.coding, self.labels) = (vocabulary, coding, labels)
    }
  }

  /// Reads texts on several threads; the result is the same for any number of threads.
  ///
  /// - Parameters:
  ///   - path: a zip archive or a folder with a file for each text, in folders named after the labels, which may lie in
  ///     folders `train` and `test`, and `validation`; or a table with a text and a label in each row: values that are
  ///     separated by commas, tabs, semicolons or vertical lines, with or without a header, JSON Lines, or fastText's
  ///     `__label__` lines. A table may also be the only one in an archive or a folder, or there may be one for each
  ///     part, `train`, `test` and `validation`.
  ///   - options: which columns and which encoding to read, and how.
  ///   - vocabularySize: V, the number of tokens, not negative; with 0 the texts have none.
  ///   - labelCount: how many labels there are, from 2 to 256. More than two are numbered in the order of their names.
  ///   - terms: the vocabulary and labels to use; nil to make a vocabulary of the words in the training part.
  ///   - threads: how many threads share the work.
  ///   - progress: told the share that has been read, by one thread at a time.
  /// - Throws: ``CorpusError`` if the path cannot be read as texts with so many labels.
  public static func load(
    path: String, options: TextOptions = TextOptions(), vocabularySize: Int, labelCount: Int = 2, terms: Terms? = nil,
    threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> LabeledTexts {
    try load(
      FileSet(path: path), options: options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms,
      whiteSpace: nil, threads: threads, progress: progress)
  }

  /// - Parameters:
  ///   - whiteSpace: what separates words, where the terms don't say so; nil for the usual.
  ///   - labelCount: how many labels there are; nil to find out.
  ///   - keeping: what else the result has of the texts.
  ///   - splitsByHash: whether a text's hash decides whether it is set apart, rather than its place among the others.
  ///   - unlabeled: texts without labels that are read, too; their words count as those of the training part do.
  static func load(
    _ files: FileSet, options: TextOptions, vocabularySize: Int, labelCount: Int?, terms: Terms?,
    whiteSpace: TextCoding.WhiteSpace?, keeping kept: KeptTexts = [], splitsByHash: Bool = true,
    unlabeled: UnlabeledSource? = nil, threads: Int, progress: (Double) -> Void
  ) throws -> LabeledTexts {
    let keepsWords = kept.contains(.words)
    try check(options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms)
    let layout = try TextLayout(of: files)
    let coding = coding(options, terms, whiteSpace ?? layout.whiteSpace)
    let coder = terms.map { TextCoder(vocabulary: $0.vocabulary, coding: coding) }
    // A coder gives tokens, of which several words may have the same.
    let readers = ReadingThreads(
      count: max(1, min(threads, files.readerLimit)), coding, keepsWords ? nil : coder,
      keepsOriginals: kept.contains(.originals), files: files)
    let read = try TextReader(
      files: files, layout: layout, options: options, labelCount: labelCount,
      knownLabels: terms?.labels ?? options.labelNames, areLabelsOfModel: terms?.labels != nil, threads: readers,
      unlabeledPath: unlabeled?.files.path
    ).read { progress(unlabeled == nil ? $0 : $0 / 2) }
    return try LabeledTexts(
      read, by: readers, options: options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms,
      coder: coder, coding: coding, keepsWords: keepsWords, splitsByHash: splitsByHash, file: files.path
    ) { testHashes in
      guard let unlabeled else { return nil }
      // Threads of their own, so that the labeled texts' words stay apart.
      let others = ReadingThreads(
        count: max(1, min(threads, unlabeled.files.readerLimit)), coding, coder, firstNumber: readers.count,
        files: unlabeled.files)
      var texts = try UnlabeledTexts(unlabeled.files, options: options, takesAll: false, by: others) {
        progress(0.5 + $0 / 2)
      }
      try texts.leaveOut(testHashes.union(unlabeled.testHashes))
      return texts
    }
  }

  /// Takes texts that are in memory.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - names: the name of each one's label.
  ///   - options: how the texts are coded and set apart.
  ///   - keepsWords: whether the result also has the texts' words.
  static func load(
    _ texts: [String], labels names: [String], options: TextOptions, vocabularySize: Int, keepsWords: Bool,
    threads: Int
  ) throws -> LabeledTexts {
    guard names.count == texts.count else {
      throw CorpusError(
        .invalidArgument("labels"), place: .argument("labels"), expected: "\(texts.count), one for each text",
        found: "\(names.count)", advice: "give each text a label")
    }
    try check(options, vocabularySize: vocabularySize, labelCount: nil, terms: nil)
    let coding = coding(options, nil, .unicode)
    let readers = ReadingThreads(count: max(1, threads), coding, nil, keepsOriginals: false, files: nil)
    let table = LabelTable()
    let numbers = try names.map { name in
      guard let number = table.number(of: name) else {
        throw CorpusError(
          .tooManyLabels(column: nil), place: .argument("labels"), expected: "at most \(LabelTable.limit) labels",
          found: "more", advice: "give fewer")
      }
      return number
    }
    var next = 0
    let chunks = try readers.chunks { () -> Range<Int>? in
      guard next < texts.count else { return nil }
      defer { next = min(next + 64, texts.count) }
      return next..<min(next + 64, texts.count)
    } read: { thread, range, chunk in
      var scratch: [UInt8] = []
      for index in range {
        var text = texts[index]
        text.withUTF8 { thread.add($0, label: numbers[index], file: 0, to: &chunk, scratch: &scratch) }
      }
    }
    let resolved = try TextLabels(
      table.names, numbers: numbers, count: nil, positive: options.positiveLabel, known: options.labelNames,
      areModels: false, file: memory)
    let read = NumberedTexts(
      chunks: chunks, texts: NumberedTexts.texts(of: chunks, labels: resolved.values), labels: resolved.names,
      fileNames: [""], notes: [])
    return try LabeledTexts(
      read, by: readers, options: options, vocabularySize: vocabularySize, labelCount: nil, terms: nil, coder: nil,
      coding: coding, keepsWords: keepsWords, splitsByHash: true, file: memory)
  }

  /// What messages call texts in memory.
  private static let memory = "the texts"

  /// Splits texts into parts, and makes tokens of their words.
  ///
  /// - Parameter readUnlabeled: reads the texts without labels, except those with the hashes that it is given.
  private init(
    _ read: consuming NumberedTexts, by readers: ReadingThreads, options: TextOptions, vocabularySize: Int,
    labelCount: Int?, terms: Terms?, coder: TextCoder?, coding: TextCoding, keepsWords: Bool, splitsByHash: Bool,
    file: String,
    readUnlabeled: (_ testHashes: Set<UInt64>) throws -> UnlabeledTexts? = { _ in nil }
  ) throws {
    let labelCount = labelCount ?? read.labels.count
    let hasTestPart = read.texts.contains { $0.part != .training }
    let (training, validation, test) = try read.parts(
      testSplit: options.testSplit, byHash: splitsByHash, labelCount: labelCount, file: file)

    var unlabeled = try readUnlabeled(Set(test.map { read.origin(of: $0).hash }))

    let vocabulary: [String]
    var tokens: [[Int32]]?
    let words = keepsWords || coder == nil ? MergedWords(readers.takeWords()) : nil
    if let terms, let coder {
      (vocabulary, tokens) = (terms.vocabulary, words?.tokens(by: coder))
    } else {
      var counted = [(texts: training, chunks: read.chunks)]
      if let others = unlabeled?.numbered { counted.append((others.texts, others.chunks)) }
      let ranking = try WordRanking(
        of: counted, words: words!.adding(unlabeled?.words ?? []), size: vocabularySize, file: file)
      (vocabulary, tokens) = (ranking.vocabulary, ranking.tokens)
    }

    // One generator shuffles the first part and continues with the second, as in Keras's `load_data`.
    var generator = MersenneTwister(seed: NumberedTexts.shuffleSeed)
    var coded: [LabeledSequences] = []
    for var texts in [training, test, validation] {
      generator.shuffle(&texts)
      coded.append(
        read.sequences(
          of: texts, hasTokens: vocabularySize > 0, tokens: tokens, words: keepsWords ? words : nil, coding: coding,
          threads: readers.count))
    }
    // Given up, before the others are coded.
    read.chunks = []
    (self.training, self.test, self.validation) = (coded[0], coded[1], validation.isEmpty ? nil : coded[2])
    (self.vocabulary, self.coding, labels) = (vocabulary, coding, read.labels)
    (self.hasTestPart, fileNames) = (hasTestPart, read.fileNames)
    notes = read.notes + [Self.note(read.labels)] + (unlabeled?.notes ?? [])
    // By a coder they have become tokens as they were read.
    self.unlabeled = unlabeled?.takeSequences(tokens: coder == nil ? tokens : nil, coding: coding)
  }

  private static func check(_ options: TextOptions, vocabularySize: Int, labelCount: Int?, terms: Terms?) throws {
    func refuse(_ name: String, expected: String, found: String, advice: String) -> CorpusError {
      CorpusError(
        .invalidArgument(name), place: .argument(name), expected: expected, found: found, advice: advice)
    }
    if let labelCount, !(2...LabelTable.limit ~= labelCount) {
      throw refuse(
        "labelCount", expected: "from 2 to \(LabelTable.limit)", found: "\(labelCount)",
        advice: "give the number of labels that the texts have")
    }
    guard 0 <= options.testSplit, options.testSplit < 1 else {
      throw refuse(
        "testSplit", expected: "a share from 0 to below 1", found: "\(options.testSplit)",
        advice: "leave it out for 0.2")
    }
    guard vocabularySize >= 0 else {
      throw refuse(
        "vocabularySize", expected: "at least 0", found: "\(vocabularySize)", advice: "give the number of tokens")
    }
    if let labels = terms?.labels ?? options.labelNames, let labelCount, labels.count != labelCount {
      throw refuse(
        "labels", expected: "\(labelCount) names", found: "\(labels.count)", advice: "give a name for each label")
    }
  }

  /// How texts become words.
  static func coding(
    _ options: TextOptions, _ terms: Terms?, _ whiteSpace: TextCoding.WhiteSpace
  ) -> TextCoding {
    terms?.coding ?? options.coding(whiteSpace, lowercasing: terms == nil ? .unicode : .ascii)
  }

  private static func note(_ labels: [String]) -> String {
    if labels.count == 2 {
      return "label 1 is \(CorpusError.quoted(labels[1])), label 0 \(CorpusError.quoted(labels[0]))"
    }
    return "label 0 is \(CorpusError.quoted(labels[0])), then \(CorpusError.quoted(labels.dropFirst(), limit: 9))"
  }
}

/// What a data set has of its texts besides their tokens.
package struct KeptTexts: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// All their words.
  package static let words = KeptTexts(rawValue: 1)
  /// The texts as they were read.
  package static let originals = KeptTexts(rawValue: 2)
}
