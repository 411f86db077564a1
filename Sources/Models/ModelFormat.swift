import Foundation

/// A kind of file that a model can be written to.
public enum ModelFormat: String, Sendable, CaseIterable {
  /// The native one, with PyTorch's names: one file is the whole model.
  case safetensors
  /// Keras 3's, with Adam's state: for `keras.models.load_model`.
  case keras
  /// A graph that ONNX Runtime and others run, from token ids to the probability.
  case onnx
  /// Numpy's arrays, under the paths of Keras's variables.
  case npz
}

extension ModelFormat {
  /// The format that a file's name says, or nil.
  public init?(path: String) {
    self.init(rawValue: (path as NSString).pathExtension.lowercased())
  }

  /// The endings of files, as `.safetensors, .onnx, .npz`.
  package static var endings: String { allCases.map { ".\($0.rawValue)" }.joined(separator: ", ") }

  /// Whether Adam's moments have a place in it.
  package var holdsOptimizer: Bool { self == .keras }
}
