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
  ///   - vocabularySize: V, the number of tokens, not negative.
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
  package static func load(
    _ files: FileSet, options: TextOptions, vocabularySize: Int, labelCount: Int?, terms: Terms?,
    whiteSpace: TextCoding.WhiteSpace?, keeping kept: KeptTexts = [], splitsByHash: Bool = true, threads: Int,
    progress: (Double) -> Void
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
      knownLabels: terms?.labels ?? options.labelNames, areLabelsOfModel: terms?.labels != nil, threads: readers
    ).read(progress: progress)
    return try LabeledTexts(
      read, by: readers, options: options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms,
      coder: coder, coding: coding, keepsWords: keepsWords, splitsByHash: splitsByHash, file: files.path)
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
  private init(
    _ read: NumberedTexts, by readers: ReadingThreads, options: TextOptions, vocabularySize: Int, labelCount: Int?,
    terms: Terms?, coder: TextCoder?, coding: TextCoding, keepsWords: Bool, splitsByHash: Bool, file: String
  ) throws {
    var read = read
    let labelCount = labelCount ?? read.labels.count
    let hasTestPart = read.texts.contains { $0.part != .training }
    let (training, validation, test) = try read.parts(
      testSplit: options.testSplit, byHash: splitsByHash, labelCount: labelCount, file: file)

    let vocabulary: [String]
    var tokens: [[Int32]]?
    let words = keepsWords || coder == nil ? MergedWords(readers.takeWords()) : nil
    if let terms, let coder {
      vocabulary = terms.vocabulary
      if let words {
        let known = words.table.tokens(by: coder)
        tokens = words.numbers.map { $0.map { known[Int($0)] } }
      }
    } else {
      let ranking = try WordRanking(
        of: training, in: read.chunks, words: words!, size: vocabularySize, file: file)
      (vocabulary, tokens) = (ranking.vocabulary, ranking.tokens)
    }

    // One generator shuffles the first part and continues with the second, as in Keras's `load_data`.
    var generator = MersenneTwister(seed: NumberedTexts.shuffleSeed)
    let coded = [training, test, validation].map { texts in
      var texts = texts
      generator.shuffle(&texts)
      return read.sequences(
        of: texts, tokens: tokens, words: keepsWords ? words : nil, coding: coding, threads: readers.count)
    }
    (self.training, self.test, self.validation) = (coded[0], coded[1], validation.isEmpty ? nil : coded[2])
    (self.vocabulary, self.coding, labels) = (vocabulary, coding, read.labels)
    (self.hasTestPart, fileNames) = (hasTestPart, read.fileNames)
    notes = read.notes + [Self.note(read.labels)]
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

  private static func coding(
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

extension NumberedTexts {
  /// The seed of Keras's `load_data`.
  fileprivate static let shuffleSeed: UInt32 = 113

  /// The texts of each part, in reading order; where the data have no test part, some texts of each label are set apart
  /// for it, or those to validate on are taken for it.
  ///
  /// - Parameters:
  ///   - testSplit: the share of each label's texts to set apart.
  ///   - byHash: whether a text's hash decides whether it is set apart, rather than its place among the others.
  ///   - file: the path of the data, for messages.
  /// - Throws: `CorpusError` if there is nothing to train on.
  fileprivate mutating func parts(
    testSplit: Double, byHash: Bool, labelCount: Int, file: String
  ) throws -> (training: [Text], validation: [Text], test: [Text]) {
    func texts(_ part: TextPart) -> [Text] { self.texts.filter { $0.part == part } }
    let (training, validation, test) = (texts(.training), texts(.validation), texts(.test))
    if training.isEmpty {
      throw CorpusError(
        .emptyPart, file: file, expected: "training texts", found: "none", advice: "check that it is the right file")
    }
    if !validation.isEmpty {
      if test.isEmpty {
        notes.append("there is no test part: the \(validation.count) texts of the validation part are used instead")
        return (training, [], validation)
      }
      notes.append("the \(validation.count) texts of the validation part are used for validation, not for testing")
      return (training, validation, test)
    }
    guard test.isEmpty, testSplit > 0 else { return (training, [], test) }
    let parts =
      byHash
      ? splitByHash(training, share: testSplit) : Self.split(training, share: testSplit, labelCount: labelCount)
    if parts.test.isEmpty {
      notes.append("there is no test part, and the \(training.count) texts are too few to set some apart")
      return (training, [], [])
    }
    notes.append(
      "there is no test part: \(parts.test.count) of \(training.count) texts are set apart, "
        + "the same share of each label")
    return (parts.training, [], parts.test)
  }

  /// Sets apart the same share of each label's texts: those with the lowest hashes, so that more texts hardly move the
  /// others, and equal texts stay together; at least one text of each label that has two. The order does not change.
  private func splitByHash(_ texts: [Text], share: Double) -> (training: [Text], test: [Text]) {
    let hashes = texts.map { origin(of: $0).hash }
    // Equal texts belong to the label of the first.
    var labels: [UInt64: UInt8] = [:]
    for (hash, text) in zip(hashes, texts) where labels[hash] == nil { labels[hash] = text.label }
    let counts = hashes.reduce(into: [UInt64: Int]()) { $0[$1, default: 0] += 1 }
    var testHashes: Set<UInt64> = []
    for own in Dictionary(grouping: labels.keys, by: { labels[$0]! }).values where own.count > 1 {
      let wanted = max(1, Int((Double(own.reduce(0) { $0 + counts[$1]! }) * share).rounded()))
      var taken = 0
      // A text that occurs so often that it would lead further away from what is wanted is passed over.
      for hash in own.sorted().dropLast() where abs(taken + counts[hash]! - wanted) < wanted - taken {
        testHashes.insert(hash)
        taken += counts[hash]!
      }
      if taken == 0 { testHashes.insert(own.min { (counts[$0]!, $0) < (counts[$1]!, $1) }!) }
    }
    func selected(inTest: Bool) -> [Text] {
      texts.indices.filter { testHashes.contains(hashes[$0]) == inTest }.map { texts[$0] }
    }
    return (selected(inTest: false), selected(inTest: true))
  }

  /// As the texts of runs were set apart that were begun before texts had hashes: the same share of each label's texts,
  /// chosen at random but always in the same way; at least one text of each label that has two. The order does not
  /// change.
  private static func split(
    _ texts: [Text], share: Double, labelCount: Int
  ) -> (training: [Text], test: [Text]) {
    var generator = MersenneTwister(seed: shuffleSeed)
    var isTest = [Bool](repeating: false, count: texts.count)
    for label in 0..<labelCount {
      var places = texts.indices.filter { texts[$0].label == label }
      generator.shuffle(&places)
      let count = Int((Double(places.count) * share).rounded())
      for place in places.prefix(places.count < 2 ? 0 : min(max(count, 1), places.count - 1)) { isTest[place] = true }
    }
    return (
      texts.indices.filter { !isTest[$0] }.map { texts[$0] }, texts.indices.filter { isTest[$0] }.map { texts[$0] }
    )
  }
}
