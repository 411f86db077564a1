import Corpus
import Hyperparameters
import Models

extension Checkpoint {
  /// The start of a new run: a model's weights, and its optimizer where it has one, or else Keras's initializers.
  ///
  /// A model's words go along, as its weights know them by their numbers, unless the source names a word index.
  ///
  /// - Throws: `TrainingError.otherNetwork` where the configuration is of another network than the model.
  public init(
    model: Model? = nil, configuration: TrainingConfiguration, source: DataSource,
    output: OutputSettings = OutputSettings()
  ) throws {
    var source = source
    guard let model else {
      self.init(TrainingState(configuration), configuration: configuration, source: source, output: output)
      return
    }
    guard model.architecture == configuration.architecture else {
      throw TrainingError.otherNetwork(path: nil, found: model.architecture, expected: configuration.architecture)
    }
    if source.wordIndex == nil, let vocabulary = model.vocabulary {
      source.terms = .init(vocabulary: vocabulary, coding: model.coding, labels: model.labels)
    }
    var state: TrainingState
    if let optimizer = model.optimizer {
      state = try TrainingState(model.parameters, optimizer: optimizer)
      state.learningRate = configuration.learningRate
    } else {
      state = TrainingState(model.parameters, learningRate: configuration.learningRate)
    }
    self.init(state, configuration: configuration, source: source, output: output)
  }

  /// Lets the run go on with more epochs; a finished run is reopened where some are left.
  ///
  /// - Parameters:
  ///   - configuration: the run's own, in which only the number of epochs may have grown.
  ///   - path: the run's folder, for messages.
  /// - Throws: `TrainingError.otherSettings` where anything else has changed.
  public mutating func extend(to configuration: TrainingConfiguration, path: String) throws {
    var unchanged = configuration
    if configuration.epochs >= self.configuration.epochs { unchanged.epochs = self.configuration.epochs }
    let changes = unchanged.differences(from: self.configuration)
    guard changes.isEmpty else { throw TrainingError.otherSettings(path: path, changes: changes) }
    // A run that ended early, by a callback's decision, is over however many epochs there are.
    let mayReopen = configuration.epochs > self.configuration.epochs && state.epoch >= self.configuration.epochs
    if mayReopen { state.reopen() }
    self.configuration = configuration
  }
}
