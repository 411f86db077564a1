import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// A tuning at work in its folder.
final class TuningSearch {
  /// What is in tuning.json.
  struct Record: Codable {
    var options: TuningOptions
    /// With how words are told apart by default.
    var source: DataSource
    /// How words are told apart in trials.
    let tokens: [TextCoding.Tokens]
    let defaults: TrainingConfiguration
  }

  private let folder: RunFolder
  private let threads: Int
  private let communicator: any Communicator
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
    communicator: any Communicator, report: (TuningEvent) throws -> TrainingAnswer
  ) throws {
    self.communicator = communicator
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
    resuming path: String, change: (inout TuningOptions) -> Void, threads: Int, communicator: any Communicator,
    report: (TuningEvent) throws -> TrainingAnswer
  ) throws {
    self.communicator = communicator
    guard FileManager.default.fileExists(atPath: Self.recordPath(path)) else {
      throw TrainingError.noTuning(path: path)
    }
    folder = try RunFolder(locking: path)
    record = try Self.read(Record.self, from: Self.recordPath(path))
    change(&record.options)
    try Self.check(record.options)
    (space, self.threads) = (Self.space(record), threads)
    trials = try Self.trials(in: path)
    isOver =
      SeedRuns.areUnderWay(in: path)
      || [RunFiles.checkpoints, RunFiles.model].contains { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
    secondsBefore = trials.reduce(0) { $0 + $1.seconds }
    start = .now
    let dataset = try Self.load(record, space.start.tokens, space, threads)
    guard Self.fingerprint(dataset) == record.source.fingerprint else {
      throw TrainingError.otherData(path: record.source.path)
    }
    partCount = try Self.partCount(dataset, record.options)
    data[space.start.tokens] = TuningData(dataset, folds: partCount)
    try Self.write(record, to: Self.recordPath(path))
    for trial in trials where trial.isMeasured { _ = try report(.trial(trial)) }
  }

  private static func check(_ options: TuningOptions) throws {
    guard options.trialLimit ?? 1 > 0, options.seconds ?? 1 > 0, options.folds ?? 1 > 0,
      options.trialLimit != nil || options.seconds != nil, options.modelSizeLimit ?? 1 > 0,
      options.speedLimit ?? 1 > 0, options.seedCount ?? 1 > 0
    else { throw TrainingError.invalidTuning }
  }

  static func space(_ record: Record) -> TuningSpace {
    TuningSpace(
      start: TuningCandidate(configuration: record.defaults, tokens: record.source.text?.tokens ?? .keras),
      tokens: record.tokens, seed: record.options.seed)
  }

  static func partCount(_ dataset: Dataset, _ options: TuningOptions) throws -> Int {
    let count = dataset.validation != nil ? 1 : options.folds ?? 5
    guard dataset.training.count >= 2 * count else {
      throw TrainingError.tooFewTexts(count: dataset.training.count, folds: count)
    }
    return count
  }

  static func load(
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

  static func fingerprint(_ dataset: Dataset) -> String {
    Dataset.fingerprint(
      training: dataset.training, validation: dataset.validation ?? dataset.training.prefix(0))
  }

  // MARK: Files

  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder.reproducible
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }

  private static func write(_ value: some Encodable, to path: String) throws {
    try AtomicFile.write([try encode(value), Data("\n".utf8)], to: path)
  }

  private static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
    guard let data = try boundedContents(of: path, limit: 1 << 26, advice: TrainingError.noTuning(path: path).advice),
      let value = try? decode(type, from: data)
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
    search: while !isOver {
      let round = try nextRound()
      if round.isEmpty { break }
      switch try measure(round, report) {
      case .completed: continue
      case .outOfTime: break search
      case .stopped: return nil
      }
    }
    trials.removeAll { !$0.isMeasured }
    try AtomicFile.write([Data(trials.csv.utf8)], to: folder.path + "/trials.csv")
    guard let best = schedule.best(of: trials), let choice = schedule.choice(of: trials) else {
      throw TrainingError.noUsableTrial(trials.last?.problem)
    }
    return Tuning(
      trials: trials, best: best, choice: choice, seedCount: seedCount(choice),
      start: try Checkpoint(configuration: choice.configuration, source: Self.source(record, choice.tokens)))
  }

  /// How many networks with the settings of a trial the model is made of.
  private func seedCount(_ choice: Trial) -> Int {
    if let count = options.seedCount { return count }
    let count = Self.usualSeedCount
    let size = choice.modelSize ?? 0
    let fits =
      size * count <= options.modelSizeLimit ?? .max && options.speedLimit == nil
      && (try? choice.configuration.checkEnsemble(of: count)) != nil
    return choice.configuration.hasNetwork && fits ? count : 1
  }

  private static let usualSeedCount = 3

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

  /// How many new trials follow from the same results, and may be measured at once. No other number follows from the
  /// number of ranks, so that the trials are the same on any.
  private static let newTrials = 4

  /// The folds to measure next, none of which has to wait for another; none at the end.
  private func nextRound() throws -> [TrialFold] {
    if trials.isEmpty { add(space.start) }
    let schedule = schedule
    func folds(_ trials: [Trial]) -> [TrialFold] {
      trials.flatMap { trial in
        let end = schedule.steps.first { $0 > trial.folds.count } ?? trial.folds.count
        return (trial.folds.count..<end).map { TrialFold(trial: trial.number, fold: $0) }
      }
    }
    // What a round has left.
    let begun = trials.filter { $0.problem == nil && !schedule.steps.contains($0.folds.count) }
    if !begun.isEmpty { return folds(begun) }
    let first = trials[0]
    if first.problem == nil, first.folds.count < schedule.steps.last! { return folds([first]) }
    for hasNetwork in [false, true] {
      let pool = trials.filter { $0.configuration.hasNetwork == hasNetwork }
      if let next = schedule.next(of: pool) { return folds([next]) }
      var new: [Trial] = []
      while new.count < Self.newTrials, hasTime(for: pool.count + new.count, hasNetwork),
        let candidate = candidate(hasNetwork, pool, schedule)
      {
        new.append(add(candidate))
      }
      if new.isEmpty { continue }
      // Later, they might not follow from the same results. The first one last: without it, none of them is read.
      for trial in new.reversed() { try Self.write(trial, to: Self.trialPath(folder.path, trial.number)) }
      return folds(new)
    }
    return []
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

  @discardableResult
  private func add(_ candidate: TuningCandidate) -> Trial {
    trials.append(Trial(number: trials.count + 1, candidate))
    return trials.last!
  }

  private enum RoundEnding {
    case completed, outOfTime, stopped
  }

  /// Measures some folds, on all ranks.
  private func measure(
    _ round: [TrialFold], _ report: (TuningEvent) throws -> TrainingAnswer
  ) throws -> RoundEnding {
    var round = round[...]
    while !round.isEmpty {
      // A rank alone takes one after the other, and sees before each whether there is time.
      let next = communicator.count == 1 ? round.prefix(1) : round
      round = round.dropFirst(next.count)
      let work = next.compactMap { fold in
        trials[fold.trial - 1].problem == nil
          ? RankWork.Fold(trial: trials[fold.trial - 1], fold: fold.fold, limit: limit(fold)) : nil
      }
      if work.contains(where: { $0.isOutOfTime }) { return .outOfTime }
      let measurements = try measure(RankWork(record: record, folds: work), on: communicator) { fold in
        try fold.trial.measure(
          fold: fold.fold, of: data(fold.trial.tokens), options, limit: fold.limit, threads: threads
        ) { try report(.progress(trial: fold.trial.number, fold: fold.fold, share: $0)) }
      }
      for (fold, measurement) in zip(work, measurements) {
        let ending = try take(measurement, of: fold, report)
        if ending != .completed { return ending }
      }
    }
    return .completed
  }

  /// How many seconds a fold may take; nil for any number.
  private func limit(_ fold: TrialFold) -> Double? {
    // Once the defaults have been measured on a fold, they are measured on all.
    if fold.trial == 1 && fold.fold > 0 { return nil }
    return options.seconds.map { fold.trial == 1 ? Self.shareOfDefaults * $0 : $0 - seconds }
  }

  /// Takes what came of a fold, in the order of the folds.
  private func take(
    _ measurement: TrialMeasurement, of fold: RankWork.Fold, _ report: (TuningEvent) throws -> TrainingAnswer
  ) throws -> RoundEnding {
    var trial = trials[fold.trial.number - 1]
    // Measured beside one that has shown that the settings are out of the question.
    if trial.problem != nil { return .completed }
    switch measurement.ending {
    case .completed(let result): trial.add(result, of: measurement, options)
    case .failed(let problem): trial.problem = problem
    case .stopped: return .stopped
    case .tooLong(let seconds):
      if trial.number > 1 { return .outOfTime }
      trial.problem = "a fold would take about \(Int(seconds)) s, too much of the time"
    }
    trials[trial.number - 1] = trial
    try Self.write(trial, to: Self.trialPath(folder.path, trial.number))
    if trial.problem != nil || schedule.steps.contains(trial.folds.count) {
      return try report(.trial(trial)) == .goOn ? .completed : .stopped
    }
    return .completed
  }

  private func data(_ tokens: TextCoding.Tokens) throws -> TuningData {
    if let known = data[tokens] { return known }
    let result = TuningData(try Self.load(record, tokens, space, threads), folds: partCount)
    data[tokens] = result
    return result
  }
}
