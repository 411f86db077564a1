#if Serve
  import HummingbirdCore
  import Logging
  import NIOCore
  import Synchronization

  /// Hummingbird's HTTP/1.1 channel behind a `ConnectionGuard`.
  struct GuardedChannel: HTTPChannelHandler {
    typealias Value = HTTP1Channel.Value

    let responder: HTTPChannelHandler.Responder
    let limits: ServerOptions.Limits
    let connections: ConnectionCount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
      let count = connections.add()
      channel.closeFuture.whenComplete { [connections] _ in connections.remove() }
      let refusal =
        count > limits.connections
        ? RequestError(.unavailable, "there are \(limits.connections) connections already") : nil
      let connectionGuard = ConnectionGuard(limits, refusal: refusal)
      // A channel is set up on its event loop.
      let bound = NIOLoopBound(connectionGuard, eventLoop: channel.eventLoop)
      do { try channel.pipeline.syncOperations.addHandler(ByteWatch(connectionGuard)) } catch {
        return channel.eventLoop.makeFailedFuture(error)
      }
      return HTTP1Channel(
        responder: responder,
        configuration: .init(
          additionalChannelHandlers: [bound.value],
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
      ).setup(channel: channel, logger: logger)
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
  }

  /// The number of open connections.
  package final class ConnectionCount: Sendable {
    private let count = Atomic(0)

    package init() {}

    package var current: Int { count.load(ordering: .relaxed) }
    /// - Returns: the new number.
    package func add() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
    package func remove() { count.wrappingSubtract(1, ordering: .relaxed) }
  }
#endif
