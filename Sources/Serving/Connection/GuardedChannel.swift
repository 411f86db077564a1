#if Serve
  import HummingbirdCore
  import Logging
  import NIOCore
  import NIOHTTP1
  import NIOHTTPTypesHTTP1
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
      ).setup(channel: channel, logger: logger).flatMapThrowing { value in
        let codec = try channel.pipeline.syncOperations.context(handlerType: HTTP1ToHTTPServerCodec.self).handler
        try channel.pipeline.syncOperations.addHandler(VersionWatch(), position: .before(codec))
        return value
      }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
  }

  /// Says for a client of HTTP/1.0 what it means: that it takes the connection's end for the answer's.
  ///
  /// Behind the codec, nothing tells the versions apart.
  final class VersionWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .head(var head) = unwrapInboundIn(data), head.version == .http1_0, !head.isKeepAlive else {
        return context.fireChannelRead(data)
      }
      head.headers.replaceOrAdd(name: "connection", value: "close")
      context.fireChannelRead(wrapInboundOut(.head(head)))
    }
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
