import Training

extension Model {
  /// Reads a model, whatever format it is in: the file's first bytes tell.
  ///
  /// - Throws: `TrainingError` or `CorpusError` where the file is none of the formats or holds another network.
  public init(contentsOf path: String) throws {
    try self.init(safetensors: path)
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
    }
  }
}
