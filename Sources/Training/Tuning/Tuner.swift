import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Synchronization

/// Looks for the settings that suit some texts best, by trying them on parts of the texts that were held out.
///
///     var options = TuningOptions()
///     options.trialLimit = 40
///     let tuner = Tuner(DataSource(path: "reviews.csv"), folder: "tuned", options: options)
///     for try await trial in tuner.trials { print(trial.accuracy ?? 0) }
///     if let tuning = try tuner.goingOn.search() { try tuner.runs(tuning)?.train() }
///
/// Trial 1 has the settings that ``AutomaticSettings`` chooses. Those after it are, first, n-grams alone, which are cheap
/// and many; then networks, beside the best n-grams. Most change one or two settings of the best trial of their kind so
/// far. Each is measured on one fold, and goes on to more as long as it is among the better third.
///
/// The trials follow from the texts, the options and the seed, and so do their results, to the bit; with a limit of time,
/// how many there are depends on the machine. Each is written into the folder as soon as it is measured, so that a tuning
/// which was stopped or killed can go on.
public struct Tuner: Sendable {
  /// The folder for the trials.
  public let folder: String
  /// How many threads share the work; the result is the same for any number.
  public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
  /// What to begin with; nil to go on with what is in the folder.
  private var beginning: (source: DataSource, options: TuningOptions, overwrites: Bool)?
  /// Changes an earlier tuning's limits.
  private var change: @Sendable (inout TuningOptions) -> Void = { _ in }

  /// Begins a tuning.
  ///
  /// - Parameters:
  ///   - source: the texts.
  ///   - folder: where the trials are written, and made if it isn't there.
  ///   - options: what to look for, and how long.
  ///   - overwrites: whether a tuning or a run that is in the folder may be replaced.
  public init(_ source: DataSource, folder: String, options: TuningOptions, overwrites: Bool = false) {
    self.folder = folder
    beginning = (source, options, overwrites)
  }

  /// Goes on with a tuning that was stopped or killed.
  ///
  /// - Parameters:
  ///   - folder: where it has written its trials.
  ///   - change: changes its limits of trials and time.
  public init(resuming folder: String, change: @escaping @Sendable (inout TuningOptions) -> Void = { _ in }) {
    self.folder = folder
    self.change = change
  }

  /// The trials that a folder holds, of a tuning that may be going on; none where there is no tuning.
  ///
  /// - Throws: `TrainingError.unreadableTuning`, `FileError`.
  package static func trials(in folder: String) throws -> [Trial] {
    try TuningSearch.trials(in: folder).filter(\.isMeasured)
  }

  /// The same tuning, to go on with.
  public var goingOn: Tuner {
    var result = self
    result.beginning = nil
    return result
  }

  /// Looks for settings until a limit is reached, or `report` answers `.stop`.
  ///
  /// - Parameters:
  ///   - communicator: that of rank 0; the other ranks call `help` meanwhile. They share the trials out, which are the
  ///     same on any number of them, unless time is the limit.
  ///   - report: told what happens.
  /// - Returns: what was found; nil where it was stopped.
  /// - Throws: `TrainingError`, `CorpusError`, `FileError`, and what `report` throws. What a trial throws becomes its
  ///   problem.
  public func search(
    on communicator: any Communicator = SingleRank(),
    _ report: (TuningEvent) throws -> TrainingAnswer = { _ in .goOn }
  ) throws -> Tuning? {
    defer { TuningSearch.dismiss(communicator) }
    let search: TuningSearch
    if let (source, options, overwrites) = beginning {
      search = try TuningSearch(
        beginning: folder, source, options, overwrites: overwrites, threads: threads, communicator: communicator,
        report: report)
    } else {
      search = try TuningSearch(
        resuming: folder, change: change, threads: threads, communicator: communicator, report: report)
    }
    return try search.run(report)
  }

  /// Measures trials for rank 0, until its search is over.
  ///
  /// - Parameters:
  ///   - communicator: that of a rank other than 0.
  ///   - threads: how many threads share the work.
  ///   - isStopped: whether to stop the trial in hand; asked after each step.
  /// - Throws: `CorpusError` and `TrainingError.otherData` where this rank doesn't find the texts that rank 0 has.
  public static func help(
    _ communicator: any Communicator, threads: Int, isStopped: () -> Bool = { false }
  ) throws {
    try TuningSearch.help(communicator, threads: threads, isStopped: isStopped)
  }

  /// The run with the best settings, on all training texts, in the same folder: a new one, or the one that is there to go
  /// on with. It leaves a single network; `runs` leaves the ensemble that was asked for.
  ///
  /// - Parameters:
  ///   - tuning: what was found.
  ///   - report: told of each preparation.
  /// - Returns: nil where the run is finished and nothing is left to do.
  /// - Throws: as `Run` does.
  public func run(_ tuning: Tuning, report: (Run.Preparation) -> Void = { _ in }) throws -> Run? {
    if FileManager.default.fileExists(atPath: folder + "/" + RunFiles.checkpoints) {
      return try Run(resuming: folder, options: runOptions, report: report)
    }
    return try Run(beginning: folder, from: tuning.start, options: runOptions, report: report)
  }

  /// Nothing in the folder is of any use to a new run.
  private var runOptions: Run.Options {
    var options = Run.Options()
    (options.threads, options.overwrites) = (threads, true)
    return options
  }

  /// The runs with the best settings, on all training texts, in the same folder, one for each network of the ensemble:
  /// new ones, or those that are there to go on with.
  ///
  /// - Parameters:
  ///   - tuning: what was found.
  ///   - report: told of each preparation.
  /// - Returns: nil where the runs are finished and nothing is left to do.
  /// - Throws: as `SeedRuns` does.
  public func runs(_ tuning: Tuning, report: (Run.Preparation) -> Void = { _ in }) throws -> SeedRuns? {
    if SeedRuns.areUnderWay(in: folder) { return try SeedRuns(resuming: folder, options: runOptions) }
    if FileManager.default.fileExists(atPath: folder + "/" + RunFiles.model) { return nil }
    return try SeedRuns(
      beginning: folder, from: tuning.start, count: tuning.seedCount, makesEnsemble: tuning.seedCount > 1,
      options: runOptions, report: report)
  }

  /// The trials, each whenever it has come to be compared with others, and so maybe several times. The search works on a
  /// thread of its own, and is stopped where nobody waits for it any more.
  public var trials: AsyncThrowingStream<Trial, any Error> {
    AsyncThrowingStream { continuation in
      let isStopped = Flag()
      continuation.onTermination = { _ in isStopped.set() }
      Thread.detachNewThread {
        do {
          _ = try search { event in
            if case .trial(let trial) = event { continuation.yield(trial) }
            return isStopped.isSet ? .stop : .goOn
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
    }
  }
}

/// What has happened in a tuning.
public enum TuningEvent: Sendable {
  /// What happens before the first trial.
  case preparation(Run.Preparation)
  /// Of a fold of a trial, this share is done.
  case progress(trial: Int, fold: Int, share: Double)
  /// A trial has come to be compared with others, or has a problem.
  case trial(Trial)
}

/// What a tuning has found.
public struct Tuning: Sendable {
  /// All trials, in their order.
  public let trials: [Trial]
  /// The best one, of those that were measured most often.
  public let best: Trial
  /// The one whose settings the model gets: the best, or trial 1 where the lead over it may be luck.
  public let choice: Trial
  /// How many networks with these settings, from as many seeds, the model is an ensemble of.
  public let seedCount: Int
  /// The start of a run on all training texts with these settings.
  public let start: Checkpoint
}

/// Set on one thread, and read on another.
private final class Flag: Sendable {
  private let value = Mutex(false)
  func set() { value.withLock { $0 = true } }
  var isSet: Bool { value.withLock { $0 } }
}
