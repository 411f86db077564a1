import Classification
import Corpus
import Hyperparameters
import Parallel
import RecurrentNetwork

/// Trains a network: next batch → gradient → check → clip → Adam → record.
///
/// It neither prints nor writes: it reports, and the caller answers whether to go on.
public final class Trainer {
  /// Trains for all remaining epochs, or until the caller or a callback answers `.stop`. If it was the caller, a later
  /// call goes on.
  ///
  /// `state` is up to date whenever `report` is called, so that a checkpoint can be made of it.
  ///
  /// - Throws: `TrainingError` where the loss or the gradient is not finite, `RankError` where the ranks' weights
  ///   differ, and what `report` and the callbacks throw.
  public func run(_ report: (TrainingEvent) throws -> TrainingAnswer) throws -> TrainingEnding {
    if current.isFinished { return .completed }
    if try announce(.begin, report) == .stop { return .stopped }
    while !current.isFinished {
      var stopwatch = Stopwatch(elapsed: current.epochSeconds)
      while let batch = nextBatch() {
        let metrics = try step(on: batch)
        let record = current.recordStep(metrics, seconds: stopwatch.seconds)
        if try announce(.step(record), report) == .stop { return .stopped }
        if current.isFinished { return .completed }
      }
      catchUp()
      try communicator.verify(current.parameters)
      stopwatch = Stopwatch(elapsed: current.epochSeconds)
      guard let validation = try validate(report) else { return .stopped }
      let record = current.recordEpoch(
        validation.metrics, f1: validation.f1, seconds: stopwatch.seconds,
        withLearningRate: configuration.changesLearningRate)
      if try announce(.epoch(record), report) == .stop, !current.isFinished { return .stopped }
    }
    return .completed
  }

  /// A training step on a batch.
  private func step(on batch: ArraySlice<Int>) throws -> Metrics {
    let samples = sampler?.samples(step: current.steps.count)
    current.begin(batch, of: trainingData, samples: samples?.tokens ?? [], &lateRows, team: network.team)
    var (metrics, gradient) =
      samples.map { network.wordGradient(of: batch, in: trainingData, words: $0, dropout: dropout, current.parameters) }
      ?? network.gradient(
        of: batch, in: trainingData, classWeights: configuration.classWeights, dropout: dropout,
        parameters: current.parameters)
    try checkIsFinite(metrics, gradient)
    let frozenCount = frozenCount
    configuration.clipping?.clip(&gradient, from: frozenCount)
    current.update(
      with: gradient.values, frozenCount: frozenCount, embeddingRate: configuration.embeddingRate, &lateRows,
      team: network.team)
    return metrics
  }

  /// How many parameters, the first ones, don't learn in the epoch under way.
  private var frozenCount: Int {
    let layout = current.parameters.layout
    if current.epoch < configuration.frozenBodyEpochs ?? 0 { return layout.bodyCount }
    return current.epoch < configuration.frozenEmbeddingEpochs ?? 0 ? layout.embedding.count : 0
  }

  /// Brings all weights up to date.
  private func catchUp() {
    // Without a network no step was taken.
    if let keptNetwork { current.finish(&lateRows, team: keptNetwork.team) }
  }

  /// Gives up the memory of the network's steps until one is taken.
  func releaseMemory() {
    catchUp()
    keptNetwork = nil
  }

  // MARK: Setup

  /// The settings.
  public let configuration: TrainingConfiguration
  /// What the steps so far have led to.
  public var state: TrainingState {
    catchUp()
    return current
  }
  /// The state in which rows of tokens may still have to take steps.
  private(set) var current: TrainingState
  private var lateRows: LateRows
  private let trainingData: LabeledSequences
  let validationData: LabeledSequences
  private let wideLogits: [Float]?
  /// Nil where labels are predicted.
  private let sampler: WordSampler?
  /// Made when it is first needed, and again after `releaseMemory`.
  private var network: DataParallelNetwork {
    if let keptNetwork { return keptNetwork }
    let network = makeNetwork()
    keptNetwork = network
    return network
  }
  private var keptNetwork: DataParallelNetwork?
  private let makeNetwork: () -> DataParallelNetwork
  private let communicator: any Communicator
  private let callbacks: [any TrainingCallback]
  /// The order of the epoch under way.
  private var order: (epoch: Int, texts: [Int])?

  /// - Parameters:
  ///   - configuration: the settings.
  ///   - state: what to go on from, or nil to begin with Keras's initializers and the configuration's seed.
  ///   - training: texts of at most `maxLength` tokens below `vocabularySize`.
  ///   - validation: the same, measured after each epoch; nil for none, if nothing depends on it.
  ///   - wideLogits: what a wide part makes of the validation texts, [count][logits] in one array, on rank 0; the mean
  ///     of these and the network's logits is then validated. Nil where there is none.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - callbacks: what else steers the run, after what the configuration asks for. On all ranks alike, except those
  ///     that change nothing in the state: rank 0's answers hold.
  ///   - communicator: the ranks that share the work, each with a trainer of the same configuration, state and data; the
  ///     result is the same for any number of them.
  ///   - sumsInAnyOrder: lets the communicator add the ranks' gradients in the fastest order; the result then depends on
  ///     their number.
  /// - Throws: `TrainingError` if the settings are impossible, the data don't fit them, or the state fits neither.
  public init(
    _ configuration: TrainingConfiguration, state: TrainingState? = nil, training: LabeledSequences,
    validation: LabeledSequences?, wideLogits: [Float]? = nil, threads: Int, callbacks: [any TrainingCallback] = [],
    communicator: any Communicator = SingleRank(), sumsInAnyOrder: Bool = false
  ) throws {
    if let setting = configuration.invalidSetting { throw TrainingError.invalid(setting) }
    guard threads > 0 else { throw TrainingError.invalidThreadCount(threads) }
    try Self.check(training, .training, configuration)
    if let validation {
      try Self.check(validation, .validation, configuration)
    } else if configuration.monitorsValidation {
      throw TrainingError.noData(.validation)
    }
    sampler = try configuration.wordPrediction.map {
      let sampler = WordSampler(
        $0, vocabularySize: configuration.vocabularySize, texts: training.sequences, seed: configuration.seed)
      guard let sampler else { throw TrainingError.noData(.training) }
      return sampler
    }
    let layout = configuration.layout
    self.configuration = configuration
    current = state ?? TrainingState(configuration)
    lateRows = LateRows(layout)
    trainingData = training
    validationData = validation ?? training.prefix(0)
    self.wideLogits = wideLogits
    makeNetwork = {
      DataParallelNetwork(
        layout, maxLength: configuration.maxLength, threads: threads,
        shardCount: configuration.shards ?? ShardPlan.shardCount, communicator: communicator,
        sumsInAnyOrder: sumsInAnyOrder)
    }
    self.communicator = communicator
    let stepsPerEpoch = Self.stepsPerEpoch(configuration, training)
    self.callbacks = configuration.callbacks(stepsPerEpoch: stepsPerEpoch) + callbacks
    try self.current.check(configuration, textCount: training.count, stepsPerEpoch: stepsPerEpoch)
    self.current.adam.epsilon = configuration.epsilon
    self.current.adam.weightDecay = configuration.weightDecay
    if self.current.epoch == configuration.epochs || !configuration.hasNetwork { self.current.isFinished = true }
    for callback in self.callbacks { try restore(callback) }
  }

  private static func check(
    _ data: LabeledSequences, _ part: TrainingError.Part, _ configuration: TrainingConfiguration
  ) throws {
    if data.count == 0 { throw TrainingError.noData(part) }
    let size = configuration.vocabularySize
    if let token = data.sequences.tokens.first(where: { $0 < 0 || $0 >= size }) {
      throw TrainingError.tokenOutOfRange(part, token: token, vocabularySize: size)
    }
    if let label = data.labels.first(where: { $0 >= configuration.labelCount }) {
      throw TrainingError.labelOutOfRange(part, label: label, labelCount: configuration.labelCount)
    }
    if let index = (0..<data.count).first(where: { data.sequences.length(of: $0) > configuration.maxLength }) {
      throw TrainingError.textTooLong(part, index: index, maxLength: configuration.maxLength)
    }
  }

  /// Lets a callback go on from what the state holds for it.
  private func restore(_ callback: any TrainingCallback) throws {
    guard let saved = current.callbacks[callback.name] else { return }
    let count = current.parameters.layout.count
    guard saved.weights?.count ?? count == count, (try? callback.restore(saved)) != nil else {
      throw TrainingError.unreadableCallback(callback.name)
    }
  }

  // MARK: Batches

  /// Number of steps of an epoch; the last, partial batch counts.
  public var stepsPerEpoch: Int { Self.stepsPerEpoch(configuration, trainingData) }

  /// The share of all epochs' steps that have been taken.
  var shareOfSteps: Double { Double(current.steps.count) / Double(configuration.epochs * stepsPerEpoch) }

  private static func stepsPerEpoch(_ configuration: TrainingConfiguration, _ data: LabeledSequences) -> Int {
    (data.count + configuration.batchSize - 1) / configuration.batchSize
  }

  /// The texts of the next step, or nil at the end of the epoch.
  private func nextBatch() -> ArraySlice<Int>? {
    if order?.epoch != current.epoch { order = (current.epoch, order(ofEpoch: current.epoch)) }
    let rest = order!.texts[current.position...]
    return rest.isEmpty ? nil : rest.prefix(configuration.batchSize)
  }

  /// The order of an epoch's texts, which follows from the seed and the epoch alone.
  private func order(ofEpoch epoch: Int) -> [Int] {
    guard configuration.shuffles else { return Array(0..<trainingData.count) }
    // Stream 0 made the initial weights.
    var generator = RandomGenerator(seed: configuration.seed, stream: UInt64(epoch) + 1)
    return generator.permutation(of: trainingData.count)
  }

  /// What the next step drops, which follows from the seed and the step alone.
  private var dropout: DropoutDraw? {
    if configuration.dropout == Dropout() { return nil }
    // The epochs' orders count their streams from the other end.
    var generator = RandomGenerator(seed: configuration.seed, stream: .max - UInt64(current.steps.count))
    return DropoutDraw(rates: configuration.dropout, seed: generator.next())
  }

  // MARK: Checking and validating

  private func checkIsFinite(_ metrics: Metrics, _ gradient: Parameters) throws {
    let isFinite = metrics.loss.isFinite
    if isFinite, lateRows.areFinite(gradient.values) { return }
    throw TrainingError.notFinite(
      isFinite ? .gradient : .loss, step: current.steps.count + 1, learningRate: current.learningRate)
  }

  /// Measures the validation texts, and their macro-F1 where something depends on it; nil where the caller stops it.
  private func validate(
    _ report: (TrainingEvent) throws -> TrainingAnswer
  ) throws -> (metrics: Metrics, f1: Double?)? {
    if validationData.count == 0 { return (Metrics(), nil) }
    if let sampler { return try validateWords(sampler.validationSamples, report).map { ($0, nil) } }
    var failure: Error?
    let own = network.logits(of: validationData, parameters: current.parameters) { done in
      do {
        return try agree(report(.validation(done: done, count: validationData.count))) == .goOn
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    guard let own else { return nil }
    let logits = wideLogits.map { zip(own, $0).map { ($0 + $1) / 2 } } ?? own
    let outcomes = Outcome.outcomes(logits: logits, labels: validationData.labels)
    let metrics = network.metrics(of: outcomes, 0..<validationData.count, validationData)
    guard configuration.monitorsF1 else { return (metrics, nil) }
    let evaluation = MulticlassEvaluation(
      predicted: outcomes.map(\.label), labels: validationData.labels, labelCount: configuration.labelCount)
    var f1 = evaluation.macroF1 ?? .nan
    communicator.broadcast(&f1)
    return (metrics, f1)
  }

  /// Measures how well the words of the validation texts are predicted; nil where the caller stops it.
  private func validateWords(
    _ samples: WordSamples, _ report: (TrainingEvent) throws -> TrainingAnswer
  ) throws -> Metrics? {
    var metrics = Metrics()
    for start in stride(from: 0, to: validationData.count, by: configuration.batchSize) {
      let batch = start..<min(start + configuration.batchSize, validationData.count)
      metrics += network.wordGradient(of: batch, in: validationData, words: samples, current.parameters).metrics
      if try agree(report(.validation(done: batch.upperBound, count: validationData.count))) == .stop { return nil }
    }
    return metrics
  }

  // MARK: Reporting

  /// Tells the callbacks and then the caller about an event.
  private func announce(_ event: TrainingEvent, _ report: (TrainingEvent) throws -> TrainingAnswer) throws
    -> TrainingAnswer
  {
    for callback in callbacks {
      if callback.needsWeights(after: event) { catchUp() }
      if try callback.handle(event, &current) == .stop { current.isFinished = true }
      current.callbacks[callback.name] = try callback.saved()
    }
    if current.epoch == configuration.epochs { current.isFinished = true }
    return agree(try report(event))
  }

  /// Lets all ranks take over rank 0's answer, and whether its run is finished.
  private func agree(_ answer: TrainingAnswer) -> TrainingAnswer {
    if communicator.count == 1 { return answer }
    var word = (UInt8(current.isFinished ? 1 : 0), UInt8(answer == .stop ? 1 : 0))
    communicator.broadcast(&word)
    current.isFinished = word.0 == 1
    return word.1 == 1 ? .stop : .goOn
  }

  /// The network's logits for the validation texts, [count][logits] in one array, by the weights that the run leaves.
  /// Rank 0 has all of them. All ranks must ask at the same time.
  func validationLogits() -> [Float] { network.logits(of: validationData, parameters: parameters)! }

  // MARK: The result

  /// The weights that the run leaves: its last, or its best where early stopping restores those.
  public var parameters: Parameters {
    catchUp()
    var result = current.parameters
    if current.isFinished, let final = callbacks.lazy.compactMap(\.finalParameters).first { result.values = final }
    return result
  }
}

extension DataParallelNetwork {
  /// As `wordGradient`, with the mean loss of the batch's words as that of each of its texts.
  fileprivate func wordGradient(
    of texts: some Collection<Int>, in data: LabeledSequences, words: WordSamples, dropout: DropoutDraw? = nil,
    _ parameters: Parameters
  ) -> (metrics: Metrics, gradient: Parameters) {
    let result = wordGradient(of: texts, in: data, words: words, dropout: dropout, parameters: parameters)
    var metrics = Metrics()
    metrics.lossSum = result.loss / Double(max(result.count, 1)) * Double(texts.count)
    metrics.sampleCount = texts.count
    return (metrics, result.gradient)
  }
}

/// Seconds since it was made, and those before.
private struct Stopwatch {
  private let start = ContinuousClock.now
  private let elapsed: Double

  init(elapsed: Double) { self.elapsed = elapsed }

  var seconds: Double { elapsed + (ContinuousClock.now - start) / .seconds(1) }
}
