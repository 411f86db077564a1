import ArgumentParser
import Corpus
import Foundation
import Interchange
import RecurrentNetwork
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a classifier: Embedding → LSTM → Dense(1, sigmoid).",
    discussion: """
      The defaults are those of the Keras tutorial on IMDB reviews. The outcome depends on the data and the options \
      alone: any number of threads gives the same weights, bit for bit.

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

  @Option(help: .init("Threads to work on (default: the cores that this process may use).", valueName: "count"))
  var threads: Int?

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
    if let problem = configuration.problem {
      let option = problem.setting.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
      throw ValidationError("--\(option) \(problem.rule).")
    }
    let gigabytes = configuration.memoryNeed(threads: threadCount) / 1e9
    let available = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
    if gigabytes > available {
      throw ValidationError(
        "A network of these sizes needs about \(fixed(gigabytes, 0)) GB of memory, and the machine has "
          + "\(fixed(available, 0)); try a smaller --hidden-size, --embedding-size, --vocabulary-size or --max-length.")
    }
  }

  private var threadCount: Int { threads ?? Processor.availableCores }

  func run() throws {
    if let resume { try goOn(with: resume) } else { try begin(in: output ?? Self.defaultOutput) }
  }

  private func begin(in path: String) throws {
    try RunFolder.check(path, overwrite: overwrite)
    let initial = try initialWeights.map { try model(at: $0, isQuiet: quiet) }
    let configuration = try configuration(startingFrom: initial)
    let state = initial.map { initialState($0, configuration) }
    var source = DataSource(
      path: absolute(data!), limit: limit, wordIndex: wordIndex.map(absolute), text: text.applied(to: nil))
    // The weights know the words by their numbers.
    if wordIndex == nil, let initial, let vocabulary = initial.vocabulary {
      source.terms = .init(vocabulary: vocabulary, coding: initial.coding, labels: initial.labels)
    }
    let loaded = try load(source, configuration)
    let reviews = try loaded.parts(configuration)
    source.fingerprint = DataSource.fingerprint(training: reviews.training, validation: reviews.validation)
    let best = BestModelWriter()
    let outputSettings = applied(to: OutputSettings())
    let trainer = try Trainer(
      configuration, state: state, training: reviews.training, validation: reviews.validation, threads: threadCount,
      callbacks: best.callbacks(configuration, loaded) + Self.callbacks(outputSettings))
    let folder = try RunFolder(beginning: path, configuration, overwrite: overwrite)
    best.folder = folder
    try folder.write(
      Checkpoint(trainer.state, configuration: configuration, source: source, output: outputSettings))
    try train(trainer, folder, source, outputSettings, loaded, reviews)
  }

  /// The settings, in which a model has the say about sizes, and its optimizer about the learning rate, unless they
  /// are given.
  private func configuration(startingFrom model: Model?) throws -> TrainingConfiguration {
    guard let model else { return try settings.applied(to: nil) }
    var base = Self.defaults
    base.architecture = model.parameters.architecture
    if let optimizer = model.optimizer { base.learningRate = optimizer.learningRate }
    let configuration = try settings.applied(to: base)
    guard model.parameters.architecture == configuration.architecture else {
      throw TrainingError(
        path: initialWeights,
        problem: "the weights are those of \(model.parameters.architecture), expected \(configuration.architecture)",
        advice: "leave --vocabulary-size, --embedding-size and --hidden-size out: the sizes are then the file's")
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

  private func goOn(with path: String) throws {
    let folder = try RunFolder(resuming: path)
    var checkpoint = try folder.latestCheckpoint {
      printError("Warning: \($0.path!): \($0.problem); taking the one before")
    }
    let configuration = try settings.applied(to: checkpoint.configuration)
    var unchanged = configuration
    if configuration.epochs >= checkpoint.configuration.epochs { unchanged.epochs = checkpoint.configuration.epochs }
    let differences = unchanged.differences(from: checkpoint.configuration)
    guard differences.isEmpty else {
      throw TrainingError(
        path: path,
        problem: "the run was begun with other settings (now and then: \(differences.joined(separator: "; ")))",
        advice: "leave them out; only --epochs may grow")
    }
    try check(configuration)
    let before = checkpoint.configuration
    if checkpoint.state.isFinished && (configuration.epochs == before.epochs || checkpoint.state.epoch < before.epochs)
    {
      if !quiet { printError("\(path): this run is finished; there is nothing left to do.") }
      return
    }
    checkpoint.state.reopen()
    if let data { checkpoint.source.path = absolute(data) }
    if let wordIndex { checkpoint.source.wordIndex = absolute(wordIndex) }
    checkpoint.source.text = text.applied(to: checkpoint.source.text)
    let source = checkpoint.source
    let loaded = try load(source, configuration)
    let reviews = try loaded.parts(configuration)
    guard DataSource.fingerprint(training: reviews.training, validation: reviews.validation) == source.fingerprint
    else {
      throw TrainingError(
        path: data ?? source.path, problem: "holds other reviews than the run was begun with",
        advice: "name its archive with --data")
    }
    let best = BestModelWriter()
    best.folder = folder
    let outputSettings = applied(to: checkpoint.output)
    let trainer = try Trainer(
      configuration, state: checkpoint.state, training: reviews.training, validation: reviews.validation,
      threads: threadCount,
      callbacks: best.callbacks(configuration, loaded) + Self.callbacks(outputSettings))
    try folder.goOn(from: checkpoint)
    if configuration != checkpoint.configuration {
      try folder.write(
        Checkpoint(checkpoint.state, configuration: configuration, source: source, output: outputSettings))
    }
    try train(trainer, folder, source, outputSettings, loaded, reviews)
  }

  private func train(
    _ trainer: Trainer, _ folder: RunFolder, _ source: DataSource, _ outputSettings: OutputSettings,
    _ loaded: SourceData,
    _ reviews: (training: LabelledSequences, validation: LabelledSequences)
  ) throws {
    let configuration = trainer.configuration
    func writeCheckpoint() throws {
      try folder.write(
        Checkpoint(trainer.state, configuration: configuration, source: source, output: outputSettings))
    }
    try folder.describe(configuration, source: source, threads: threadCount, version: LSTM.version)
    var progress = TrainingProgress(configuration, trainer: trainer, isQuiet: quiet)
    progress.begin(
      data: data ?? source.path, training: reviews.training.count, validation: reviews.validation.count,
      threads: threadCount, hasWords: loaded.vocabulary != nil)
    Interruption.listen()
    let ending = try trainer.run { event in
      var isTimeForCheckpoint = false
      switch event {
      case .step(let record):
        try folder.append(record, seconds: trainer.state.seconds)
        isTimeForCheckpoint = outputSettings.checkpointEvery.map { record.step.isMultiple(of: $0) } ?? false
      case .epoch:
        try folder.appendLast(of: trainer.state.epochs)
        isTimeForCheckpoint = outputSettings.checkpointEvery == nil
      case .begin, .validation: break
      }
      // The last one comes after the model: a run that its checkpoint calls finished has its model.
      if isTimeForCheckpoint && !trainer.state.isFinished { try writeCheckpoint() }
      progress.show(event)
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    try folder.write(loaded.model(trainer.parameters, configuration))
    try writeCheckpoint()
    progress.end(ending, folder: folder.path)
    if ending == .stopped, let code = Interruption.exitCode { throw ExitCode(code) }
  }

  private func load(_ source: DataSource, _ configuration: TrainingConfiguration) throws -> SourceData {
    // Messages name the data as the user did.
    var source = source
    source.path = data ?? source.path
    let loaded = try source.load(configuration, threads: threadCount, isQuiet: quiet)
    if !quiet { for note in loaded.notes { printError("\(source.path): \(note)") } }
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
