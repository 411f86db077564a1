import Corpus
import RecurrentNetwork

/// Trains a network: next batch → shards → gradients → reduce → Adam → record.
///
/// It prints and writes nothing: it reports, and the caller answers whether to go on.
public final class Trainer {
  /// What has happened.
  public enum Event: Sendable {
    /// The run begins, or goes on.
    case begin
    /// A training step was taken.
    case step(StepRecord)
    /// Of the validation reviews, so many are done.
    case validation(done: Int, count: Int)
    /// An epoch is complete, its validation too.
    case epoch(EpochRecord)
  }

  /// A caller's or a callback's answer.
  public enum Answer: Sendable {
    case goOn
    /// No further step. A run that its caller stops can go on later; one that a callback stops is finished.
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
  private let ranks: Ranks
  private let callbacks: [any TrainingCallback]

  /// - Parameters:
  ///   - state: what to go on from, or nil to begin with Keras's initialisers and the configuration's seed.
  ///   - training: reviews of at most `maxLength` tokens below `vocabularySize`.
  ///   - validation: the same, measured after each epoch.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - callbacks: what else steers the run, after what the configuration asks for. On all ranks alike, but for
  ///     those that change nothing of the state: rank 0's answers hold.
  ///   - communicator: the ranks that share the work, each with a trainer of the same configuration, state and data; the
  ///     result is the same for any number of them.
  ///   - sumsInAnyOrder: lets the communicator add the ranks' gradients as is fastest; the result then depends on their
  ///     number.
  /// - Throws: `TrainingError` if the data doesn't fit the configuration, or the state a callback.
  public init(
    _ configuration: TrainingConfiguration, state: TrainingState? = nil, training: LabelledSequences,
    validation: LabelledSequences, threads: Int, callbacks: [any TrainingCallback] = [],
    communicator: any Communicator = SingleRank(), sumsInAnyOrder: Bool = false
  ) throws {
    if let problem = configuration.problem {
      throw TrainingError(problem: "\(problem.setting) \(problem.rule)", advice: "see TrainingConfiguration")
    }
    for (name, data) in [("training", training), ("validation", validation)] {
      try Self.check(data, named: name, configuration)
    }
    let layout = ParameterLayout(configuration.architecture)
    self.configuration = configuration
    self.state = state ?? TrainingState(configuration)
    precondition(self.state.parameters.layout == layout, "the state is of another network")
    trainingData = training
    validationData = validation
    network = DataParallelNetwork(
      layout, maxLength: configuration.maxLength, threads: threads,
      shardCount: configuration.shards ?? ShardPlan.shardCount, communicator: communicator,
      sumsInAnyOrder: sumsInAnyOrder)
    ranks = Ranks(communicator, layout)
    let stepsPerEpoch = Self.stepsPerEpoch(configuration, training)
    // Sums and differences of these numbers are relied on, and a checkpoint may be anybody's.
    let (position, metrics, size) = (self.state.position, self.state.epochMetrics, configuration.batchSize)
    guard 0...training.count ~= position, 0...configuration.epochs ~= self.state.epoch,
      self.state.steps.count == self.state.epoch * stepsPerEpoch + (position + size - 1) / size,
      metrics.sampleCount == position, 0...position ~= metrics.correctCount
    else {
      throw TrainingError(
        problem: "the state to go on from doesn't fit \(training.count) training reviews in batches of \(size)",
        advice: "resume from another checkpoint")
    }
    self.callbacks = configuration.callbacks(stepsPerEpoch: stepsPerEpoch) + callbacks
    self.state.adam.epsilon = configuration.epsilon
    self.state.adam.weightDecay = configuration.weightDecay
    for callback in self.callbacks {
      guard let saved = self.state.callbacks[callback.name] else { continue }
      do {
        guard saved.weights?.count ?? layout.count == layout.count else { throw RestoreFailure() }
        try callback.restore(saved)
      } catch {
        throw TrainingError(
          problem: "the state of \(callback.name) can't be read", advice: "resume from another checkpoint")
      }
    }
  }

  /// A callback's weights are not of this network.
  private struct RestoreFailure: Error {}

  /// The weights that the run leaves: its last, or its best where early stopping restores those.
  public var parameters: Parameters {
    var result = state.parameters
    if state.isFinished, let final = callbacks.lazy.compactMap(\.finalParameters).first { result.values = final }
    return result
  }

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
    if let label = data.labels.first(where: { $0 >= configuration.labelCount }) {
      throw TrainingError(
        problem: "the \(name) reviews have label \(label), but the labels end at \(configuration.labelCount - 1)",
        advice: "give the network more labels")
    }
    for review in 0..<data.count where data.sequences.length(of: review) > configuration.maxLength {
      throw TrainingError(
        problem: "\(name) review \(review) is longer than \(configuration.maxLength) tokens",
        advice: "cut the reviews with truncated(to:)")
    }
  }

  /// Number of steps of an epoch; the last, partial batch counts.
  public var stepsPerEpoch: Int { Self.stepsPerEpoch(configuration, trainingData) }

  private static func stepsPerEpoch(_ configuration: TrainingConfiguration, _ data: LabelledSequences) -> Int {
    (data.count + configuration.batchSize - 1) / configuration.batchSize
  }

  /// Trains for all epochs that are left, or until the caller or a callback answers `.stop`; where it was the caller, a
  /// later call goes on.
  ///
  /// `state` is true whenever `report` is called, so that a checkpoint can be made of it.
  ///
  /// - Throws: `TrainingError` where the loss or the gradient is not finite, and what `report` throws.
  public func run(_ report: (Event) throws -> Answer) throws -> Ending {
    if state.isFinished { return .completed }
    if try announce(.begin, report) == .stop { return .stopped }
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
          step: state.steps.count, epoch: state.epoch, metrics: metrics, epochMetrics: state.epochMetrics)
        if try announce(.step(record), report) == .stop { return .stopped }
        if state.isFinished { return .completed }
      }
      try ranks.verify(state.parameters)
      let validationClock = ContinuousClock.now
      guard let validation = try validate(report) else { return .stopped }
      var record = EpochRecord(
        epoch: state.epoch, training: state.epochMetrics, validation: validation,
        trainingSeconds: state.epochSeconds,
        seconds: state.epochSeconds + (ContinuousClock.now - validationClock).seconds)
      if configuration.movesLearningRate { record.learningRate = state.lastLearningRate }
      state.epochs.append(record)
      state.epoch += 1
      (state.position, state.epochMetrics, state.epochSeconds) = (0, Metrics(), 0)
      if try announce(.epoch(record), report) == .stop, !state.isFinished { return .stopped }
    }
    state.isFinished = true
    return .completed
  }

  /// Lets the callbacks and then the caller see an event; rank 0's answers hold on all.
  private func announce(_ event: Event, _ report: (Event) throws -> Answer) throws -> Answer {
    if try tell(event) == .stop || state.epoch == configuration.epochs { state.isFinished = true }
    var answer = try report(event)
    ranks.agree(&state.isFinished, &answer)
    return answer
  }

  /// Lets the callbacks see an event, and remembers what they have to.
  private func tell(_ event: Event) throws -> Answer {
    var answer = Answer.goOn
    for callback in callbacks {
      if try callback.handle(event, &state) == .stop { answer = .stop }
      state.callbacks[callback.name] = try callback.saved()
    }
    return answer
  }

  private func step(_ batch: ArraySlice<Int>) throws -> Metrics {
    var (metrics, gradient) = network.gradient(
      of: batch, in: trainingData, classWeights: configuration.classWeights, dropout: dropout,
      parameters: state.parameters)
    guard metrics.loss.isFinite, gradient.values.allSatisfy(\.isFinite) else {
      throw TrainingError(
        problem: "the \(metrics.loss.isFinite ? "gradient" : "loss") of step \(state.steps.count + 1) is not finite",
        advice: "a smaller learning rate may help, now \(state.learningRate)")
    }
    configuration.clipping?.clip(&gradient)
    state.step(gradient.values, team: network.team)
    return metrics
  }

  /// What the next step drops, which follows from the seed and the step alone.
  private var dropout: DropoutDraw? {
    if configuration.dropout == Dropout() { return nil }
    // The order of an epoch takes its stream from the other end.
    var generator = RandomGenerator(seed: configuration.seed, stream: .max - UInt64(state.steps.count))
    return DropoutDraw(rates: configuration.dropout, seed: generator.next())
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
      do {
        var answer = try report(.validation(done: done, count: validationData.count))
        ranks.agree(&state.isFinished, &answer)
        return answer == .goOn
      } catch {
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
