#if Serve
  import Metrics
  import Synchronization

  /// Counts for swift-metrics, and writes what it has counted in Prometheus' text format, version 0.0.4.
  ///
  /// A timer is a histogram in seconds. A recorder that aggregates is a histogram, and one that doesn't is a gauge.
  package final class PrometheusExporter: MetricsFactory {
    /// What a name means: its help, and a histogram's upper bounds.
    package struct Description: Sendable {
      package var help: String
      package var bounds: [Double]

      package init(help: String, bounds: [Double] = []) { (self.help, self.bounds) = (help, bounds) }
    }

    private let descriptions: [String: Description]
    private let series = Mutex<[String: [String: any Series]]>([:])

    /// - Parameter descriptions: by name. What isn't described has the bounds `defaultBounds`.
    package init(_ descriptions: [String: Description]) { self.descriptions = descriptions }

    /// Powers of four.
    private static let defaultBounds: [Double] = [1, 4, 16, 64, 256, 1024, 4096]

    /// All that was counted, names and labels in alphabetical order.
    package var text: String {
      var text = ""
      for (name, series) in series.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
        if let help = descriptions[name]?.help { text += "# HELP \(name) \(help)\n" }
        text += "# TYPE \(name) \(series.values.first!.type)\n"
        for (labels, series) in series.sorted(by: { $0.key < $1.key }) { series.write(name, labels, to: &text) }
      }
      return text
    }

    /// The one series of a name and labels.
    private func unique<S: Series>(_ name: String, _ dimensions: [(String, String)], make: () -> S) -> S {
      let labels = dimensions.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
      return series.withLock { series in
        // A name of two types is a mistake of whoever counts; its second series isn't exported.
        guard let known = series[name, default: [:]][labels] else {
          let new = make()
          if series[name]?.values.first.map({ $0.type == new.type }) ?? true {
            series[name, default: [:]][labels] = new
          }
          return new
        }
        return known as? S ?? make()
      }
    }

    private static func escaped(_ value: String) -> String {
      value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
      unique(label, dimensions) { CounterSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
      if aggregate {
        unique(label, dimensions) { HistogramSeries(bounds: descriptions[label]?.bounds ?? Self.defaultBounds) }
      } else {
        unique(label, dimensions) { GaugeSeries() }
      }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
      unique(label, dimensions) { HistogramSeries(bounds: descriptions[label]?.bounds ?? Self.defaultBounds) }
    }

    // A series lives as long as the process: Prometheus expects that counters never go back.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
  }

  /// The values of a name with certain labels.
  private protocol Series: AnyObject, Sendable {
    var type: String { get }
    /// - Parameter labels: `name="value"`, separated by commas.
    func write(_ name: String, _ labels: String, to text: inout String)
  }

  private func sample(_ name: String, _ labels: String, _ value: String) -> String {
    "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
  }

  /// A whole number without a decimal point, as counts are.
  private func number(_ value: Double) -> String {
    Int(exactly: value).map { String($0) } ?? (value.isNaN ? "NaN" : "\(value)")
  }

  private final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    var type: String { "counter" }
    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
    func write(_ name: String, _ labels: String, to text: inout String) {
      text += sample(name, labels, "\(value.load(ordering: .relaxed))")
    }
  }

  private final class GaugeSeries: Series, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var type: String { "gauge" }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func write(_ name: String, _ labels: String, to text: inout String) {
      text += sample(name, labels, number(Double(bitPattern: bits.load(ordering: .relaxed))))
    }
  }

  private final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    private struct Values {
      var counts: [Int]
      var sum = 0.0
    }
    private let bounds: [Double]
    /// A count for each bound, and one for what is above them.
    private let values: Mutex<Values>

    init(bounds: [Double]) {
      self.bounds = bounds
      values = Mutex(Values(counts: .init(repeating: 0, count: bounds.count + 1)))
    }

    var type: String { "histogram" }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }
    func record(_ value: Double) {
      let bin = bounds.firstIndex { value <= $0 } ?? bounds.count
      values.withLock { values in
        values.counts[bin] += 1
        values.sum += value
      }
    }

    func write(_ name: String, _ labels: String, to text: inout String) {
      let values = values.withLock { $0 }
      var count = 0
      let prefix = labels.isEmpty ? "" : labels + ","
      for (bound, amount) in zip(bounds + [.infinity], values.counts) {
        count += amount
        text += sample(
          "\(name)_bucket", "\(prefix)le=\"\(bound == .infinity ? "+Inf" : number(bound))\"", "\(count)")
      }
      text += sample("\(name)_sum", labels, number(values.sum)) + sample("\(name)_count", labels, "\(count)")
    }
  }
#endif
