import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// Reads a model, whatever format it is in: the content tells, not the name.
  ///
  /// A safetensors file, ours or PyTorch's; a `.keras` or `.weights.h5` file of Keras's; an ONNX file of ours; an npz
  /// archive of weights; a checkpoint; the folder of a run. A `.keras` file and a checkpoint have Adam's state too, and a
  /// folder where its newest checkpoint is of the same weights as its model.
  ///
  /// - Parameter remark: told of what the file doesn't say, and of what is left out as it matters for training alone.
  /// - Throws: `ModelError` or `CorpusError` where the file is none of the formats or holds another network.
  public init(contentsOf path: String, remark: (String) -> Void = { _ in }) throws {
    try self.init(contentsOf: path, as: FileContent(ofFile: path), remark: remark)
  }

  package init(contentsOf path: String, as content: FileContent, remark: (String) -> Void = { _ in }) throws {
    switch content {
    case .safetensors: try self.init(safetensors: path, remark: remark)
    case .checkpoint: self = try CheckpointFile(contentsOf: path).trainedModel
    case .onnx: try self.init(onnx: path)
    case .npz: try self.init(npz: path)
    case .keras: try self.init(keras: path, remark: remark)
    case .hdf5: try self.init(kerasWeights: path, remark: remark)
    case .run: try self.init(run: path)
    case .reviews:
      throw ModelError(
        path: path, problem: "is an archive of reviews, not a model", advice: "train a model on it with lstm train")
    case .other(let problem): throw ModelError(path: path, problem: problem, advice: FileContent.advice)
    }
  }

  /// Writes a model, whole or not at all.
  ///
  /// - Parameter format: nil for the one that the path's ending names.
  /// - Throws: `ModelError`, or `CorpusError` where there is no memory for a zip archive.
  public func write(to path: String, as format: ModelFormat? = nil) throws {
    guard let format = format ?? ModelFormat(path: path) else {
      throw ModelError(
        path: path, problem: "its ending names no format of models",
        advice: "give a name that ends in \(ModelFormat.endings)")
    }
    switch format {
    case .safetensors: try write(toSafetensors: path)
    case .keras: try write(toKeras: path)
    case .onnx: try write(toONNX: path)
    case .npz: try write(toNPZ: path)
    }
  }

  /// The model that a run has left, or that of its newest checkpoint while it is still going on.
  private init(run path: String) throws {
    let file = path + "/" + RunFiles.model
    guard FileManager.default.fileExists(atPath: file) else {
      self = try CheckpointFile.latest(inRun: path).trainedModel
      return
    }
    try self.init(safetensors: file)
    if let checkpoint = try? CheckpointFile.latest(inRun: path), checkpoint.model.parameters == parameters {
      optimizer = checkpoint.trainedModel.optimizer
    }
  }
}

extension CheckpointFile {
  /// The model, whose optimizer has the run's weight decay.
  fileprivate var trainedModel: Model {
    var result = model
    result.optimizer?.weightDecay = model.configuration.weightDecay
    return result
  }
}
