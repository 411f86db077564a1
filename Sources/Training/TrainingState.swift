import RecurrentNetwork

/// All that a run's steps change: what a checkpoint holds, and what a run goes on from.
///
/// The order of an epoch's reviews is no part of it: that follows from the seed and the epoch.
public struct TrainingState: Sendable, Equatable {
  /// The weights.
  public var parameters: Parameters
  /// The optimizer, with its moments and the number of steps that led to them, those before this run included.
  public internal(set) var adam: Adam
  /// The epoch under way, from 0; after the last, the number of epochs.
  public internal(set) var epoch = 0
  /// How many reviews of the epoch's order its steps have taken.
  public internal(set) var position = 0
  /// Over those reviews.
  public internal(set) var epochMetrics = Metrics()
  /// Seconds that the epoch's steps have taken so far.
  public internal(set) var epochSeconds: Double = 0
  /// Loss and accuracy of each step of the run so far, as steps.csv has them.
  public internal(set) var steps: [StepResult] = []
  /// The epochs that are complete.
  public internal(set) var epochs: [EpochRecord] = []
  /// The rate of the last step.
  public internal(set) var lastLearningRate: Double
  /// What the callbacks have to remember, by name.
  public internal(set) var callbacks: [String: CallbackState] = [:]
  /// Whether the run has come to its end.
  public internal(set) var isFinished = false

  /// The first state of a run.
  public init(_ parameters: Parameters, learningRate: Double) {
    self.parameters = parameters
    adam = Adam(parameterCount: parameters.values.count, learningRate: learningRate)
    lastLearningRate = learningRate
  }

  /// The first state of a run that takes up where another ended, with that one's optimizer: its moments, its number of
  /// steps and its learning rate, which `learningRate` may change. The run itself counts its steps from 1.
  ///
  /// ε and weight decay are the configuration's, whatever the optimizer says.
  ///
  /// - Precondition: the optimizer has a moment for each parameter.
  public init(_ parameters: Parameters, optimizer: Adam) {
    precondition(optimizer.firstMoment.count == parameters.values.count, "the optimizer is of another network")
    self.parameters = parameters
    adam = optimizer
    lastLearningRate = optimizer.learningRate
  }

  /// The first state of a run, with Keras's initialisers and the configuration's seed.
  public init(_ configuration: TrainingConfiguration) {
    var generator = RandomGenerator(seed: configuration.seed)
    self.init(
      Parameters(kerasInitial: ParameterLayout(configuration.architecture), using: &generator),
      learningRate: configuration.learningRate)
  }

  /// Lets a finished run go on, where there are epochs left.
  public mutating func reopen() { isFinished = false }

  /// The rate of the next step.
  public var learningRate: Double {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }

  mutating func step(_ gradient: [Float], team: WorkerTeam) {
    lastLearningRate = learningRate
    adam.update(&parameters.values, gradient: gradient, team: team)
  }

  /// Seconds that all steps have taken so far.
  public var seconds: Double { epochs.reduce(epochSeconds) { $0 + $1.trainingSeconds } }
}

/// What a step came to.
public struct StepResult: Sendable, Equatable {
  /// Mean binary cross-entropy of the batch, before the step.
  public var loss: Float
  /// Share of right predictions.
  public var accuracy: Float

  /// Of a batch.
  public init(_ metrics: Metrics) {
    loss = Float(metrics.loss)
    accuracy = Float(metrics.accuracy)
  }

  package init(loss: Float, accuracy: Float) {
    self.loss = loss
    self.accuracy = accuracy
  }

  /// The row of steps.csv, with digits that read back to the same Float.
  func row(_ step: Int) -> String { "\(step),\(loss),\(accuracy)" }
}
