import Corpus
import Files
import Foundation
import Hyperparameters

/// What a file or folder contains, judged by its first bytes or its entries rather than by its name.
package enum FileContent: Sendable, Equatable {
  case safetensors
  case checkpoint
  case onnx
  case npz
  case keras
  case hdf5
  /// The folder of a run.
  case run
  /// Keras's archive of the IMDB reviews, which is not a model.
  case reviews
  /// Anything else, described in words that follow the path in a message.
  case other(String)

  /// Looks into a file or folder.
  ///
  /// - Throws: `FileError` if there is no regular file or folder; `ModelError` if it can't be read or is a model that is
  ///   deliberately not read; `CorpusError` for a zip archive that can't be opened.
  package init(ofFile path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      self = try Self.content(ofFolder: path)
      return
    }
    // Only the start, since the file may be of any size.
    let file = try RegularFile(path, advice: Self.advice)
    let start = try file.bytes(0..<min(9, file.count))
    let headerLength = start.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if start.starts(with: Array("PK\u{3}\u{4}".utf8)) || start.starts(with: Array("PK\u{5}\u{6}".utf8)) {
      self = try Self.content(ofArchive: path)
    } else if start.starts(with: [0x89] + Array("HDF\r\n\u{1A}\n".utf8)) {
      self = .hdf5
    } else if start.count == 9, start[8] == UInt8(ascii: "{"), 1...UInt64(SafetensorsFile.headerLimit) ~= headerLength,
      8 + Int(headerLength) <= file.count
    {
      let header = Data(try file.bytes(9..<8 + Int(headerLength)))
      // The key as it is written: within a string, its quotation marks would be escaped.
      self = header.range(of: Data(#""checkpoint_version":"#.utf8)) == nil ? .safetensors : .checkpoint
    } else if start.count > 1, start[0] == 0x80, 2...5 ~= start[1] {
      throw Self.pickle(path)
    } else if start.count > 1, start[0] == 0x08, 1...20 ~= start[1] {
      // Field 1, the IR version, which every exporter writes first.
      self = .onnx
    } else if let named = ModelFormat(path: path) {
      // The start is damaged; the format's own reader says how.
      self = [.safetensors: .safetensors, .keras: .keras, .onnx: .onnx, .npz: .npz][named]!
    } else {
      self = .other("is not a model in any known format")
    }
  }

  package static let advice =
    "give a safetensors, ONNX or npz file, a .keras, .h5 or .weights.h5 file, or the folder of a run"

  private static func content(ofArchive path: String) throws -> Self {
    let names = try ZipArchive.entryNames(path: path)
    if names.contains("config.json") || names.contains("model.weights.h5") { return .keras }
    if names.contains(where: { $0.hasSuffix("data.pkl") }) { throw pickle(path) }
    if names.contains("x_train.npy") { return .reviews }
    if names.contains(where: { $0.hasSuffix(".npy") }) { return .npz }
    let shown = names.prefix(4).map { CorpusError.escaped($0) }.joined(separator: ", ")
    return .other("is a zip archive without a model (it contains \(shown.isEmpty ? "nothing" : shown))")
  }

  private static func content(ofFolder path: String) throws -> Self {
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }
    if has(RunFiles.model) || has(RunFiles.checkpoints) { return .run }
    if has("saved_model.pb") {
      throw ModelError(
        .unsupported, path: path, problem: "is a TensorFlow SavedModel, which can't be read",
        advice: "load the model in Keras and save it with model.save(\"model.keras\")")
    }
    return .other("is a folder, but not the folder of a run")
  }

  /// Unpickling runs code from the file, so it is never attempted.
  private static func pickle(_ path: String) -> ModelError {
    ModelError(
      .unsupported, path: path, problem: "is a PyTorch pickle (torch.save), which is never opened",
      advice: "in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), \"model.safetensors\")")
  }
}

extension FileContent {
  /// The format and its versions, in words.
  ///
  /// - Throws: `ModelError`, `FileError` or `CorpusError` if the file can't be read.
  package func facts(ofFile path: String) throws -> String {
    switch self {
    case .safetensors:
      let version = try SafetensorsFile(path, convertingFloats: true).metadata[ModelMetadata.Key.version]
      return "safetensors, " + (version.map { "format version \($0) of lstm" } ?? "with PyTorch's names alone")
    case .checkpoint: return "checkpoint of a run, \(Self.progress(try CheckpointFile(contentsOf: path)))"
    case .onnx: return "ONNX of lstm, IR \(ONNXGraph.irVersion), opset \(ONNXGraph.opset)"
    case .npz: return "npz archive of weights"
    case .keras:
      let json = try ZipArchive(path: path).read("metadata.json") { try $0.bytes($0.remaining) }
      let metadata = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
      func fact(_ key: String, _ name: String) -> String {
        (metadata?[key] as? String).map { ", \(name) \(CorpusError.escaped($0))" } ?? ""
      }
      return "Keras model" + fact("keras_version", "Keras") + fact("date_saved", "saved")
    case .hdf5: return "Keras model or weights in HDF5"
    case .run:
      guard let checkpoint = try? CheckpointFile.latest(inRun: path) else {
        return "folder of a run, without a checkpoint that is whole"
      }
      return "folder of a run, \(Self.progress(checkpoint))"
    case .reviews: return "archive of reviews"
    case .other(let problem): return problem
    }
  }

  private static func progress(_ checkpoint: CheckpointFile) -> String {
    "after \(checkpoint.optimizer.step) steps, \(checkpoint.epoch) of "
      + "\(checkpoint.model.configuration.epochs) epochs"
  }
}
