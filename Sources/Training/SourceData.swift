import Corpus
import Foundation
import RecurrentNetwork

/// What a source holds, as the network takes it.
public struct SourceData: Sendable {
  /// The reviews to train on, cut to the configuration's length.
  public var training: LabelledSequences
  /// The test reviews, cut likewise; none where there are none and none were split off.
  public var test: LabelledSequences
  /// The word of each token, [V], or nil where they aren't known.
  public var vocabulary: [String]?
  /// How texts become words of the vocabulary.
  public var coding = TextCoding()
  /// What the labels are called, from label 0 on.
  public var labels = Model.defaultLabels
  /// Whether the data have a test part of their own.
  public var hasTestPart = true
  /// What was chosen or left out, in sentences.
  public var notes: [String] = []

  /// The reviews to train on, and those to validate by: the test reviews, or where the configuration says so the last of
  /// the others.
  ///
  /// - Throws: `CorpusError` where one part would be empty.
  public func parts(
    _ configuration: TrainingConfiguration
  ) throws -> (training: LabelledSequences, validation: LabelledSequences) {
    if let share = configuration.validationSplit { return try training.split(validationSplit: share) }
    return (training, test)
  }

  /// A model that was trained on them.
  public func model(_ parameters: Parameters, _ configuration: TrainingConfiguration) -> Model {
    var model = Model(parameters, configuration: configuration, vocabulary: vocabulary)
    model.coding = coding
    if labels.count == configuration.labelCount { model.labels = labels }
    return model
  }
}

extension DataSource {
  /// Reads the source, which is recognised by its content: Keras's `imdb.npz`, or texts (see ``LabelledTexts``).
  ///
  /// - Parameters:
  ///   - configuration: says how many tokens are kept, and how many of a review.
  ///   - model: the one to code texts by, with its own vocabulary and labels; nil to make a vocabulary of the training
  ///     part, or by the word index if one is named.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - progress: told the share of the texts that was read.
  /// - Throws: `CorpusError`, or `TrainingError` if the model has no vocabulary to code texts by.
  public func load(
    _ configuration: TrainingConfiguration, as model: Model? = nil, threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> SourceData {
    let files = try FileSet(path: path)
    var data = try files.holdsNumbers ? numbers(configuration) : texts(files, configuration, model, threads, progress)
    if let limit { (data.training, data.test) = (data.training.prefix(limit), data.test.prefix(limit)) }
    data.training.sequences.truncate(to: configuration.maxLength)
    data.test.sequences.truncate(to: configuration.maxLength)
    return data
  }

  private func numbers(_ configuration: TrainingConfiguration) throws -> SourceData {
    guard text == nil else {
      throw TrainingError(
        path: path, problem: "holds numbers, not texts", advice: "leave out the options for texts and their labels")
    }
    let size = configuration.vocabularySize
    let (training, test) = try KerasIMDB.loadData(path: path, options: .init(numWords: size))
    let beside = (path as NSString).deletingPathExtension + "_word_index.json"
    let index = try (wordIndex ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil)).map(
      WordIndex.init(contentsOf:))
    var data = SourceData(
      training: training, test: test, vocabulary: index?.vocabulary(size: size) ?? terms?.vocabulary)
    data.labels = terms?.labels ?? Model.defaultLabels(configuration.labelCount)
    return data
  }

  private func texts(
    _ files: FileSet, _ configuration: TrainingConfiguration, _ model: Model?, _ threads: Int,
    _ progress: (Double) -> Void
  ) throws -> SourceData {
    let size = configuration.vocabularySize
    var terms = model.flatMap { model in
      model.vocabulary.map { LabelledTexts.Terms(vocabulary: $0, coding: model.coding, labels: model.labels) }
    }
    terms = terms ?? self.terms
    if terms == nil, let wordIndex {
      let vocabulary = try WordIndex(contentsOf: wordIndex).vocabulary(size: size)
      terms = .init(vocabulary: vocabulary, coding: model?.coding, labels: model?.labels)
    }
    if model != nil && terms == nil {
      throw TrainingError(
        problem: "the model has no vocabulary to read texts by", advice: "give --word-index imdb_word_index.json")
    }
    let texts = try LabelledTexts.load(
      files, options: text ?? TextOptions(), vocabularySize: size, labelCount: configuration.labelCount, terms: terms,
      threads: threads, progress: progress)
    return SourceData(
      training: texts.training, test: texts.test, vocabulary: texts.vocabulary, coding: texts.coding,
      labels: texts.labels, hasTestPart: texts.hasTestPart, notes: texts.notes)
  }
}
