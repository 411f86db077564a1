#if Serve
  import Files
  import HTTPTypes

  /// What a request is answered with.
  struct Answer: Sendable {
    var status = HTTPResponse.Status.ok
    var type = Answer.json
    var body: [UInt8]
    /// Fields besides those that every answer has.
    var fields = HTTPFields()
    /// The model that was asked, if there was one, and the texts that it answered.
    var model: String?
    var texts: [String] = []

    static let json = "application/json"

    init(_ body: [UInt8], type: String) { (self.body, self.type) = (body, type) }

    init(_ value: OrderedJSON, status: HTTPResponse.Status = .ok, model: ServedModel? = nil, texts: [String] = []) {
      (body, self.status, self.model, self.texts) = (value.utf8(), status, model?.name, texts)
    }

    init(_ error: RequestError) {
      (body, status, fields) = (error.body, error.reason.status, error.fields)
    }
  }
#endif
