import Classification
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// The same training with several seeds, to tell luck from skill: which of them a single run had is chance.
///
///     let start = try Checkpoint(configuration: settings, source: DataSource(path: "reviews.csv"))
///     let runs = try SeedRuns(beginning: "run", from: start, count: 5)
///     if let kept = try runs.train() { print(kept.seed) }
///
/// Each seed has a run in a subfolder. In the end the folder holds the run to keep, as if it had been trained there alone,
/// and seeds.csv; the others are removed. The kept run is the best on the validation texts. Without such texts it is the
/// first, so that nothing is chosen by the test part.
///
/// Or the model is the ensemble of them all, so that nothing hangs on a single seed: the folder then holds that with the
/// settings and the histories of the best run, and no checkpoints, as there is nothing to go on with.
public final class SeedRuns {
  /// What a seed has led to.
  public struct Result: Codable, Sendable, Equatable {
    /// The seed; nil for the ensemble of all.
    public let seed: UInt64?
    let validation, test: [[Int]]?

    /// The predictions for the test texts.
    package var testEvaluation: MulticlassEvaluation? { evaluation(test) }

    private func evaluation(_ confusion: [[Int]]?) -> MulticlassEvaluation? {
      confusion.map(MulticlassEvaluation.init(confusion:))
    }
    /// The share of validation texts whose label is predicted; nil without such texts, as for the others.
    public var validationAccuracy: Double? { evaluation(validation)?.accuracy }
    /// The mean of the labels' F1 on the validation texts.
    public var validationMacroF1: Double? { evaluation(validation)?.macroF1 }
    /// The share of test texts whose label is predicted.
    public var testAccuracy: Double? { evaluation(test)?.accuracy }
    /// Its 95 % interval.
    public var testAccuracyInterval: ClosedRange<Double>? { evaluation(test)?.accuracyInterval }
    /// The mean of the labels' F1 on the test texts.
    public var testMacroF1: Double? { evaluation(test)?.macroF1 }
  }

  /// What has happened.
  public enum Event: Sendable {
    /// What happens before a seed's first step; of notes only those of the first one.
    case preparation(Run.Preparation)
    /// Of a seed's training, this share is done.
    case progress(seed: UInt64, share: Double)
    /// What a user should know before the model is used, as `Run` says it; what holds for several seeds is said once.
    case warning(String)
    /// A seed's run is complete, or was before.
    case result(Result)
  }

  /// What is in the subfolder's seeds.json.
  private struct Record: Codable {
    let count: Int
    let makesEnsemble: Bool
    var results: [Result] = []
  }

  private let folder: RunFolder
  private let start: Checkpoint
  private let options: Run.Options
  private var record: Record

  /// The settings, with the first seed.
  public var configuration: TrainingConfiguration { start.configuration }
  /// What is written beside the histories and the models.
  public var output: OutputSettings { start.output }
  /// The seeds, one after the other.
  public var seeds: [UInt64] { (0..<record.count).map { configuration.seed + UInt64($0) } }

  private static func recordPath(_ folder: String) -> String { "\(folder)/\(RunFiles.seeds)/seeds.json" }
  private static func ensemblePath(_ folder: String) -> String { "\(folder)/\(RunFiles.seeds)/ensemble.safetensors" }
  private static func startPath(_ folder: String) -> String { "\(folder)/\(RunFiles.seeds)/start.safetensors" }
  private func path(of seed: UInt64) -> String { "\(folder.path)/\(RunFiles.seeds)/\(seed)" }

  /// Whether a folder holds runs with several seeds of which not all are complete.
  public static func areUnderWay(in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: recordPath(folder))
  }

  // MARK: Beginning and resuming

  /// Begins runs in a folder.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - start: what the first run begins from; the others differ in what its seed has decided.
  ///   - count: the number of seeds; they count up from the start's.
  ///   - makesEnsemble: whether the model is an ensemble of all, rather than the best of them.
  ///   - options: what this process decides for itself; it is one process.
  ///   - report: told of each preparation.
  /// - Precondition: there is a seed, and the last one is a number that fits.
  /// - Throws: `TrainingError`, `CorpusError`, `FileError`; `ModelError` where an ensemble would be too large.
  public init(
    beginning path: String, from start: @autoclosure () throws -> Checkpoint, count: Int, makesEnsemble: Bool = false,
    options: Run.Options = Run.Options(), report: (Run.Preparation) -> Void = { _ in }
  ) throws {
    try RunFolder.check(path, overwrite: options.overwrites)
    var start = try start()
    precondition(count > 0 && UInt64(count - 1) <= .max - start.configuration.seed, "there are no such seeds")
    if makesEnsemble { try start.configuration.checkEnsemble(of: count) }
    let dataset = try Self.load(start, options) { report(.reading($0)) }
    start.source.fingerprint = try Self.fingerprint(dataset, start.configuration)
    folder = try RunFolder(beginning: path, start.configuration, overwrite: options.overwrites)
    (self.start, self.options, record) = (start, options, Record(count: count, makesEnsemble: makesEnsemble))
    try createFolder("\(path)/\(RunFiles.seeds)")
    try start.write(to: Self.startPath(path))
    // Last: a folder that has it can go on.
    try writeRecord()
  }

  /// Goes on with the runs in a folder.
  ///
  /// - Throws: as `init(beginning:from:count:options:report:)` does; `TrainingError.noCheckpoints` where there are none.
  public init(resuming path: String, options: Run.Options = Run.Options()) throws {
    guard Self.areUnderWay(in: path) else { throw TrainingError.noCheckpoints(path: path) }
    folder = try RunFolder(locking: path)
    self.options = options
    start = try Checkpoint(contentsOf: Self.startPath(path))
    let file = Self.recordPath(path)
    guard let data = try boundedContents(of: file, limit: 1 << 26, advice: "begin the runs anew"),
      let record = try? JSONDecoder().decode(Record.self, from: data)
    else { throw TrainingError.noCheckpoints(path: path) }
    self.record = record
  }

  private static func load(
    _ start: Checkpoint, _ options: Run.Options, progress: (Double) -> Void = { _ in }
  ) throws -> Dataset {
    var source = start.source
    source.path = options.dataPath ?? source.path
    return try source.load(start.configuration, threads: options.threads, progress: progress)
  }

  private static func fingerprint(_ dataset: Dataset, _ configuration: TrainingConfiguration) throws -> String {
    let (training, validation) = try dataset.parts(validationSplit: configuration.validationSplit)
    return Dataset.fingerprint(training: training, validation: validation)
  }

  private func writeRecord() throws {
    try AtomicFile.write(
      [try JSONEncoder.reproducible.encode(record), Data("\n".utf8)], to: Self.recordPath(folder.path))
  }

  // MARK: Training

  /// Trains with all seeds, until `report` answers `.stop`; then lets the folder hold the run to keep.
  ///
  /// - Returns: what the kept run or the ensemble has led to; nil where it was stopped.
  /// - Throws: what `Run` does, and what `report` throws.
  public func train(_ report: (Event) throws -> TrainingAnswer = { _ in .goOn }) throws -> Result? {
    for result in record.results { _ = try report(.result(result)) }
    let left = seeds.dropFirst(record.results.count)
    var warnings: Set<String> = []
    for seed in left {
      let run = try run(seed, isFirst: seed == left.first, report)
      let ending = try run.train { _ in try report(.progress(seed: seed, share: run.trainer.shareOfSteps)) }
      guard ending == .completed else { return nil }
      let result = Result(
        seed: seed, validation: run.validationEvaluation?.confusion,
        test: try run.testEvaluation(threads: options.threads)?.confusion)
      record.results.append(result)
      try writeRecord()
      for warning in run.warnings where warnings.insert(warning).inserted { _ = try report(.warning(warning)) }
      if try report(.result(result)) == .stop, record.results.count < record.count { return nil }
    }
    let kept = record.makesEnsemble ? try ensemble() : best
    try AtomicFile.write([Data(table(kept).utf8)], to: "\(folder.path)/\(RunFiles.seedTable)")
    try keep(best.seed!)
    return kept
  }

  /// Writes the ensemble, and tests it. A process that was killed may have made it already, and removed runs.
  private func ensemble() throws -> Result {
    let paths = seeds.map { self.path(of: $0) + "/" + RunFiles.model }
    var path = Self.ensemblePath(folder.path)
    if !FileManager.default.fileExists(atPath: path) {
      if paths.allSatisfy(FileManager.default.fileExists) {
        try Model(ensembleOf: paths.map { try Model(contentsOf: $0) }, paths: paths).write(to: path, as: .safetensors)
      } else {
        path = "\(folder.path)/\(RunFiles.model)"
      }
    }
    let test = try Self.load(start, options).test
    let evaluation =
      test.count > 0
      ? try Model(contentsOf: path).evaluation(of: test, threads: options.threads, path: path) : nil
    return Result(seed: nil, validation: nil, test: evaluation?.confusion)
  }

  /// A seed's run: a new one, or the one that is there to go on with.
  private func run(_ seed: UInt64, isFirst: Bool, _ report: (Event) throws -> TrainingAnswer) throws -> Run {
    var own = options
    own.overwrites = true
    func tell(_ preparation: Run.Preparation) {
      if case .note = preparation, !isFirst { return }
      _ = try? report(.preparation(preparation))
    }
    let path = path(of: seed)
    do {
      if let run = try Run(resuming: path, options: own, report: tell) { return run }
      // It ended just before its result was written, and is trained once more.
    } catch TrainingError.noCheckpoints {
      // It has not begun, or was killed as it did.
    } catch TrainingError.noWholeCheckpoint {}
    let run = try Run(beginning: path, from: start.withSeed(seed), options: own, report: tell)
    guard run.source.fingerprint == start.source.fingerprint else {
      throw TrainingError.otherData(path: start.source.path)
    }
    return run
  }

  /// The run to keep; of equal ones the first.
  private var best: Result {
    func scores(_ result: Result) -> [Double] { [result.validationAccuracy, result.validationMacroF1].map { $0 ?? 0 } }
    return record.results.dropFirst().reduce(record.results[0]) {
      scores($0).lexicographicallyPrecedes(scores($1)) ? $1 : $0
    }
  }

  private func table(_ kept: Result) -> String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    let header =
      "seed,validation_accuracy,validation_macro_f1,test_accuracy,test_accuracy_from,test_accuracy_to,test_macro_f1,kept\n"
    return header
      + (record.results + (kept.seed == nil ? [kept] : [])).map { result in
        let figures = [
          result.validationAccuracy, result.validationMacroF1, result.testAccuracy,
          result.testAccuracyInterval?.lowerBound, result.testAccuracyInterval?.upperBound, result.testMacroF1,
        ].map(text)
        return ([result.seed.map { "\($0)" } ?? "all"] + figures + ["\(result.seed == kept.seed)"]).joined(
          separator: ",") + "\n"
      }.joined()
  }

  /// Moves a run's files into the folder, and removes the others; what a killed process has left of that is done.
  private func keep(_ seed: UInt64) throws {
    let files = FileManager.default
    let own = path(of: seed)
    func remove(_ path: String) throws {
      guard files.fileExists(atPath: path) else { return }
      do { try files.removeItem(atPath: path) } catch { throw FileError(.unwritable(.remove, code: nil), path: path) }
    }
    func move(_ path: String, to name: String) throws {
      let target = "\(folder.path)/\(name)"
      guard rename(path, target) == 0 else { throw FileError(.unwritable(.write, code: errno), path: target) }
    }
    let ofOneSeed = [RunFiles.model, RunFiles.bestModel, RunFiles.checkpoints]
    for name in (try? files.contentsOfDirectory(atPath: own).sorted()) ?? [] where name != ".lock" {
      if record.makesEnsemble, ofOneSeed.contains(name) { continue }
      if name == RunFiles.checkpoints { try remove("\(folder.path)/\(name)") }
      try move("\(own)/\(name)", to: name)
    }
    let ensemble = Self.ensemblePath(folder.path)
    if files.fileExists(atPath: ensemble) { try move(ensemble, to: RunFiles.model) }
    for seed in seeds { try remove(path(of: seed)) }
    // Without it, the folder is that of a single run.
    try remove(Self.recordPath(folder.path))
    try remove("\(folder.path)/\(RunFiles.seeds)")
  }
}

extension Checkpoint {
  /// The start of a new run with another seed: what the seed has decided becomes what the other one decides. Weights from
  /// elsewhere stay.
  func withSeed(_ seed: UInt64) -> Checkpoint {
    var result = self
    result.configuration.seed = seed
    result.output.tensorBoard = output.tensorBoard.map { "\($0)/seed-\(seed)" }
    let (old, new) = (
      TrainingState(configuration).parameters.values, TrainingState(result.configuration).parameters.values
    )
    for index in old.indices where state.parameters.values[index] == old[index] {
      result.state.parameters.values[index] = new[index]
    }
    return result
  }
}

extension TrainingConfiguration {
  /// Checks that so many networks with these settings fit into one.
  func checkEnsemble(of count: Int) throws {
    if let setting = ensemble(of: count).invalidSetting {
      throw ModelError(
        .tooLarge, problem: "in an ensemble of \(count) networks, \(setting.name) \(setting.rule)",
        advice: "train with fewer seeds")
    }
  }
}
