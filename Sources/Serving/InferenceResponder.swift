#if Serve
  import Foundation
  import HTTPTypes
  import Hummingbird
  import NIOCore

  /// Answers requests.
  package struct InferenceResponder: HTTPResponder {
    package typealias Context = ServerContext

    package let service: TextService
    package let options: ServerOptions
    package let version: String
    package let connections: ConnectionCount
    /// Whether the server is about to stop, and should get no more requests.
    package let isStopping: @Sendable () -> Bool
    package let log: @Sendable (ServerEvent) -> Void

    package init(
      service: TextService, options: ServerOptions, version: String, connections: ConnectionCount,
      isStopping: @escaping @Sendable () -> Bool, log: @escaping @Sendable (ServerEvent) -> Void
    ) {
      (self.service, self.options, self.version) = (service, options, version)
      (self.connections, self.isStopping, self.log) = (connections, isStopping, log)
    }

    package func respond(to request: Request, context: ServerContext) async throws -> Response {
      let start = ContinuousClock.now
      let route = Route(request.uri.path)
      var answer: Answer
      var isBodyRead = true
      do throws(RequestError) {
        answer = try await self.answer(request, route, &isBodyRead)
      } catch {
        answer = Answer(error)
      }
      let response = response(answer, to: request, isBodyRead: isBodyRead)
      let duration = ContinuousClock.now - start
      service.metrics.answered(route?.name ?? "none", status: Int(answer.status.code), duration: duration)
      var record = AccessRecord()
      (record.client, record.method) = (context.client, request.method.rawValue)
      record.path = String(request.uri.string.prefix(1000))
      (record.status, record.duration, record.size) = (Int(answer.status.code), duration, answer.body.count)
      (record.model, record.textCount) = (answer.model, answer.texts.count)
      if options.recordsTexts { record.texts = answer.texts }
      log(.answered(record))
      return response
    }

    private func answer(
      _ request: Request, _ route: Route?, _ isBodyRead: inout Bool
    ) async throws(RequestError) -> Answer {
      guard let route else {
        throw RequestError(.notFound, "there is nothing at \(request.uri.path.prefix(200)); see /openapi.yaml")
      }
      let isAllowed = route.isPost ? request.method == .post : request.method == .get || request.method == .head
      guard isAllowed else {
        let allowed = route.isPost ? "POST" : "GET, HEAD"
        throw RequestError(
          .methodNotAllowed, "\(request.method.rawValue.prefix(20)) is not possible here, but \(allowed)",
          allowed: allowed)
      }
      guard route.isPost else { return try answer(route) }
      try checkType(request, route)
      isBodyRead = false
      let body = try await body(of: request)
      isBodyRead = true
      switch route {
      case .infer(let name):
        return try await OpenInference.infer(
          body, headerLength: request.headers[OpenInference.headerLength], name, service)
      case .tensorFlowPredict(let name): return try await TensorFlowServing.predict(body, name, service)
      default: return try await PlainPrediction.answer(body, service)
      }
    }

    /// Answers what has no body.
    private func answer(_ route: Route) throws(RequestError) -> Answer {
      switch route {
      case .page: return Page.answer
      case .description: return Answer(PackageResources.openapi_yaml, type: "application/yaml")
      case .metrics:
        let text = service.metrics.text(
          waitingTexts: service.waitingTextCount, connections: connections.current)
        return Answer(Array(text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
      case .live: return Answer(["live": .bool(true)])
      case .ready:
        if isStopping() { throw RequestError(.unavailable, "the server is about to stop") }
        return Answer(["ready": .bool(true)])
      case .server: return OpenInference.server(version: version)
      case .modelMetadata(let name): return try OpenInference.metadata(name, service)
      case .modelReady(let name): return try OpenInference.ready(name, service)
      case .modelStatus(let name): return try TensorFlowServing.status(name, service)
      case .predict, .infer, .tensorFlowPredict: preconditionFailure("it has a body")
      }
    }

    // MARK: The body

    /// A body in another format would be refused as malformed JSON; this says why.
    private func checkType(_ request: Request, _ route: Route) throws(RequestError) {
      if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
        throw RequestError(.unsupportedMediaType, "the body must not be compressed")
      }
      guard let field = request.headers[.contentType] else { return }
      let type = field.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
      let isKnown =
        switch (route, type) {
        case (_, "application/json"): true
        // Triton's client calls JSON with binary tensors that.
        case (.infer, "application/octet-stream"): true
        // So TensorFlow's documentation has curl say.
        case (.tensorFlowPredict, "application/x-www-form-urlencoded"): true
        default: type.hasSuffix("+json")
        }
      guard isKnown else {
        throw RequestError(
          .unsupportedMediaType,
          "the body must be application/json, not \(type.prefix(100)); curl says so with -H 'Content-Type: application/json'"
        )
      }
    }

    private func body(of request: Request) async throws(RequestError) -> Data {
      let tooLarge = RequestError(.contentTooLarge, "the body has more than \(options.limits.bodySize) bytes")
      if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > options.limits.bodySize {
        throw tooLarge
      }
      var data = Data()
      do {
        for try await buffer in request.body {
          guard data.count + buffer.readableBytes <= options.limits.bodySize else { throw tooLarge }
          data.append(contentsOf: buffer.readableBytesView)
        }
      } catch {
        throw error as? RequestError ?? RequestError(.malformed, "the body ends too early")
      }
      return data
    }

    // MARK: The answer

    private func response(_ answer: Answer, to request: Request, isBodyRead: Bool) -> Response {
      var fields = answer.fields
      fields[.contentType] = answer.type
      fields[.contentLength] = "\(answer.body.count)"
      fields[.xContentTypeOptions] = "nosniff"
      // The rest of a refused body is not worth reading.
      if !isBodyRead { fields[.connection] = "close" }
      let body = request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
      return Response(status: answer.status, headers: fields, body: body)
    }
  }

  /// What a responder knows of a request's connection.
  package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The client's address.
    package let client: String?

    package init(source: ApplicationRequestContextSource) {
      coreContext = .init(source: source)
      client = source.channel.remoteAddress?.ipAddress
    }
  }
#endif
