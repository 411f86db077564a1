import Corpus
import EngineSelection
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// The folder that a run writes into: checkpoints, histories, and at the end the model.
///
/// Only one run at a time can write into a folder: a lock is held for as long as the process lives.
public final class RunFolder {
  /// The folder.
  public let path: String
  private let lock: Int32
  private var history: Int32 = -1
  private var steps: Int32 = -1
  private var performance: Int32 = -1
  /// Whether the run predicts words.
  private var predictsWords = false

  package static let performanceHeader = "step,seconds,memory_bytes"

  // MARK: Beginning and resuming

  /// Checks, without changing anything, that a run may be written into a folder.
  ///
  /// - Throws: `TrainingError` where there already is one that may not be overwritten.
  public static func check(_ path: String, overwrite: Bool) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw TrainingError.notAFolder(path: path)
    }
    if !overwrite,
      let file = [RunFiles.model, RunFiles.history, RunFiles.steps, RunFiles.checkpoints].first(where: {
        FileManager.default.fileExists(atPath: path + "/" + $0)
      })
    {
      throw TrainingError.runExists(path: path, file: file)
    }
  }

  /// Begins a run: creates the folder if necessary, and removes an old run in it.
  ///
  /// - Throws: `TrainingError` or `FileError`.
  public convenience init(
    beginning path: String, _ configuration: TrainingConfiguration, overwrite: Bool
  ) throws {
    try Self.check(path, overwrite: overwrite)
    try createFolder(path)
    try self.init(locking: path)
    try Self.removeRun(in: path)
    try cutHistories(to: nil, configuration)
  }

  /// Removes a run's files from its folder.
  ///
  /// - Throws: `FileError`.
  static func removeRun(in path: String) throws {
    // Checkpoints first: none may remain that doesn't belong to the other files.
    for name in [
      RunFiles.checkpoints, RunFiles.model, RunFiles.bestModel, RunFiles.description, RunFiles.performance,
      RunFiles.history, RunFiles.historyJSON, RunFiles.steps, RunFiles.seeds, RunFiles.seedTable,
      RunFiles.learningCurve,
    ] { try remove(path + "/" + name) }
  }

  /// Removes a file or a folder, if it is there.
  ///
  /// - Throws: `FileError`.
  static func remove(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw FileError(.unwritable(.remove, code: nil), path: path)
    }
  }

  /// Opens the folder of an earlier run, without changing it.
  ///
  /// - Throws: `TrainingError` where there is none, or another process is writing into it.
  public convenience init(resuming path: String) throws {
    guard FileManager.default.fileExists(atPath: path + "/" + RunFiles.checkpoints) else {
      throw TrainingError.noCheckpoints(path: path)
    }
    try self.init(locking: path)
  }

  /// Keeps other processes from writing into a folder.
  init(locking path: String) throws {
    self.path = path
    lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0 else { throw AtomicFile.failure(.lock, path) }
    // All stored properties are set, so that a failure closes the file by `deinit`.
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw AtomicFile.failure(.lock, path) }
      throw TrainingError.runInUse(path: path)
    }
  }

  deinit {
    // A child that was forked meanwhile has the file open, too, and would keep the lock until it ends.
    if lock >= 0 { flock(lock, LOCK_UN) }
    for file in [lock, history, steps, performance] where file >= 0 { close(file) }
  }

  /// Cuts the histories off where a checkpoint's state ends, so that they can be appended to from there.
  ///
  /// - Throws: `FileError`.
  public func goOn(from checkpoint: Checkpoint) throws {
    // What a killed process was writing. The folder is locked, so nobody is writing now.
    for folder in [path, checkpoints] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where name.hasSuffix(AtomicFile.temporarySuffix) { unlink(folder + "/" + name) }
    }
    try cutHistories(to: checkpoint.state, checkpoint.configuration)
  }

  private func cutHistories(to state: TrainingState?, _ configuration: TrainingConfiguration) throws {
    func begin(_ name: String, _ lines: [String]) throws -> Int32 {
      let path = path + "/" + name
      try AtomicFile.write([Data((lines.joined(separator: "\n") + "\n").utf8)], to: path)
      let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
      guard file >= 0 else { throw AtomicFile.failure(.write, path) }
      return file
    }
    predictsWords = configuration.wordPrediction != nil
    history = try begin(
      RunFiles.history, [EpochRecord.header(configuration)] + (state?.epochs.map(\.row) ?? []))
    try writeJSON(state?.epochs ?? [])
    steps = try begin(
      RunFiles.steps,
      [StepRecord.header(ofWords: predictsWords)]
        + (state?.steps.enumerated().map { $1.row($0 + 1, ofWords: predictsWords) } ?? []))
    let times = try boundedContents(
      of: path + "/" + RunFiles.performance, limit: 1 << 30, advice: "remove it; it holds nothing but times and memory")
    let last = state?.steps.count ?? 0
    performance = try begin(
      RunFiles.performance,
      [Self.performanceHeader]
        + String(decoding: times ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init).filter { line in
          let cells = line.split(separator: ",", omittingEmptySubsequences: false)
          return cells.count == 3 && Int(cells[0]).map { 0 < $0 && $0 <= last } == true
        })
  }

  // MARK: Histories

  /// Appends a step to steps.csv and performance.csv.
  public func append(_ record: StepRecord, seconds: Double) throws {
    try append(StepResult(record.metrics).row(record.step, ofWords: predictsWords), to: steps, RunFiles.steps)
    let row = "\(record.step),\((seconds * 1000).rounded() / 1000),\(ProcessMemory.resident)"
    try append(row, to: performance, RunFiles.performance)
  }

  /// Appends the last of the epochs so far to history.csv, and writes history.json.
  public func appendLast(of epochs: [EpochRecord]) throws {
    guard let record = epochs.last else { return }
    try append(record.row, to: history, RunFiles.history)
    try writeJSON(epochs)
  }

  private func writeJSON(_ epochs: [EpochRecord]) throws {
    try AtomicFile.write([Data((epochs.historyJSON() + "\n").utf8)], to: path + "/" + RunFiles.historyJSON)
  }

  private func append(_ row: String, to file: Int32, _ name: String) throws {
    try AtomicFile.write(Data((row + "\n").utf8), to: file, path + "/" + name)
  }

  /// Writes run.json: what the run was given, for people and for `lstm report`.
  public func describe(
    _ configuration: TrainingConfiguration, source: DataSource, threads: Int
  ) throws {
    struct Description: Encodable {
      let version, kernels, data: String
      let limit: Int?
      let wordIndex: String?
      let text: TextOptions?
      let validationData, testData: String?
      let fingerprint: String
      let threads: Int
      let configuration: TrainingConfiguration
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let description = Description(
      version: Run.version, kernels: Engines.current.name, data: source.path, limit: source.limit,
      wordIndex: source.wordIndex,
      text: source.text, validationData: source.validationPath, testData: source.testPath,
      fingerprint: source.fingerprint, threads: threads, configuration: configuration)
    try AtomicFile.write([try encoder.encode(description), Data("\n".utf8)], to: path + "/" + RunFiles.description)
  }

  /// Writes the model, or the best one so far, whole or not at all.
  public func write(_ model: Model, isBest: Bool = false) throws {
    try model.write(toSafetensors: path + "/" + (isBest ? RunFiles.bestModel : RunFiles.model))
  }

  // MARK: Checkpoints

  private var checkpoints: String { path + "/" + RunFiles.checkpoints }

  /// Writes a checkpoint, and removes those that are older than its settings keep.
  ///
  /// - Throws: `FileError`; the earlier checkpoints are then untouched.
  public func write(_ checkpoint: Checkpoint) throws {
    try createFolder(checkpoints)
    try checkpoint.write(to: checkpoints + "/" + RunFiles.checkpoint(step: checkpoint.state.steps.count))
    for old in try Self.checkpointPaths(path).dropFirst(checkpoint.output.keep) { unlink(old) }
  }

  /// The newest checkpoint that is whole.
  ///
  /// - Parameter damaged: told why each newer one can't be used.
  /// - Throws: `TrainingError.noWholeCheckpoint` where there is none.
  public func latestCheckpoint(damaged: (any Error & Sendable) -> Void) throws -> Checkpoint {
    for file in try Self.checkpointPaths(path) {
      do { return try Checkpoint(contentsOf: file) } catch { damaged(error) }
    }
    throw TrainingError.noWholeCheckpoint(path: checkpoints)
  }

  private static func checkpointPaths(_ path: String) throws -> [String] {
    do { return try RunFiles.checkpointPaths(inRun: path) } catch {
      throw FileError(.unreadable(code: nil), path: path + "/" + RunFiles.checkpoints)
    }
  }
}

/// Makes a folder, with those above it, unless it is there.
///
/// - Throws: `FileError`.
func createFolder(_ path: String) throws {
  do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
    throw FileError(.unwritable(.createFolder, code: nil), path: path)
  }
}
