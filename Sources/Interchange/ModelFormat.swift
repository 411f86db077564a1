import Foundation

/// A kind of file that a model can be in.
public enum ModelFormat: String, Sendable, CaseIterable {
  /// The native one, with PyTorch's names: one file is the whole model.
  case safetensors
  /// Keras 3's, with Adam's state: for `keras.models.load_model`.
  case keras
}

extension ModelFormat {
  /// The format that a file's name says, or nil.
  public init?(path: String) {
    self.init(rawValue: (path as NSString).pathExtension.lowercased())
  }
}
