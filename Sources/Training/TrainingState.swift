import Corpus
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// Everything that a run's steps change: what a checkpoint holds, and what a run goes on from.
///
/// The order of an epoch's texts is not part of it: it follows from the seed and the epoch.
public struct TrainingState: Sendable, Equatable {
  /// The weights.
  public package(set) var parameters: Parameters
  /// The optimizer, with its moments and the number of steps that led to them, including those before this run.
  public internal(set) var adam: Adam
  /// The epoch under way, from 0; after the last one, the number of epochs.
  public internal(set) var epoch = 0
  /// How many texts of the epoch's order its steps have taken.
  public internal(set) var position = 0
  /// Metrics over those texts.
  public internal(set) var epochMetrics = Metrics()
  /// Seconds that the epoch's steps have taken so far.
  public internal(set) var epochSeconds: Double = 0
  /// Loss and accuracy of each step of the run so far, as steps.csv has them.
  public internal(set) var steps: [StepResult] = []
  /// The epochs that are complete.
  public internal(set) var epochs: [EpochRecord] = []
  /// The learning rate of the last step.
  public internal(set) var lastLearningRate: Double
  /// What the callbacks have to remember, by name.
  public internal(set) var callbacks: [String: CallbackState] = [:]
  /// Whether the run has come to its end.
  public internal(set) var isFinished = false

  // MARK: Beginning

  /// The first state of a run.
  public init(_ parameters: Parameters, learningRate: Double) {
    self.parameters = parameters
    adam = Adam(parameterCount: parameters.values.count, learningRate: learningRate)
    lastLearningRate = learningRate
  }

  /// The first state of a run that continues where another ended, with its optimizer: the moments, the number of steps
  /// and the learning rate, which `learningRate` may change. The run itself counts its steps from 1.
  ///
  /// ε and weight decay are the configuration's, whatever the optimizer says.
  ///
  /// - Throws: `TrainingError.otherOptimizer` where the optimizer hasn't a moment for each parameter.
  public init(_ parameters: Parameters, optimizer: Adam) throws {
    guard optimizer.firstMoment.count == parameters.values.count else {
      throw TrainingError.otherOptimizer(
        path: nil, found: optimizer.firstMoment.count, expected: parameters.values.count)
    }
    self.parameters = parameters
    adam = optimizer
    lastLearningRate = optimizer.learningRate
  }

  /// The first state of a run, with Keras's initializers and the configuration's seed.
  public init(_ configuration: TrainingConfiguration) {
    var generator = RandomGenerator(seed: configuration.seed)
    self.init(
      Parameters(kerasInitial: configuration.layout, using: &generator),
      learningRate: configuration.learningRate)
  }

  /// Lets a finished run go on, where there are epochs left.
  public mutating func reopen() { isFinished = false }

  /// Checks that the state belongs to the given settings and data.
  ///
  /// A checkpoint may come from anywhere, and sums and differences of these numbers are relied on.
  func check(_ configuration: TrainingConfiguration, textCount: Int, stepsPerEpoch: Int) throws {
    guard parameters.layout == configuration.layout else {
      throw TrainingError.otherNetwork(
        path: nil, found: parameters.architecture, expected: configuration.architecture)
    }
    let size = configuration.batchSize
    guard 0...textCount ~= position, 0...configuration.epochs ~= epoch,
      steps.count == epoch * stepsPerEpoch + (position + size - 1) / size,
      epochMetrics.sampleCount == position, 0...position ~= epochMetrics.correctCount
    else { throw TrainingError.otherState(textCount: textCount, batchSize: size) }
  }

  // MARK: Changing

  /// The learning rate of the next step.
  public var learningRate: Double {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }

  /// Replaces the weights.
  ///
  /// - Throws: `TrainingError.otherNetwork` where they are another network's.
  public mutating func replaceParameters(with new: Parameters) throws {
    guard new.layout == parameters.layout else {
      throw TrainingError.otherNetwork(path: nil, found: new.architecture, expected: parameters.architecture)
    }
    parameters = new
  }

  /// Gives tokens the vectors of a file; the others keep theirs.
  ///
  /// - Throws: `TrainingError.otherVectors` unless the vectors are as long as the embedding's.
  public mutating func setVectors(_ vectors: WordVectors) throws {
    let embedding = parameters.layout.embedding
    let (count, size) = (embedding.shape[0], embedding.shape[1])
    guard vectors.size == size else { throw TrainingError.otherVectors(found: vectors.size, expected: size) }
    for (token, vector) in vectors.vectors where token < count {
      let start = embedding.offset + token * size
      parameters.values.replaceSubrange(start..<start + size, with: vector)
    }
  }

  /// Brings the weights up to date that a batch reads.
  ///
  /// - Parameter samples: the words that it has to tell the right ones from.
  mutating func begin(
    _ batch: ArraySlice<Int>, of data: LabeledSequences, samples: [Int32], _ rows: inout LateRows, team: WorkerTeam
  ) { rows.begin(batch, of: data, samples: samples, &parameters, &adam, team: team) }

  /// Takes Adam's step along the batch's gradient.
  ///
  /// - Parameters:
  ///   - frozenCount: so many parameters, the first ones, stay as they are.
  ///   - embeddingRate: the step size of the embedding, as a share of that of the others; nil for 1.
  mutating func update(
    with gradient: [Float], frozenCount: Int, embeddingRate: Double?, _ rows: inout LateRows, team: WorkerTeam
  ) {
    lastLearningRate = learningRate
    rows.take(gradient, frozenCount: frozenCount, tableRate: embeddingRate ?? 1, &parameters, &adam, team: team)
  }

  /// Brings all weights up to date.
  mutating func finish(_ rows: inout LateRows, team: WorkerTeam) { rows.finish(&parameters, &adam, team: team) }

  // MARK: Recording

  /// Counts a step of the epoch.
  ///
  /// - Parameters:
  ///   - metrics: the batch's, before the step.
  ///   - seconds: that the epoch's steps have taken so far.
  mutating func recordStep(_ metrics: Metrics, seconds: Double) -> StepRecord {
    position += metrics.sampleCount
    epochMetrics += metrics
    epochSeconds = seconds
    steps.append(StepResult(metrics))
    return StepRecord(step: steps.count, epoch: epoch, metrics: metrics, epochMetrics: epochMetrics)
  }

  /// Completes the epoch.
  ///
  /// - Parameters:
  ///   - validation: the validation texts' metrics after it.
  ///   - f1: their macro-F1, where something depends on it.
  ///   - seconds: that the whole epoch took.
  mutating func recordEpoch(
    _ validation: Metrics, f1: Double?, seconds: Double, withLearningRate: Bool
  ) -> EpochRecord {
    var record = EpochRecord(
      epoch: epoch, training: epochMetrics, validation: validation, trainingSeconds: epochSeconds, seconds: seconds)
    if withLearningRate { record.learningRate = lastLearningRate }
    record.validationF1 = f1
    if !parameters.layout.words.isEmpty { record.isOfWords = true }
    epochs.append(record)
    epoch += 1
    (position, epochMetrics, epochSeconds) = (0, Metrics(), 0)
    return record
  }

  /// Seconds that all steps have taken so far.
  public var seconds: Double { epochs.reduce(epochSeconds) { $0 + $1.trainingSeconds } }
}

/// What a step came to.
public struct StepResult: Sendable, Equatable {
  /// Mean cross-entropy of the batch, before the step.
  public var loss: Float
  /// Share of right predictions.
  public var accuracy: Float

  /// A batch's mean.
  public init(_ metrics: Metrics) {
    loss = Float(metrics.loss)
    accuracy = Float(metrics.accuracy)
  }

  package init(loss: Float, accuracy: Float) {
    self.loss = loss
    self.accuracy = accuracy
  }

  /// The row of steps.csv, with digits that read back to the same Float.
  func row(_ step: Int, ofWords: Bool) -> String { "\(step),\(loss)" + (ofWords ? "" : ",\(accuracy)") }
}
