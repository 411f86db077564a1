#if Serve
  import HTTPTypes
  import NIOCore
  import NIOEmbedded
  import NIOHTTP1
  import NIOHTTPTypes
  import Serving
  import Testing

  /// A connection whose time is told.
  private struct Connection {
    let channel: EmbeddedChannel
    let limits: ServerOptions.Limits

    init(refusal: RequestError? = nil) throws {
      var limits = ServerOptions.Limits()
      (limits.headTime, limits.bodyTime, limits.idleTime) = (.seconds(10), .seconds(30), .seconds(60))
      limits.lingerTime = .milliseconds(500)
      self.limits = limits
      let connectionGuard = ConnectionGuard(limits, refusal: refusal)
      channel = EmbeddedChannel()
      try channel.pipeline.syncOperations.addHandlers([Arrivals(connectionGuard), connectionGuard])
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Stands for the codec, which gets bytes and makes parts of them.
    final class Arrivals: ChannelInboundHandler {
      typealias InboundIn = HTTPRequestPart?
      typealias InboundOut = HTTPRequestPart
      let connectionGuard: ConnectionGuard
      init(_ connectionGuard: ConnectionGuard) { self.connectionGuard = connectionGuard }

      func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let next = try! context.pipeline.syncOperations.context(handler: connectionGuard)
        connectionGuard.bytesArrived(next)
        if let part = unwrapInboundIn(data) { context.fireChannelRead(wrapInboundOut(part)) }
      }
    }

    /// Some bytes that are no whole part yet.
    func receiveBytes() throws { try channel.writeInbound(HTTPRequestPart?.none) }
    func receive(_ part: HTTPRequestPart) throws { try channel.writeInbound(HTTPRequestPart?.some(part)) }
    func receiveHead(_ fields: HTTPFields = [:]) throws {
      try receive(.head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/", headerFields: fields)))
    }
    func answer(_ fields: HTTPFields = [:]) throws {
      try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok, headerFields: fields)))
      try channel.writeOutbound(HTTPResponsePart.end(nil))
    }
    func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    /// The heads of what was sent since the last call.
    func sent() throws -> [HTTPResponse] {
      var heads: [HTTPResponse] = []
      while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
        if case .head(let head) = part { heads.append(head) }
      }
      return heads
    }
    /// The number of requests that have come through since the last call.
    func requests() throws -> Int {
      var count = 0
      while let part = try channel.readInbound(as: HTTPRequestPart.self) {
        if case .head = part { count += 1 }
      }
      return count
    }
  }

  @Suite("A connection's limits")
  struct ConnectionGuardTests {
    @Test("A connection that sends nothing is closed")
    func silent() throws {
      let connection = try Connection()
      connection.pass(9)
      #expect(connection.channel.isActive)
      connection.pass(3)
      #expect(!connection.channel.isActive)
      #expect(try connection.sent().isEmpty)
    }

    @Test("A head that doesn't end is answered with 408, however often bytes come")
    func slowHead() throws {
      let connection = try Connection()
      for _ in 0..<13 {
        try connection.receiveBytes()
        connection.pass(1)
      }
      #expect(try connection.sent().map(\.status.code) == [408])
      connection.pass(2)
      #expect(!connection.channel.isActive)
    }

    @Test("A body that doesn't end is answered with 408")
    func slowBody() throws {
      let connection = try Connection()
      try connection.receiveHead()
      for _ in 0..<33 {
        connection.pass(1)
        if connection.channel.isActive { try connection.receive(.body(ByteBuffer(string: "a"))) }
      }
      #expect(try connection.sent().map(\.status.code) == [408])
    }

    @Test("A request that takes long to answer isn't timed, and the connection is then idle for as long as it may be")
    func slowAnswer() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.receive(.end(nil))
      connection.pass(1000)
      try connection.answer()
      #expect(try connection.sent().map(\.status.code) == [200])
      connection.pass(59)
      #expect(connection.channel.isActive)
      connection.pass(4)
      #expect(!connection.channel.isActive)
    }

    @Test("The head of a later request is timed from its first byte")
    func laterHead() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.receive(.end(nil))
      try connection.answer()
      connection.pass(40)
      try connection.receiveBytes()
      _ = try connection.sent()
      connection.pass(13)
      #expect(try connection.sent().map(\.status.code) == [408])
    }

    @Test("A refused connection is told why, and closed")
    func refused() throws {
      let connection = try Connection(refusal: RequestError(.unavailable, "full"))
      let heads = try connection.sent()
      #expect(heads.map(\.status.code) == [503] && heads[0].headerFields[.connection] == "close")
      try connection.receiveHead()
      #expect(try connection.requests() == 0)
      connection.pass(2)
      #expect(!connection.channel.isActive)
    }

    @Test("What isn't HTTP is answered with 400, and a head that is too large with 431")
    func malformed() throws {
      for (error, status) in [(HTTPParserError.invalidMethod, 400), (.headerOverflow, 431)] {
        let connection = try Connection()
        try connection.receiveBytes()
        connection.channel.pipeline.fireErrorCaught(error)
        #expect(try connection.sent().map(\.status.code) == [status])
      }
    }

    @Test("An error in the next request doesn't come among the answers to the one before")
    func malformedNext() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.receive(.end(nil))
      #expect(throws: HTTPParserError.self) {
        connection.channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        try connection.channel.throwIfErrorCaught()
      }
      #expect(try connection.sent().isEmpty)
    }

    @Test("A client that waits for a word before its body gets it, if the body isn't too large")
    func expectation() throws {
      let connection = try Connection()
      try connection.receiveHead([.expect: "100-continue", .contentLength: "5"])
      #expect(try connection.sent().map(\.status.code) == [100])
      let other = try Connection()
      try other.receiveHead([.expect: "100-continue", .contentLength: "5000000"])
      #expect(try other.sent().isEmpty)
    }

    // MARK: The end

    @Test("When the server stops, an idle connection stays open for a request that is on its way, and is then closed")
    func lingering() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.receive(.end(nil))
      try connection.answer()
      #expect(try connection.requests() == 1)
      _ = try connection.sent()
      connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      #expect(connection.channel.isActive)
      try connection.receiveHead()
      try connection.receive(.end(nil))
      #expect(try connection.requests() == 1)
      try connection.answer()
      let heads = try connection.sent()
      #expect(heads.map(\.status.code) == [200] && heads[0].headerFields[.connection] == "close")
      #expect(!connection.channel.isActive)
    }

    @Test("When the server stops, an idle connection is closed soon")
    func idleAtEnd() throws {
      let connection = try Connection()
      connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      connection.pass(2)
      #expect(!connection.channel.isActive)
    }

    @Test("When the server stops, a request that it has is answered, however long that takes")
    func answeringAtEnd() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.receive(.end(nil))
      connection.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      connection.pass(100)
      #expect(connection.channel.isActive)
      try connection.answer()
      #expect(try connection.sent().map(\.status.code) == [200])
      #expect(!connection.channel.isActive)
    }

    @Test("After an answer that says so, the connection is closed; what was left of the request comes to nothing")
    func closing() throws {
      let connection = try Connection()
      try connection.receiveHead()
      try connection.answer([.connection: "close"])
      try connection.receive(.body(ByteBuffer(string: "a")))
      #expect(try connection.sent().map(\.status.code) == [200])
      connection.pass(2)
      #expect(!connection.channel.isActive)
    }

    @Test("A client that says so has the connection closed after its answer")
    func lastRequest() throws {
      let connection = try Connection()
      try connection.receiveHead([.connection: "close"])
      try connection.receive(.end(nil))
      try connection.answer()
      #expect(try connection.sent().map { $0.headerFields[.connection] } == ["close"])
      #expect(!connection.channel.isActive)
    }

    @Test("Requests that follow one another without waiting are all answered")
    func pipelined() throws {
      let connection = try Connection()
      for _ in 0..<2 {
        try connection.receiveHead()
        try connection.receive(.end(nil))
      }
      try connection.answer()
      connection.pass(1000)
      #expect(connection.channel.isActive)
      try connection.answer()
      #expect(try connection.sent().count == 2)
      connection.pass(70)
      #expect(!connection.channel.isActive)
    }
  }
#endif
