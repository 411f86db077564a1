import Foundation
import Training

extension Model {
  /// Reads a model, whatever format it is in: the file's first bytes tell.
  ///
  /// - Parameter remark: told of what the file has, is left out, and matters for training alone.
  /// - Throws: `TrainingError` or `CorpusError` where the file is none of the formats or holds another network.
  public init(contentsOf path: String, remark: (String) -> Void = { _ in }) throws {
    // What can't be opened, safetensors' reader tells.
    let start = FileHandle(forReadingAtPath: path).flatMap { try? $0.read(upToCount: 8) } ?? Data()
    if start.starts(with: HDF5File.signature) {
      try self.init(kerasWeights: path, remark: remark)
    } else if start.starts(with: Data("PK".utf8)) {
      try self.init(keras: path, remark: remark)
    } else {
      try self.init(safetensors: path)
    }
  }

  /// Writes a model, whole or not at all.
  ///
  /// - Parameter format: nil for the one that the path's ending names.
  /// - Throws: `TrainingError`.
  public func write(to path: String, as format: ModelFormat? = nil) throws {
    guard let format = format ?? ModelFormat(path: path) else {
      throw TrainingError(
        path: path, problem: "its ending names no format of models",
        advice: "give a name that ends in " + ModelFormat.allCases.map { ".\($0.rawValue)" }.joined(separator: ", "))
    }
    switch format {
    case .safetensors: try write(toSafetensors: path)
    case .keras: try write(toKeras: path)
    }
  }
}
