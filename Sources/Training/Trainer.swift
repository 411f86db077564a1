import Corpus
import RecurrentNetwork

/// Trains a network: next batch → shards → gradients → reduce → Adam → record.
///
/// It prints and writes nothing: it reports, and the caller answers whether to go on.
public final class Trainer {
  /// What has happened.
  public enum Event: Sendable {
    /// A training step was taken.
    case step(StepRecord)
    /// Of the validation reviews, so many are done.
    case validation(done: Int, count: Int)
    /// An epoch is complete, its validation too.
    case epoch(EpochRecord)
  }

  /// The caller's answer.
  public enum Answer: Sendable {
    case goOn
    /// No further step; the weights stay as they are.
    case stop
  }

  /// How a run ended.
  public enum Ending: Sendable {
    case completed, stopped
  }

  /// The settings.
  public let configuration: TrainingConfiguration
  /// What the steps so far have led to.
  public private(set) var state: TrainingState
  private let trainingData: LabelledSequences
  private let validationData: LabelledSequences
  private let network: DataParallelNetwork
  private var gradient: Parameters

  /// - Parameters:
  ///   - state: what to go on from, or nil to begin with Keras's initialisers and the configuration's seed.
  ///   - training: reviews of at most `maxLength` tokens below `vocabularySize`.
  ///   - validation: the same, measured after each epoch.
  ///   - threads: how many threads share the work; the result is the same for any number.
  /// - Throws: `TrainingError` if the data doesn't fit the configuration.
  public init(
    _ configuration: TrainingConfiguration, state: TrainingState? = nil, training: LabelledSequences,
    validation: LabelledSequences, threads: Int
  ) throws {
    for (name, data) in [("training", training), ("validation", validation)] {
      try Self.check(data, named: name, configuration)
    }
    let layout = ParameterLayout(configuration.architecture)
    self.configuration = configuration
    self.state = state ?? TrainingState(configuration)
    precondition(self.state.parameters.layout == layout, "the state is of another network")
    trainingData = training
    validationData = validation
    network = DataParallelNetwork(layout, maxLength: configuration.maxLength, threads: threads)
    gradient = Parameters(zeros: layout)
  }

  /// The weights, moving.
  public var parameters: Parameters { state.parameters }

  private static func check(
    _ data: LabelledSequences, named name: String, _ configuration: TrainingConfiguration
  ) throws {
    if data.count == 0 { throw TrainingError(problem: "there are no \(name) reviews", advice: "give it some") }
    let size = configuration.vocabularySize
    if let token = data.sequences.tokens.first(where: { $0 < 0 || $0 >= size }) {
      throw TrainingError(
        problem: "the \(name) reviews have token \(token), but the vocabulary ends at \(size - 1)",
        advice: "load them with numWords: \(size)")
    }
    for review in 0..<data.count where data.sequences.length(of: review) > configuration.maxLength {
      throw TrainingError(
        problem: "\(name) review \(review) is longer than \(configuration.maxLength) tokens",
        advice: "cut the reviews with truncated(to:)")
    }
  }

  /// Number of steps of an epoch; the last, partial batch counts.
  public var stepsPerEpoch: Int {
    (trainingData.count + configuration.batchSize - 1) / configuration.batchSize
  }

  /// Trains for all epochs that are left, or until the caller answers `.stop`; a later call goes on.
  ///
  /// `state` is true whenever `report` is called, so that a checkpoint can be made of it.
  ///
  /// - Throws: `TrainingError` where the loss or the gradient is not finite, and what `report` throws.
  public func run(_ report: (Event) throws -> Answer) throws -> Ending {
    while state.epoch < configuration.epochs && !state.isFinished {
      let clock = ContinuousClock.now
      let secondsBefore = state.epochSeconds
      let order = order(ofEpoch: state.epoch)
      while state.position < order.count {
        let end = min(state.position + configuration.batchSize, order.count)
        let metrics = try step(order[state.position..<end])
        state.position = end
        state.epochMetrics += metrics
        state.epochSeconds = secondsBefore + (ContinuousClock.now - clock).seconds
        state.steps.append(StepResult(metrics))
        let record = StepRecord(
          step: state.adam.step, epoch: state.epoch, metrics: metrics, epochMetrics: state.epochMetrics)
        if try report(.step(record)) == .stop { return .stopped }
      }
      let validationClock = ContinuousClock.now
      guard let validation = try validate(report) else { return .stopped }
      let record = EpochRecord(
        epoch: state.epoch, training: state.epochMetrics, validation: validation,
        trainingSeconds: state.epochSeconds,
        seconds: state.epochSeconds + (ContinuousClock.now - validationClock).seconds)
      state.epochs.append(record)
      state.epoch += 1
      (state.position, state.epochMetrics, state.epochSeconds) = (0, Metrics(), 0)
      if try report(.epoch(record)) == .stop, state.epoch < configuration.epochs { return .stopped }
    }
    state.isFinished = true
    return .completed
  }

  private func step(_ batch: ArraySlice<Int>) throws -> Metrics {
    let metrics = network.gradient(of: batch, in: trainingData, parameters: state.parameters, into: &gradient)
    guard metrics.loss.isFinite, gradient.values.allSatisfy(\.isFinite) else {
      throw TrainingError(
        problem: "the \(metrics.loss.isFinite ? "gradient" : "loss") of step \(state.adam.step + 1) is not finite",
        advice: "a smaller learning rate may help, now \(configuration.learningRate)")
    }
    state.step(gradient.values, team: network.team)
    return metrics
  }

  /// The order of an epoch's reviews, which follows from the seed and the epoch alone.
  private func order(ofEpoch epoch: Int) -> [Int] {
    guard configuration.shuffles else { return Array(0..<trainingData.count) }
    // Stream 0 made the initial weights.
    var generator = RandomGenerator(seed: configuration.seed, stream: UInt64(epoch) + 1)
    return generator.permutation(of: trainingData.count)
  }

  private func validate(_ report: (Event) throws -> Answer) throws -> Metrics? {
    var failure: Error?
    let metrics = network.evaluate(validationData, parameters: state.parameters) { done in
      do { return try report(.validation(done: done, count: validationData.count)) == .goOn } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    return metrics
  }
}

extension Duration {
  /// The whole and the fraction.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
