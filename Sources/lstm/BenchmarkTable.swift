import Benchmarking
import Foundation
import Training

/// The measurements of `lstm benchmark`, batch by batch, as a table and as JSON.
struct BenchmarkTable {
  /// The results with a certain number of threads.
  struct Series {
    var peaks: [Double] = []
    var training: [BatchBenchmark.Result] = []
    var evaluation: [BatchBenchmark.Result] = []

    /// The speed of the necessary products, as a share of the peak.
    func share(_ results: [BatchBenchmark.Result]) -> Double {
      median(results.map { $0.necessaryGigaflop / $0.seconds }) / median(peaks)
    }

    mutating func measure(_ bench: BatchBenchmark, batch: Int) {
      peaks.append(bench.peak())
      evaluation.append(bench.evaluate(batch))
      training.append(bench.train(batch))
    }
  }

  let date = ISO8601DateFormatter().string(from: Date())
  let loadSeconds: [Double]
  /// Bytes, measured before the network with one thread is used.
  let peakMemory: Int
  private(set) var all = Series()
  private(set) var one: Series?

  /// Measures some batches, after one for warming up.
  init(_ bench: BatchBenchmark, oneThread: BatchBenchmark?, batches: Int, loadSeconds: [Double]) {
    self.loadSeconds = loadSeconds
    _ = (bench.evaluate(0), bench.train(0))
    peakMemory = ProcessMemory.peak
    if let oneThread {
      _ = (oneThread.evaluate(0), oneThread.train(0))
      one = Series()
    }
    for batch in 1...batches {
      all.measure(bench, batch: batch % bench.batchCount)
      if let oneThread { one?.measure(oneThread, batch: batch % bench.batchCount) }
    }
  }

  func markdown(threads: Int) -> String {
    var lines: [String] = []
    func row(_ cells: String...) { lines.append("| " + cells.joined(separator: " | ") + " |") }
    func spread(_ values: [Double], _ digits: Int) -> String {
      "\(fixed(median(values), digits)) (\(fixed(values.min()!, digits))–\(fixed(values.max()!, digits)))"
    }
    func seconds(_ results: [BatchBenchmark.Result]) -> [Double] { results.map(\.seconds) }
    row(
      "", "\(threads) thread\(threads == 1 ? "" : "s")", "share of the peak", "1 thread", "share of the peak", "ratio")
    lines.append("|---|---|---|---|---|---|")
    func compare(_ name: String, _ series: KeyPath<Series, [BatchBenchmark.Result]>) {
      let results = all[keyPath: series]
      guard let one else {
        row(name, spread(seconds(results), 3), "\(fixed(100 * all.share(results), 1)) %", "", "", "")
        return
      }
      let single = one[keyPath: series]
      let ratios = zip(single, results).map { $0.seconds / $1.seconds }
      row(
        name, spread(seconds(results), 3), "\(fixed(100 * all.share(results), 1)) %", spread(seconds(single), 3),
        "\(fixed(100 * one.share(single), 1)) %", spread(ratios, 2))
    }
    compare("training batch, s", \.training)
    compare("evaluation batch, s", \.evaluation)
    row(
      "FMA peak between the batches, GFLOP/s", spread(all.peaks, 1), "", one.map { spread($0.peaks, 1) } ?? "", "",
      one.map { fixed(median(all.peaks) / median($0.peaks), 2) } ?? "")
    row("reading and coding both parts of the archive, s", spread(loadSeconds, 3), "", "", "", "")
    row("peak memory, MB", fixed(Double(peakMemory) / 1e6, 0), "", "", "", "")
    return lines.joined(separator: "\n")
  }

  /// All measurements.
  func json(threads: Int, batchSize: Int) throws -> Data {
    struct Encoded: Encodable {
      struct Series: Encodable {
        let threads: Int
        let peakGigaflops, trainingSeconds, evaluationSeconds: [Double]
        let trainingShare, evaluationShare: Double

        init(_ series: BenchmarkTable.Series, threads: Int) {
          self.threads = threads
          peakGigaflops = series.peaks
          trainingSeconds = series.training.map(\.seconds)
          evaluationSeconds = series.evaluation.map(\.seconds)
          (trainingShare, evaluationShare) = (series.share(series.training), series.share(series.evaluation))
        }
      }
      let machine, kernels, version, date: String
      let batchSize, peakMemoryBytes: Int
      let loadSeconds, trainingLosses: [Double]
      let series: [Series]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(
      Encoded(
        machine: Processor.model, kernels: Processor.kernels, version: LSTM.version, date: date, batchSize: batchSize,
        peakMemoryBytes: peakMemory, loadSeconds: loadSeconds, trainingLosses: all.training.map(\.metrics.loss),
        series: [.init(all, threads: threads)] + (one.map { [.init($0, threads: 1)] } ?? [])))
  }
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
