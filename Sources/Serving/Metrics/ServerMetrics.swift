#if Serve
  import Metrics

  /// What a server counts.
  package struct ServerMetrics: Sendable {
    private enum Name {
      static let requests = "lstm_requests_total"
      static let requestTime = "lstm_request_duration_seconds"
      static let texts = "lstm_texts_total"
      static let batchTexts = "lstm_batch_texts"
      static let waitTime = "lstm_queue_wait_seconds"
      static let waitingTexts = "lstm_queue_texts"
      static let connections = "lstm_connections"
      static let loads = "lstm_model_loads_total"
    }

    private static let times = [
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    package let exporter = PrometheusExporter([
      Name.requests: .init(help: "Requests that were answered, by what was asked for and HTTP's status."),
      Name.requestTime: .init(help: "Time from the end of a request's head to the answer.", bounds: times),
      Name.texts: .init(help: "Texts that were classified or explained."),
      Name.batchTexts: .init(help: "Texts that were classified together.", bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256]),
      Name.waitTime: .init(help: "Time that a request waited for its batch.", bounds: times),
      Name.waitingTexts: .init(help: "Texts that wait."),
      Name.connections: .init(help: "Open connections."),
      Name.loads: .init(help: "Models that were loaded anew, by outcome."),
    ])

    private let batchTexts: Recorder
    private let waitTime: Metrics.Timer

    package init() {
      batchTexts = Recorder(label: Name.batchTexts, factory: exporter)
      waitTime = Metrics.Timer(label: Name.waitTime, factory: exporter)
    }

    package func answered(_ route: String, status: Int, duration: Duration) {
      Counter(label: Name.requests, dimensions: [("route", route), ("status", "\(status)")], factory: exporter)
        .increment()
      Metrics.Timer(label: Name.requestTime, dimensions: [("route", route)], factory: exporter)
        .recordNanoseconds(duration.nanoseconds)
    }

    package func classified(_ count: Int, by model: String) {
      Counter(label: Name.texts, dimensions: [("model", model)], factory: exporter).increment(by: count)
    }

    package func began(batchOf count: Int, waits: [Duration]) {
      batchTexts.record(count)
      for wait in waits { waitTime.recordNanoseconds(wait.nanoseconds) }
    }

    package func loaded(_ model: String, isUsed: Bool) {
      let outcome = isUsed ? "used" : "refused"
      Counter(label: Name.loads, dimensions: [("model", model), ("outcome", outcome)], factory: exporter).increment()
    }

    /// Prometheus' text, with what is measured only now.
    package func text(waitingTexts: Int, connections: Int) -> String {
      Gauge(label: Name.waitingTexts, factory: exporter).record(waitingTexts)
      Gauge(label: Name.connections, factory: exporter).record(connections)
      return exporter.text
    }
  }

  extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
  }
#endif
