#if Serve
  import Classification
  import Foundation
  import HTTPTypes
  import Hummingbird
  import Logging
  import Models
  import NIOCore
  import NIOEmbedded
  import Serving
  import Synchronization
  import Testing

  /// A responder with two models, asked without a network.
  private struct Server {
    let classifier: TextClassifier
    let topics: TextClassifier
    let responder: InferenceResponder
    let records: Records

    final class Records: Sendable {
      let all = Mutex<[AccessRecord]>([])
    }

    struct Reply {
      var status: Int
      var fields: HTTPFields
      var bytes: Data

      func json() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      }
      func error() throws -> String { try #require(try json()["error"] as? String) }
    }

    init(isStopping: Bool = false, _ change: (inout ServerOptions) -> Void = { _ in }) throws {
      let models = [
        "default": try smallModel(), "topics": try smallModel(labels: ["a", "b", "c"], seed: 5, isWide: true),
      ]
      classifier = try TextClassifier(models["default"]!, threads: 2)
      topics = try TextClassifier(models["topics"]!, threads: 2)
      let loaded = ["default": classifier, "topics": topics]
      let registry = try ModelRegistry(["default", "topics"].map { ModelSource(name: $0, path: $0) }) {
        loaded[$0.name]!
      }
      var options = ServerOptions()
      change(&options)
      let records = Records()
      self.records = records
      responder = InferenceResponder(
        service: TextService(registry, options, ServerMetrics()), options: options, version: "1.2.3",
        connections: ConnectionCount(), isStopping: { isStopping },
        log: { event in if case .answered(let record) = event { records.all.withLock { $0.append(record) } } })
    }

    func ask(
      _ method: HTTPRequest.Method, _ path: String, _ body: Data = Data(), fields: HTTPFields = [:]
    ) async throws -> Reply {
      let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
      let context = ServerContext(
        source: .init(channel: EmbeddedChannel(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
      let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
      let response = try await responder.respond(to: request, context: context)
      let collector = Collector()
      try await response.body.write(collector)
      return Reply(status: response.status.code, fields: response.headers, bytes: collector.bytes.withLock { $0 })
    }

    func post(
      _ path: String, _ json: String, fields: HTTPFields = [.contentType: "application/json"]
    ) async throws -> Reply { try await ask(.post, path, Data(json.utf8), fields: fields) }

    private final class Collector: ResponseBodyWriter {
      let bytes = Mutex(Data())
      func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0 += Data(buffer.readableBytesView) } }
      func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
  }

  /// JSON's numbers as the floats that were written.
  private func floats(_ value: Any?) throws -> [Float] {
    try #require(value as? [Any]).map { Float(try #require($0 as? Double)) }
  }

  // Ten minutes, as the tests that run beside these may keep all threads for minutes.
  @Suite("Requests and their answers", .timeLimit(.minutes(10)))
  struct ResponderTests {
    @Test("/predict says what the classifier says, to the bit")
    func predict() async throws {
      let server = try Server()
      for text in smallTexts(20) {
        let reply = try await server.post("/predict", #"{"text": "\#(text)"}"#)
        let expected = server.classifier.classify(text)
        let json = try reply.json()
        #expect(reply.status == 200 && json["label"] as? String == expected.label)
        let probabilities = try #require(json["probabilities"] as? [String: Double])
        #expect(["ham", "spam"].map { Float(probabilities[$0]!) } == expected.probabilities)
        #expect(json["known_words"] as? Int == expected.knownWordCount)
        #expect(json["words"] == nil && json["model"] as? String == "default")
      }
    }

    @Test("… and what each word did, where that is asked")
    func explain() async throws {
      let server = try Server()
      let text = "w5 strange W7, w9!"
      let json = try await server.post("/predict", #"{"text": "\#(text)", "explain": true}"#).json()
      let words = try #require(json["words"] as? [[String: Any]])
      let expected = server.classifier.explain(text)
      #expect(words.map { $0["word"] as? String } == ["w5", "strange", "W7", "w9"])
      #expect(words.map { Float($0["effect"] as! Double) } == expected.words.map(\.effect))
      #expect(words.map { $0["known"] as? Bool } == [true, false, true, true])
      #expect(json["unread_words"] as? Int == 0 && json["ngrams"] == nil)
    }

    @Test("… and each n-gram of a model that has them")
    func explainNGrams() async throws {
      let server = try Server()
      let body = #"{"text": "w5 w6 w7", "explain": true, "model": "topics"}"#
      let json = try await server.post("/predict", body).json()
      let ngrams = try #require(json["ngrams"] as? [[String: Any]])
      let expected = server.topics.explain("w5 w6 w7").ngrams
      #expect(ngrams.map { $0["ngram"] as? String } == expected.map(\.text) && expected.count > 3)
      #expect(ngrams.map { Float($0["share"] as! Double) } == expected.map(\.share))
    }

    @Test("A request can name another model")
    func otherModel() async throws {
      let server = try Server()
      let json = try await server.post("/predict", #"{"text": "w5 w6", "model": "topics"}"#).json()
      let expected = server.topics.classify("w5 w6")
      #expect(json["label"] as? String == expected.label)
      #expect(Set(try #require(json["probabilities"] as? [String: Any]).keys) == ["a", "b", "c"])
    }

    @Test("Many requests at once get what each would get alone")
    func concurrent() async throws {
      let server = try Server()
      let texts = smallTexts(200)
      let alone = texts.map { server.classifier.classify($0).probabilities }
      try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
        for (index, text) in texts.enumerated() {
          group.addTask {
            let json = try await server.post("/v1/models/default:predict", #"{"instances": ["\#(text)"]}"#).json()
            let predictions = try #require(json["predictions"] as? [[String: Any]])
            return (index, try floats(predictions[0]["probabilities"]))
          }
        }
        for try await (index, probabilities) in group { #expect(probabilities == alone[index]) }
      }
    }

    @Test("TensorFlow Serving's form, with and without a version")
    func tensorFlow() async throws {
      let server = try Server()
      for path in ["/v1/models/topics:predict", "/v1/models/topics/versions/1:predict"] {
        let json = try await server.post(path, #"{"signature_name": "x", "instances": ["w5", "w6 w7"]}"#).json()
        let predictions = try #require(json["predictions"] as? [[String: Any]])
        let expected = server.topics.classify(["w5", "w6 w7"])
        #expect(predictions.map { $0["label"] as? String } == expected.map(\.label))
        #expect(try predictions.map { try floats($0["probabilities"]) } == expected.map(\.probabilities))
      }
      let status = try await server.ask(.get, "/v1/models/topics").json()
      let versions = try #require(status["model_version_status"] as? [[String: Any]])
      #expect(versions.count == 1 && versions[0]["state"] as? String == "AVAILABLE")
    }

    @Test("The Open Inference Protocol's metadata and health")
    func metadata() async throws {
      let server = try Server()
      #expect(try await server.ask(.get, "/v2/health/live").status == 200)
      #expect(try await server.ask(.get, "/v2/health/ready").status == 200)
      #expect(try await Server(isStopping: true).ask(.get, "/v2/health/ready").status == 503)
      #expect(try await server.ask(.get, "/v2").json()["version"] as? String == "1.2.3")
      #expect(try await server.ask(.get, "/v2/models/topics/ready").json()["ready"] as? Bool == true)
      let json = try await server.ask(.get, "/v2/models/topics/versions/1").json()
      let (inputs, outputs) = (json["inputs"] as? [[String: Any]], json["outputs"] as? [[String: Any]])
      #expect(inputs?.map { $0["name"] as? String } == ["text"])
      #expect(outputs?.map { $0["name"] as? String } == ["probabilities", "label"])
      #expect(outputs?.first?["shape"] as? [Int] == [-1, 3])
    }

    @Test(
      "The Open Inference Protocol's inference",
      arguments: [#"[2], "data": ["w5", "w6 w7"]"#, #"[2, 1], "data": [["w5"], ["w6 w7"]]"#])
    func infer(tensor: String) async throws {
      let server = try Server()
      let json = try await server.post(
        "/v2/models/topics/infer",
        #"{"id": "x7", "inputs": [{"name": "text", "datatype": "BYTES", "shape": \#(tensor)}]}"#
      ).json()
      let expected = server.topics.classify(["w5", "w6 w7"])
      #expect(json["id"] as? String == "x7" && json["model_name"] as? String == "topics")
      let outputs = try #require(json["outputs"] as? [[String: Any]])
      #expect(outputs.map { $0["name"] as? String } == ["probabilities", "label"])
      #expect(outputs[0]["shape"] as? [Int] == [2, 3] && outputs[1]["shape"] as? [Int] == [2])
      #expect(try floats(outputs[0]["data"]) == expected.flatMap(\.probabilities))
      #expect(outputs[1]["data"] as? [String] == expected.map(\.label))
    }

    @Test("Binary tensors, as Triton's client sends and expects them")
    func binary() async throws {
      let server = try Server()
      let texts = ["w5", "é w6"]
      var tensor = Data()
      for text in texts { tensor += [UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8) }
      let json = Data(
        (#"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": "#
          + #"\#(tensor.count)}}], "outputs": [{"name": "label", "parameters": {"binary_data": false}}, "#
          + #"{"name": "probabilities", "parameters": {"binary_data": true}}]}"#).utf8)
      let length = HTTPField.Name("Inference-Header-Content-Length")!
      let fields: HTTPFields = [.contentType: "application/octet-stream", length: "\(json.count)"]
      let reply = try await server.ask(.post, "/v2/models/default/infer", json + tensor, fields: fields)
      #expect(reply.status == 200 && reply.fields[.contentType] == "application/octet-stream")
      let count = try #require(reply.fields[length].flatMap { Int($0) })
      let head = try #require(
        try JSONSerialization.jsonObject(with: reply.bytes.prefix(count)) as? [String: Any])
      let outputs = try #require(head["outputs"] as? [[String: Any]])
      let expected = server.classifier.classify(texts)
      #expect(outputs[0]["data"] as? [String] == expected.map(\.label))
      #expect((outputs[1]["parameters"] as? [String: Int])?["binary_data_size"] == 16 && outputs[1]["data"] == nil)
      let bytes = Array(reply.bytes.dropFirst(count))
      let values = stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
      }
      #expect(values == expected.flatMap(\.probabilities))
    }

    @Test("The page allows only its own style and script")
    func page() async throws {
      let server = try Server()
      let reply = try await server.ask(.get, "/")
      let policy = try #require(reply.fields[.contentSecurityPolicy])
      let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-(\w+)'/)).1
      let text = String(decoding: reply.bytes, as: UTF8.self)
      #expect(policy.contains("default-src 'none'") && text.contains(#"<script nonce="\#(nonce)">"#))
      #expect(text.contains(#"<style nonce="\#(nonce)">"#) && !text.contains("NONCE"))
      #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("innerHTML"))
      #expect(try await server.ask(.get, "/").fields[.contentSecurityPolicy] != policy)
    }

    @Test("HEAD is GET without a body")
    func head() async throws {
      let server = try Server()
      let (get, head) = (try await server.ask(.get, "/openapi.yaml"), try await server.ask(.head, "/openapi.yaml"))
      #expect(get.status == 200 && head.status == 200 && head.bytes.isEmpty && get.bytes.count > 1000)
      #expect(head.fields[.contentLength] == "\(get.bytes.count)")
    }

    @Test("Figures are counted")
    func metrics() async throws {
      let server = try Server()
      _ = try await server.post("/v1/models/default:predict", #"{"instances": ["w5", "w6"]}"#)
      _ = try await server.post("/v1/models/none:predict", #"{"instances": ["w5", "w6"]}"#)
      let reply = try await server.ask(.get, "/metrics")
      let lines = String(decoding: reply.bytes, as: UTF8.self).split(separator: "\n")
      #expect(reply.fields[.contentType]?.hasPrefix("text/plain; version=0.0.4") == true)
      for line in [
        #"lstm_requests_total{route="v1_predict",status="200"} 1"#,
        #"lstm_requests_total{route="v1_predict",status="404"} 1"#,
        #"lstm_request_duration_seconds_count{route="v1_predict"} 2"#, #"lstm_texts_total{model="default"} 2"#,
        #"lstm_batch_texts_bucket{le="1"} 0"#, #"lstm_batch_texts_bucket{le="2"} 1"#, "lstm_batch_texts_sum 2",
        "lstm_queue_texts 0",
      ] { #expect(lines.contains(Substring(line)), "\(line)") }
    }

    @Test("The log has no texts unless it is asked to")
    func log() async throws {
      for isAsked in [false, true] {
        let server = try Server { $0.recordsTexts = isAsked }
        _ = try await server.post("/predict?x", #"{"text": "w5 secret"}"#)
        let record = try #require(server.records.all.withLock { $0.first })
        #expect(record.status == 200 && record.path == "/predict?x" && record.model == "default")
        #expect(record.textCount == 1 && record.texts == (isAsked ? ["w5 secret"] : []))
        #expect(record.json.contains("secret") == isAsked && record.text.contains("secret") == isAsked)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(record.json.utf8)) as? [String: Any])
        #expect(json["status"] as? Int == 200 && json["text_count"] as? Int == 1)
      }
    }

    // MARK: What is wrong

    @Test(
      "What is wrong with a request is said",
      arguments: [
        ("/predict", #"{"text": "a", "x": -01}"#, 400, "not JSON: byte 21: "),
        ("/predict", #"{"text": "a",}"#, 400, "not JSON"),
        ("/predict", "", 400, "not JSON"), ("/predict", "{\"text\": \"a", 400, "not JSON"),
        ("/predict", "{}", 422, "“text” is missing"), ("/predict", "[]", 422, "the body must be an object"),
        ("/predict", #"{"text": 7}"#, 422, "“text” must be a string"),
        ("/predict", #"{"text": null}"#, 422, "“text” must be a string"),
        ("/predict", #"{"text": "a", "explain": "yes"}"#, 422, "“explain” must be true or false"),
        ("/predict", #"{"text": "a", "model": "none"}"#, 404, "no model “none”; there is “default”, “topics”"),
        ("/predict", #"{"text": "\ud800"}"#, 400, "not JSON"),
        ("/v1/models/default:predict", #"{"instances": "a"}"#, 422, "“instances” must be an array"),
        ("/v1/models/default:predict", #"{"instances": ["a", {}]}"#, 422, "“instances[1]” must be a string"),
        ("/v1/models/none:predict", #"{"instances": []}"#, 404, "no model “none”"),
        ("/v1/models/default/versions/2:predict", #"{"instances": []}"#, 404, "nothing at"),
        ("/v2/models/default/infer", #"{"inputs": []}"#, 422, "one tensor, called “text”"),
        (
          "/v2/models/default/infer",
          #"{"inputs": [{"name": "text", "datatype": "FP32", "shape": [1], "data": ["a"]}]}"#, 422, "datatype BYTES"
        ),
        (
          "/v2/models/default/infer",
          #"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [2], "data": ["a"]}]}"#, 422, "shape [2]"
        ),
        (
          "/v2/models/default/infer",
          #"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [4294967296, 4294967296], "data": ["a"]}]}"#,
          422, "shape"
        ),
        (
          "/v2/models/default/infer",
          #"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1]}]}"#, 422, "“data” or"
        ),
        (
          "/v2/models/default/infer",
          #"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]}], "outputs": [{"name": "x"}]}"#,
          422, "no output “x”"
        ),
        ("/nothing", "{}", 404, "nothing at /nothing"),
      ])
    func wrong(path: String, body: String, status: Int, part: String) async throws {
      let reply = try await Server().post(path, body)
      #expect(reply.status == status && reply.fields[.contentType] == "application/json")
      let error = try reply.error()
      #expect(error.contains(part), "\(error)")
    }

    @Test("A body that isn't UTF-8, or of another kind, is refused")
    func encoding() async throws {
      let server = try Server()
      let latin1 = Data(#"{"text": "\#u{e9}"}"#.unicodeScalars.map { UInt8($0.value) })
      let reply = try await server.ask(.post, "/predict", latin1)
      #expect(reply.status == 400)
      #expect(try reply.error() == "the body is not UTF-8")
      for (fields, path) in [
        ([.contentType: "text/plain"] as HTTPFields, "/predict"),
        ([.contentType: "application/x-www-form-urlencoded"], "/predict"),
        ([.contentType: "application/json", .contentEncoding: "gzip"], "/predict"),
        ([.contentType: "application/octet-stream"], "/v1/models/default:predict"),
      ] {
        #expect(try await server.post(path, #"{"text": "a"}"#, fields: fields).status == 415)
      }
      for fields in [
        [:] as HTTPFields, [.contentType: "application/json; charset=utf-8"], [.contentType: "application/x+json"],
      ] {
        #expect(try await server.post("/predict", #"{"text": "a"}"#, fields: fields).status == 200)
      }
    }

    @Test("A wrong method is told the right ones")
    func method() async throws {
      let server = try Server()
      for (method, path, allowed) in [
        (HTTPRequest.Method.get, "/predict", "POST"), (.post, "/metrics", "GET, HEAD"), (.delete, "/v2", "GET, HEAD"),
      ] {
        let reply = try await server.ask(method, path)
        #expect(reply.status == 405 && reply.fields[.allow] == allowed)
      }
    }

    @Test("Too much is refused")
    func limits() async throws {
      let server = try Server { options in
        (options.limits.bodySize, options.limits.texts, options.limits.textSize) = (200, 2, 20)
      }
      for (body, part) in [
        (String(repeating: " ", count: 201), "more than 200 bytes"),
        (#"{"instances": ["a", "b", "c"]}"#, "has 3 texts, and at most 2"),
        (#"{"instances": ["a", "bbbbbbbbbbbbbbbbbbbbb"]}"#, "text 1 has 21 bytes"),
      ] {
        let reply = try await server.post("/v1/models/default:predict", body)
        #expect(reply.status == 413)
        #expect(try reply.error().contains(part))
      }
      // A body that is refused isn't read to its end, so no other request can follow it.
      let fields: HTTPFields = [.contentLength: "201"]
      #expect(try await server.post("/predict", "{", fields: fields).fields[.connection] == "close")
      #expect(try await server.post("/predict", "{}").fields[.connection] == nil)
    }

    @Test("A binary tensor that lies about its size is refused", arguments: [3, 4, 6, 100])
    func binaryLies(size: Int) async throws {
      let server = try Server()
      let tensor = Data([2, 0, 0, 0, 0x77, 0x35].prefix(size)) + Data(repeating: 0xFF, count: max(size - 6, 0))
      let json = Data(
        #"{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": \#(size)}}]}"#
          .utf8)
      let fields: HTTPFields = [HTTPField.Name("Inference-Header-Content-Length")!: "\(json.count)"]
      let reply = try await server.ask(.post, "/v2/models/default/infer", json + tensor, fields: fields)
      #expect(reply.status == (size == 6 ? 200 : 422))
      let beyond: HTTPFields = [HTTPField.Name("Inference-Header-Content-Length")!: "9999"]
      #expect(try await server.ask(.post, "/v2/models/default/infer", json + tensor, fields: beyond).status == 400)
    }
  }
#endif
