import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Training

/// Single batches, timed: what `lstm benchmark` measures.
package final class BatchBenchmark {
  /// A batch's time and outcome.
  package struct Result: Sendable {
    package let seconds: Double
    package let metrics: Metrics
    /// What can't be left out: the products with U, and above the first layer those with W, for each position that is
    /// read (see `PaddingTreatment`), one forward and two backward.
    package let necessaryGigaflop: Double
  }

  private let configuration: TrainingConfiguration
  private let data: LabeledSequences
  private let network: DataParallelNetwork
  private let initial: Parameters
  private var parameters: Parameters
  private var adam: Adam

  /// Batches are taken in the data's own order.
  package init(_ configuration: TrainingConfiguration, data: LabeledSequences, threads: Int) {
    let layout = ParameterLayout(configuration.architecture)
    var generator = RandomGenerator(seed: configuration.seed)
    self.configuration = configuration
    self.data = data
    network = DataParallelNetwork(
      layout, maxLength: configuration.maxLength, threads: threads,
      shardCount: configuration.shards ?? ShardPlan.shardCount)
    initial = Parameters(kerasInitial: layout, using: &generator)
    parameters = initial
    adam = Adam(parameterCount: layout.count, learningRate: configuration.learningRate)
  }

  /// How many batches there are.
  package var batchCount: Int { (data.count + configuration.batchSize - 1) / configuration.batchSize }

  /// The samples of a batch, or nil where there is none of that number.
  package func range(of batch: Int) -> Range<Int>? {
    guard (0..<batchCount).contains(batch) else { return nil }
    return batch * configuration.batchSize..<min((batch + 1) * configuration.batchSize, data.count)
  }

  /// Returns to the initial weights.
  package func reset() {
    parameters = initial
    adam = Adam(parameterCount: initial.values.count, learningRate: configuration.learningRate)
  }

  /// Goes on from a model's weights, and from its optimizer where it has one.
  ///
  /// - Throws: `ModelError` where it is another network.
  package func load(_ model: Model) throws {
    guard model.parameters.layout == initial.layout else {
      throw ModelError(
        .mismatch, problem: "the model is \(model.parameters.architecture), not \(initial.architecture)",
        advice: "load another")
    }
    reset()
    parameters = model.parameters
    if let optimizer = model.optimizer { adam = optimizer }
  }

  /// The weights and the optimizer as they are now.
  package var model: Model {
    get throws {
      var model = try Model(parameters, configuration: configuration)
      model.optimizer = adam
      return model
    }
  }

  /// A training step on a batch.
  package func train(_ batch: Int) -> Result {
    timed(batch, passes: 3) { range in
      let (metrics, gradient) = network.gradient(of: range, in: data, parameters: parameters)
      adam.update(&parameters.values, gradient: gradient.values, team: network.team)
      return metrics
    }
  }

  /// Forward and loss of a batch.
  package func evaluate(_ batch: Int) -> Result {
    let samples = data.slice(range(of: batch)!)
    return timed(batch, passes: 1) { _ in network.evaluate(samples, parameters: parameters)! }
  }

  private func timed(_ batch: Int, passes: Double, _ body: (Range<Int>) -> Metrics) -> Result {
    let range = range(of: batch)!
    let clock = ContinuousClock.now
    let metrics = body(range)
    let seconds = (ContinuousClock.now - clock) / .seconds(1)
    let (a, h) = (configuration.architecture, Double(configuration.hiddenSize))
    let padding = PaddingTreatment(a, nil)
    let positions = range.reduce(0) {
      $0 + padding.length(data.sequences.length(of: $1), maxLength: configuration.maxLength)
    }
    let inputs = h * Double(a.layerCount) + Double((a.layerCount - 1) * a.outputSize)
    let products = inputs * 4 * h * Double(a.directionCount)
    return Result(
      seconds: seconds, metrics: metrics, necessaryGigaflop: passes * 2 * products * Double(positions) * 1e-9)
  }

  /// GFLOP/s of all threads when each does nothing but independent multiply-adds in registers.
  package func peak() -> Double {
    let rounds = 4_000_000
    let sums = UnsafeMutablePointer<Float>.allocate(capacity: network.team.count)
    defer { sums.deallocate() }
    let clock = ContinuousClock.now
    network.team.perform(network.team.count) { _, job in sums[job] = multiplyAddsInRegisters(rounds: rounds) }
    let seconds = (ContinuousClock.now - clock) / .seconds(1)
    return Double(network.team.count * rounds * flopPerRoundInRegisters) / seconds * 1e-9
  }

  /// Writes what other frameworks' workers read: tokens.i32 [N, T], labels.u8 [N] and weights.safetensors.
  ///
  /// - Throws: `ModelError`.
  package func export(to folder: String) throws {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let padded = try padSequences(data.sequences, maxLength: configuration.maxLength)
    // Not copied: the file is as large as everything else together.
    try padded.tokens.withUnsafeBytes { bytes in
      let tokens = Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count, deallocator: .none)
      try AtomicFile.write([tokens], to: folder + "/tokens.i32")
    }
    try AtomicFile.write([Data(data.labels)], to: folder + "/labels.u8")
    try Model(initial, configuration: configuration).write(toSafetensors: folder + "/weights.safetensors")
  }
}
