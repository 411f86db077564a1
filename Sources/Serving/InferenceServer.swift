#if Serve
  import Classification
  import Foundation
  import Hummingbird
  import HummingbirdCore
  import Logging
  import NIOCore
  import ServiceLifecycle
  import Synchronization
  import UnixSignals

  /// Answers over HTTP what its models make of texts.
  ///
  /// There is no TLS: a proxy does that, as it does anything else that is needed before the world.
  public struct InferenceServer: Sendable {
    private let options: ServerOptions
    private let version: String
    private let registry: ModelRegistry
    private let log: @Sendable (ServerEvent) -> Void

    /// Loads the models.
    ///
    /// - Parameters:
    ///   - sources: the models; the first answers where a request names none.
    ///   - options: where it listens, and its limits.
    ///   - threshold: with two labels, a probability above this predicts label 1; nil for each model's own.
    ///   - threads: the number of threads that share the work of a batch; nil for one per core.
    ///   - version: the program's version, which clients can ask for.
    ///   - log: called, by any thread, with what happens.
    /// - Throws: `ServingError`, `ModelError`, `CorpusError` or `FileError` if a model can't be used.
    public init(
      _ sources: [ModelSource], options: ServerOptions, threshold: Float? = nil, threads: Int? = nil, version: String,
      log: @escaping @Sendable (ServerEvent) -> Void
    ) throws {
      (self.options, self.version, self.log) = (options, version, log)
      registry = try ModelRegistry(sources) { source in
        try TextClassifier(
          contentsOf: source.path, wordIndex: source.wordIndex, threshold: threshold, threads: threads)
      }
    }

    /// Answers until SIGTERM or SIGINT comes; then accepts no more, finishes what it has, and returns.
    ///
    /// - Throws: `ServingError` if the address can't be listened at.
    public func run() async throws {
      // Before anyone can know of the server: until then SIGHUP would end it.
      let signals = await UnixSignalsSequence(trapping: .sighup)
      let metrics = ServerMetrics()
      let service = TextService(registry, options, metrics)
      defer { service.stop() }
      let stopping = StopFlag()
      let connections = ConnectionCount()
      let responder = InferenceResponder(
        service: service, options: options, version: version, connections: connections,
        isStopping: { stopping.isSet }, log: log)
      let logger = Logger(label: "server") { [log] _ in EventLogHandler(log: log) }
      let application = Application(
        responder: responder,
        server: HTTPServerBuilder { [limits = options.limits] responder in
          GuardedChannel(responder: responder, limits: limits, connections: connections)
        },
        configuration: .init(address: .hostname(options.host, port: options.port), backlog: 1024),
        services: [
          ModelWatch(
            registry: registry, metrics: metrics, watchesFiles: options.watchesFiles, signals: signals, log: log)
        ],
        onServerRunning: { [log, options] channel in
          log(.started(host: options.host, port: channel.localAddress?.port ?? options.port))
        },
        logger: logger)
      // They are told to stop one after the other, from the last on.
      let services = ServiceGroup(
        configuration: .init(
          services: [application, StopWatch(flag: stopping, log: log)],
          gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
      do {
        try await services.run()
      } catch let error as IOError {
        throw ServingError.unavailableAddress(
          host: options.host, port: options.port, reason: String(cString: strerror(error.errnoCode)))
      }
    }
  }

  /// Whether the server is about to stop.
  final class StopFlag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }

  /// Tells that the server is to stop, before it does.
  private struct StopWatch: Service {
    let flag: StopFlag
    let log: @Sendable (ServerEvent) -> Void

    func run() async throws {
      // Where the server couldn't begin, or its task is canceled, nothing is finished.
      guard (try? await gracefulShutdown()) != nil else { return }
      flag.set()
      log(.stopping)
    }
  }

  /// Hands on what Hummingbird and SwiftNIO want to say, as a library doesn't print.
  private struct EventLogHandler: LogHandler {
    let log: @Sendable (ServerEvent) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log(.warning("\(event.message)")) }
  }
#endif
