/// Settings by name.
public enum Preset: String, Sendable, CaseIterable {
  /// The Keras tutorial's.
  case tutorial
  /// The best answer that was found for IMDB reviews (see the article on accuracy).
  case accurate

  /// Its settings.
  public var configuration: TrainingConfiguration {
    var result = TrainingConfiguration()
    guard self == .accurate else { return result }
    (result.vocabularySize, result.maxLength) = (5000, 1000)
    (result.isBidirectional, result.pooling, result.masksPadding) = (true, .max, true)
    (result.dropout.words, result.dropout.recurrent, result.dropout.output) = (0.5, 0.2, 0.5)
    (result.batchSize, result.epochs, result.learningRate) = (100, 5, 0.002)
    result.schedule = .cosineDecay(warmupSteps: 50, alpha: 0.02)
    return result
  }
}
