import Corpus
import Foundation
import RecurrentNetwork

/// The folder that a run writes into: checkpoints, histories, and in the end the model.
///
/// One run at a time: a lock that ends with the process, however it ends.
public final class RunFolder {
  /// The folder.
  public let path: String
  private let lock: Int32
  private var history: Int32 = -1
  private var steps: Int32 = -1
  private var performance: Int32 = -1

  package static let model = "model.safetensors"
  package static let bestModel = "best.safetensors"
  package static let historyName = "history.csv"
  package static let historyJSONName = "history.json"
  package static let stepsName = "steps.csv"
  package static let performanceName = "performance.csv"
  package static let descriptionName = "run.json"
  package static let checkpointsName = "checkpoints"
  package static let performanceHeader = "step,seconds,memory_bytes"

  // MARK: Beginning and going on

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
      let file = [model, historyName, stepsName, checkpointsName].first(where: {
        FileManager.default.fileExists(atPath: path + "/" + $0)
      })
    {
      throw TrainingError(
        path: path, problem: "holds a run already (\(file))",
        advice: "go on with it by --resume, give another --output, or --overwrite to replace it")
    }
  }

  /// Begins a run: makes the folder if need be; an old run in it is removed.
  ///
  /// - Throws: `TrainingError`.
  public convenience init(
    beginning path: String, _ configuration: TrainingConfiguration, overwrite: Bool
  ) throws {
    try Self.check(path, overwrite: overwrite)
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw TrainingError(
        path: path, problem: "the folder can't be made",
        advice: "see to the rights of the folder above it, or give another --output")
    }
    try self.init(locking: path)
    // Checkpoints first: none may be left that the other files don't belong to.
    for name in [Self.checkpointsName, Self.model, Self.bestModel, Self.descriptionName, Self.performanceName] {
      let old = path + "/" + name
      guard FileManager.default.fileExists(atPath: old) else { continue }
      do { try FileManager.default.removeItem(atPath: old) } catch {
        throw TrainingError(
          path: old, problem: "can't be removed", advice: "see to the folder's rights, or give another --output")
      }
    }
    try cutHistories(to: nil, withLearningRate: configuration.movesLearningRate)
  }

  /// Opens the folder of an earlier run, without changing it.
  ///
  /// - Throws: `TrainingError` where there is none, or another process is writing into it.
  public convenience init(resuming path: String) throws {
    guard FileManager.default.fileExists(atPath: path + "/" + Self.checkpointsName) else {
      throw TrainingError(
        path: path, problem: "there are no checkpoints in it",
        advice: "--resume wants the --output folder of an earlier lstm train")
    }
    try self.init(locking: path)
  }

  private init(locking path: String) throws {
    self.path = path
    lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0 else { throw AtomicFile.failure("can't be locked", path) }
    // All stored properties are set, so that a failure closes the file by `deinit`.
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw AtomicFile.failure("can't be locked", path) }
      throw TrainingError(
        path: path, problem: "another run is writing into it", advice: "wait for its end, or give another --output")
    }
  }

  deinit { for file in [lock, history, steps, performance] where file >= 0 { close(file) } }

  /// Lets the histories end where a checkpoint's state does, to be appended to from there.
  ///
  /// - Throws: `TrainingError`.
  public func goOn(from checkpoint: Checkpoint) throws {
    // What an ended process was writing.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    where name.hasSuffix(".partial") { unlink(checkpoints + "/" + name) }
    try cutHistories(to: checkpoint.state, withLearningRate: checkpoint.configuration.movesLearningRate)
  }

  private func cutHistories(to state: TrainingState?, withLearningRate: Bool) throws {
    func begin(_ name: String, _ lines: [String]) throws -> Int32 {
      let path = path + "/" + name
      try AtomicFile.write([Data((lines.joined(separator: "\n") + "\n").utf8)], to: path)
      let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
      guard file >= 0 else { throw AtomicFile.failure("can't be written", path) }
      return file
    }
    history = try begin(
      Self.historyName, [EpochRecord.header(withLearningRate: withLearningRate)] + (state?.epochs.map(\.row) ?? []))
    try writeJSON(state?.epochs ?? [])
    steps = try begin(
      Self.stepsName, [StepRecord.header] + (state?.steps.enumerated().map { $1.row($0 + 1) } ?? []))
    let times = (try? String(contentsOfFile: path + "/" + Self.performanceName, encoding: .utf8)) ?? ""
    let last = state?.steps.count ?? 0
    performance = try begin(
      Self.performanceName,
      [Self.performanceHeader]
        + times.split(separator: "\n").map(String.init).filter { line in
          let cells = line.split(separator: ",", omittingEmptySubsequences: false)
          return cells.count == 3 && Int(cells[0]).map { 0 < $0 && $0 <= last } == true
        })
  }

  // MARK: Histories

  /// Appends a step to steps.csv and performance.csv.
  public func append(_ record: StepRecord, seconds: Double) throws {
    try append(record.row, to: steps, Self.stepsName)
    let row = "\(record.step),\((seconds * 1000).rounded() / 1000),\(ProcessMemory.resident)"
    try append(row, to: performance, Self.performanceName)
  }

  /// Appends the last of the epochs so far to history.csv, and writes history.json.
  public func appendLast(of epochs: [EpochRecord]) throws {
    guard let record = epochs.last else { return }
    try append(record.row, to: history, Self.historyName)
    try writeJSON(epochs)
  }

  private func writeJSON(_ epochs: [EpochRecord]) throws {
    try AtomicFile.write([Data((epochs.historyJSON() + "\n").utf8)], to: path + "/" + Self.historyJSONName)
  }

  private func append(_ row: String, to file: Int32, _ name: String) throws {
    try AtomicFile.write(Data((row + "\n").utf8), to: file, path + "/" + name)
  }

  /// Writes run.json: what the run was told, for people and for `lstm report`.
  public func describe(
    _ configuration: TrainingConfiguration, source: DataSource, threads: Int, version: String
  ) throws {
    struct Description: Encodable {
      let version, data: String
      let limit: Int?
      let wordIndex: String?
      let text: TextOptions?
      let fingerprint: String
      let threads: Int
      let configuration: TrainingConfiguration
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let description = Description(
      version: version, data: source.path, limit: source.limit, wordIndex: source.wordIndex, text: source.text,
      fingerprint: source.fingerprint, threads: threads, configuration: configuration)
    try AtomicFile.write([try encoder.encode(description), Data("\n".utf8)], to: path + "/" + Self.descriptionName)
  }

  /// Writes the model, or the best so far, whole or not at all.
  public func write(_ model: Model, isBest: Bool = false) throws {
    try model.write(toSafetensors: path + "/" + (isBest ? Self.bestModel : Self.model))
  }

  // MARK: Checkpoints

  private var checkpoints: String { path + "/" + Self.checkpointsName }

  /// The checkpoints' files with their steps, the newest first.
  private static func checkpointFiles(_ checkpoints: String) throws -> [(step: Int, path: String)] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: checkpoints) } catch {
      throw TrainingError(path: checkpoints, problem: "can't be read", advice: "see to the folder's rights")
    }
    return names.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors"),
        let step = Int(name.dropFirst("step-".count).dropLast(".safetensors".count))
      else { return nil }
      return (step, checkpoints + "/" + name)
    }.sorted { $0.step > $1.step }
  }

  /// Writes a checkpoint, and removes those that are older than the ones that its settings keep.
  ///
  /// - Throws: `TrainingError`; the checkpoints before are then untouched.
  public func write(_ checkpoint: Checkpoint) throws {
    do { try FileManager.default.createDirectory(atPath: checkpoints, withIntermediateDirectories: true) } catch {
      throw TrainingError(path: checkpoints, problem: "the folder can't be made", advice: "see to the folder's rights")
    }
    let digits = String(checkpoint.state.steps.count)
    let name = "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".safetensors"
    try checkpoint.write(to: checkpoints + "/" + name)
    for old in try Self.checkpointFiles(checkpoints).dropFirst(checkpoint.output.keep) { unlink(old.path) }
  }

  /// The newest checkpoint that is whole.
  ///
  /// - Parameter damaged: told of each newer one that isn't.
  /// - Throws: `TrainingError` where none is.
  public func latestCheckpoint(damaged: (TrainingError) -> Void) throws -> Checkpoint {
    try Self.latestCheckpoint(in: path, damaged: damaged)
  }

  /// The same of a folder that is only looked at: a run may be writing into it.
  package static func latestCheckpoint(in path: String, damaged: (TrainingError) -> Void) throws -> Checkpoint {
    let checkpoints = path + "/" + checkpointsName
    for file in try checkpointFiles(checkpoints) {
      do { return try Checkpoint(contentsOf: file.path) } catch let error as TrainingError { damaged(error) }
    }
    throw TrainingError(
      path: checkpoints, problem: "there is no checkpoint in it that is whole", advice: "begin the run anew")
  }
}
