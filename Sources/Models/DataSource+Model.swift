import Corpus
import Hyperparameters
import RecurrentNetwork

extension DataSource {
  /// Reads the data for a network of the given sizes.
  ///
  /// - Parameters:
  ///   - configuration: says how many tokens, labels and tokens of a text there are.
  ///   - model: the one that is going to read the texts, with its own vocabulary and labels; nil to make a vocabulary.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - progress: told the share of the texts that was read.
  /// - Throws: `CorpusError`.
  public func load(
    _ configuration: TrainingConfiguration, as model: Model? = nil, threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> Dataset {
    try load(
      vocabularySize: configuration.vocabularySize, maxLength: configuration.maxLength,
      labelCount: configuration.labelCount,
      for: model.map { .init(vocabulary: $0.vocabulary, coding: $0.coding, labels: $0.labels) }, threads: threads,
      progress: progress)
  }
}

extension Dataset {
  /// A model that was trained on these data: with their words, and with their labels where there are as many.
  ///
  /// - Throws: `ModelError` where the words aren't those of the network.
  package func model(_ parameters: Parameters, _ configuration: TrainingConfiguration) throws -> Model {
    try Model(
      parameters, configuration: configuration, vocabulary: vocabulary, coding: coding,
      labels: labels.count == configuration.labelCount ? labels : nil)
  }
}
