#if Serve
  import HTTPTypes
  import NIOCore
  import NIOHTTP1
  import NIOHTTPTypes

  /// Holds a connection to its limits of time, and closes it without losing a request when the server is to stop.
  ///
  /// It stands between the HTTP codec and Hummingbird's handlers, which have one limit for all waiting, and close an idle
  /// connection the moment the server is to stop, even with a request on its way. An answer while the server stops says
  /// `Connection: close`.
  // All of it runs on the connection's event loop.
  package final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private enum Phase {
      /// Nothing has come since the connection was opened, or since the last answer.
      case idle
      case head, body
      /// The request is complete, and its answer isn't.
      case answering
      /// No more is answered; what comes is thrown away, until the client has closed, too, or time is up.
      case closing
    }

    private let limits: ServerOptions.Limits
    /// Why the connection is refused; nil if it isn't.
    private let refusal: RequestError?
    private var phase = Phase.idle
    private var isStopping = false
    private var closesAfterAnswer = false
    /// Whether the client wants the connection closed after the answer to its last request.
    private var isLastRequest = false
    /// The number of requests that have begun, and whose answers haven't ended.
    private var unanswered = 0
    /// Whether a part of an answer has been written, and its end hasn't.
    private var isWriting = false
    private var deadline = NIODeadline.distantFuture
    private var clock: RepeatedTask?

    package init(_ limits: ServerOptions.Limits, refusal: RequestError?) {
      (self.limits, self.refusal) = (limits, refusal)
    }

    // MARK: From the client

    package func channelActive(context: ChannelHandlerContext) {
      if let refusal {
        answer(refusal, context)
      } else {
        expect(within: limits.headTime, context)
        // Often enough for the limits of a test.
        let interval = min(limits.headTime.amount, limits.bodyTime.amount, limits.idleTime.amount, .seconds(4)) / 4
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        clock = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
          let (handler, context) = bound.value
          handler.checkTime(context)
        }
      }
      context.fireChannelActive()
    }

    /// Bytes have come, from which the codec is about to make parts of a request.
    package func bytesArrived(_ context: ChannelHandlerContext) {
      guard phase == .idle else { return }
      phase = .head
      expect(within: limits.headTime, context)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard phase != .closing else { return }
      switch unwrapInboundIn(data) {
      case .head(let head):
        phase = .body
        unanswered += 1
        isLastRequest = head.headerFields[.connection]?.lowercased() == "close"
        expect(within: limits.bodyTime, context)
        if head.headerFields[.expect]?.lowercased() == "100-continue",
          head.headerFields[.contentLength].flatMap({ Int($0) }) ?? 0 <= limits.bodySize
        {
          context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
      case .body: break
      case .end:
        phase = .answering
        deadline = .distantFuture
        // An answer may come before the request's end.
        if unanswered == 0 { beIdle(context) }
      }
      context.fireChannelRead(data)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
      guard error is HTTPParserError, canAnswer else { return context.fireErrorCaught(error) }
      answer(
        error as? HTTPParserError == .headerOverflow
          ? RequestError(.headersTooLarge, "the request's head is too large")
          : RequestError(.malformed, "the request is not HTTP/1.1 (\(error))"), context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
      stopClock()
      context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) { stopClock() }

    private func stopClock() {
      clock?.cancel()
      clock = nil
    }

    // MARK: To the client

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      guard phase != .closing else {
        promise?.fail(ChannelError.ioOnClosedChannel)
        return
      }
      switch unwrapOutboundIn(data) {
      case .head(var head) where head.status.kind != .informational:
        isWriting = true
        if isStopping || isLastRequest && unanswered == 1 { head.headerFields[.connection] = "close" }
        closesAfterAnswer = head.headerFields[.connection]?.lowercased() == "close"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
      case .end:
        isWriting = false
        unanswered -= 1
        context.write(data, promise: promise)
        if closesAfterAnswer {
          context.flush()
          close(context, isComplete: phase != .body)
        } else if unanswered == 0, phase == .answering {
          beIdle(context)
        }
      default: context.write(data, promise: promise)
      }
    }

    private func beIdle(_ context: ChannelHandlerContext) {
      phase = .idle
      expect(within: isStopping ? limits.lingerTime : limits.idleTime, context)
    }

    /// Whether an answer to what is being read would not come among the answers to earlier requests.
    private var canAnswer: Bool { phase != .closing && !isWriting && unanswered <= (phase == .body ? 1 : 0) }

    /// Answers in place of the server, and closes.
    private func answer(_ error: RequestError, _ context: ChannelHandlerContext) {
      let answer = Answer(error)
      var head = HTTPResponse(status: answer.status, headerFields: answer.fields)
      head.headerFields[.connection] = "close"
      head.headerFields[.contentType] = answer.type
      head.headerFields[.contentLength] = "\(answer.body.count)"
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      close(context, isComplete: false)
    }

    /// Closes after an answer. A connection that is closed with bytes unread is reset, and the answer may be lost, so what
    /// the client still sends is thrown away for a while.
    ///
    /// - Parameter isComplete: whether the client has sent all that it wants to.
    private func close(_ context: ChannelHandlerContext, isComplete: Bool) {
      phase = .closing
      if isComplete {
        context.close(promise: nil)
      } else {
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.close(promise: nil) }
      }
    }

    // MARK: Time

    private func expect(within time: Duration, _ context: ChannelHandlerContext) {
      deadline = context.eventLoop.now + time.amount
    }

    private func checkTime(_ context: ChannelHandlerContext) {
      guard deadline <= context.eventLoop.now else { return }
      deadline = .distantFuture
      switch phase {
      case .idle: context.close(promise: nil)
      case .head where canAnswer: answer(RequestError(.timeout, "the request's head took too long"), context)
      case .body where canAnswer: answer(RequestError(.timeout, "the request's body took too long"), context)
      case .head, .body: context.close(promise: nil)
      case .answering, .closing: break
      }
    }

    // MARK: The end

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
      isStopping = true
      if phase == .idle { expect(within: limits.lingerTime, context) }
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let interval = limits.lingerTime.amount
      // The clock may be too slow for so short a time.
      context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { task in
        let (handler, context) = bound.value
        handler.checkTime(context)
        if !context.channel.isActive { task.cancel() }
      }
    }
  }

  /// Tells the guard that bytes have come. It stands in front of the codec.
  package final class ByteWatch: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    private let connectionGuard: ConnectionGuard

    package init(_ connectionGuard: ConnectionGuard) { self.connectionGuard = connectionGuard }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      connectionGuard.bytesArrived(context)
      context.fireChannelRead(data)
    }
  }

  extension Duration {
    /// As SwiftNIO counts time.
    var amount: TimeAmount { TimeAmount(self) }
  }

  private func / (amount: TimeAmount, divisor: Int64) -> TimeAmount { .nanoseconds(amount.nanoseconds / divisor) }
#endif
