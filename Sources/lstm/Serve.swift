import ArgumentParser
import Foundation

#if Serve
  import Serving
#endif

#if Serve
  struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Answers over HTTP, and shows a page to try a model on.",
      discussion: """
        POST /predict takes {"text": "…", "explain": true}; /v2 is the Open Inference Protocol, /v1 TensorFlow Serving's \
        REST form; /openapi.yaml describes all of it, and /metrics has figures for Prometheus. The page is at /.

        SIGTERM and Ctrl-C end the server when it has answered what it has; SIGHUP loads the models anew, and a bad one \
        doesn't replace a good one. There is no TLS and no password: put a proxy before it (Deployment/nginx.conf is an \
        example).
        """)

    @Option(
      help: .init(
        "A model's file or a run's folder. As name=file, the name is part of the model's address; without one it is "
          + "“default”. Repeat it for several.",
        valueName: "model"))
    var model = [DefaultModel.path]

    @Option(help: .init("The address to listen at.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: .init("The port; 0 for any that is free.", valueName: "number"))
    var port = 8080

    @Option(help: .init("How long a text waits for others, to be classified with them.", valueName: "milliseconds"))
    var maxWaitMs = 2.0

    @Option(help: .init("The longest body of a request.", valueName: "bytes"))
    var maxBody = ServerOptions.Limits().bodySize

    @Option(help: .init("The most texts of a request.", valueName: "count"))
    var maxTexts = ServerOptions.Limits().texts

    @Option(help: .init("The longest text, in UTF-8.", valueName: "bytes"))
    var maxTextLength = ServerOptions.Limits().textSize

    @Option(help: .init("The most texts that wait; further ones are refused at once.", valueName: "count"))
    var maxQueue = ServerOptions.Limits().waitingTexts

    @Option(help: .init("The most connections at a time; further ones are refused.", valueName: "count"))
    var maxConnections = ServerOptions.Limits().connections

    @Option(help: .init("How long the head of a request may take.", valueName: "seconds"))
    var headTime = 10.0

    @Option(help: .init("How long the body of a request may take.", valueName: "seconds"))
    var bodyTime = 30.0

    @Option(help: .init("How long a connection may be idle.", valueName: "seconds"))
    var idleTime = 60.0

    @Option(help: .init("How long to go on with what is left, once told to stop.", valueName: "seconds"))
    var grace = 30.0

    @Option(help: .init("How requests are logged, on standard error.", valueName: LogFormat.names))
    var logFormat = LogFormat.text

    @Flag(help: "Log the texts, too.")
    var logTexts = false

    @Flag(help: "Load a model anew when its file changes, not on SIGHUP alone.")
    var reload = false

    @Option(
      help: .init(
        "A greater probability gives label 1 (default: the model's, which is 0.5 unless it was trained with another).",
        valueName: "probability"))
    var threshold: Float?

    @Option(help: .init("The words' numbers, for models that don't know their words.", valueName: "file"))
    var wordIndex: String?

    @Option(help: .init("Threads to work on (default: the cores that this process may use).", valueName: "count"))
    var threads: Int?

    func validate() throws {
      try checkThreads(threads)
      try checkThreshold(threshold)
      for (name, value, range) in [
        ("--port", port, 0...65_535), ("--max-body", maxBody, 1...1 << 30), ("--max-texts", maxTexts, 1...1_000_000),
        ("--max-text-length", maxTextLength, 1...1 << 30), ("--max-queue", maxQueue, 1...1_000_000),
        ("--max-connections", maxConnections, 1...1_000_000),
      ] where !range.contains(value) {
        throw ValidationError("\(name) must be from \(range.lowerBound) to \(grouped(range.upperBound)), not \(value).")
      }
      for (name, value, range) in [
        ("--max-wait-ms", maxWaitMs, 0...10_000.0), ("--head-time", headTime, 0.1...86_400),
        ("--body-time", bodyTime, 0.1...86_400), ("--idle-time", idleTime, 0.1...86_400),
        ("--grace", grace, 0...86_400),
      ] where !range.contains(value) {
        throw ValidationError("\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
      }
    }

    func run() throws {
      for model in model { try DefaultModel.check(model) }
      let options = self.options
      let printer = ServerLog(format: logFormat, grace: grace)
      let server = try InferenceServer(
        model.map(source), options: options, threshold: threshold, threads: threads ?? Processor.availableCores,
        version: LSTM.version
      ) { printer.write($0) }
      raiseFileLimit()
      if options.isReachableFromElsewhere {
        printError(
          "Warning: \(host) can be reached from other machines, by whoever gets there: there is no TLS and no password. "
            + "Listen at 127.0.0.1 behind a proxy that has them.")
      }
      let result = ResultBox()
      // The main thread is none of those that run tasks, so it may wait.
      let done = DispatchSemaphore(value: 0)
      Task {
        do { try await server.run() } catch { result.set(error) }
        done.signal()
      }
      done.wait()
      if let error = result.error { throw error }
    }

    private var options: ServerOptions {
      var options = ServerOptions()
      (options.host, options.port, options.watchesFiles) = (host, port, reload)
      (options.maximumWait, options.recordsTexts) = (.seconds(maxWaitMs / 1000), logTexts)
      (options.limits.bodySize, options.limits.texts, options.limits.textSize) = (maxBody, maxTexts, maxTextLength)
      (options.limits.waitingTexts, options.limits.connections) = (maxQueue, maxConnections)
      (options.limits.headTime, options.limits.bodyTime) = (.seconds(headTime), .seconds(bodyTime))
      options.limits.idleTime = .seconds(idleTime)
      return options
    }

    /// `name=file`, or a file alone, whose name may have an equals sign.
    private func source(_ argument: String) -> ModelSource {
      if let sign = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument),
        ModelSource.isValid(name: String(argument[..<sign]))
      {
        return ModelSource(
          name: String(argument[..<sign]), path: String(argument[argument.index(after: sign)...]), wordIndex: wordIndex)
      }
      return ModelSource(name: "default", path: argument, wordIndex: wordIndex)
    }
  }

  /// The error with which the server ended; written before the semaphore's signal, and read after it.
  private final class ResultBox: @unchecked Sendable {
    private(set) var error: (any Error)?
    func set(_ error: any Error) { self.error = error }
  }

  /// Each connection is an open file, and many systems allow 1,024 where a process doesn't ask for more.
  private func raiseFileLimit() {
    var limit = rlimit()
    #if os(Linux)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    guard getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = min(limit.rlim_max, 65_536)
    _ = setrlimit(files, &limit)
  }
#else
  struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Answers over HTTP, in a build with the trait Serve; this one is without it.")

    @Argument(parsing: .captureForPassthrough)
    var rest: [String] = []

    func run() throws {
      throw CommandError(
        "this lstm was built without the server", advice: "build it and start it with make serve")
    }
  }
#endif

/// How a server's log is written.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json

  static var names: String { allCases.map(\.rawValue).joined(separator: "|") }
}
