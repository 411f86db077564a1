import Foundation

extension Dataset {
  /// Reads labeled texts, or Keras's numbers.
  ///
  /// - Parameters:
  ///   - path: Keras's `imdb.npz`; a table; or a zip archive or a folder with tables, or with texts in folders named
  ///     after their labels. See ``LabeledTexts``.
  ///   - options: how texts and labels are found and read, and which share of them is set apart for testing.
  ///   - vocabularySize: the number of tokens.
  ///   - maxLength: the last so many tokens of a text are kept.
  ///   - labelCount: how many labels there are; nil to find out.
  ///   - threads: how many threads share the work; nil for one per core.
  /// - Throws: ``CorpusError``, whose ``CorpusError/kind`` tells what to do.
  public init(
    contentsOf path: String, options: TextOptions? = nil, vocabularySize: Int = 10_000, maxLength: Int = 1000,
    labelCount: Int? = nil, threads: Int? = nil
  ) throws {
    self = try DataSource(path: path, text: options).load(
      vocabularySize: vocabularySize, maxLength: maxLength, labelCount: labelCount, for: nil, keeping: [],
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, progress: { _ in })
  }

  /// Takes labeled texts that are in memory, and sets a share of them apart for testing, as those of a table.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - labels: the name of each one's label.
  ///   - options: how the texts are coded, and which share of them is set apart; those for tables make no difference.
  ///   - vocabularySize: the number of tokens.
  ///   - maxLength: the last so many tokens of a text are kept.
  ///   - threads: how many threads share the work; nil for one per core.
  /// - Throws: ``CorpusError`` if there are no texts of two labels or more, or not as many labels as texts.
  public init(
    texts: [String], labels: [String], options: TextOptions = TextOptions(), vocabularySize: Int = 10_000,
    maxLength: Int = 1000, threads: Int? = nil
  ) throws {
    try self.init(
      texts: texts, labels: labels, options: options, vocabularySize: vocabularySize, maxLength: maxLength, keeping: [],
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  /// - Parameter kept: what else the result has of the texts: their words.
  package init(
    texts: [String], labels: [String], options: TextOptions, vocabularySize: Int, maxLength: Int,
    keeping kept: KeptTexts, threads: Int
  ) throws {
    self.init(
      try LabeledTexts.load(
        texts, labels: labels, options: options, vocabularySize: vocabularySize, keepsWords: kept.contains(.words),
        threads: threads))
    training.sequences.truncate(to: maxLength)
    test.sequences.truncate(to: maxLength)
  }

  init(_ texts: LabeledTexts) {
    self.init(
      training: texts.training, validation: texts.validation, test: texts.test, unlabeled: texts.unlabeled,
      vocabulary: texts.vocabulary, coding: texts.coding, labels: texts.labels, hasTestPart: texts.hasTestPart,
      fileNames: texts.fileNames, notes: texts.notes)
  }
}
