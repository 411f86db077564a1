import Foundation

/// Texts with labels, read from a file or a folder and turned into tokens.
///
/// The words are those of Keras's Tokenizer, and the vocabulary too: by falling count in the training part, of equal
/// counts the first in reading order. That order is: part, label (the last first), then the number in the file's name;
/// in a table, the table's own. The tokens are those of `imdb.load_data`, and as there both parts are shuffled at last:
/// the first or last reviews of the outcome are a fair sample of all.
public struct LabelledTexts: Sendable {
  /// To train on.
  public var training: LabelledSequences
  /// To test on; none where the data have no test part and none was split off.
  public var test: LabelledSequences
  /// The word of each token id, `[V]`; where there are fewer words, their numbers in angle brackets.
  public var vocabulary: [String]
  /// How the texts became words.
  public var coding: TextCoding
  /// What the labels are called, from label 0 on.
  public var labels: [String]
  /// Whether the data have a test part of their own.
  public var hasTestPart: Bool
  /// What was chosen or left out, in sentences.
  public var notes: [String]

  /// How texts become tokens, where that is known from elsewhere.
  public struct Terms: Codable, Sendable, Equatable {
    /// The word of each token id, `[V]`.
    public var vocabulary: [String]
    /// How texts become words; nil for what the options say.
    public var coding: TextCoding?
    /// What the labels are called, from label 0 on, or nil to find out.
    public var labels: [String]?

    /// Such as a model's own.
    public init(vocabulary: [String], coding: TextCoding?, labels: [String]?) {
      (self.vocabulary, self.coding, self.labels) = (vocabulary, coding, labels)
    }
  }

  /// Reads texts, on several threads; the outcome is the same for any number of them.
  ///
  /// - Parameters:
  ///   - path: a zip archive or a folder of files whose folder is their label, in the parts `train` and `test` or without
  ///     parts; or a table with a text and a label in each row: comma-, tab- or semicolon-separated values or JSON Lines,
  ///     by itself, or in an archive or a folder alone or as `train` and `test`.
  ///   - vocabularySize: V: tokens below this number are kept.
  ///   - labelCount: how many labels there are, from 2 to 256. More than two are numbered by their names' order.
  ///   - terms: what to code by; nil to make a vocabulary of the training part's words.
  ///   - progress: told the share that was read, from one thread at a time.
  /// - Throws: ``CorpusError`` where that can't be read as texts with so many labels.
  public static func load(
    path: String, options: TextOptions = TextOptions(), vocabularySize: Int, labelCount: Int = 2, terms: Terms? = nil,
    threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> LabelledTexts {
    try load(
      FileSet(path: path), options: options, vocabularySize: vocabularySize, labelCount: labelCount, terms: terms,
      threads: threads, progress: progress)
  }

  package static func load(
    _ files: FileSet, options: TextOptions, vocabularySize: Int, labelCount: Int, terms: Terms?, threads: Int,
    progress: (Double) -> Void
  ) throws -> LabelledTexts {
    guard 2...LabelTable.limit ~= labelCount else {
      throw CorpusError(
        place: .argument("labelCount"), expected: "from 2 to \(LabelTable.limit)", found: "\(labelCount)",
        advice: "give the number of labels that the texts have")
    }
    guard 0 <= options.testSplit, options.testSplit < 1 else {
      throw CorpusError(
        place: .argument("testSplit"), expected: "a share from 0 to below 1", found: "\(options.testSplit)",
        advice: "leave it out for 0.2")
    }
    var coding = TextCoding()
    coding.lowercasing = options.lowercasing ?? (terms == nil ? .unicode : .ascii)
    coding.stripsHTML = options.stripsHTML
    coding = terms?.coding ?? coding
    let coder = terms.map { TextCoder(vocabulary: $0.vocabulary, coding: coding) }
    let counter = WordCounter(
      coding, coder, options, labelCount: labelCount, threads: max(1, min(threads, files.readerLimit)))

    let (labels, parts) = try counter.read(files, known: terms?.labels, progress: progress)
    var (training, test) = (parts.filter { !$0.isTest }, parts.filter(\.isTest))
    let hasTestPart = !test.isEmpty
    func none(_ what: String, _ advice: String) -> CorpusError {
      CorpusError(file: files.path, expected: "\(what) texts", found: "none", advice: advice)
    }
    if training.isEmpty { throw none("training", "check that it is the right file") }
    if !hasTestPart, options.testSplit > 0 {
      (training, test) = split(training, share: options.testSplit, labelCount: labelCount)
      if test.isEmpty { throw none("test", "add texts, or set none apart with --test-split 0") }
      counter.notes.append(
        "there is no test part: \(test.count) of \(training.count + test.count) texts are set apart, "
          + "the same share of each label")
    }
    let vocabulary = try terms?.vocabulary ?? counter.vocabulary(of: training, size: vocabularySize, file: files.path)
    let tokens = counter.tokens(vocabularySize: vocabularySize)
    var generator = MersenneTwister(seed: shuffleSeed)
    let coded = [training, test].map { texts in
      var texts = texts
      generator.shuffle(&texts)
      return counter.coded(texts, tokens)
    }
    return LabelledTexts(
      training: coded[0], test: coded[1], vocabulary: vocabulary, coding: coding, labels: labels,
      hasTestPart: hasTestPart,
      notes: counter.notes + [note(labels)])
  }

  private static func note(_ labels: [String]) -> String {
    let names = labels.map(CorpusError.quoted)
    if names.count == 2 { return "label 1 is \(names[1]), label 0 \(names[0])" }
    return "label 0 is \(names[0]), then " + names.dropFirst().prefix(9).joined(separator: ", ")
      + (names.count > 10 ? " and \(names.count - 10) more" : "")
  }

  /// Of Keras's `load_data`.
  private static let shuffleSeed: UInt32 = 113

  /// Sets apart the same share of each label's texts, chosen at random but always the same; at least one of a label that
  /// has two. The order stays.
  private static func split(
    _ texts: [WordCounter.Text], share: Double, labelCount: Int
  ) -> (training: [WordCounter.Text], test: [WordCounter.Text]) {
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
