import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork

/// A tuning at work in its folder.
final class TuningSearch {
  /// What is in tuning.json.
  private struct Record: Codable {
    var options: TuningOptions
    /// With how words are told apart by default.
    var source: DataSource
    /// How words are told apart in trials.
    let tokens: [TextCoding.Tokens]
    let defaults: TrainingConfiguration
  }

  private let folder: RunFolder
  private let threads: Int
  private var record: Record
  private let space: TuningSpace
  /// The texts in each kind of words, once a trial needs them.
  private var data: [TextCoding.Tokens: TuningData] = [:]
  private var trials: [Trial]
  /// Whether the best settings have been chosen, and are being trained with.
  private var isOver = false
  /// The number of parts of the texts.
  private let partCount: Int
  /// Seconds that were spent before this process, and when it began.
  private let (secondsBefore, start): (Double, ContinuousClock.Instant)
  private var seconds: Double { secondsBefore + (ContinuousClock.now - start) / .seconds(1) }
  private var options: TuningOptions { record.options }

  private static func recordPath(_ folder: String) -> String { folder + "/tuning.json" }
  private static func trialFolder(_ folder: String) -> String { folder + "/trials" }
  private static func trialPath(_ folder: String, _ number: Int) -> String {
    "\(trialFolder(folder))/\(String(format: "%05d", number)).json"
  }

  // MARK: Beginning and resuming

  init(
    beginning path: String, _ source: DataSource, _ options: TuningOptions, overwrites: Bool, threads: Int,
    report: (TuningEvent) throws -> TrainingAnswer
  ) throws {
    try Self.check(options)
    try RunFolder.check(path, overwrite: overwrites)
    if !overwrites, FileManager.default.fileExists(atPath: Self.recordPath(path)) {
      throw TrainingError.runExists(path: path, file: "tuning.json")
    }
    let asked = source.text?.tokens
    let automatic = try AutomaticSettings(for: source, seed: options.seed, threads: threads) {
      _ = try? report(.preparation(.reading($0)))
    }
    for reason in automatic.reasons { _ = try report(.preparation(.note(reason))) }
    let defaults = automatic.configuration
    if options.metric == .auc, defaults.labelCount != 2 {
      throw TrainingError.noROCArea(labelCount: defaults.labelCount)
    }
    record = Record(
      options: options, source: automatic.source,
      tokens: asked.map { [$0] } ?? [.words, .keras, .characters], defaults: defaults)
    (space, self.threads, trials, secondsBefore) = (Self.space(record), threads, [], 0)
    start = .now
    let dataset = try Self.load(record, space.start.tokens, space, threads)
    for note in dataset.notes { _ = try report(.preparation(.note(note))) }
    record.source.fingerprint = Self.fingerprint(dataset)
    partCount = try Self.partCount(dataset, options)
    data[space.start.tokens] = TuningData(dataset, folds: partCount)
    folder = try RunFolder(beginning: path, defaults, overwrite: overwrites)
    // The record last: a tuning that has one can go on.
    for old in [Self.recordPath(path), Self.trialFolder(path)] where FileManager.default.fileExists(atPath: old) {
      do { try FileManager.default.removeItem(atPath: old) } catch {
        throw FileError(.unwritable(.remove, code: nil), path: old)
      }
    }
    try createFolder(Self.trialFolder(path))
    try Self.write(record, to: Self.recordPath(path))
  }

  init(
    resuming path: String, change: (inout TuningOptions) -> Void, threads: Int,
    report: (TuningEvent) throws -> TrainingAnswer
  ) throws {
    guard FileManager.default.fileExists(atPath: Self.recordPath(path)) else {
      throw TrainingError.noTuning(path: path)
    }
    folder = try RunFolder(locking: path)
    record = try Self.read(Record.self, from: Self.recordPath(path))
    change(&record.options)
    try Self.check(record.options)
    (space, self.threads) = (Self.space(record), threads)
    trials = try Self.trials(in: path)
    isOver = FileManager.default.fileExists(atPath: path + "/" + RunFiles.checkpoints)
    secondsBefore = trials.reduce(0) { $0 + $1.seconds }
    start = .now
    let dataset = try Self.load(record, space.start.tokens, space, threads)
    guard Self.fingerprint(dataset) == record.source.fingerprint else {
      throw TrainingError.otherData(path: record.source.path)
    }
    partCount = try Self.partCount(dataset, record.options)
    data[space.start.tokens] = TuningData(dataset, folds: partCount)
    try Self.write(record, to: Self.recordPath(path))
    for trial in trials { _ = try report(.trial(trial)) }
  }

  private static func check(_ options: TuningOptions) throws {
    guard options.trialLimit ?? 1 > 0, options.seconds ?? 1 > 0, options.folds ?? 1 > 0,
      options.trialLimit != nil || options.seconds != nil, options.modelSizeLimit ?? 1 > 0,
      options.speedLimit ?? 1 > 0
    else { throw TrainingError.invalidTuning }
  }

  private static func space(_ record: Record) -> TuningSpace {
    TuningSpace(
      start: TuningCandidate(configuration: record.defaults, tokens: record.source.text?.tokens ?? .keras),
      tokens: record.tokens, seed: record.options.seed)
  }

  private static func partCount(_ dataset: Dataset, _ options: TuningOptions) throws -> Int {
    let count = dataset.validation != nil ? 1 : options.folds ?? 5
    guard dataset.training.count >= 2 * count else {
      throw TrainingError.tooFewTexts(count: dataset.training.count, folds: count)
    }
    return count
  }

  private static func load(
    _ record: Record, _ tokens: TextCoding.Tokens, _ space: TuningSpace, _ threads: Int
  ) throws -> Dataset {
    var sizes = record.defaults
    sizes.vocabularySize = space.largestVocabulary
    return try source(record, tokens).load(sizes, threads: threads)
  }

  private static func source(_ record: Record, _ tokens: TextCoding.Tokens) -> DataSource {
    var source = record.source
    source.text?.tokens = tokens
    return source
  }

  private static func fingerprint(_ dataset: Dataset) -> String {
    Dataset.fingerprint(
      training: dataset.training, validation: dataset.validation ?? dataset.training.prefix(0))
  }

  // MARK: Files

  private static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder.reproducible
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try AtomicFile.write([try encoder.encode(value), Data("\n".utf8)], to: path)
  }

  private static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try boundedContents(of: path, limit: 1 << 26, advice: TrainingError.noTuning(path: path).advice),
      let value = try? decoder.decode(type, from: data)
    else { throw TrainingError.unreadableTuning(path: path) }
    return value
  }

  /// The trials that a folder holds.
  static func trials(in path: String) throws -> [Trial] {
    var trials: [Trial] = []
    while FileManager.default.fileExists(atPath: trialPath(path, trials.count + 1)) {
      trials.append(try read(Trial.self, from: trialPath(path, trials.count + 1)))
    }
    return trials
  }

  // MARK: Searching

  func run(_ report: (TuningEvent) throws -> TrainingAnswer) throws -> Tuning? {
    while !isOver, let number = nextTrial() {
      guard let isMeasured = try measure(number, report) else { return nil }
      if !isMeasured { break }
    }
    trials.removeAll { $0.folds.isEmpty && $0.problem == nil }
    try AtomicFile.write([Data(trials.csv.utf8)], to: folder.path + "/trials.csv")
    guard let best = schedule.best(of: trials) else {
      throw TrainingError.noUsableTrial(trials.last?.problem)
    }
    return Tuning(
      trials: trials, best: best,
      start: try Checkpoint(configuration: best.configuration, source: Self.source(record, best.tokens)))
  }

  /// The number of folds on which the best trials are measured: fewer than there are where the defaults would need most
  /// of the time for them.
  private var schedule: TuningSchedule {
    var folds = partCount
    if options.folds == nil, let limit = options.seconds, let first = trials.first?.folds.first {
      folds = max(1, min(folds, Int(Self.shareOfDefaults * limit / max(first.seconds, 1e-3))))
    }
    return TuningSchedule(metric: options.metric, folds: folds)
  }

  /// The shares of the time that the defaults may take, and after which networks are tried.
  private static let (shareOfDefaults, shareWithoutNetworks) = (0.4, 0.5)
  /// So many trials of n-grams are enough where time is the limit.
  private static let enoughNGrams = 60

  /// The number of the trial to measure next; nil at the end.
  private func nextTrial() -> Int? {
    guard let first = trials.first else { return add(space.start) }
    let schedule = schedule
    if first.problem == nil, first.folds.count < schedule.steps.last! { return first.number }
    for hasNetwork in [false, true] {
      let pool = trials.filter { $0.configuration.hasNetwork == hasNetwork }
      if let next = schedule.next(of: pool) { return next.number }
      if hasTime(for: pool.count, hasNetwork), let new = candidate(hasNetwork, pool, schedule) { return add(new) }
    }
    return nil
  }

  /// Whether a new trial may begin.
  ///
  /// - Parameter count: how many of its kind there are.
  private func hasTime(for count: Int, _ hasNetwork: Bool) -> Bool {
    guard hasNetwork else {
      // Three of four trials are n-grams alone.
      if count >= options.trialLimit.map({ 3 * $0 / 4 }) ?? Self.enoughNGrams { return false }
      let share = trials[0].folds.isEmpty ? 1 : Self.shareWithoutNetworks
      return seconds < share * (options.seconds ?? .infinity)
    }
    return trials.count < options.trialLimit ?? .max && seconds < options.seconds ?? .infinity
  }

  private func candidate(_ hasNetwork: Bool, _ pool: [Trial], _ schedule: TuningSchedule) -> TuningCandidate? {
    var base = schedule.best(of: pool)?.candidate ?? (hasNetwork ? space.start : space.nGramsAlone)
    if hasNetwork, let wide = schedule.best(of: trials.filter { !$0.configuration.hasNetwork }) {
      base.configuration.wide = wide.configuration.wide
      base.tokens = wide.tokens
    }
    let tried = trials.map(\.candidate)
    return tried.contains(base) ? space.candidate(after: base, tried: tried) : base
  }

  private func add(_ candidate: TuningCandidate) -> Int {
    trials.append(Trial(number: trials.count + 1, candidate))
    return trials.count
  }

  /// Measures the next fold of a trial.
  ///
  /// - Returns: false where the time is over, nil where the caller stops it.
  private func measure(_ number: Int, _ report: (TuningEvent) throws -> TrainingAnswer) throws -> Bool? {
    var trial = trials[number - 1]
    let fold = trial.folds.count
    func progress(_ share: Double) throws -> TrainingAnswer {
      try report(.progress(trial: number, fold: fold, share: share))
    }
    // Once the defaults have been measured on a fold, they are measured on all.
    let limit =
      number == 1 && fold > 0 ? nil : options.seconds.map { number == 1 ? Self.shareOfDefaults * $0 : $0 - seconds }
    if let limit, limit <= 0, trial.configuration.hasNetwork { return false }
    guard try progress(0) == .goOn else { return nil }
    let texts = try data(trial.tokens)
    var failure: (any Error)?
    do {
      let ending = try trial.measureNextFold(of: texts, options, limit: limit, threads: threads) {
        do { return try progress($0) } catch {
          failure = error
          throw error
        }
      }
      switch ending {
      case .completed: break
      case .stopped: return nil
      case .tooLong(let seconds):
        if number > 1 { return false }
        trial.problem = "a fold would take about \(Int(seconds)) s, too much of the time"
      }
    } catch {
      if let failure { throw failure }
      trial.problem = (error as? any ActionableError)?.problem ?? "\(error)"
    }
    trials[number - 1] = trial
    try Self.write(trial, to: Self.trialPath(folder.path, number))
    if trial.problem != nil || schedule.steps.contains(trial.folds.count) {
      return try report(.trial(trial)) == .goOn ? true : nil
    }
    return true
  }

  private func data(_ tokens: TextCoding.Tokens) throws -> TuningData {
    if let known = data[tokens] { return known }
    let result = TuningData(try Self.load(record, tokens, space, threads), folds: partCount)
    data[tokens] = result
    return result
  }
}
