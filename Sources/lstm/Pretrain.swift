import ArgumentParser
import Corpus
import EngineSelection
import Hyperparameters
import Models
import RecurrentNetwork
import Training

struct Pretrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Learns from texts without labels, for any classifier to begin with.",
    discussion: """
      A network learns to predict the words of the texts: each from those before it, and from those after it. lstm \
      train --initial-weights starts from what its recurrent layers have learned, whatever the labels, and puts a layer of \
      its own on top. (lstm train --unlabelled does both in one go.)

      A run writes what lstm train does, and can be continued in the same way. The weights depend only on the texts and the \
      options.
      """)

  private static let defaults = TrainingConfiguration.pretraining

  @Option(
    help: .init(
      "Texts, with labels or without: as for lstm train, or a folder or an archive of text files, or a table with a "
        + "column of texts. Those of a test part are left out.", valueName: "path"))
  var data: String?

  @Option(
    help: .init(
      "Continue the run in a folder from its last checkpoint. --data, --threads and --epochs may be changed.",
      valueName: "folder"))
  var resume: String?

  @Option(help: .init("Number of tokens (default: \(grouped(defaults.vocabularySize))).", valueName: "count"))
  var vocabularySize: Int?

  @Option(
    help: .init(
      "Length of a token's vector, or 0 to let each unit know the tokens by itself (default: \(defaults.embeddingSize)).",
      valueName: "length"))
  var embeddingSize: Int?

  @Option(
    help: .init("LSTM units of each layer, in each direction (default: \(defaults.hiddenSize)).", valueName: "count"))
  var hiddenSize: Int?

  @Option(help: .init("LSTM layers (default: \(defaults.layerCount)).", valueName: "count"))
  var layers: Int?

  @Flag(inversion: .prefixedNo, help: "Read in both directions (default: yes).")
  var bidirectional: Bool?

  @Option(
    help: .init("Words to tell the right one from, drawn for each step (default: 256).", valueName: "count"))
  var samples: Int?

  @Option(
    help: .init(
      "The longest piece that texts are cut into, in tokens (default: \(defaults.maxLength)).", valueName: "count"))
  var maxLength: Int?

  @Option(help: .init("Passes over all texts (default: \(defaults.epochs)).", valueName: "count"))
  var epochs: Int?

  @Option(help: .init("Pieces of texts in a step (default: \(defaults.batchSize)).", valueName: "count"))
  var batchSize: Int?

  @Option(help: .init("Adam's step size (default: \(defaults.learningRate)).", valueName: "rate"))
  var learningRate: Double?

  @Option(help: .init("Seed of everything that is random (default: \(defaults.seed)).", valueName: "number"))
  var seed: UInt64?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(
    help: .init(
      "Number of threads (default: one for each core that this process may use; ranks share them).", valueName: "count")
  )
  var threads: Int?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Option(
    help: .init("The folder for the model, histories and checkpoints (default: \(defaultOutput)).", valueName: "folder")
  )
  var output: String?

  private static let defaultOutput = "Data/pretrained"

  @Flag(help: "Replace an existing run in the output folder.")
  var overwrite = false

  @Option(help: .init("Steps between checkpoints (default: one checkpoint after each epoch).", valueName: "steps"))
  var checkpointEvery: Int?

  func validate() throws {
    guard resume != nil || data != nil else {
      throw ValidationError("--data is missing: name the texts, or a run's folder with --resume.")
    }
    if resume != nil, output != nil || overwrite {
      throw ValidationError("\(output != nil ? "--output" : "--overwrite") can't be given with --resume.")
    }
    if let threads, !(1...1024 ~= threads) {
      throw ValidationError("--threads must be from 1 to 1,024, not \(threads).")
    }
    if let checkpointEvery, checkpointEvery < 1 {
      throw ValidationError("--checkpoint-every must be at least 1, not \(checkpointEvery).")
    }
    if resume == nil { try applied(to: Self.defaults).checkTrainingOptions(threads: threads) }
  }

  private func applied(to base: TrainingConfiguration) -> TrainingConfiguration {
    var result = base
    result.vocabularySize = vocabularySize ?? base.vocabularySize
    result.embeddingSize = embeddingSize ?? base.embeddingSize
    result.hiddenSize = hiddenSize ?? base.hiddenSize
    result.layerCount = layers ?? base.layerCount
    result.isBidirectional = bidirectional ?? base.isBidirectional
    result.wordPrediction?.sampleCount = samples ?? base.wordPrediction!.sampleCount
    result.maxLength = maxLength ?? base.maxLength
    result.epochs = epochs ?? base.epochs
    result.batchSize = batchSize ?? base.batchSize
    result.learningRate = learningRate ?? base.learningRate
    result.seed = seed ?? base.seed
    return result
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run(isQuiet: quiet) { try run(on: ranks) }
  }

  private func run(on ranks: RankGroup) throws {
    let folder = resume ?? output ?? Self.defaultOutput
    var preparation = PreparationDisplay(data: data ?? folder, folder: folder, isQuiet: quiet || !ranks.isFirst)
    var options = ranks.options(data: data)
    options.overwrites = overwrite
    options.settings = { applied(to: $0) }
    let run: Run
    if let resume {
      let resumed = try Run(
        resuming: resume, options: options,
        change: { checkpoint in
          guard checkpoint.configuration.wordPrediction != nil else {
            throw CommandError(path: resume, "is a run that predicts labels", advice: "continue it with lstm train")
          }
          try checkpoint.extend(to: applied(to: checkpoint.configuration), path: resume)
          if let data { checkpoint.source.path = absolute(data) }
          checkpoint.output.checkpointEvery = checkpointEvery ?? checkpoint.output.checkpointEvery
        }, report: { preparation.show($0) })
      guard let resumed else {
        if ranks.isFirst && !quiet { printError("\(resume): this run is finished; there is nothing left to do.") }
        return
      }
      run = resumed
    } else {
      run = try Run(
        beginning: folder, from: start(), options: options, report: { preparation.show($0) })
    }
    preparation.end()
    try run.train(on: ranks, data: data ?? folder, folder: folder, command: "lstm pretrain", isQuiet: quiet)
  }

  private func start() throws -> Checkpoint {
    var source = DataSource(path: absolute(data!), text: text.applied(to: nil))
    source.isUnlabeled = true
    var named = source
    named.path = data!
    var reading = ReadingProgress(path: data!, isQuiet: quiet)
    let tokens = try AutomaticSettings.tokens(of: named, threads: threads ?? Processor.availableCores) {
      reading.show($0)
    }
    reading.end()
    source.text = tokens.source.text
    if let reason = tokens.reason, !quiet { printError("\(data!): \(reason)") }
    var output = OutputSettings()
    output.checkpointEvery = checkpointEvery
    return try Checkpoint(configuration: applied(to: Self.defaults), source: source, output: output)
  }
}
