/// A named set of settings.
public enum Preset: String, Sendable, CaseIterable {
  /// The settings of the Keras tutorial.
  case tutorial
  /// The most accurate settings that were found for IMDB reviews (see the article on accuracy).
  case accurate

  /// Its settings.
  public var configuration: TrainingConfiguration {
    var result = TrainingConfiguration()
    guard self == .accurate else { return result }
    (result.vocabularySize, result.maxLength) = (10_000, 1000)
    (result.embeddingSize, result.hiddenSize) = (0, 64)
    (result.isBidirectional, result.pooling, result.masksPadding) = (true, .max, true)
    (result.dropout.words, result.dropout.recurrent, result.dropout.output) = (0.3, 0.2, 0.5)
    (result.batchSize, result.epochs) = (100, 8)
    (result.learningRate, result.epsilon) = (0.006, 1e-4)
    result.schedule = .cosineDecay(warmupSteps: 50, alpha: 0.02)
    return result
  }
}
