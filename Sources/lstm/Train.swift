import ArgumentParser
import Corpus
import EngineSelection
import Files
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a classifier: Embedding → LSTM layers → pooling → Dense layers.",
    discussion: """
      With texts, settings that aren't given follow from the texts, and are shown; with Keras's imdb.npz, or with a preset, \
      they are those named as defaults below. The weights depend only on the data and the options: they are the same, bit \
      for bit, with any number of threads.

      Processes started by mpirun or srun share one run, and the weights are still the same. Only rank 0 writes.

      A run writes model.safetensors (with PyTorch's names), history.csv (like Keras's CSVLogger), steps.csv, and \
      checkpoints from which --resume continues as if the run had never stopped.
      """)

  static let defaults = TrainingConfiguration()

  @Option(
    help: .init(
      "Labeled texts: Keras's imdb.npz; a table (CSV, TSV, JSON, fastText; gzipped or not); or a zip archive or a folder "
        + "with tables, or with texts in folders named after their labels.",
      valueName: "path"))
  var data: String?

  @Option(help: .init("Labeled texts to validate on after each epoch, as for --data.", valueName: "path"))
  var validationData: String?

  @Option(help: .init("Labeled texts to test on, as for --data; none are then set apart.", valueName: "path"))
  var testData: String?

  @Option(
    help: .init(
      "Continue the run in a folder from its last checkpoint. --data, --threads and --epochs may be changed.",
      valueName: "folder"))
  var resume: String?

  @OptionGroup(title: "Settings")
  var settings: ConfigurationOptions

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(
    help: .init(
      "Number of threads (default: one for each core that this process may use; ranks share them).", valueName: "count")
  )
  var threads: Int?

  @Flag(
    help:
      "Add the ranks' gradients with MPI_Allreduce. Faster with many, but the last bits depend on their number.")
  var allreduce = false

  @Option(help: .init("Use at most this many training and test texts: the first ones.", valueName: "count"))
  var limit: Int?

  @Option(
    help: .init(
      "Start from a model in any format or from a run's folder: with its sizes, and with Adam's state if it has it. On "
        + "data with other labels, its last layer begins anew. What lstm pretrain has learned becomes the first layers.",
      valueName: "file"))
  var initialWeights: String?

  @Option(
    name: [.customLong("unlabelled"), .customLong("unlabeled")],
    help: .init(
      "Texts without labels, to learn their language first: a folder or an archive of text files, or a table with a column "
        + "of texts. Those of a test part are left out; where there is a folder named unsup, its texts are taken alone.",
      valueName: "path"))
  var unlabeled: String?

  @Option(
    help: .init(
      "Passes over all texts, with labels or without, that --unlabelled makes first (default: "
        + "\(TrainingConfiguration.pretraining.epochs)).", valueName: "count"))
  var pretrainingEpochs: Int?

  @Option(
    help: .init(
      "Begin the words' vectors with those of a file: GloVe's text, word2vec's text or binary, fastText's .vec; gzipped or "
        + "in a zip archive, too. Words that it lacks begin as usual. See --freeze-embedding.", valueName: "file"))
  var embeddingFile: String?

  @Option(
    help: .init(
      "The archive's word index (default: ARCHIVE_word_index.json next to it, if it exists). For texts: a word index to "
        + "use instead of a vocabulary of their own.",
      valueName: "file"))
  var wordIndex: String?

  @Option(
    help: .init(
      "Cross-validate: hold out each of so many parts of the training texts in turn, and classify it with a model that was "
        + "trained on the others. No model is kept. (--test-split 0 takes all texts.)", valueName: "count"))
  var folds: Int?

  @Option(
    help: .init(
      "Train with so many seeds, --seed and those after it, and keep the run that is best on the validation texts; the "
        + "first, where there are none.", valueName: "count"))
  var seeds: Int?

  @Flag(
    help: .init(
      "With --seeds: keep the ensemble of all runs, as one network: a little more accurate than each of them, and as many "
        + "times as large."))
  var ensemble = false

  @Flag(
    help: "First train on 1/16, 1/8, … of the texts, and show how the accuracy on the validation texts grows with them."
  )
  var learningCurve = false

  @Option(
    help: .init(
      "With --folds: write each text with its label and the prediction of the model that hasn't seen it, as CSV, or as "
        + "JSON Lines into a .jsonl file.", valueName: "file"))
  var predictions: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Option(
    help: .init("The folder for the model, histories and checkpoints (default: \(defaultOutput)).", valueName: "folder")
  )
  var output: String?

  private static let defaultOutput = "Data/run"

  @Flag(help: "Replace an existing run in the output folder.")
  var overwrite = false

  @Option(help: .init("Also write TensorBoard event files, into this folder.", valueName: "folder"))
  var tensorboard: String?

  @Option(help: .init("Steps between checkpoints (default: one checkpoint after each epoch).", valueName: "steps"))
  var checkpointEvery: Int?

  @Option(
    help: .init(
      "Number of checkpoints to keep: the newest ones (default: \(OutputSettings().keep)).", valueName: "count"))
  var keep: Int?

  func validate() throws {
    for (option, value, limit) in [
      ("--threads", threads ?? 1, 1024), ("--limit", limit ?? 1, Int.max),
      ("--checkpoint-every", checkpointEvery ?? 1, Int.max), ("--keep", keep ?? 1, 1_000_000),
    ] where !(1...limit ~= value) {
      throw ValidationError(
        "\(option) must be \(limit == Int.max ? "at least 1" : "from 1 to \(grouped(limit))"), not \(value).")
    }
    if let folds {
      guard 2...100 ~= folds else { throw ValidationError("--folds must be from 2 to 100, not \(folds).") }
      for (option, isGiven) in [
        ("--resume", resume != nil), ("--output", output != nil), ("--overwrite", overwrite),
        ("--seeds", seeds != nil), ("--ensemble", ensemble), ("--learning-curve", learningCurve),
        ("--tensorboard", tensorboard != nil),
        ("--checkpoint-every", checkpointEvery != nil), ("--keep", keep != nil),
      ] where isGiven { throw ValidationError("\(option) can't be given with --folds, which keeps no model.") }
    } else if predictions != nil {
      throw ValidationError("--predictions goes with --folds; lstm evaluate has it for a trained model.")
    }
    if learningCurve, seeds != nil { throw ValidationError("--learning-curve can't be given with --seeds.") }
    if unlabeled != nil {
      for (option, isGiven) in [
        ("--resume", resume != nil), ("--folds", folds != nil), ("--seeds", seeds != nil),
        ("--learning-curve", learningCurve), ("--initial-weights", initialWeights != nil),
        ("--embedding-file", embeddingFile != nil), ("--preset", settings.preset != nil),
        ("--configuration", settings.configuration != nil), ("--hidden-size 0", settings.network.hiddenSize == 0),
      ] where isGiven {
        throw ValidationError("\(option) can't be given with --unlabelled; see lstm pretrain for one step at a time.")
      }
      guard 1...1_000_000 ~= pretrainingEpochs ?? 1 else {
        throw ValidationError("--pretraining-epochs must be from 1 to 1,000,000, not \(pretrainingEpochs!).")
      }
    } else if pretrainingEpochs != nil {
      throw ValidationError("--pretraining-epochs goes with --unlabelled.")
    }
    if ensemble, seeds == nil { throw ValidationError("--ensemble goes with --seeds.") }
    if let seeds, !(2...1000 ~= seeds) {
      throw ValidationError("--seeds must be from 2 to 1,000, not \(seeds).")
    }
    guard resume != nil || data != nil else {
      throw ValidationError("--data is missing: name the data, or a run's folder with --resume.")
    }
    if resume != nil {
      for (option, isGiven) in [
        ("--output", output != nil), ("--overwrite", overwrite), ("--initial-weights", initialWeights != nil),
        ("--embedding-file", embeddingFile != nil), ("--seeds", seeds != nil), ("--learning-curve", learningCurve),
        ("--limit", limit != nil), ("--validation-data", validationData != nil), ("--test-data", testData != nil),
      ] where isGiven { throw ValidationError("\(option) can't be given with --resume.") }
    } else if embeddingFile != nil, initialWeights != nil || settings.network.embeddingSize == 0 {
      throw ValidationError(
        "--embedding-file can't be given with --\(initialWeights != nil ? "initial-weights" : "embedding-size 0").")
    } else if validationData != nil, settings.validationSplit != nil {
      throw ValidationError("Give either --validation-data or --validation-split.")
    } else if isAutomatic {
      // The data will tell which of the two holds; what suits neither is refused at once.
      do { try check(applied(to: nil)) } catch {
        var typical = AutomaticSettings.typical
        typical.labelCount = max(2, settings.classWeights?.split(separator: ",").count ?? 2)
        do { try check(applied(to: typical)) } catch _ { throw error }
      }
    } else {
      try check(applied(to: nil))
    }
  }

  /// The options over other settings. A file of vectors asks for an embedding, whose size isn't known at first.
  private func applied(
    to base: TrainingConfiguration?, vectorSize: Int = defaults.embeddingSize
  ) throws -> TrainingConfiguration {
    var result = try settings.applied(to: base)
    if embeddingFile != nil, settings.network.embeddingSize == nil { result.embeddingSize = vectorSize }
    return result
  }

  /// Whether the settings follow from the data, where those are texts.
  private var isAutomatic: Bool {
    resume == nil && settings.preset == nil && settings.configuration == nil
  }

  private func check(_ configuration: TrainingConfiguration) throws {
    try configuration.checkTrainingOptions(threads: threads)
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run(isQuiet: quiet) { try run(on: ranks) }
  }

  private func run(on ranks: RankGroup) throws {
    if allreduce && ranks.count > 1 && ranks.isFirst && !quiet {
      printError("Warning: with --allreduce, the last bits of the weights depend on the number of ranks")
    }
    let isQuiet = quiet || !ranks.isFirst
    var preparation = PreparationDisplay(data: data ?? resume ?? "", folder: resume ?? outputPath, isQuiet: isQuiet)
    func report(_ event: Run.Preparation) { preparation.show(event) }
    if unlabeled != nil || resumesFirstStage(ranks) { return try runInTwoStages(ranks, options(ranks)) }
    if let folds {
      try checkIsAlone(ranks, "--folds")
      let start = try start()
      return try crossValidate(start, folds: folds, threads: ranks.threads, report: report)
    }
    if let seeds {
      try checkIsAlone(ranks, "--seeds")
      let runs = try SeedRuns(
        beginning: outputPath, from: start(seeds: seeds), count: seeds, makesEnsemble: ensemble,
        options: options(ranks), report: report)
      preparation.end()
      return try train(runs, folder: outputPath, isQuiet: quiet, report: report)
    }
    if let resume, SeedRuns.areUnderWay(in: resume) {
      try checkIsAlone(ranks, "--seeds")
      return try train(resumedSeeds(in: resume, options(ranks)), folder: resume, isQuiet: quiet, report: report)
    }
    let run: Run
    if let resume {
      guard
        let resumed = try Run(
          resuming: resume, options: options(ranks),
          change: {
            preparation.reading.path = data ?? $0.source.path
            try change(&$0, in: resume)
          }, report: report)
      else {
        if ranks.isFirst && !quiet { printError("\(resume): this run is finished; there is nothing left to do.") }
        return
      }
      run = resumed
    } else if learningCurve {
      try checkIsAlone(ranks, "--learning-curve")
      try RunFolder.check(outputPath, overwrite: overwrite)
      let start = try start()
      let curve = try measureLearningCurve(start, threads: ranks.threads, report: report)
      // What there is to say of the data has been said.
      run = try Run(beginning: outputPath, from: start, options: options(ranks))
      try run.write(curve)
    } else {
      run = try Run(beginning: outputPath, from: start(), options: options(ranks), report: report)
    }
    preparation.end()
    try run.train(
      on: ranks, data: data ?? run.source.path, folder: resume ?? outputPath, isQuiet: quiet)
  }

  /// Checks that no other process shares the work.
  private func checkIsAlone(_ ranks: RankGroup, _ option: String) throws {
    if ranks.count > 1 { throw ValidationError("\(option) works in one process: leave out mpirun.") }
  }

  private func options(_ ranks: RankGroup) -> Run.Options {
    var options = ranks.options(data: data)
    options.overwrites = overwrite
    options.sumsInAnyOrder = allreduce
    options.settings = { try settings.applied(to: $0) }
    return options
  }

  var outputPath: String { output ?? Self.defaultOutput }

  /// The state that the first of several runs starts from.
  private func start(seeds count: Int) throws -> Checkpoint {
    let start = try start()
    guard UInt64(count - 1) <= .max - start.configuration.seed else {
      throw ValidationError("--seed must leave room for \(count) seeds; \(start.configuration.seed) is too large.")
    }
    return start
  }

  /// Runs with several seeds that go on as they were begun.
  private func resumedSeeds(in folder: String, _ options: Run.Options) throws -> SeedRuns {
    let runs = try SeedRuns(resuming: folder, options: options)
    let configuration = try settings.applied(to: runs.configuration)
    guard configuration == runs.configuration, applied(to: runs.output) == runs.output else {
      let changes = configuration.differences(from: runs.configuration).joined(separator: "; ")
      throw ValidationError(
        "Settings can't be changed while runs with several seeds are under way\(changes.isEmpty ? "" : " (\(changes))"); "
          + "leave them out.")
    }
    return runs
  }

  /// The state that a new run starts from, before its data are read.
  func start() throws -> Checkpoint {
    var initial = try initialWeights.map { try model(at: $0, isQuiet: quiet) }
    if let initial, !initial.configuration.hasNetwork {
      throw ModelError(
        path: initialWeights, problem: "has n-grams alone, and no network to start from",
        advice: "train without --initial-weights, or give a model with a network")
    }
    var source = DataSource(
      path: absolute(data!), limit: limit, wordIndex: wordIndex.map(absolute), text: text.applied(to: nil))
    (source.validationPath, source.testPath) = (validationData.map(absolute), testData.map(absolute))
    let pretrained = initial?.configuration.wordPrediction == nil ? nil : initial
    if let pretrained {
      initial = nil
      var options = source.text ?? TextOptions()
      options.read(as: pretrained.coding)
      source.text = options
    }
    initial = try initial.map { try fit($0, to: source) }
    let vectorSize = try embeddingFile.map {
      try WordVectors.size(ofVectorsIn: $0, wanted: settings.network.embeddingSize)
    }
    let base = pretrained?.architecture ?? (unlabeled == nil ? nil : TrainingConfiguration.pretraining.architecture)
    var configuration =
      try isAutomatic && initial == nil && !source.holdsNumbers
      ? automaticConfiguration(&source, vectorSize, standingOn: base)
      : configuration(startingFrom: initial, vectorSize)
    if settings.weighsLabelsOfData { try weighLabels(of: source, &configuration) }
    source.unlabeledPath = unlabeled.map(absolute)
    var start = try Checkpoint(
      model: initial, configuration: configuration, source: source, output: applied(to: OutputSettings()))
    if let pretrained { try start.stand(on: pretrained, path: initialWeights) }
    if let optimizer = initial?.optimizer, !quiet {
      printError(
        "\(initialWeights!): Adam continues with step \(grouped(optimizer.step + 1)), learning rate "
          + "\(start.state.learningRate)")
    }
    if let embeddingFile { try setVectors(of: embeddingFile, &start) }
    return start
  }

  /// The initial model, with a new last layer where the data have other labels.
  private func fit(_ model: Model, to source: DataSource) throws -> Model {
    var named = source
    named.path = data!
    let threads = threads ?? Processor.availableCores
    guard
      let labels = try named.labels(unlike: model, labelCount: settings.network.labelCount, threads: threads)
    else { return model }
    var base = Self.defaults
    (base.architecture, base.labelCount) = (model.architecture, labels.count)
    let result = try model.withNewHead(labels: labels, seed: settings.applied(to: base).seed)
    if !quiet {
      printError(
        "\(initialWeights!): its last layer begins anew, as its labels (\(CorpusError.quoted(model.labels, limit: 8))) aren't "
          + "those of the data (\(CorpusError.quoted(labels, limit: 8)))"
          + (model.wide == nil ? "" : "; its n-grams are left out"))
    }
    return result
  }

  /// Begins the words' vectors with those of a file.
  private func setVectors(of path: String, _ start: inout Checkpoint) throws {
    var source = start.source
    source.path = data!
    var sizes = start.configuration
    sizes.wide = nil
    let dataset = try source.load(sizes, threads: threads ?? Processor.availableCores, isQuiet: quiet)
    guard let vocabulary = dataset.vocabulary else {
      throw CommandError(
        path: data, "the words that its numbers stand for aren't known", advice: "name them with --word-index")
    }
    let vectors = try WordVectors(contentsOf: path, for: vocabulary, size: start.configuration.embeddingSize)
    try start.state.setVectors(vectors)
    if quiet { return }
    let words = Set(dataset.training.sequences.tokens.lazy.map { Int($0) }.filter { $0 > TextCoder.unknownToken })
    let positions = dataset.training.sequences.tokens.lazy.filter { $0 > TextCoder.unknownToken }
    let (known, all) = (words.count { vectors.vectors[$0] != nil }, words.count)
    let covered = positions.count { vectors.vectors[Int($0)] != nil }
    func percent(_ part: Int, _ whole: Int) -> String { fixed(100 * Double(part) / Double(max(whole, 1)), 1) + " %" }
    printError(
      "\(path): vectors of \(vectors.size) numbers for \(grouped(known)) of the \(grouped(all)) words that the training "
        + "texts have in the vocabulary (\(percent(known, all))), and \(percent(covered, positions.count)) of their occurrences"
    )
  }

  /// The settings that follow from the texts, except those that options give.
  ///
  /// - Parameter pretrained: a network that has learned, or will learn, to predict words, on which the run's is to stand.
  private func automaticConfiguration(
    _ source: inout DataSource, _ vectorSize: Int?, standingOn pretrained: Architecture?
  ) throws -> TrainingConfiguration {
    var named = source
    named.path = data!
    var reading = ReadingProgress(path: data!, isQuiet: quiet)
    let automatic = try AutomaticSettings(
      for: named, seed: settings.seed ?? Self.defaults.seed, hasNetwork: settings.network.hiddenSize != 0,
      threads: threads ?? Processor.availableCores
    ) { reading.show($0) }
    reading.end()
    source.text = automatic.source.text
    var chosen = automatic.configuration
    if let pretrained { chosen.stand(on: pretrained, hasManyTexts: automatic.hasManyTexts) }
    let configuration = try applied(to: chosen, vectorSize: vectorSize ?? 0)
    if !quiet { for reason in automatic.reasons(for: configuration) { printError("\(data!): \(reason)") } }
    if pretrained != nil, !quiet {
      let kept = configuration.earlyStopping == nil ? ", the last of which is kept" : ""
      printError(
        "\(data!): a layer of \(configuration.hiddenSize) units a direction stands on what predicts words; "
          + "\(configuration.epochs) epochs\(kept); \(grouped(configuration.vocabularySize)) tokens")
    }
    try check(configuration)
    return configuration
  }

  /// Sets the labels' weights that depend on their names or counts.
  private func weighLabels(of source: DataSource, _ configuration: inout TrainingConfiguration) throws {
    var sizes = configuration
    (sizes.wide, sizes.maxLength) = (nil, 1)
    let data = try source.load(sizes, threads: threads ?? Processor.availableCores)
    let text = settings.classWeights!
    if text == "balanced" {
      let (training, _) = try data.parts(validationSplit: configuration.validationSplit)
      configuration.balanceClassWeights(labels: training.labels)
      return
    }
    var weights = [Double](repeating: 1, count: configuration.labelCount)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let end = part.lastIndex(of: "=") ?? part.endIndex
      guard let label = data.labels.firstIndex(of: String(part[..<end])), end < part.endIndex,
        let weight = Double(part[part.index(after: end)...]), weight >= 0, weight.isFinite
      else {
        throw ValidationError(
          "--class-weights has \(part), expected a label and its weight, such as \(data.labels[0])=2; the labels are "
            + "\(data.labels.prefix(20).joined(separator: ", ")).")
      }
      weights[label] = weight
    }
    configuration.classWeights = weights
    try check(configuration)
  }

  /// The settings. Sizes that options don't give are those of the model, and the learning rate is that of its optimizer.
  private func configuration(startingFrom model: Model?, _ vectorSize: Int?) throws -> TrainingConfiguration {
    guard let model else { return try applied(to: nil, vectorSize: vectorSize ?? 0) }
    var base = Self.defaults
    base.architecture = model.architecture
    if let optimizer = model.optimizer {
      (base.learningRate, base.epsilon) = (optimizer.learningRate, optimizer.epsilon)
    }
    let configuration = try settings.applied(to: base)
    guard model.architecture == configuration.architecture else {
      throw TrainingError.otherNetwork(
        path: initialWeights, found: model.architecture, expected: configuration.architecture)
    }
    try check(configuration)
    return configuration
  }

  /// Applies the options to the checkpoint of an earlier run.
  private func change(_ checkpoint: inout Checkpoint, in path: String) throws {
    let configuration = try settings.applied(to: checkpoint.configuration)
    try checkpoint.extend(to: configuration, path: path)
    try check(configuration)
    if let data { checkpoint.source.path = absolute(data) }
    if let wordIndex { checkpoint.source.wordIndex = absolute(wordIndex) }
    checkpoint.source.text = text.applied(to: checkpoint.source.text)
    checkpoint.output = applied(to: checkpoint.output)
  }

  private func applied(to base: OutputSettings) -> OutputSettings {
    var result = base
    result.checkpointEvery = checkpointEvery ?? base.checkpointEvery
    result.keep = keep ?? base.keep
    result.tensorBoard = tensorboard.map(absolute) ?? base.tensorBoard
    return result
  }
}

/// The absolute path of a file.
func absolute(_ path: String) -> String {
  // Where the current folder's name isn't UTF-8, an absolute path would lead elsewhere.
  guard let folder = getcwd(nil, 0) else { return path }
  defer { free(folder) }
  guard String(validatingCString: folder) != nil else { return path }
  return URL(fileURLWithPath: path).standardizedFileURL.path(percentEncoded: false)
}

/// Reads a model in any format, and prints notes about what is missing.
func model(at path: String, renaming: [String: String] = [:], isQuiet: Bool = false) throws -> Model {
  try Model(contentsOf: path, renaming: renaming) {
    if !isQuiet { printError("Note: \(path): \(advised(remark: $0))") }
  }
}
