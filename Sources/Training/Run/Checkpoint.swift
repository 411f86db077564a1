import Corpus
import EngineSelection
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// A run at a moment, as a safetensors file: what it has done, what it was told to do, and on what data.
///
/// The weights, both moments, and each step's loss and accuracy are flat tensors; the rest is JSON in the metadata, with
/// a checksum over everything.
public struct Checkpoint: Sendable, Equatable {
  /// What the run has done.
  public var state: TrainingState
  /// Its settings.
  public var configuration: TrainingConfiguration
  /// Its data.
  public var source: DataSource
  /// What it writes besides its histories and its model.
  public var output: OutputSettings
  /// The name of the engine that computed it; nil in older checkpoints.
  public var kernels: String? = Engines.current.name

  /// A run's state, with what it was told to do.
  public init(
    _ state: TrainingState, configuration: TrainingConfiguration, source: DataSource,
    output: OutputSettings = OutputSettings()
  ) {
    self.output = output
    self.state = state
    self.configuration = configuration
    self.source = source
  }

  /// The part of the state that is neither weights nor moments.
  private struct Progress: Codable {
    /// The optimizer's step, which counts those before this run, too.
    var step: Int
    /// The optimizer's settings, which may come from elsewhere; nil in older checkpoints, where they are the defaults.
    var beta1, beta2: Double?
    var epsilon: Float?
    var learningRate: Double
    var lastLearningRate: Double
    var epoch: Int
    var position: Int
    var epochMetrics: Metrics
    var epochSeconds: Double
    var epochs: [EpochRecord]
    var isFinished: Bool
    /// What each callback has to remember, as JSON; its weights are a tensor.
    var callbacks: [String: String]
  }

  private enum Name {
    static let source = "source"
    static let output = "output"
    static let kernels = "kernels"
    static let losses = "steps.loss"
    static let accuracies = "steps.accuracy"
    static func weights(of callback: String) -> String { "callbacks." + callback }
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String) throws { try file().write(to: path) }

  /// What the file holds.
  package func data() throws -> Data { try file().parts.reduce(into: Data()) { $0 += $1 } }

  private func file() throws -> Safetensors {
    let encoder = JSONEncoder.reproducible
    // A validation loss may be infinite, which JSON can't express.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    let progress = Progress(
      step: state.adam.step, beta1: state.adam.beta1, beta2: state.adam.beta2, epsilon: state.adam.epsilon,
      learningRate: state.learningRate, lastLearningRate: state.lastLearningRate,
      epoch: state.epoch, position: state.position,
      epochMetrics: state.epochMetrics, epochSeconds: state.epochSeconds, epochs: state.epochs,
      isFinished: state.isFinished, callbacks: state.callbacks.mapValues(\.json))
    var file = Safetensors()
    file.metadata = [
      CheckpointFile.Name.version: CheckpointFile.version, CheckpointFile.Name.progress: try json(progress),
      CheckpointFile.Name.configuration: try json(configuration), Name.source: try json(source),
      Name.output: try json(output),
    ]
    for (name, values) in [
      (CheckpointFile.Name.parameters, state.parameters.values),
      (CheckpointFile.Name.firstMoment, state.adam.firstMoment),
      (CheckpointFile.Name.secondMoment, state.adam.secondMoment), (Name.losses, state.steps.map(\.loss)),
      (Name.accuracies, state.steps.map(\.accuracy)),
    ] { file.tensors[name] = .init(shape: [values.count], values: values) }
    for (name, callback) in state.callbacks {
      if let weights = callback.weights {
        file.tensors[Name.weights(of: name)] = .init(shape: [weights.count], values: weights)
      }
    }
    file.metadata[Name.kernels] = kernels
    file.metadata[CheckpointFile.Name.checksum] = file.checksum
    return file
  }

  /// Reads a file.
  ///
  /// - Throws: `FileError` where it can't be read, `ModelError` where it isn't a checkpoint, is damaged, or contradicts
  ///   itself.
  public init(contentsOf path: String) throws { try self.init(CheckpointFile(contentsOf: path), path: path) }

  /// Reads what a file holds.
  ///
  /// - Parameter path: where it comes from, for errors.
  package init(_ data: Data, path: String) throws {
    try self.init(CheckpointFile(SafetensorsFile(data, path: path), path: path), path: path)
  }

  private init(_ file: CheckpointFile, path: String) throws {
    func fail(_ problem: String) -> ModelError { CheckpointFile.error(path, problem) }
    let contents = file.contents
    let progress: Progress = try CheckpointFile.value(CheckpointFile.Name.progress, of: contents, path)
    configuration = file.model.configuration
    source = try CheckpointFile.value(Name.source, of: contents, path)
    output = try CheckpointFile.value(Name.output, of: contents, path)
    kernels = contents.metadata[Name.kernels]
    guard output.keep > 0, output.checkpointEvery ?? 1 > 0 else { throw fail("its output is impossible") }
    guard let steps = contents.tensors[Name.losses]?.values.count, steps <= progress.step else {
      throw fail("its progress contradicts itself")
    }
    let sums = [progress.epochMetrics] + progress.epochs.flatMap { [$0.training, $0.validation] }
    guard progress.position >= 0, progress.epoch == progress.epochs.count, progress.epoch <= configuration.epochs,
      // What is added up must not overflow.
      sums.allSatisfy({ 0...Int(Int32.max) ~= $0.sampleCount && 0...$0.sampleCount ~= $0.correctCount })
    else { throw fail("its progress contradicts itself") }
    state = TrainingState(file.parameters, learningRate: progress.learningRate)
    state.adam = file.optimizer
    state.epoch = progress.epoch
    state.position = progress.position
    state.epochMetrics = progress.epochMetrics
    state.epochSeconds = progress.epochSeconds
    state.epochs = progress.epochs
    state.isFinished = progress.isFinished
    state.lastLearningRate = progress.lastLearningRate
    for (name, json) in progress.callbacks {
      state.callbacks[name] = CallbackState(json: json, weights: contents.tensors[Name.weights(of: name)]?.values)
    }
    state.steps = zip(
      try CheckpointFile.tensor(Name.losses, steps, of: contents, path),
      try CheckpointFile.tensor(Name.accuracies, steps, of: contents, path)
    ).map { StepResult(loss: $0, accuracy: $1) }
  }
}

/// What a run writes besides its histories and its model; none of it changes the outcome.
public struct OutputSettings: Codable, Sendable, Equatable {
  /// Steps from one checkpoint to the next, or nil for one after each epoch.
  public var checkpointEvery: Int?
  /// How many checkpoints are kept, the newest ones.
  public var keep = 2
  /// The absolute path of the folder for TensorBoard's files, or nil for none.
  public var tensorBoard: String?

  /// The defaults.
  public init() {}
}
