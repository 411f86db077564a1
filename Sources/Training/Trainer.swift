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
  /// The weights, moving.
  public private(set) var parameters: Parameters
  private let trainingData: LabelledSequences
  private let validationData: LabelledSequences
  private let network: DataParallelNetwork
  private var gradient: Parameters
  private var adam: Adam

  /// - Parameters:
  ///   - initialParameters: where to start, or nil for Keras's initialisers with the configuration's seed.
  ///   - training: reviews of at most `maxLength` tokens below `vocabularySize`.
  ///   - validation: the same, measured after each epoch.
  ///   - threads: how many threads share the work; the result is the same for any number.
  /// - Throws: `TrainingError` if the data doesn't fit the configuration.
  public init(
    _ configuration: TrainingConfiguration, initialParameters: Parameters? = nil, training: LabelledSequences,
    validation: LabelledSequences, threads: Int
  ) throws {
    for (name, data) in [("training", training), ("validation", validation)] {
      try Self.check(data, named: name, configuration)
    }
    let layout = ParameterLayout(configuration.architecture)
    var generator = RandomGenerator(seed: configuration.seed)
    self.configuration = configuration
    parameters = initialParameters ?? Parameters(kerasInitial: layout, using: &generator)
    precondition(parameters.layout == layout, "the initial weights are of another network")
    trainingData = training
    validationData = validation
    network = DataParallelNetwork(layout, maxLength: configuration.maxLength, threads: threads)
    gradient = Parameters(zeros: layout)
    adam = Adam(parameterCount: layout.count, learningRate: configuration.learningRate)
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

  /// Trains for all epochs, or until the caller answers `.stop`.
  ///
  /// - Throws: `TrainingError` where the loss is not finite, and what `report` throws.
  public func run(_ report: (Event) throws -> Answer) throws -> Ending {
    for epoch in 0..<configuration.epochs {
      let clock = ContinuousClock.now
      var metrics = Metrics()
      let order = order(ofEpoch: epoch)
      for first in stride(from: 0, to: order.count, by: configuration.batchSize) {
        let batch = order[first..<min(first + configuration.batchSize, order.count)]
        let batchMetrics = network.gradient(of: batch, in: trainingData, parameters: parameters, into: &gradient)
        guard batchMetrics.loss.isFinite else {
          throw TrainingError(
            problem: "the loss of step \(adam.step + 1) is not a finite number",
            advice: "a smaller learning rate may help, now \(configuration.learningRate)")
        }
        adam.update(&parameters.values, gradient: gradient.values, team: network.team)
        metrics += batchMetrics
        let record = StepRecord(step: adam.step, epoch: epoch, metrics: batchMetrics, epochMetrics: metrics)
        if try report(.step(record)) == .stop { return .stopped }
      }
      let trainingTime = ContinuousClock.now - clock
      guard let validation = try validate(report) else { return .stopped }
      let record = EpochRecord(
        epoch: epoch, training: metrics, validation: validation, trainingSeconds: trainingTime.seconds,
        seconds: (ContinuousClock.now - clock).seconds)
      if try report(.epoch(record)) == .stop, epoch + 1 < configuration.epochs { return .stopped }
    }
    return .completed
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
    let metrics = network.evaluate(validationData, parameters: parameters) { done in
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
