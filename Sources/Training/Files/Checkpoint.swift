import Corpus
import Foundation
import RecurrentNetwork

/// A run at a moment, as a safetensors file: what it has done, what it was told to do, and on what.
///
/// Weights and both moments stand as flat tensors, each step's loss and accuracy too; the rest is JSON in the metadata,
/// with a checksum over everything.
public struct Checkpoint: Sendable, Equatable {
  /// What the run has done.
  public var state: TrainingState
  /// Its settings.
  public var configuration: TrainingConfiguration
  /// Its data.
  public var source: DataSource
  /// What it writes beside its histories and its model.
  public var output: OutputSettings

  /// Of a run.
  public init(
    _ state: TrainingState, configuration: TrainingConfiguration, source: DataSource,
    output: OutputSettings = OutputSettings()
  ) {
    self.output = output
    self.state = state
    self.configuration = configuration
    self.source = source
  }

  /// What of the state is neither weights nor moments.
  private struct Progress: Codable {
    /// The optimizer's, which may have taken some before this run.
    var step: Int
    /// The optimizer's settings, which may come from elsewhere; nil in older checkpoints, for the defaults.
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
    static let parameters = "parameters"
    static let firstMoment = "adam.first_moment"
    static let secondMoment = "adam.second_moment"
    static let losses = "steps.loss"
    static let accuracies = "steps.accuracy"
    static func weights(of callback: String) -> String { "callbacks." + callback }
  }

  private static let version = "1"

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `TrainingError`.
  public func write(to path: String) throws { try file().write(to: path) }

  /// What the file holds.
  package func data() throws -> Data { try file().parts.reduce(into: Data()) { $0 += $1 } }

  private func file() throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A validation loss may be infinite, for which JSON has no number.
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
      "checkpoint_version": Self.version, "progress": try json(progress), "configuration": try json(configuration),
      "source": try json(source), "output": try json(output),
    ]
    for (name, values) in [
      (Name.parameters, state.parameters.values), (Name.firstMoment, state.adam.firstMoment),
      (Name.secondMoment, state.adam.secondMoment), (Name.losses, state.steps.map(\.loss)),
      (Name.accuracies, state.steps.map(\.accuracy)),
    ] { file.tensors[name] = .init(shape: [values.count], values: values) }
    for (name, callback) in state.callbacks {
      if let weights = callback.weights {
        file.tensors[Name.weights(of: name)] = .init(shape: [weights.count], values: weights)
      }
    }
    file.metadata["checksum"] = file.checksum
    return file
  }

  /// Reads a file.
  ///
  /// - Throws: `TrainingError` where it isn't a checkpoint, is damaged, or contradicts itself.
  public init(contentsOf path: String) throws { try self.init(Safetensors(contentsOf: path), path: path) }

  /// Reads what a file holds.
  ///
  /// - Parameter path: where it comes from, for errors.
  package init(_ data: Data, path: String) throws { try self.init(Safetensors(data, path: path), path: path) }

  private init(_ file: Safetensors, path: String) throws {
    var file = file
    func fail(_ problem: String) -> TrainingError {
      TrainingError(path: path, problem: problem, advice: "resume from another checkpoint, or begin the run anew")
    }
    guard let version = file.metadata["checkpoint_version"] else { throw fail("is no checkpoint of lstm") }
    guard version == Self.version else {
      throw fail("is a checkpoint of version \(version), expected \(Self.version)")
    }
    let checksum = file.metadata.removeValue(forKey: "checksum")
    guard checksum == file.checksum else { throw fail("is damaged: its checksum doesn't fit") }
    func value<Value: Decodable>(_ key: String) throws -> Value {
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      do { return try decoder.decode(Value.self, from: Data((file.metadata[key] ?? "").utf8)) } catch {
        throw fail("its \(key) can't be read")
      }
    }
    let progress: Progress = try value("progress")
    configuration = try value("configuration")
    source = try value("source")
    output = try value("output")
    guard output.keep > 0, output.checkpointEvery ?? 1 > 0 else { throw fail("its output is impossible") }
    if let problem = configuration.problem { throw fail("its \(problem.setting) \(problem.rule)") }
    let layout = ParameterLayout(configuration.architecture)
    let count = layout.count
    func tensor(_ name: String, _ count: Int) throws -> [Float] {
      guard let values = file.tensors[name]?.values, values.count == count else {
        throw fail("\(name) is not there with \(count) elements")
      }
      return values
    }
    let parameters = try tensor(Name.parameters, count)
    guard let steps = file.tensors[Name.losses]?.values.count, steps <= progress.step, progress.step <= 1 << 53
    else { throw fail("its progress contradicts itself") }
    var adam = Adam(
      learningRate: progress.learningRate, step: progress.step, firstMoment: try tensor(Name.firstMoment, count),
      secondMoment: try tensor(Name.secondMoment, count))
    if let beta1 = progress.beta1 { adam.beta1 = beta1 }
    if let beta2 = progress.beta2 { adam.beta2 = beta2 }
    if let epsilon = progress.epsilon { adam.epsilon = epsilon }
    let sums = [progress.epochMetrics] + progress.epochs.flatMap { [$0.training, $0.validation] }
    guard progress.position >= 0, progress.epoch == progress.epochs.count, progress.epoch <= configuration.epochs,
      // What is added up must not run over.
      sums.allSatisfy({ 0...Int(Int32.max) ~= $0.sampleCount && 0...$0.sampleCount ~= $0.correctCount })
    else { throw fail("its progress contradicts itself") }
    state = TrainingState(Parameters(zeros: layout), learningRate: progress.learningRate)
    state.parameters.values = parameters
    state.adam = adam
    state.epoch = progress.epoch
    state.position = progress.position
    state.epochMetrics = progress.epochMetrics
    state.epochSeconds = progress.epochSeconds
    state.epochs = progress.epochs
    state.isFinished = progress.isFinished
    state.lastLearningRate = progress.lastLearningRate
    for (name, json) in progress.callbacks {
      state.callbacks[name] = CallbackState(json: json, weights: file.tensors[Name.weights(of: name)]?.values)
    }
    state.steps = zip(
      try tensor(Name.losses, steps), try tensor(Name.accuracies, steps)
    ).map { StepResult(loss: $0, accuracy: $1) }
  }
}

/// What a run writes beside its histories and its model; nothing of it changes the outcome.
public struct OutputSettings: Codable, Sendable, Equatable {
  /// Steps from a checkpoint to the next, or nil for one after each epoch.
  public var checkpointEvery: Int?
  /// How many checkpoints stay.
  public var keep = 2
  /// The absolute path of the folder for TensorBoard's files, or nil for none.
  public var tensorBoard: String?

  /// The defaults.
  public init() {}
}

/// What a run trains on: enough to find it again, and to know that it is the same.
public struct DataSource: Codable, Sendable, Equatable {
  /// The absolute path of the archive, file or folder.
  public var path: String
  /// Only so many reviews of each part, where there is a limit.
  public var limit: Int?
  /// The word index's absolute path, where one was named.
  public var wordIndex: String?
  /// How texts are read, where anything but the default was asked for.
  public var text: TextOptions?
  /// What texts are coded by, where training went on from a model that has words.
  public var terms: LabelledTexts.Terms?
  /// Of the coded reviews, see `fingerprint(training:validation:)`.
  public var fingerprint: String

  /// A place and what was read from there.
  public init(
    path: String, limit: Int? = nil, wordIndex: String? = nil, text: TextOptions? = nil, fingerprint: String = ""
  ) {
    self.path = path
    self.limit = limit
    self.wordIndex = wordIndex
    self.text = text
    self.fingerprint = fingerprint
  }
}
