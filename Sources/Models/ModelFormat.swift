import Foundation

/// A file format that models can be written in.
public enum ModelFormat: String, Sendable, CaseIterable {
  /// The native format, with PyTorch's names: a single file with the whole model.
  case safetensors
  /// Keras 3's format, including Adam's state, for `keras.models.load_model`.
  case keras
  /// A graph from token ids to probabilities, for ONNX Runtime and others.
  case onnx
  /// NumPy arrays, named by the paths of Keras's variables.
  case npz
}

extension ModelFormat {
  /// The format that a file's extension names, or nil.
  public init?(path: String) {
    self.init(rawValue: (path as NSString).pathExtension.lowercased())
  }

  /// The extensions of all formats, as `.safetensors, .keras, .onnx, .npz`.
  package static var endings: String { allCases.map { ".\($0.rawValue)" }.joined(separator: ", ") }

  /// Whether files of this format include Adam's state.
  package var holdsOptimizer: Bool { self == .keras }
}
