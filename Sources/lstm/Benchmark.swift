import ArgumentParser
import Corpus
import Foundation
import RecurrentNetwork
import Training

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures training and evaluation batches against the processor's peak.",
    discussion: """
      Prints a Markdown table of medians. With --serve it answers commands on standard input instead, one a line, each \
      by a line of JSON: train K, evaluate K, reset, peak, memory, quit. Scripts/bench.py drives it in turn with other \
      frameworks' workers.
      """)

  @Option(help: .init("The archive: Keras's imdb.npz, or one like it.", valueName: "file"))
  var data: String

  @Option(help: .init("Threads to work on (default: the cores that this process may use).", valueName: "count"))
  var threads: Int?

  @Option(help: .init("Reviews a batch.", valueName: "count"))
  var batchSize = Train.defaults.batchSize

  @Option(help: .init("Batches to measure, after one that is not counted.", valueName: "count"))
  var batches = 5

  @Option(help: .init("Tokens kept.", valueName: "count"))
  var vocabularySize = Train.defaults.vocabularySize

  @Option(help: .init("Tokens read of a review.", valueName: "count"))
  var maxLength = Train.defaults.maxLength

  @Option(help: .init("LSTM units.", valueName: "size"))
  var hiddenSize = Train.defaults.hiddenSize

  @Flag(help: "Answer commands on standard input.")
  var serve = false

  @Option(
    help: .init("With --serve, write the batches and initial weights here for the other workers.", valueName: "folder"))
  var export: String?

  func validate() throws {
    for (name, value) in [
      ("--batch-size", batchSize), ("--batches", batches), ("--max-length", maxLength),
      ("--hidden-size", hiddenSize), ("--threads", threads ?? 1),
    ] where value < 1 { throw ValidationError("\(name) must be at least 1, not \(value).") }
    guard vocabularySize >= 3 else { throw ValidationError("--vocabulary-size must be at least 3.") }
  }

  func run() throws {
    let threads = threads ?? Processor.availableCores
    var configuration = TrainingConfiguration()
    configuration.vocabularySize = vocabularySize
    configuration.maxLength = maxLength
    configuration.hiddenSize = hiddenSize
    configuration.batchSize = batchSize
    let clock = ContinuousClock.now
    var (training, _) = try KerasIMDB.loadData(path: data, options: .init(numWords: vocabularySize))
    training.sequences.truncate(to: maxLength)
    let loadSeconds = (ContinuousClock.now - clock) / .seconds(1)
    let bench = BatchBenchmark(configuration, data: training, threads: threads)
    if serve {
      if let export { try bench.export(to: export) }
      answerCommands(bench)
    } else {
      printTable(bench, loadSeconds: loadSeconds, threads: threads)
    }
  }

  // MARK: Serving

  private func answerCommands(_ bench: BatchBenchmark) {
    printLine("{\"ready\":\"swift-lstm\",\"versions\":{\"lstm\":\"\(LSTM.configuration.version)\"}}")
    while let line = readLine() {
      let words = line.split(separator: " ")
      switch (words.first, words.count == 2 ? Int(words[1]) : nil) {
      case ("train", let batch?) where bench.range(of: batch) != nil: printLine(json(bench.train(batch)))
      case ("evaluate", let batch?) where bench.range(of: batch) != nil: printLine(json(bench.evaluate(batch)))
      case ("reset", nil):
        bench.reset()
        printLine("{}")
      case ("peak", nil): printLine("{\"gflops\":\(bench.peak())}")
      case ("memory", nil): printLine("{\"bytes\":\(BatchBenchmark.peakMemory)}")
      case ("quit", nil): return
      default: printLine("{\"error\":\"expected train K, evaluate K, reset, peak, memory or quit\"}")
      }
    }
  }

  private func json(_ result: BatchBenchmark.Result) -> String {
    "{\"seconds\":\(result.seconds),\"loss\":\(result.metrics.loss),\"accuracy\":\(result.metrics.accuracy),"
      + "\"gflop\":\(result.necessaryGigaflop)}"
  }

  // MARK: The table

  private func printTable(_ bench: BatchBenchmark, loadSeconds: Double, threads: Int) {
    var (training, evaluation, peaks): ([BatchBenchmark.Result], [BatchBenchmark.Result], [Double]) = ([], [], [])
    for batch in 0...batches {
      peaks.append(bench.peak())
      let number = batch % bench.batchCount
      let (evaluated, trained) = (bench.evaluate(number), bench.train(number))
      guard batch > 0 else { continue }
      evaluation.append(evaluated)
      training.append(trained)
    }
    let peak = median(peaks)
    printLine(
      "| \(threads) thread\(threads == 1 ? "" : "s"), batches of \(grouped(batchSize)) | median | range | share of the peak |"
    )
    printLine("|---|---|---|---|")
    printLine(
      "| FMA peak, measured between the batches | \(fixed(peak, 1)) GFLOP/s | \(fixed(peaks.min()!, 1))–\(fixed(peaks.max()!, 1)) | |"
    )
    for (name, results) in [("training batch", training), ("evaluation batch", evaluation)] {
      let seconds = results.map(\.seconds)
      let share = median(results.map { $0.necessaryGigaflop / $0.seconds }) / peak
      printLine(
        "| \(name) | \(fixed(median(seconds), 3)) s | \(fixed(seconds.min()!, 3))–\(fixed(seconds.max()!, 3)) s | \(fixed(100 * share, 1)) % |"
      )
    }
    printLine("| reading and coding the archive | \(fixed(loadSeconds, 3)) s | | |")
    printLine("| peak memory | \(fixed(Double(BatchBenchmark.peakMemory) / 1e6, 0)) MB | | |")
    printLine("\n\(Processor.kernels); \(ProcessInfo.processInfo.operatingSystemVersionString)")
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
