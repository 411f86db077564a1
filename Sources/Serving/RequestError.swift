#if Serve
  import Files
  import HTTPTypes

  /// A request that can't be answered as it is, in words for the client.
  package struct RequestError: Error, Equatable {
    /// Why, as HTTP's status.
    package enum Reason: Int, Sendable {
      /// The request can't be understood.
      case malformed = 400
      case notFound = 404
      case methodNotAllowed = 405
      /// It took too long to come.
      case timeout = 408
      case contentTooLarge = 413
      case unsupportedMediaType = 415
      /// It is well-formed, but doesn't say what it has to.
      case unprocessable = 422
      case tooManyRequests = 429
      case headersTooLarge = 431
      /// The model's weights are unusable.
      case internalError = 500
      case unavailable = 503

      package var status: HTTPResponse.Status {
        switch self {
        case .malformed: .badRequest
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .timeout: .requestTimeout
        case .contentTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .unprocessable: .unprocessableContent
        case .tooManyRequests: .tooManyRequests
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .internalError: .internalServerError
        case .unavailable: .serviceUnavailable
        }
      }
    }

    package let reason: Reason
    /// What was wrong.
    package let message: String
    /// For `methodNotAllowed`, the methods that are.
    package let allowed: String?

    package init(_ reason: Reason, _ message: String, allowed: String? = nil) {
      (self.reason, self.message, self.allowed) = (reason, message, allowed)
    }

    /// The member `error` is what the Open Inference Protocol and TensorFlow Serving both have.
    package var body: [UInt8] { OrderedJSON.object([("error", .string(message))]).utf8() }

    /// What the answer has besides the fields of every answer.
    package var fields: HTTPFields {
      var fields = HTTPFields()
      if let allowed { fields[.allow] = allowed }
      if reason == .tooManyRequests || reason == .unavailable { fields[.retryAfter] = "1" }
      return fields
    }
  }
#endif
