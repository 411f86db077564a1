import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// Reads a model in any known format, which is recognized by the content, not the name.
  ///
  /// That is a safetensors file, of this library or PyTorch; a `.keras`, `.h5` or `.weights.h5` file of Keras; an ONNX
  /// file of this library; an npz archive of weights; a checkpoint; or the folder of a run. A `.keras` or `.h5` file and
  /// a checkpoint also hold Adam's state. So does a folder whose newest checkpoint has the same weights as its model.
  ///
  /// - Parameters:
  ///   - path: of the file, or of a run's folder.
  ///   - renaming: names of modules in a safetensors file of PyTorch's, with ours: embedding, lstm and fc.
  ///   - remark: called with each assumption about what the file doesn't say, and with each feature that is ignored
  ///     because it only matters for training.
  /// - Throws: `ModelError`, `FileError` or `CorpusError` if the file can't be read, has none of these formats, or holds
  ///   a network that isn't supported.
  public init(
    contentsOf path: String, renaming: [String: String] = [:], remark: (String) -> Void = { _ in }
  ) throws {
    let content = try FileContent(ofFile: path)
    guard !renaming.isEmpty else {
      try self.init(contentsOf: path, as: content, remark: remark)
      return
    }
    guard content == .safetensors else {
      throw ModelError(
        .unsupported, path: path, problem: "is no safetensors file, whose modules could be renamed",
        advice: "leave out the names")
    }
    try self.init(safetensors: path, renaming: renaming, remark: remark)
  }

  /// - Parameter isForAnswers: whether Adam's state of a run may be left out, which takes most of the time of reading one.
  package init(
    contentsOf path: String, as content: FileContent, isForAnswers: Bool = false,
    remark: (String) -> Void = { _ in }
  ) throws {
    switch content {
    case .safetensors: try self.init(safetensors: path, remark: remark)
    case .checkpoint: self = try CheckpointFile(contentsOf: path).trainedModel
    case .onnx: try self.init(onnx: path)
    case .npz: try self.init(npz: path)
    case .keras: try self.init(keras: path, remark: remark)
    case .hdf5: try self.init(kerasHDF5: path, remark: remark)
    case .run: try self.init(run: path, isForAnswers: isForAnswers)
    case .reviews:
      throw ModelError(
        .notAModel, path: path, problem: "is an archive of reviews, not a model", advice: "train a model on it first")
    case .other(let problem):
      throw ModelError(.notAModel, path: path, problem: problem, advice: FileContent.advice)
    }
  }

  /// Writes the model atomically: the file is complete, or unchanged.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - format: the format, or nil to choose it by the path's extension.
  /// - Throws: `ModelError` if there is no such format or it can't represent the network; `FileError` if the file can't
  ///   be written; `CorpusError` if there is too little memory for a zip archive.
  public func write(to path: String, as format: ModelFormat? = nil) throws {
    guard let format = format ?? ModelFormat(path: path) else {
      throw ModelError(
        .unsupported, path: path, problem: "its extension isn't that of a model format",
        advice: "give a name that ends in \(ModelFormat.endings)")
    }
    guard wide == nil || format == .safetensors || format == .onnx else {
      throw ModelError(
        .unsupported, path: path, problem: "the format has no place for the model's n-grams",
        advice: "write a safetensors or ONNX file, or train without a wide part")
    }
    switch format {
    case .safetensors: try write(toSafetensors: path)
    case .keras: try write(toKeras: path)
    case .onnx: try write(toONNX: path)
    case .npz: try write(toNPZ: path)
    }
  }

  /// The model of a finished run, or that of the newest checkpoint if the run hasn't finished.
  private init(run path: String, isForAnswers: Bool) throws {
    let file = path + "/" + RunFiles.model
    guard FileManager.default.fileExists(atPath: file) else {
      self = try CheckpointFile.latest(inRun: path).trainedModel
      return
    }
    try self.init(safetensors: file)
    if isForAnswers { return }
    if let checkpoint = try? CheckpointFile.latest(inRun: path), checkpoint.model.parameters == parameters {
      optimizer = checkpoint.trainedModel.optimizer
    }
  }
}

extension CheckpointFile {
  /// The model, its optimizer with the weight decay of the run.
  fileprivate var trainedModel: Model {
    var result = model
    result.optimizer?.weightDecay = model.configuration.weightDecay
    return result
  }
}
