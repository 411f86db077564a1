import Classification
import Corpus
import Foundation
import Hyperparameters
import Models
import Training

/// A reader of files, texts or requests.
enum Reader: String, CaseIterable {
  /// A model: safetensors, ONNX, npz, and Keras's archive as far as a build without libhdf5 reads it.
  case model
  /// A model in ONNX alone.
  case onnx
  /// A model in an npz archive whose checksums are right.
  case npz
  /// Keras's archive whose checksums are right. The HDF5 file in it is read by a child process, of which libFuzzer sees
  /// nothing.
  case keras
  /// The HDF5 file alone.
  case hdf5
  /// Texts with labels (CSV, TSV, JSON Lines, fastText, archives, gzip), and Keras's numbers in npz.
  case data
  /// A zip of texts whose checksums are right.
  case archive
  /// Keras's numbers in an npz whose checksums are right: NumPy's arrays and pickles.
  case reviews
  /// Texts without labels, in the same files and in plain lines.
  case unlabeled
  /// GloVe's, word2vec's and fastText's vectors.
  case wordVectors
  /// What was predicted, as `lstm evaluate --predictions` writes it.
  case predictions
  case wordIndex
  case configuration
  /// A checkpoint whose checksum is right.
  case checkpoint
  case safetensors
  /// A text's words, by every kind of tokens.
  case tokens
  /// An HTTP connection to `lstm serve`; with the trait Serve.
  case requests

  var container: Container? {
    switch self {
    case .npz, .keras, .archive, .reviews: .zip
    case .checkpoint: .checkpoint
    default: nil
    }
  }

  func read(_ bytes: Data) throws {
    switch self {
    case .tokens: return Self.readTokens(of: String(decoding: bytes, as: UTF8.self))
    case .requests: return Requests.send(bytes)
    default: break
    }
    let path = scratchPath
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let count = bytes.withUnsafeBytes { $0.isEmpty ? 0 : write(file, $0.baseAddress!, $0.count) }
    guard file >= 0, count == bytes.count else { fatalError("\(path) can't be written") }
    close(file)
    switch self {
    case .model, .onnx, .npz, .keras, .hdf5: _ = try Model(contentsOf: path)
    case .data, .archive:
      _ = try DataSource(path: path).load(vocabularySize: 50, maxLength: 20, labelCount: 2, threads: 1)
    case .reviews: _ = try KerasIMDB.loadData(path: path)
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
    case .tokens, .requests: break
    }
  }

  private static let coders = TextCoding.Tokens.allCases.flatMap { tokens in
    [false, true].map { isWeb in
      var coding = TextCoding()
      coding.tokens = tokens
      if isWeb { (coding.lowercasing, coding.stripsHTML, coding.whiteSpace) = (.unicode, true, .unicode) }
      return TextCoder(vocabulary: ["<pad>", "<start>", "<oov>", "", "a", "é", "好"], coding: coding)
    }
  }

  private static func readTokens(of text: String) {
    for coder in coders {
      let words = coder.words(of: text)
      var end = text.startIndex
      for word in words {
        precondition(!word.word.isEmpty && word.range.lowerBound >= end && word.range.upperBound <= text.endIndex)
        end = word.range.upperBound
      }
      let tokens = coder.tokens(of: text)
      precondition(Array(tokens.suffix(words.count)) == words.map(\.token), "words and tokens differ")
    }
  }
}
