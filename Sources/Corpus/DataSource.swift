import Files
import Foundation

/// Where data come from: enough to find them again, and to know that they are the same.
public struct DataSource: Sendable, Equatable {
  /// The path of the archive, file or folder; absolute where a checkpoint stores it.
  public var path: String
  /// Only so many texts of each part are taken, where there is a limit.
  public var limit: Int?
  /// The word index's path, where one was named.
  public var wordIndex: String?
  /// How texts are read, where anything but the default was asked for.
  public var text: TextOptions?
  /// The path of data to validate on, where they are not among the others.
  public var validationPath: String?
  /// The path of data to test on, where they are not among the others.
  public var testPath: String?
  /// The path of texts without labels that are learned from, too.
  ///
  /// It leads to an archive or a folder of a `.txt` file for each text, to tables, or to a file with a text in each line.
  /// Where there is a folder `unsup`, as in the Large Movie Review Dataset, only its texts are taken; otherwise all of
  /// them, whether or not they have labels, except those of a test part. It may be the same as ``path``.
  public var unlabeledPath: String?
  /// Whether all texts are learned from without their labels: ``load(vocabularySize:maxLength:labelCount:for:threads:progress:)``
  /// then gives a training part whose labels are all 0, and no other. It holds texts that have labels and texts without,
  /// whole, but not those of a test part, nor those of ``testPath``.
  public var isUnlabeled = false
  /// What texts are coded by, where training began from a model that has words.
  public var terms: LabeledTexts.Terms?
  /// What separates words, where the data came from a run that was begun before there was a choice; nil for the usual.
  package var whiteSpace: TextCoding.WhiteSpace?
  /// Whether texts' hashes decide which of them are set apart for testing; false for a run that was begun before.
  package var splitsByHash = true
  /// The data's fingerprint, see ``Dataset/fingerprint(training:validation:unlabeled:)``.
  public var fingerprint: String

  /// A place, and what to read there.
  public init(
    path: String, limit: Int? = nil, wordIndex: String? = nil, text: TextOptions? = nil, fingerprint: String = ""
  ) {
    self.path = path
    self.limit = limit
    self.wordIndex = wordIndex
    self.text = text
    self.fingerprint = fingerprint
  }
}

extension DataSource: Codable {
  private enum CodingKeys: CodingKey {
    case path, limit, wordIndex, text, validationPath, testPath, unlabeledPath, isUnlabeled, terms
    case splitsAtAllWhiteSpace, splitsByHash, fingerprint
  }

  /// Decodes a source; one that was stored before there was a choice of white space has Keras's, so that a run goes on
  /// with the texts it was begun with.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    path = try container.decode(String.self, forKey: .path)
    limit = try container.decodeIfPresent(Int.self, forKey: .limit)
    wordIndex = try container.decodeIfPresent(String.self, forKey: .wordIndex)
    text = try container.decodeIfPresent(TextOptions.self, forKey: .text)
    terms = try container.decodeIfPresent(LabeledTexts.Terms.self, forKey: .terms)
    let splitsAtAllWhiteSpace = try container.decodeIfPresent(Bool.self, forKey: .splitsAtAllWhiteSpace) ?? false
    whiteSpace = splitsAtAllWhiteSpace ? nil : .keras
    splitsByHash = try container.decodeIfPresent(Bool.self, forKey: .splitsByHash) ?? false
    validationPath = try container.decodeIfPresent(String.self, forKey: .validationPath)
    testPath = try container.decodeIfPresent(String.self, forKey: .testPath)
    unlabeledPath = try container.decodeIfPresent(String.self, forKey: .unlabeledPath)
    isUnlabeled = try container.decodeIfPresent(Bool.self, forKey: .isUnlabeled) ?? false
    fingerprint = try container.decode(String.self, forKey: .fingerprint)
  }

  /// Encodes the source.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encodeIfPresent(limit, forKey: .limit)
    try container.encodeIfPresent(wordIndex, forKey: .wordIndex)
    try container.encodeIfPresent(text, forKey: .text)
    try container.encodeIfPresent(terms, forKey: .terms)
    try container.encodeIfPresent(validationPath, forKey: .validationPath)
    try container.encodeIfPresent(testPath, forKey: .testPath)
    try container.encodeIfPresent(unlabeledPath, forKey: .unlabeledPath)
    if isUnlabeled { try container.encode(true, forKey: .isUnlabeled) }
    if whiteSpace == nil { try container.encode(true, forKey: .splitsAtAllWhiteSpace) }
    if splitsByHash { try container.encode(true, forKey: .splitsByHash) }
    try container.encode(fingerprint, forKey: .fingerprint)
  }
}

extension DataSource {
  /// Whether the data are Keras's numbers, and not texts.
  ///
  /// - Throws: `CorpusError` where they can't be read.
  package var holdsNumbers: Bool { get throws { try FileSet(path: path).holdsNumbers } }

  /// What a trained model knows of texts.
  public struct ModelTerms: Sendable {
    /// The word of each token, [V], or nil where the model doesn't know them.
    public var vocabulary: [String]?
    /// How texts become words.
    public var coding: TextCoding
    /// The names of the labels, from label 0 on.
    public var labels: [String]

    /// A model's own.
    public init(vocabulary: [String]?, coding: TextCoding, labels: [String]) {
      (self.vocabulary, self.coding, self.labels) = (vocabulary, coding, labels)
    }
  }

  /// Reads the data, whose content says what they are: Keras's `imdb.npz`, or texts (see ``LabeledTexts``).
  ///
  /// - Parameters:
  ///   - vocabularySize: V: tokens below this number are kept.
  ///   - maxLength: the last so many tokens of a text are kept.
  ///   - labelCount: how many labels there are.
  ///   - model: the terms of the model that is going to read the texts; nil to take the vocabulary from the training
  ///     part, or from the word index if one is named.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - progress: told the share of the texts that was read.
  /// - Throws: `CorpusError`.
  public func load(
    vocabularySize: Int, maxLength: Int, labelCount: Int, for model: ModelTerms? = nil, threads: Int,
    progress: (Double) -> Void = { _ in }
  ) throws -> Dataset {
    try load(
      vocabularySize: vocabularySize, maxLength: maxLength, labelCount: labelCount, for: model, keeping: [],
      threads: threads, progress: progress)
  }

  /// - Parameters:
  ///   - labelCount: how many labels there are; nil to find out.
  ///   - kept: what else the result has of the texts.
  package func load(
    vocabularySize: Int, maxLength: Int, labelCount: Int?, for model: ModelTerms?, keeping kept: KeptTexts,
    threads: Int, progress: (Double) -> Void
  ) throws -> Dataset {
    let files = try FileSet(path: path)
    if isUnlabeled {
      return try unlabeledTexts(files, vocabularySize: vocabularySize, model, keeping: kept, threads, progress)
    }
    var data =
      try files.holdsNumbers
      ? numbers(vocabularySize: vocabularySize, labelCount: labelCount ?? 2)
      : texts(files, vocabularySize: vocabularySize, labelCount: labelCount, model, keeping: kept, threads, progress)
    try addParts(to: &data, keeping: kept, threads: threads)
    if let limit {
      (data.training, data.test) = (data.training.prefix(limit), data.test.prefix(limit))
      data.validation = data.validation?.prefix(limit)
    }
    // Padding in front is imagined where it is needed.
    let isPadded = data.coding.padding == .post && maxLength < .max
    let truncation = data.coding.truncation
    func fit(_ sequences: inout TokenSequences) {
      sequences.truncate(to: maxLength, at: truncation)
      if isPadded { sequences.pad(to: maxLength) }
    }
    fit(&data.training.sequences)
    fit(&data.test.sequences)
    if data.validation != nil { fit(&data.validation!.sequences) }
    return data
  }

  /// Reads the parts that lie elsewhere, in the words and labels of the others.
  private func addParts(to data: inout Dataset, keeping kept: KeptTexts, threads: Int) throws {
    let terms = ModelTerms(vocabulary: data.vocabulary, coding: data.coding, labels: data.labels)
    func part(_ path: String?, _ name: String) throws -> LabeledSequences? {
      guard let path else { return nil }
      guard data.training.origins != nil else {
        throw CorpusError(
          .tokensInsteadOfTexts, file: self.path, found: "holds numbers, and brings its own test part",
          advice: "leave out other data to validate or to test on")
      }
      var source = DataSource(path: path, text: text)
      if source.text == nil { source.text = TextOptions() }
      source.text!.testSplit = 0
      source.whiteSpace = whiteSpace
      let own = try source.load(
        vocabularySize: terms.vocabulary?.count ?? 0, maxLength: .max, labelCount: data.labels.count, for: terms,
        keeping: kept, threads: threads, progress: { _ in })
      let texts = own.hasTestPart && own.test.count > 0 ? own.test : own.training
      data.notes.append("\(texts.count) \(name) texts are those of \(path)")
      return texts
    }
    if let validation = try part(validationPath, "validation") { data.validation = validation }
    if let test = try part(testPath, "test") { (data.test, data.hasTestPart) = (test, true) }
  }

  private func numbers(vocabularySize: Int, labelCount: Int) throws -> Dataset {
    guard unlabeledPath == nil else {
      throw CorpusError(
        .tokensInsteadOfTexts, file: path, expected: "texts, to read others beside them", found: "numbers",
        advice: "give the texts that the numbers were made of")
    }
    guard text == nil else {
      throw CorpusError(
        .tokensInsteadOfTexts, file: path, found: "holds numbers, not texts",
        advice: "leave out the options for texts and their labels")
    }
    let (training, test) = try KerasIMDB.loadData(path: path, options: .init(numWords: vocabularySize))
    let beside = (path as NSString).deletingPathExtension + "_word_index.json"
    // What merely lies there may be anything, a pipe too.
    let hasIndexBeside = (try? checkRegularFile(beside, advice: "")) != nil
    let index = try (wordIndex ?? (hasIndexBeside ? beside : nil)).map(WordIndex.init(contentsOf:))
    var coding = TextCoding()
    coding.whiteSpace = whiteSpace ?? .imdb
    if index == nil, let known = terms?.coding { coding = known }
    return Dataset(
      training: training, test: test, vocabulary: index?.vocabulary(size: vocabularySize) ?? terms?.vocabulary,
      coding: coding,
      labels: terms?.labels ?? Dataset.defaultLabels(labelCount))
  }

  /// What decides which tokens words become; nil if it is the texts.
  func terms(for model: ModelTerms?, vocabularySize: Int) throws -> LabeledTexts.Terms? {
    var terms = model.flatMap { model in
      model.vocabulary.map { LabeledTexts.Terms(vocabulary: $0, coding: model.coding, labels: model.labels) }
    }
    terms = terms ?? self.terms
    if terms == nil, let wordIndex {
      let vocabulary = try WordIndex(contentsOf: wordIndex).vocabulary(size: vocabularySize)
      terms = .init(vocabulary: vocabulary, coding: model?.coding, labels: model?.labels)
    }
    if model != nil && terms == nil {
      throw CorpusError(
        .noVocabulary, found: "the model has no vocabulary to read texts by",
        advice: "name the word index of the data that it was trained on")
    }
    return terms
  }

  private func texts(
    _ files: FileSet, vocabularySize: Int, labelCount: Int?, _ model: ModelTerms?, keeping kept: KeptTexts,
    _ threads: Int, _ progress: (Double) -> Void
  ) throws -> Dataset {
    let terms = try terms(for: model, vocabularySize: vocabularySize)
    var options = text ?? TextOptions()
    // Where there are other texts to test on, none need to be set apart.
    if testPath != nil { options.testSplit = 0 }
    let texts = try LabeledTexts.load(
      files, options: options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms,
      whiteSpace: whiteSpace, keeping: kept, splitsByHash: splitsByHash,
      unlabeled: unlabeled(beside: files, options, threads: threads), threads: threads, progress: progress)
    return Dataset(texts)
  }
}
