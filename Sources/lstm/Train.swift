import ArgumentParser
import Corpus
import Foundation
import Interchange
import RecurrentNetwork
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a classifier: Embedding → LSTM layers → pooling → Dense.",
    discussion: """
      The defaults are those of the Keras tutorial on IMDB reviews. The outcome depends on the data and the options \
      alone: any number of threads gives the same weights, bit for bit.

      Started by mpirun or srun, the processes share one run, and the weights are still the same; rank 0 writes.

      It writes model.safetensors (PyTorch's names), history.csv (as Keras's CSVLogger), steps.csv, and checkpoints from \
      which --resume goes on as if nothing had happened.
      """)

  static let defaults = TrainingConfiguration()

  @Option(
    help: .init(
      "Reviews with labels: Keras's imdb.npz; a zip or a folder of texts in folders named by label, or in a table; a "
        + "CSV, TSV or JSON Lines file.",
      valueName: "path"))
  var data: String?

  @Option(
    help: .init(
      "Go on with the run in a folder, from its last checkpoint; --data, --threads and --epochs may be given.",
      valueName: "folder"))
  var resume: String?

  @OptionGroup(title: "Settings")
  var settings: ConfigurationOptions

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(
    help: .init(
      "Threads to work on (default: the cores that this process may use; ranks share them).", valueName: "count"))
  var threads: Int?

  @Flag(
    help:
      "With ranks: add their gradients by MPI_Allreduce. Faster with many, but the last bits depend on their number.")
  var allreduce = false

  @Option(help: .init("Take only the first so many training and test reviews.", valueName: "count"))
  var limit: Int?

  @Option(
    help: .init(
      "Start from a model of any format, or a run's folder: with its sizes, and with Adam's state where it is there.",
      valueName: "file"))
  var initialWeights: String?

  @Option(
    help: .init(
      "Words of the archive's numbers (default: ARCHIVE_word_index.json beside it, if there); texts are coded by it, "
        + "instead of a vocabulary of their own.",
      valueName: "file"))
  var wordIndex: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Option(
    help: .init("Where the model, histories and checkpoints go (default: \(defaultOutput)).", valueName: "folder"))
  var output: String?

  private static let defaultOutput = "Data/run"

  @Flag(help: "Replace a run that is in the output folder.")
  var overwrite = false

  @Option(help: .init("Also write TensorBoard's event files, into this folder.", valueName: "folder"))
  var tensorboard: String?

  @Option(help: .init("Write a checkpoint every so many steps (default: after each epoch).", valueName: "steps"))
  var checkpointEvery: Int?

  @Option(
    help: .init("Checkpoints that stay, the newest ones (default: \(OutputSettings().keep)).", valueName: "count"))
  var keep: Int?

  func validate() throws {
    for (option, value, limit) in [
      ("--threads", threads ?? 1, 1024), ("--limit", limit ?? 1, Int.max),
      ("--checkpoint-every", checkpointEvery ?? 1, Int.max), ("--keep", keep ?? 1, 1_000_000),
    ] where !(1...limit ~= value) {
      throw ValidationError(
        "\(option) must be \(limit == Int.max ? "at least 1" : "from 1 to \(grouped(limit))"), not \(value).")
    }
    guard resume != nil || data != nil else {
      throw ValidationError("--data is missing: name an archive, or a run's folder with --resume.")
    }
    if resume != nil {
      for (option, isGiven) in [
        ("--output", output != nil), ("--overwrite", overwrite), ("--initial-weights", initialWeights != nil),
        ("--limit", limit != nil),
      ] where isGiven { throw ValidationError("\(option) can't be given with --resume.") }
    } else {
      try check(settings.applied(to: nil))
    }
  }

  private func check(_ configuration: TrainingConfiguration) throws {
    try configuration.checkOptions()
    let gigabytes = configuration.memoryNeed(threads: threads ?? Processor.availableCores) / 1e9
    let available = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
    if gigabytes > available {
      throw ValidationError(
        "A network of these sizes needs about \(fixed(gigabytes, 0)) GB of memory, and the machine has "
          + "\(fixed(available, 0)); try a smaller --hidden-size, --embedding-size, --vocabulary-size or --max-length.")
    }
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run(isQuiet: quiet) { try run(on: ranks) }
  }

  private func run(on ranks: RankGroup) throws {
    // Rank 0 alone looks into folders, and gives the others what it found there.
    var earlier: (folder: RunFolder, configuration: TrainingConfiguration)?
    let found = try ranks.fromFirst { () -> Checkpoint? in
      if allreduce && ranks.count > 1 && !quiet {
        printError("Warning: with --allreduce the weights' last bits depend on the number of ranks")
      }
      guard let resume else { return try begin(in: outputPath) }
      let folder = try RunFolder(resuming: resume)
      var checkpoint = try folder.latestCheckpoint {
        printError("Warning: \($0.path!): \($0.problem); taking the one before")
      }
      earlier = (folder, checkpoint.configuration)
      return try goOn(&checkpoint, in: resume) ? checkpoint : nil
    }
    guard var start = found else { return }
    let configuration = start.configuration
    let best = BestModelWriter()
    let prepared = try ranks.agree(sumsInAnyOrder: allreduce) {
      let prepared = try prepare(&start, best, ranks)
      // Rank 0's settings, which a rank's own options may repeat.
      return (prepared, try settings.applied(to: configuration), start.source.fingerprint)
    }
    var folder: RunFolder?
    if ranks.isFirst {
      if let earlier {
        folder = earlier.folder
        try folder?.goOn(from: start)
      } else {
        folder = try RunFolder(beginning: outputPath, configuration, overwrite: overwrite)
      }
      best.folder = folder
      if earlier?.configuration != configuration { try folder?.write(start) }
    }
    try train(prepared, folder, start.source, start.output, ranks)
  }

  /// What a rank needs for its steps.
  private struct Prepared {
    var trainer: Trainer
    var loaded: SourceData
    var reviews: (training: LabelledSequences, validation: LabelledSequences)
  }

  /// Reads the data, of which `start` then knows the fingerprint.
  private func prepare(_ start: inout Checkpoint, _ best: BestModelWriter, _ ranks: RankGroup) throws -> Prepared {
    let configuration = start.configuration
    let loaded = try load(start.source, configuration, ranks)
    let reviews = try loaded.parts(configuration)
    let fingerprint = DataSource.fingerprint(training: reviews.training, validation: reviews.validation)
    guard resume == nil || fingerprint == start.source.fingerprint else {
      throw TrainingError(
        path: data ?? start.source.path, problem: "holds other reviews than the run was begun with",
        advice: "name its archive with --data")
    }
    start.source.fingerprint = fingerprint
    let trainer = try Trainer(
      configuration, state: start.state, training: reviews.training, validation: reviews.validation,
      threads: ranks.threads,
      callbacks: ranks.isFirst ? best.callbacks(configuration, loaded) + Self.callbacks(start.output) : [],
      communicator: ranks.communicator, sumsInAnyOrder: allreduce)
    return Prepared(trainer: trainer, loaded: loaded, reviews: reviews)
  }

  private var outputPath: String { output ?? Self.defaultOutput }

  /// What a new run starts from, before its data are read.
  private func begin(in path: String) throws -> Checkpoint {
    try RunFolder.check(path, overwrite: overwrite)
    let initial = try initialWeights.map { try model(at: $0, isQuiet: quiet) }
    let configuration = try configuration(startingFrom: initial)
    var source = DataSource(
      path: absolute(data!), limit: limit, wordIndex: wordIndex.map(absolute), text: text.applied(to: nil))
    // The weights know the words by their numbers.
    if wordIndex == nil, let initial, let vocabulary = initial.vocabulary {
      source.terms = .init(vocabulary: vocabulary, coding: initial.coding, labels: initial.labels)
    }
    let state = initial.map { initialState($0, configuration) } ?? TrainingState(configuration)
    return Checkpoint(state, configuration: configuration, source: source, output: applied(to: OutputSettings()))
  }

  /// The settings, in which a model has the say about sizes, and its optimizer about the learning rate, unless they
  /// are given.
  private func configuration(startingFrom model: Model?) throws -> TrainingConfiguration {
    guard let model else { return try settings.applied(to: nil) }
    var base = Self.defaults
    base.architecture = model.parameters.architecture
    if let optimizer = model.optimizer {
      (base.learningRate, base.epsilon) = (optimizer.learningRate, optimizer.epsilon)
    }
    let configuration = try settings.applied(to: base)
    guard model.parameters.architecture == configuration.architecture else {
      throw TrainingError(
        path: initialWeights,
        problem: "the weights are those of \(model.parameters.architecture), expected \(configuration.architecture)",
        advice: "leave --vocabulary-size and what else describes the network out: it is then the file's")
    }
    try check(configuration)
    return configuration
  }

  private func initialState(_ model: Model, _ configuration: TrainingConfiguration) -> TrainingState {
    guard let optimizer = model.optimizer else {
      return TrainingState(model.parameters, learningRate: configuration.learningRate)
    }
    var state = TrainingState(model.parameters, optimizer: optimizer)
    state.learningRate = configuration.learningRate
    if !quiet {
      printError(
        "\(initialWeights!): Adam goes on at step \(grouped(optimizer.step + 1)), learning rate \(state.learningRate)")
    }
    return state
  }

  /// Applies the options to what an earlier run has left.
  ///
  /// - Returns: whether anything is left to do.
  private func goOn(_ checkpoint: inout Checkpoint, in path: String) throws -> Bool {
    let before = checkpoint.configuration
    let configuration = try settings.applied(to: before)
    var unchanged = configuration
    if configuration.epochs >= before.epochs { unchanged.epochs = before.epochs }
    let differences = unchanged.differences(from: before)
    guard differences.isEmpty else {
      throw TrainingError(
        path: path,
        problem: "the run was begun with other settings (now and then: \(differences.joined(separator: "; ")))",
        advice: "leave them out; only --epochs may grow")
    }
    try check(configuration)
    if checkpoint.state.isFinished && (configuration.epochs == before.epochs || checkpoint.state.epoch < before.epochs)
    {
      if !quiet { printError("\(path): this run is finished; there is nothing left to do.") }
      return false
    }
    checkpoint.state.reopen()
    checkpoint.configuration = configuration
    if let data { checkpoint.source.path = absolute(data) }
    if let wordIndex { checkpoint.source.wordIndex = absolute(wordIndex) }
    checkpoint.source.text = text.applied(to: checkpoint.source.text)
    checkpoint.output = applied(to: checkpoint.output)
    return true
  }

  /// - Parameter folder: nil on all ranks but the first.
  private func train(
    _ prepared: Prepared, _ folder: RunFolder?, _ source: DataSource, _ outputSettings: OutputSettings,
    _ ranks: RankGroup
  ) throws {
    let (trainer, loaded, reviews) = (prepared.trainer, prepared.loaded, prepared.reviews)
    let configuration = trainer.configuration
    func writeCheckpoint() throws {
      try folder?.write(
        Checkpoint(trainer.state, configuration: configuration, source: source, output: outputSettings))
    }
    try folder?.describe(configuration, source: source, threads: ranks.threads, version: LSTM.version)
    var progress = TrainingProgress(configuration, trainer: trainer, isQuiet: quiet || !ranks.isFirst)
    progress.begin(
      data: data ?? source.path, training: reviews.training.count, validation: reviews.validation.count,
      threads: ranks.threads, hasWords: loaded.vocabulary != nil)
    Interruption.listen()
    var traffic = StepTraffic(ranks.communicator)
    let ending = try trainer.run { event in
      traffic.see(event)
      var isTimeForCheckpoint = false
      switch event {
      case .step(let record):
        try folder?.append(record, seconds: trainer.state.seconds)
        isTimeForCheckpoint = outputSettings.checkpointEvery.map { record.step.isMultiple(of: $0) } ?? false
      case .epoch:
        try folder?.appendLast(of: trainer.state.epochs)
        isTimeForCheckpoint = outputSettings.checkpointEvery == nil
      case .begin, .validation: break
      }
      // The last one comes after the model: a run that its checkpoint calls finished has its model.
      if isTimeForCheckpoint && !trainer.state.isFinished { try writeCheckpoint() }
      progress.show(event)
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    try folder?.write(loaded.model(trainer.parameters, configuration))
    try writeCheckpoint()
    if let folder { progress.end(ending, folder: folder.path) }
    if let summary = try traffic.summary(), !quiet { printError(summary) }
    if ending == .stopped, let code = Interruption.exitCode { throw ExitCode(code) }
  }

  private func load(
    _ source: DataSource, _ configuration: TrainingConfiguration, _ ranks: RankGroup
  ) throws -> SourceData {
    // Messages name the data as the user did.
    var source = source
    source.path = data ?? source.path
    let loaded = try source.load(configuration, threads: ranks.threads, isQuiet: quiet || !ranks.isFirst)
    if !quiet && ranks.isFirst { for note in loaded.notes { printError("\(source.path): \(note)") } }
    return loaded
  }

  private func applied(to base: OutputSettings) -> OutputSettings {
    var result = base
    result.checkpointEvery = checkpointEvery ?? base.checkpointEvery
    result.keep = keep ?? base.keep
    result.tensorBoard = tensorboard.map(absolute) ?? base.tensorBoard
    return result
  }

  private static func callbacks(_ output: OutputSettings) -> [any TrainingCallback] {
    output.tensorBoard.map { [TensorBoardLog(folder: $0)] } ?? []
  }

  private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path(percentEncoded: false)
  }
}

/// A model of any format; what its reader leaves out is told.
func model(at path: String, isQuiet: Bool = false) throws -> Model {
  try Model(contentsOf: path) { if !isQuiet { printError("Note: \(path): \($0)") } }
}

/// Writes best.safetensors whenever an epoch is the best so far.
private final class BestModelWriter {
  /// Where to; a run's folder is begun only after its trainer has accepted the data.
  var folder: RunFolder?

  func callbacks(_ configuration: TrainingConfiguration, _ data: SourceData) -> [any TrainingCallback] {
    guard let monitor = configuration.bestModel else { return [] }
    return [
      BestModel(monitor: monitor) { [self] parameters in
        try folder?.write(data.model(parameters, configuration), isBest: true)
      }
    ]
  }
}
