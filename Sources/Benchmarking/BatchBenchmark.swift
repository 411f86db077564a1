import Corpus
import EngineSelection
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Training

/// Times single batches.
package final class BatchBenchmark {
  /// A batch's time and outcome.
  package struct Result: Sendable {
    package let seconds: Double
    package let metrics: Metrics
    /// The work that no engine can avoid, in GFLOP: for each position that is read (see `PaddingTreatment`), the products
    /// with U and, above the first layer, those with W; in training twice more for the backward pass.
    package let necessaryGigaflop: Double
  }

  private let configuration: TrainingConfiguration
  private let data: LabeledSequences
  private let network: DataParallelNetwork
  private let initial: Parameters
  private var parameters: Parameters
  private var adam: Adam
  private var lateRows: LateRows
  /// Prepared for the current weights; nil if it has to be made anew.
  private var inference: InferenceNetwork?

  /// Prepares a network with initial weights. Batches are taken in the order of the data.
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
    lateRows = LateRows(layout)
  }

  /// The number of batches in the data; the last one may be smaller.
  package var batchCount: Int { (data.count + configuration.batchSize - 1) / configuration.batchSize }

  /// The indices of a batch's samples; nil if there is no such batch.
  package func samples(of batch: Int) -> Range<Int>? {
    guard (0..<batchCount).contains(batch) else { return nil }
    return batch * configuration.batchSize..<min((batch + 1) * configuration.batchSize, data.count)
  }

  /// Restores the initial weights, and a new optimizer.
  package func reset() {
    inference = nil
    parameters = initial
    adam = Adam(parameterCount: initial.values.count, learningRate: configuration.learningRate)
    lateRows = LateRows(initial.layout)
  }

  /// Continues from a model's weights, and from its optimizer if it has one.
  ///
  /// - Throws: `ModelError` if the model's network isn't the benchmark's.
  package func load(_ model: Model) throws {
    guard model.parameters.layout == initial.layout else {
      throw ModelError(
        .mismatch, problem: "the model is \(model.parameters.architecture), not \(initial.architecture)",
        advice: "load a model of the same network")
    }
    reset()
    parameters = model.parameters
    if let optimizer = model.optimizer { adam = optimizer }
  }

  /// The current weights and optimizer.
  package var model: Model {
    get throws {
      lateRows.finish(&parameters, &adam, team: network.team)
      var model = try Model(parameters, configuration: configuration)
      model.optimizer = adam
      return model
    }
  }

  /// Performs a training step on a batch.
  ///
  /// - Precondition: there is such a batch (see `samples(of:)`).
  package func train(_ batch: Int) -> Result {
    inference = nil
    return timed(batch, passes: 3) { samples in
      lateRows.begin(samples, of: data, &parameters, &adam, team: network.team)
      let (metrics, gradient) = network.gradient(of: samples, in: data, parameters: parameters)
      lateRows.take(gradient.values, &parameters, &adam, team: network.team)
      return metrics
    }
  }

  /// Computes the predictions and the loss for a batch.
  ///
  /// - Precondition: there is such a batch (see `samples(of:)`).
  package func evaluate(_ batch: Int) -> Result {
    lateRows.finish(&parameters, &adam, team: network.team)
    let slice = data.slice(samples(of: batch)!)
    return timed(batch, passes: 1) { _ in network.evaluate(slice, parameters: parameters)! }
  }

  /// The same with a network that was prepared for the weights before, as that of a loaded model is.
  ///
  /// - Precondition: there is such a batch (see `samples(of:)`).
  package func answer(_ batch: Int) -> Result {
    lateRows.finish(&parameters, &adam, team: network.team)
    let inference =
      inference ?? InferenceNetwork(parameters, maxLength: configuration.maxLength, threads: network.team.count)
    self.inference = inference
    let slice = data.slice(samples(of: batch)!)
    return timed(batch, passes: 1) { _ in
      network.metrics(of: inference.outcomes(of: slice)!, slice.labels.indices, slice)
    }
  }

  private func timed(_ batch: Int, passes: Double, _ body: (Range<Int>) -> Metrics) -> Result {
    let samples = samples(of: batch)!
    let start = ContinuousClock.now
    let metrics = body(samples)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let (a, h) = (configuration.architecture, Double(configuration.hiddenSize))
    let padding = PaddingTreatment(a, nil)
    let positions = samples.reduce(0) {
      $0 + padding.length(data.sequences.length(of: $1), maxLength: configuration.maxLength)
    }
    let inputs = h * Double(a.layerCount) + Double((a.layerCount - 1) * a.outputSize)
    let products = inputs * 4 * h * Double(a.directionCount)
    return Result(
      seconds: seconds, metrics: metrics, necessaryGigaflop: passes * 2 * products * Double(positions) * 1e-9)
  }

  /// The peak of all threads together, in GFLOP/s, when each does nothing but independent multiply-adds in registers.
  package func peak() -> Double {
    let (engine, rounds) = (Engines.current, 4_000_000)
    let sums = UnsafeMutablePointer<Float>.allocate(capacity: network.team.count)
    defer { sums.deallocate() }
    let start = ContinuousClock.now
    network.team.perform(network.team.count) { _, job in sums[job] = engine.multiplyAddsInRegisters(rounds: rounds) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Double(network.team.count * rounds * engine.flopPerRoundInRegisters) / seconds * 1e-9
  }

  /// Writes the data and the initial weights for benchmarks of other frameworks: tokens.i32 [N, T], labels.u8 [N] and
  /// weights.safetensors.
  ///
  /// - Throws: `FileError` if a file can't be written, `ModelError` if the model can't.
  package func export(to folder: String) throws {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let padded = try padSequences(data.sequences, maxLength: configuration.maxLength)
    // Not copied, because the tokens take as much memory as everything else together.
    try padded.tokens.withUnsafeBytes { bytes in
      let tokens = Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count, deallocator: .none)
      try AtomicFile.write([tokens], to: folder + "/tokens.i32")
    }
    try AtomicFile.write([Data(data.labels)], to: folder + "/labels.u8")
    try Model(initial, configuration: configuration).write(toSafetensors: folder + "/weights.safetensors")
  }
}
