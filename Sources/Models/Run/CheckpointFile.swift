import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// The model in a checkpoint of a run, with its optimizer, and how far the run had come. Whatever else is needed to
/// resume the run is left to the trainer.
///
/// A checkpoint is a safetensors file: the weights and both moments are flat tensors, the rest is JSON in the metadata,
/// with a checksum over everything.
package struct CheckpointFile {
  /// The weights, the settings and Adam's state. A checkpoint holds no words or labels. Where the run predicts words, the
  /// weights for that are left out, and Adam's state with them.
  package let model: Model
  /// All weights.
  package let parameters: Parameters
  /// Adam's state for all weights.
  package let optimizer: Adam
  /// The number of completed epochs.
  package let epoch: Int
  /// The whole file, without its checksum, which has been verified.
  package let contents: Safetensors

  package enum Name {
    package static let version = "checkpoint_version"
    package static let checksum = "checksum"
    package static let progress = "progress"
    package static let configuration = "configuration"
    package static let parameters = "parameters"
    package static let firstMoment = "adam.first_moment"
    package static let secondMoment = "adam.second_moment"
  }

  package static let version = "1"
  private static let advice = "use another checkpoint, or start the run over"

  /// What the recorded progress says about the optimizer and the epochs.
  private struct Progress: Decodable {
    var step: Int
    var beta1, beta2: Double?
    var epsilon: Float?
    var learningRate: Double
    var epoch: Int
  }

  /// Reads a file.
  ///
  /// - Throws: `FileError` if it can't be read; `ModelError` if it isn't a checkpoint, is damaged, or is inconsistent.
  package init(contentsOf path: String) throws { try self.init(SafetensorsFile(path), path: path) }

  /// Interprets the contents of a file.
  ///
  /// - Throws: `FileError` if it can't be read; `ModelError` if it isn't a checkpoint, is damaged, or is inconsistent.
  package init(_ source: SafetensorsFile, path: String) throws {
    func fail(_ problem: String) -> ModelError { Self.error(path, problem) }
    // What the header says first, before any tensor is read.
    guard let version = source.metadata[Name.version] else { throw fail("is not a checkpoint") }
    guard version == Self.version else {
      throw fail("is a checkpoint of version \(CorpusError.escaped(version)), expected \(Self.version)")
    }
    for name in [Name.parameters, Name.firstMoment, Name.secondMoment] where source.entries[name] == nil {
      throw fail("it has no tensor \(name)")
    }
    var file = try Safetensors(source)
    let checksum = file.metadata.removeValue(forKey: Name.checksum)
    guard checksum == file.checksum else { throw fail("is damaged: its checksum doesn't match") }
    let progress: Progress = try Self.value(Name.progress, of: file, path)
    let configuration: TrainingConfiguration = try Self.value(Name.configuration, of: file, path)
    if let setting = configuration.invalidSetting { throw fail("its \(setting.name) \(setting.rule)") }
    let layout = configuration.layout
    let values = try Self.tensor(Name.parameters, layout.count, of: file, path)
    guard progress.step <= 1 << 53 else { throw fail("its progress is inconsistent") }
    var adam = Adam(
      learningRate: progress.learningRate, step: progress.step,
      firstMoment: try Self.tensor(Name.firstMoment, layout.count, of: file, path),
      secondMoment: try Self.tensor(Name.secondMoment, layout.count, of: file, path))
    if let beta1 = progress.beta1 { adam.beta1 = beta1 }
    if let beta2 = progress.beta2 { adam.beta2 = beta2 }
    if let epsilon = progress.epsilon { adam.epsilon = epsilon }
    var parameters = Parameters(zeros: layout)
    parameters.values = values
    var model = try Model(parameters.withoutWords, configuration: configuration)
    if layout.words.isEmpty { model.optimizer = adam }
    self.model = model
    (self.parameters, optimizer) = (parameters, adam)
    epoch = progress.epoch
    contents = file
  }

  /// An error about a checkpoint.
  package static func error(_ path: String, _ problem: String) -> ModelError {
    ModelError(path: path, problem: problem, advice: advice)
  }

  /// Decodes a value in the metadata.
  ///
  /// - Throws: `ModelError` if it is missing or malformed.
  package static func value<Value: Decodable>(_ key: String, of file: Safetensors, _ path: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return try JSONSyntax.decode(Value.self, from: Data((file.metadata[key] ?? "").utf8), by: decoder) } catch {
      throw Self.error(path, "its \(key) can't be read")
    }
  }

  /// The elements of a flat tensor.
  ///
  /// - Throws: `ModelError` if it is missing or has another number of elements.
  package static func tensor(_ name: String, _ count: Int, of file: Safetensors, _ path: String) throws -> [Float] {
    guard let values = file.tensors[name]?.values, values.count == count else {
      throw Self.error(path, "it has no tensor \(name) of \(count) elements")
    }
    return values
  }

  /// The newest intact checkpoint in a run's folder, which the run may still be writing to.
  ///
  /// - Throws: `ModelError` if there is none.
  package static func latest(inRun folder: String) throws -> CheckpointFile {
    for path in (try? RunFiles.checkpointPaths(inRun: folder)) ?? [] {
      if let file = try? CheckpointFile(contentsOf: path) { return file }
    }
    throw error(folder + "/" + RunFiles.checkpoints, "none of its checkpoints is intact")
  }
}

extension Safetensors {
  /// A checksum of all names, shapes, elements and metadata.
  package var checksum: String {
    var fingerprint = Fingerprint()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      fingerprint.add(key)
      fingerprint.add(value)
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      fingerprint.add(name)
      for extent in tensor.shape { fingerprint.add(UInt64(extent)) }
      tensor.values.withUnsafeBytes { fingerprint.add($0) }
    }
    return fingerprint.text
  }
}
