import ArgumentParser
import Benchmarking
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Training

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures training and evaluation batches against the processor's peak.",
    discussion: """
      Prints a Markdown table of medians. With --serve, it reads commands from standard input instead, one per line, and \
      answers each with a line of JSON: train K, evaluate K, answer K (as evaluate, with the weights prepared before), \
      reset, load FILE, save FILE, peak, memory, quit. \
      Scripts/bench.py alternates it with other frameworks, and Scripts/interop compares the files that it saves with \
      theirs.
      """)

  @Option(help: .init("The data: Keras's imdb.npz, or a similar archive.", valueName: "file"))
  var data: String

  @Option(help: .init("Number of threads (default: one for each core that this process may use).", valueName: "count"))
  var threads: Int?

  @Option(help: .init("Texts per batch.", valueName: "count"))
  var batchSize = Train.defaults.batchSize

  @Option(help: .init("Batches to measure, after one for warming up.", valueName: "count"))
  var batches = 5

  @OptionGroup(title: "Network")
  var network: NetworkOptions

  @Flag(help: "Answer commands from standard input.")
  var serve = false

  @Option(
    help: .init(
      "With --serve: write the batches and the initial weights here, for the other frameworks.", valueName: "folder"))
  var export: String?

  @Option(help: .init("Also write all measurements here, as JSON.", valueName: "file"))
  var json: String?

  func validate() throws {
    for (name, value) in [
      ("--batches", batches), ("--threads", threads ?? 1),
    ] where value < 1 { throw ValidationError("\(name) must be at least 1, not \(value).") }
    try settings.checkOptions()
  }

  private var settings: TrainingConfiguration {
    get throws {
      var settings = TrainingConfiguration()
      try network.apply(to: &settings)
      settings.batchSize = batchSize
      return settings
    }
  }

  func run() throws {
    let threads = threads ?? Processor.availableCores
    let configuration = try settings
    var loadSeconds: [Double] = []
    var loaded: LabeledSequences?
    for _ in 0..<3 {
      loaded = nil
      let clock = ContinuousClock.now
      var (training, test) = try KerasIMDB.loadData(path: data, options: .init(numWords: configuration.vocabularySize))
      training.sequences.truncate(to: configuration.maxLength)
      test.sequences.truncate(to: configuration.maxLength)
      loadSeconds.append((ContinuousClock.now - clock) / .seconds(1))
      loaded = training
    }
    let bench = BatchBenchmark(configuration, data: loaded!, threads: threads)
    if serve {
      if let export { try bench.export(to: export) }
      answerCommands(bench, loadSeconds: median(loadSeconds))
    } else {
      let report = BenchmarkTable(
        bench, oneThread: threads > 1 ? BatchBenchmark(configuration, data: loaded!, threads: 1) : nil,
        batches: batches, loadSeconds: loadSeconds)
      printLine(
        "\(Processor.model), \(report.date.prefix(10)), swift-lstm \(LSTM.version), kernels for \(Processor.kernels); "
          + "batches of \(grouped(batchSize)), medians of \(batches)\n\(configuration.architecture)\n\n"
          + report.markdown(threads: threads))
      if let json { try AtomicFile.write([report.json(threads: threads, batchSize: batchSize)], to: json) }
    }
  }

  // MARK: Serving

  private func answerCommands(_ bench: BatchBenchmark, loadSeconds: Double) {
    write([
      "ready": "swift-lstm", "versions": ["lstm": .string(LSTM.configuration.version)],
      "load_seconds": .double(loadSeconds),
    ])
    while let line = readLine() {
      let words = line.split(separator: " ", maxSplits: 1)
      switch (words.first, words.count == 2 ? Int(words[1]) : nil) {
      case ("train", let batch?) where bench.samples(of: batch) != nil: write(bench.train(batch))
      case ("evaluate", let batch?) where bench.samples(of: batch) != nil: write(bench.evaluate(batch))
      case ("answer", let batch?) where bench.samples(of: batch) != nil: write(bench.answer(batch))
      case ("load", _) where words.count == 2:
        answer { try bench.load(Model(contentsOf: String(words[1]))) }
      case ("save", _) where words.count == 2:
        answer { try bench.model.write(to: String(words[1])) }
      case ("reset", nil):
        bench.reset()
        write([:])
      case ("peak", nil): write(["gflops": .double(bench.peak())])
      case ("memory", nil): write(["bytes": .integer(ProcessMemory.peak)])
      case ("quit", nil): return
      default:
        write(["error": "expected train K, evaluate K, answer K, reset, load FILE, save FILE, peak, memory or quit"])
      }
    }
  }

  private func answer(_ body: () throws -> Void) {
    do {
      try body()
      write([:])
    } catch {
      write(["error": .string("\(error)")])
    }
  }

  private func write(_ result: BatchBenchmark.Result) {
    write([
      "seconds": .double(result.seconds), "loss": .double(result.metrics.loss),
      "accuracy": .double(result.metrics.accuracy), "gflop": .double(result.necessaryGigaflop),
    ])
  }

  private func write(_ answer: OrderedJSON) { printLine(answer.text()) }
}
