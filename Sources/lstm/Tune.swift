import ArgumentParser
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Training

struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Looks for the settings that suit some texts best, and trains with them.",
    discussion: """
      Trial 1 has the settings that lstm train would choose. Those after it are n-grams alone, three quarters of all \
      trials or, with a limit of time alone, up to 60 in half of it, and then networks beside the best n-grams. Most \
      change one setting or two of the best trial so far. Each is measured on a part of the training texts that was held \
      out of its training, and as long as it is the best or among the better third, on more parts.

      What is tried, where n-grams are words or characters within words: 1 to 5 words; n-grams that occur in 1 to 10 \
      texts or more; none or 1 to 7 characters; C from 0.5 to 128; --tokens. Of networks: 16 to 128 units; one direction \
      or both; --pooling; learning rates from 0.0015 to 0.012; the default batch size and twice that; a quarter, the \
      whole, and twice the default vocabulary; 10 to 50 % of words dropped, 0 to 40 % of the state, 30 to 70 % of the \
      outputs.

      The best settings are those of the trial that did best on all parts, or the defaults, where its lead over them \
      in accuracy may be luck. With them, three networks are trained on all training texts, as lstm train --seeds 3 \
      --ensemble would, and nothing is chosen by the test part. The folder has trials.csv besides what a run leaves; \
      its run.json has the best settings, which lstm train --configuration takes. With --trials, the weights depend \
      only on the data and the options; with --minutes, on how many trials there was time for, too. Under mpirun, \
      the ranks share the trials out.
      """)

  @Option(help: .init("Labeled texts, as for lstm train.", valueName: "path"))
  var data: String?

  @Option(
    help: .init("Labeled texts to measure trials on, instead of parts of the training texts.", valueName: "path"))
  var validationData: String?

  @Option(help: .init("Labeled texts to test on, as for --data; none are then set apart.", valueName: "path"))
  var testData: String?

  @Option(
    help: .init(
      "Continue the tuning in a folder. --minutes, --trials and --threads may be changed.", valueName: "folder"))
  var resume: String?

  @Option(
    help: .init(
      "Minutes for the search; the training of the final model is not counted (default: 5, unless --trials is given).",
      valueName: "number"))
  var minutes: Double?

  @Option(help: .init("Number of settings to try.", valueName: "count"))
  var trials: Int?

  @Option(
    help: .init(
      "Parts of the training texts, each held out in turn; 1 for the part that lstm train holds out (default: 5, of which "
        + "fewer are used if trial 1 would need most of the time for them).", valueName: "count"))
  var folds: Int?

  @Option(help: "What the best settings are best at; f1 is the mean of the labels' F1 (default: accuracy).")
  var metric: TuningOptions.Metric?

  @Option(help: .init("The largest file that the model may have, such as 5MB.", valueName: "size"))
  var maxModelSize: ByteCount?

  @Option(
    help: .init(
      "The fewest texts that the model has to classify in a second, on this machine; reading them is not counted.",
      valueName: "count"))
  var minSpeed: Double?

  @Option(
    help: .init(
      "Seeds to train with at the end; the model is the ensemble of all (default: 3; 1 without a network, with --min-speed, "
        + "or where --max-model-size leaves no room).", valueName: "count"))
  var seeds: Int?

  @Option(help: .init("Seed of the order of the trials, and of each (default: 0).", valueName: "number"))
  var seed: UInt64?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(help: .init("Number of threads (default: one for each core that this process may use).", valueName: "count"))
  var threads: Int?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Option(
    help: .init("The folder for the trials and the model (default: \(defaultOutput)).", valueName: "folder"))
  var output: String?

  private static let defaultOutput = "Data/tuned"

  @Flag(help: "Replace an existing tuning or run in the output folder.")
  var overwrite = false

  func validate() throws {
    for (option, value, limit) in [
      ("--threads", threads ?? 1, 1024), ("--trials", trials ?? 1, 100_000), ("--folds", folds ?? 1, 100),
      ("--seeds", seeds ?? 1, 100),
    ] where !(1...limit ~= value) {
      throw ValidationError("\(option) must be from 1 to \(grouped(limit)), not \(value).")
    }
    for (option, value) in [("--minutes", minutes), ("--min-speed", minSpeed)] {
      if let value, !(value > 0 && value.isFinite) { throw ValidationError("\(option) must be above 0, not \(value).") }
    }
    guard resume != nil || data != nil else {
      throw ValidationError("--data is missing: name the texts, or the folder of a tuning with --resume.")
    }
    guard resume != nil else { return }
    for (option, isGiven) in [
      ("--data", data != nil), ("--validation-data", validationData != nil), ("--test-data", testData != nil),
      ("--output", output != nil), ("--overwrite", overwrite), ("--folds", folds != nil), ("--metric", metric != nil),
      ("--seed", seed != nil), ("--max-model-size", maxModelSize != nil), ("--min-speed", minSpeed != nil),
      ("--seeds", seeds != nil),
      ("options for texts", text.applied(to: nil) != nil),
    ] where isGiven { throw ValidationError("\(option) can't be given with --resume.") }
  }

  private var folder: String { resume ?? output ?? Self.defaultOutput }

  private var tuner: Tuner {
    var tuner: Tuner
    if let resume {
      let (minutes, trials) = (minutes, trials)
      tuner = Tuner(resuming: resume) {
        if minutes == nil && trials == nil { return }
        ($0.seconds, $0.trialLimit) = (minutes.map { 60 * $0 }, trials)
      }
    } else {
      var source = DataSource(path: absolute(data!), text: text.applied(to: nil))
      (source.validationPath, source.testPath) = (validationData.map(absolute), testData.map(absolute))
      var options = TuningOptions()
      options.seconds = (minutes ?? (trials == nil ? 5 : nil)).map { 60 * $0 }
      (options.trialLimit, options.folds) = (trials, folds)
      (options.metric, options.seed) = (metric ?? .accuracy, seed ?? 0)
      options.seedCount = seeds
      (options.modelSizeLimit, options.speedLimit) = (maxModelSize?.bytes, minSpeed)
      tuner = Tuner(source, folder: folder, options: options, overwrites: overwrite)
    }
    return tuner
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run(isQuiet: quiet) {
      Interruption.listen()
      if ranks.isFirst {
        try run(on: ranks)
      } else {
        try Tuner.help(ranks.communicator, threads: ranks.threads) { Interruption.exitCode != nil }
      }
    }
  }

  private func run(on ranks: RankGroup) throws {
    var tuner = tuner
    tuner.threads = ranks.threads
    var preparation = PreparationDisplay(data: data ?? folder, folder: folder, isQuiet: quiet)
    var table = TrialTable(isQuiet: quiet)
    let tuning = try tuner.search(on: ranks.communicator) { event in
      switch event {
      case .preparation(let event): preparation.show(event)
      case .progress(let trial, let fold, let share): table.draw(trial: trial, fold: fold, share: share)
      case .trial(let trial):
        preparation.end()
        table.print(trial)
      }
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    table.end()
    guard let tuning else {
      if !quiet { printError("Stopped. Continue with: lstm tune --resume \(folder)") }
      throw ExitCode(Interruption.exitCode ?? 1)
    }
    table.printBest(tuning)
    func report(_ event: Run.Preparation) { if case .note = event { return } else { preparation.show(event) } }
    func sayNothingIsLeft() {
      if !quiet { printError("\(folder): this tuning is finished; there is nothing left to do.") }
    }
    if tuning.seedCount > 1 {
      guard let runs = try tuner.runs(tuning, report: report) else { return sayNothingIsLeft() }
      preparation.end()
      return try train(runs, folder: folder, command: "lstm tune", isQuiet: quiet, report: report)
    }
    guard let run = try tuner.run(tuning, report: report) else { return sayNothingIsLeft() }
    preparation.end()
    var progress = TrainingProgress(run, isQuiet: quiet)
    progress.begin(data: data ?? run.source.path, threads: tuner.threads)
    let ending = try run.train { event in
      progress.show(event)
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    progress.end(ending, folder: folder, command: "lstm tune")
    if ending == .stopped, let code = Interruption.exitCode { throw ExitCode(code) }
    if quiet { return }
    for warning in run.warnings { printError("Warning: \(warning)") }
    try run.showTestAccuracy(threads: tuner.threads, isQuiet: quiet)
  }
}

extension TuningOptions.Metric: ExpressibleByArgument {}

/// A number of bytes, such as 5MB.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units = [("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1)]
    let unit = units.first { argument.uppercased().hasSuffix($0.0) }
    let number = argument.dropLast(unit?.0.count ?? 0).trimmingCharacters(in: .whitespaces)
    guard let value = Double(number).map({ $0 * (unit?.1 ?? 1) }), 1...1e15 ~= value else { return nil }
    bytes = Int(value)
  }
}
