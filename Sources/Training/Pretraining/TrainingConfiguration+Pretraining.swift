import Hyperparameters
import RecurrentNetwork

extension TrainingConfiguration {
  /// Settings with which a network learns to predict words, so that a classifier can stand on it.
  ///
  /// They were chosen on reviews of films that the others lack: see the article on texts without labels.
  public static let pretraining: TrainingConfiguration = {
    var settings = TrainingConfiguration()
    settings.wordPrediction = WordPrediction()
    (settings.vocabularySize, settings.maxLength) = (10_000, 200)
    (settings.embeddingSize, settings.hiddenSize) = (0, 128)
    (settings.isBidirectional, settings.pooling, settings.masksPadding) = (true, .max, true)
    (settings.batchSize, settings.epochs) = (64, 8)
    settings.learningRate = 0.003
    settings.schedule = .cosineDecay(warmupSteps: 100, alpha: 0.05)
    settings.validationSplit = 0.01
    return settings
  }()

  /// Settings for what a network learns from texts without labels before it learns from labels with these settings: all
  /// its recurrent layers but the last, or its only one.
  var pretraining: TrainingConfiguration {
    var settings = Self.pretraining
    settings.architecture = architecture
    settings.denseLayers = []
    settings.layerCount = max(1, layerCount - 1)
    settings.seed = seed
    return settings
  }

  /// Takes the sizes of a network that has learned to predict words, and puts a recurrent layer on top.
  ///
  /// - Parameters:
  ///   - pretrained: what the network is to begin with.
  ///   - hasManyTexts: whether so many texts have labels that the network goes on learning for longer.
  package mutating func stand(on pretrained: Architecture, hasManyTexts: Bool) {
    (vocabularySize, embeddingSize, hiddenSize) = (
      pretrained.vocabularySize, pretrained.embeddingSize, pretrained.hiddenSize
    )
    (isBidirectional, masksPadding, pooling) = (pretrained.isBidirectional, pretrained.masksPadding, .max)
    layerCount = pretrained.layerCount + 1
    epochs = max(hasManyTexts ? 12 : 8, epochs)
    learningRate = 0.003
    // The rate ends near zero, so the last epoch is the best but for chance, and few labels leave much to chance.
    earlyStopping = nil
  }
}
