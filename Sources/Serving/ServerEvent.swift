#if Serve
  import Files
  import Foundation

  /// Something that a server's operator may want to know.
  public enum ServerEvent: Sendable {
    /// The server answers from now on.
    case started(host: String, port: Int)
    /// A request was answered.
    case answered(AccessRecord)
    /// A model was loaded anew, and has replaced the old one.
    case reloaded(ModelSource)
    /// A new model is bad, and the old one stays.
    case keptOldModel(ModelSource, any Error)
    /// The server no longer accepts connections, and finishes what it has.
    case stopping
    /// Something that the server's own machinery reports.
    case warning(String)
  }

  /// A request and its answer, for a log.
  public struct AccessRecord: Sendable {
    /// When it came.
    public var date = Date()
    /// The client's address; nil if the system doesn't say.
    public var client: String?
    /// HTTP's method.
    public var method = ""
    /// What was asked for, as the client spelled it.
    public var path = ""
    /// HTTP's status.
    public var status = 0
    /// From the end of the request's head to the answer.
    public var duration = Duration.zero
    /// Bytes of the answer's body.
    public var size = 0
    /// The model that answered; nil if none was asked.
    public var model: String?
    /// How many texts were answered.
    public var textCount = 0
    /// The texts, if they are to be recorded.
    public var texts: [String] = []

    /// Of a request that nothing is known of yet.
    public init() {}

    /// One line: `127.0.0.1 POST /predict 200 0.8 ms 96 B, 1 text by “default”`.
    public var text: String {
      // Whatever a client has sent must not move the cursor of the operator's terminal.
      var line = "\(client ?? "-") \(method.escapedForTerminal(limit: 20)) \(path.escapedForTerminal(limit: 200))"
      line += " \(status) \(String(format: "%.1f", milliseconds)) ms \(size) B"
      if let model { line += ", \(textCount) \(textCount == 1 ? "text" : "texts") by “\(model)”" }
      for text in texts { line += "\n    \(text.escapedForTerminal(limit: 200))" }
      return line
    }

    /// One line of JSON, without the line's end.
    public var json: String {
      var members: [(name: String, value: OrderedJSON)] = [
        ("time", .string(date.ISO8601Format(.init(includingFractionalSeconds: true)))),
        ("client", client.map { .string($0) } ?? .null), ("method", .string(method)), ("path", .string(path)),
        ("status", .integer(status)), ("milliseconds", .double((1000 * milliseconds).rounded() / 1000)),
        ("bytes", .integer(size)),
      ]
      if let model { members += [("model", .string(model)), ("text_count", .integer(textCount))] }
      if !texts.isEmpty { members.append(("texts", .array(texts.map { .string($0) }))) }
      return OrderedJSON.object(members).text()
    }

    private var milliseconds: Double {
      let (seconds, attoseconds) = duration.components
      return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
    }
  }
#endif
