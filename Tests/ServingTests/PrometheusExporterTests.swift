#if Serve
  import Metrics
  import Serving
  import Testing

  @Suite("Prometheus' text format")
  struct PrometheusExporterTests {
    @Test("Counters, gauges and histograms")
    func text() {
      let exporter = PrometheusExporter([
        "b_seconds": .init(help: "Times.", bounds: [0.001, 0.5]), "c": .init(help: "Sizes.", bounds: [1, 2]),
      ])
      let labels = [("path", "a\"b\\c\nd")]
      for amount in [1, 41] { Counter(label: "a_total", dimensions: labels, factory: exporter).increment(by: amount) }
      let timer = Metrics.Timer(label: "b_seconds", factory: exporter)
      for nanoseconds in [1_000_000, 250_000_000, 750_000_000] { timer.recordNanoseconds(Int64(nanoseconds)) }
      for size in [2, 3] { Recorder(label: "c", factory: exporter).record(size) }
      Gauge(label: "d", factory: exporter).record(3)
      Gauge(label: "d", factory: exporter).record(2.5)
      #expect(
        exporter.text == #"""
          # TYPE a_total counter
          a_total{path="a\"b\\c\nd"} 42
          # HELP b_seconds Times.
          # TYPE b_seconds histogram
          b_seconds_bucket{le="0.001"} 1
          b_seconds_bucket{le="0.5"} 2
          b_seconds_bucket{le="+Inf"} 3
          b_seconds_sum 1.001
          b_seconds_count 3
          # HELP c Sizes.
          # TYPE c histogram
          c_bucket{le="1"} 0
          c_bucket{le="2"} 1
          c_bucket{le="+Inf"} 2
          c_sum 5
          c_count 2
          # TYPE d gauge
          d 2.5

          """#)
    }
  }
#endif
