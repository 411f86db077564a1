import Corpus
import Hyperparameters
import RecurrentNetwork

extension DataSource {
  /// Reads the data for a network of the configured sizes.
  ///
  /// - Parameters:
  ///   - configuration: the source of the vocabulary size, the maximum text length and the number of labels.
  ///   - model: the model that will read the texts, whose vocabulary and labels are then used; nil to build a vocabulary
  ///     from the texts.
  ///   - threads: the number of threads that share the work; it doesn't affect the result.
  ///   - progress: called with the fraction of the texts read so far.
  /// - Throws: `CorpusError` or `FileError`.
  public func load(
    _ configuration: TrainingConfiguration, as model: Model? = nil, threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> Dataset {
    try load(configuration, as: model, keepsOriginals: false, threads: threads, progress: progress)
  }

  /// - Parameter keepsOriginals: whether the result also has the texts as they were read.
  package func load(
    _ configuration: TrainingConfiguration, as model: Model? = nil, keepsOriginals: Bool, threads: Int,
    progress: (Double) -> Void = { _ in }
  ) throws -> Dataset {
    var kept: KeptTexts = keepsOriginals ? .originals : []
    if model.map({ $0.wide != nil }) ?? (configuration.wide != nil) { kept.insert(.words) }
    // Where words are predicted, texts are cut into pieces instead.
    let maxLength = configuration.wordPrediction == nil ? configuration.maxLength : .max
    return try load(
      vocabularySize: configuration.vocabularySize, maxLength: maxLength,
      labelCount: configuration.labelCount,
      for: model.map { .init(vocabulary: $0.vocabulary, coding: $0.coding, labels: $0.labels) },
      keeping: kept, threads: threads, progress: progress)
  }
}

extension Dataset {
  /// A model trained on this data set: with its words, and with its labels if their number is that of the network. Weights
  /// that predict words are left out.
  ///
  /// - Throws: `ModelError` if the number of words doesn't fit the network.
  package func model(_ parameters: Parameters, _ configuration: TrainingConfiguration) throws -> Model {
    var model = try Model(
      parameters.withoutWords, configuration: configuration, vocabulary: vocabulary, coding: coding,
      labels: labels.count == configuration.labelCount ? labels : nil)
    model.trainingTexts = trainingTexts
    return model
  }
}
