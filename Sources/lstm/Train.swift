import ArgumentParser
import Corpus
import Foundation
import RecurrentNetwork
import Training

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a classifier: Embedding → LSTM → Dense(1, sigmoid).",
    discussion: """
      The defaults are those of the Keras tutorial on IMDB reviews. The outcome depends on the data and the options \
      alone: any number of threads gives the same weights, bit for bit.

      It writes model.safetensors (PyTorch's names), history.csv (as Keras's CSVLogger) and steps.csv.
      """)

  static let defaults = TrainingConfiguration()

  @Option(help: .init("The archive: Keras's imdb.npz, or one like it.", valueName: "file"))
  var data: String

  @Option(help: .init("Tokens kept: padding, start, unknown and the most frequent words.", valueName: "count"))
  var vocabularySize = defaults.vocabularySize

  @Option(
    help: .init("Tokens read of a review, the last ones; shorter reviews are padded in front.", valueName: "count"))
  var maxLength = defaults.maxLength

  @Option(help: .init("Length of a token's vector.", valueName: "size"))
  var embeddingSize = defaults.embeddingSize

  @Option(help: .init("LSTM units.", valueName: "size"))
  var hiddenSize = defaults.hiddenSize

  @Option(help: .init("Times that all reviews are gone through.", valueName: "count"))
  var epochs = defaults.epochs

  @Option(help: .init("Reviews a training step.", valueName: "count"))
  var batchSize = defaults.batchSize

  @Option(help: .init("Adam's step size.", valueName: "rate"))
  var learningRate = defaults.learningRate

  @Option(help: .init("Seeds the initial weights and the order of the reviews.", valueName: "number"))
  var seed = defaults.seed

  @Option(help: .init("Threads to work on (default: the cores that this process may use).", valueName: "count"))
  var threads: Int?

  @Option(help: .init("Take only the first so many training and test reviews.", valueName: "count"))
  var limit: Int?

  @Flag(help: "Keep the archive's order (after Keras's own shuffle) in every epoch.")
  var noShuffle = false

  @Option(help: .init("Start from the weights of a safetensors file with PyTorch's names.", valueName: "file"))
  var initialWeights: String?

  @Option(
    help: .init(
      "Words of the archive's numbers (default: ARCHIVE_word_index.json beside it, if there).", valueName: "file"))
  var wordIndex: String?

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Option(help: .init("Where the model and the histories go.", valueName: "folder"))
  var output = "Data/run"

  @Flag(help: "Replace a run that is in the output folder.")
  var overwrite = false

  func validate() throws {
    try require("--vocabulary-size", vocabularySize, 3...10_000_000)
    try require("--max-length", maxLength, 1...1_000_000)
    try require("--embedding-size", embeddingSize, 1...65_536)
    try require("--hidden-size", hiddenSize, 1...65_536)
    try require("--epochs", epochs, 1...1_000_000)
    try require("--batch-size", batchSize, 1...100_000_000)
    if let threads { try require("--threads", threads, 1...1024) }
    if let limit { try require("--limit", limit, 1...Int.max) }
    guard learningRate.isFinite, learningRate > 0 else {
      throw ValidationError("--learning-rate must be a number above 0, not \(learningRate).")
    }
    let gigabytes = configuration.memoryNeed(threads: threadCount) / 1e9
    let available = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
    if gigabytes > available {
      throw ValidationError(
        "A network of these sizes needs about \(fixed(gigabytes, 0)) GB of memory, and the machine has "
          + "\(fixed(available, 0)); try a smaller --hidden-size, --embedding-size, --vocabulary-size or --max-length.")
    }
  }

  private func require(_ option: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard !range.contains(value) else { return }
    let limits =
      range.upperBound == Int.max
      ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(grouped(range.upperBound))"
    throw ValidationError("\(option) must be \(limits), not \(value).")
  }

  private var threadCount: Int { threads ?? Processor.availableCores }

  private var configuration: TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.vocabularySize = vocabularySize
    configuration.maxLength = maxLength
    configuration.embeddingSize = embeddingSize
    configuration.hiddenSize = hiddenSize
    configuration.epochs = epochs
    configuration.batchSize = batchSize
    configuration.learningRate = learningRate
    configuration.seed = seed
    configuration.shuffles = !noShuffle
    return configuration
  }

  func run() throws {
    try RunFolder.check(output, overwrite: overwrite)
    let layout = ParameterLayout(configuration.architecture)
    let initialParameters = try initialWeights.map { try ModelFile.readParameters(layout, from: $0) }
    let vocabulary = try words(of: data, wordIndex)?.vocabulary(size: vocabularySize)
    let (training, test) = try reviews()
    let trainer = try Trainer(
      configuration, initialParameters: initialParameters, training: training, validation: test,
      threads: threadCount)
    let folder = try RunFolder(output, overwrite: overwrite)
    var progress = TrainingProgress(configuration, trainer: trainer, isQuiet: quiet)
    progress.begin(
      data: data, training: training.count, test: test.count, threads: threadCount, hasWords: vocabulary != nil)

    Interruption.listen()
    let ending = try trainer.run { event in
      switch event {
      case .step(let record): try folder.append(record)
      case .epoch(let record): try folder.append(record)
      case .validation: break
      }
      progress.show(event)
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    try folder.write(trainer.parameters, configuration: configuration, vocabulary: vocabulary)
    progress.end(ending, folder: output)
    if ending == .stopped, let code = Interruption.exitCode { throw ExitCode(code) }
  }

  /// The reviews as the network takes them.
  private func reviews() throws -> (training: LabelledSequences, test: LabelledSequences) {
    var (training, test) = try KerasIMDB.loadData(path: data, options: .init(numWords: vocabularySize))
    if let limit { (training, test) = (training.prefix(limit), test.prefix(limit)) }
    training.sequences.truncate(to: maxLength)
    test.sequences.truncate(to: maxLength)
    return (training, test)
  }
}

/// The word index of an archive: the named file, or the one beside the archive if there is one.
func words(of archive: String, _ wordIndex: String?) throws -> WordIndex? {
  if let wordIndex { return try WordIndex(contentsOf: wordIndex) }
  let path = (archive as NSString).deletingPathExtension + "_word_index.json"
  return FileManager.default.fileExists(atPath: path) ? try WordIndex(contentsOf: path) : nil
}
