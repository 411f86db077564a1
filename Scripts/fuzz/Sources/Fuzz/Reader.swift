import Classification
import Corpus
import Foundation
import Hyperparameters
import Models
import Training

/// A reader of files.
enum Reader: String, CaseIterable {
  /// A model: safetensors, ONNX, npz, and Keras's archive as far as a build without libhdf5 reads it.
  case model
  /// Texts with labels (CSV, TSV, JSON Lines, fastText, archives, gzip), and Keras's numbers in npz.
  case data
  /// Texts without labels, in the same files and in plain lines.
  case unlabeled
  /// GloVe's, word2vec's and fastText's vectors.
  case wordVectors
  /// What was predicted, as `lstm evaluate --predictions` writes it.
  case predictions
  case wordIndex
  case configuration
  case checkpoint
  case safetensors

  func read(_ path: String) throws {
    switch self {
    case .model: _ = try Model(contentsOf: path)
    case .data:
      _ = try DataSource(path: path).load(vocabularySize: 50, maxLength: 20, labelCount: 2, threads: 1)
    case .unlabeled:
      var source = DataSource(path: path)
      source.isUnlabeled = true
      _ = try source.load(vocabularySize: 50, maxLength: 20, labelCount: 2, threads: 1)
    case .wordVectors: _ = try WordVectors(contentsOf: path, for: ["", "", "", "the", "é"])
    case .predictions: _ = try LabeledPredictions(contentsOf: path)
    case .wordIndex: _ = try WordIndex(contentsOf: path).vocabulary(size: 50)
    case .configuration: _ = try TrainingConfiguration(contentsOf: path)
    case .checkpoint: _ = try Checkpoint(contentsOf: path)
    case .safetensors: _ = try Safetensors(contentsOf: path, convertingFloats: true)
    }
  }
}
