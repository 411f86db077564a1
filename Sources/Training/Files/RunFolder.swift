import Foundation
import RecurrentNetwork

/// The folder that a run writes into: model.safetensors, history.csv and steps.csv.
public final class RunFolder {
  /// The folder.
  public let path: String
  private let history: Int32
  private let steps: Int32

  static let model = "model.safetensors"
  private static let historyName = "history.csv"
  private static let stepsName = "steps.csv"

  /// Checks, without changing anything, that a run may be written into a folder.
  ///
  /// - Throws: `TrainingError` where one is there already and may not be overwritten.
  public static func check(_ path: String, overwrite: Bool) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw TrainingError(path: path, problem: "is a file, not a folder", advice: "give another --output")
    }
    if !overwrite,
      let file = [model, historyName, stepsName].first(where: {
        FileManager.default.fileExists(atPath: path + "/" + $0)
      })
    {
      throw TrainingError(
        path: path, problem: "holds a run already (\(file))",
        advice: "give another --output, or --overwrite to replace it")
    }
  }

  /// Makes the folder if need be and begins the two histories; an old run in it is replaced.
  ///
  /// - Throws: `TrainingError`.
  public init(_ path: String, overwrite: Bool) throws {
    try Self.check(path, overwrite: overwrite)
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw TrainingError(
        path: path, problem: "the folder can't be made",
        advice: "see to the rights of the folder above it, or give another --output")
    }
    self.path = path
    history = try Self.begin(path + "/" + Self.historyName, EpochRecord.header)
    do { steps = try Self.begin(path + "/" + Self.stepsName, StepRecord.header) } catch {
      close(history)
      throw error
    }
    // The old model belongs to the old histories.
    unlink(path + "/" + Self.model)
  }

  deinit {
    close(history)
    close(steps)
  }

  private static func begin(_ path: String, _ header: String) throws -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
    guard file >= 0 else { throw AtomicFile.failure("can't be written", path) }
    try AtomicFile.write(Data((header + "\n").utf8), to: file, path)
    return file
  }

  /// Appends a row to steps.csv.
  public func append(_ record: StepRecord) throws {
    try AtomicFile.write(Data((record.row + "\n").utf8), to: steps, path + "/" + Self.stepsName)
  }

  /// Appends a row to history.csv.
  public func append(_ record: EpochRecord) throws {
    try AtomicFile.write(Data((record.row + "\n").utf8), to: history, path + "/" + Self.historyName)
  }

  /// Writes the model, whole or not at all.
  public func write(
    _ parameters: Parameters, configuration: TrainingConfiguration, vocabulary: [String]?
  ) throws {
    try ModelFile.write(
      parameters, configuration: configuration, vocabulary: vocabulary, to: path + "/" + Self.model)
  }
}
