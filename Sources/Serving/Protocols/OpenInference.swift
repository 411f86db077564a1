#if Serve
  import Classification
  import Files
  import Foundation
  import HTTPTypes

  /// The Open Inference Protocol, version 2, with Triton's extension for binary tensors, which its client uses unasked.
  ///
  /// (kserve/open-inference-protocol, specification/protocol/inference_rest.md; triton-inference-server/server,
  /// docs/protocol/extension_binary_data.md)
  enum OpenInference {
    /// The number of the JSON's bytes, where binary tensors follow it.
    static let headerLength = HTTPField.Name("Inference-Header-Content-Length")!

    private static let input = "text"
    private enum Output: String, CaseIterable {
      case probabilities, label
    }

    // MARK: Metadata

    static func server(version: String) -> Answer {
      Answer(["name": "swift-lstm", "version": .string(version), "extensions": ["binary_tensor_data"]])
    }

    static func metadata(_ name: String, _ service: TextService) throws(RequestError) -> Answer {
      let model = try service.model(named: name)
      let labels = OrderedJSON.array(model.labels.map { .string($0) })
      return Answer(
        .object([
          ("name", .string(model.name)), ("versions", ["1"]), ("platform", "swift-lstm"),
          ("inputs", [.object([("name", .string(input)), ("datatype", "BYTES"), ("shape", [.integer(-1)])])]),
          (
            "outputs",
            [
              .object([
                ("name", "probabilities"), ("datatype", "FP32"),
                ("shape", [.integer(-1), .integer(model.labels.count)]),
                ("parameters", .object([("labels", labels)])),
              ]),
              .object([("name", "label"), ("datatype", "BYTES"), ("shape", [.integer(-1)])]),
            ]
          ),
        ]))
    }

    static func ready(_ name: String, _ service: TextService) throws(RequestError) -> Answer {
      let model = try service.model(named: name)
      return Answer(.object([("name", .string(model.name)), ("ready", .bool(true))]))
    }

    // MARK: Inference

    private struct Request: Decodable {
      let id: String?
      let inputs: [Tensor]
      let outputs: [RequestedOutput]?
      let parameters: Parameters?
    }

    private struct Tensor: Decodable {
      let name: String
      let datatype: String
      let shape: [Int]
      let data: Texts?
      let parameters: Parameters?
    }

    private struct RequestedOutput: Decodable {
      let name: String
      let parameters: Parameters?
    }

    private struct Parameters: Decodable {
      let inputSize: Int?
      let isBinary: Bool?
      let areOutputsBinary: Bool?

      enum CodingKeys: String, CodingKey {
        case inputSize = "binary_data_size"
        case isBinary = "binary_data"
        case areOutputsBinary = "binary_data_output"
      }
    }

    /// A tensor's elements, in one array or, for a shape like [2, 1], in several.
    private struct Texts: Decodable {
      let elements: [String]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let rows = try? container.decode([[String]].self) {
          elements = rows.flatMap { $0 }
        } else {
          elements = try container.decode([String].self)
        }
      }
    }

    /// - Parameter headerLength: the field of that name.
    static func infer(
      _ body: Data, headerLength: String?, _ name: String, _ service: TextService
    ) async throws(RequestError) -> Answer {
      let (json, binary) = try split(body, headerLength)
      let request = try JSONBody.decode(Request.self, from: json)
      let model = try service.model(named: name)
      let texts = try texts(of: request, binary)
      let outputs = try outputs(of: request)
      return answer(try await service.classify(texts, by: model), to: request, outputs, texts, model)
    }

    private static func split(_ body: Data, _ headerLength: String?) throws(RequestError) -> (json: Data, binary: Data)
    {
      guard let headerLength else { return (body, Data()) }
      guard let length = Int(headerLength), (0...body.count).contains(length) else {
        throw RequestError(
          .malformed, "\(Self.headerLength) must be a number up to the body's \(body.count) bytes")
      }
      return (Data(body.prefix(length)), Data(body.dropFirst(length)))
    }

    private static func texts(of request: Request, _ binary: Data) throws(RequestError) -> [String] {
      guard request.inputs.count == 1, let tensor = request.inputs.first, tensor.name == input else {
        throw RequestError(.unprocessable, "“inputs” must hold one tensor, called “\(input)”")
      }
      guard tensor.datatype == "BYTES" else {
        throw RequestError(.unprocessable, "the tensor “\(input)” must have the datatype BYTES")
      }
      let texts: [String]
      if let size = tensor.parameters?.inputSize {
        guard size == binary.count, tensor.data == nil else {
          throw RequestError(
            .unprocessable, "“binary_data_size” is \(size), but \(binary.count) bytes follow the JSON")
        }
        texts = try elements(binary)
      } else if let data = tensor.data, binary.isEmpty {
        texts = data.elements
      } else {
        throw RequestError(.unprocessable, "the tensor “\(input)” must have either “data” or “binary_data_size”")
      }
      var count = 1
      for size in tensor.shape {
        let (product, isOverflow) = count.multipliedReportingOverflow(by: size)
        count = isOverflow || size < 0 ? -1 : product
        if count < 0 { break }
      }
      guard !tensor.shape.isEmpty, count == texts.count else {
        throw RequestError(.unprocessable, "the shape \(tensor.shape) is not that of \(texts.count) texts")
      }
      return texts
    }

    /// The elements of a binary tensor: a length of 32 bits before each.
    private static func elements(_ binary: Data) throws(RequestError) -> [String] {
      var (texts, rest) = ([String](), binary)
      while !rest.isEmpty {
        let length = rest.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        guard rest.count >= 4 + length else {
          throw RequestError(.unprocessable, "the binary tensor ends within text \(texts.count)")
        }
        guard let text = String(validating: rest.dropFirst(4).prefix(length), as: UTF8.self) else {
          throw RequestError(.unprocessable, "text \(texts.count) is not UTF-8")
        }
        texts.append(text)
        rest = rest.dropFirst(4 + length)
      }
      return texts
    }

    private static func outputs(of request: Request) throws(RequestError) -> [(Output, isBinary: Bool)] {
      let isBinary = request.parameters?.areOutputsBinary ?? false
      guard let requested = request.outputs, !requested.isEmpty else {
        return Output.allCases.map { ($0, isBinary) }
      }
      var outputs: [(Output, isBinary: Bool)] = []
      for output in requested {
        guard let known = Output(rawValue: output.name) else {
          throw RequestError(
            .unprocessable, "there is no output “\(output.name)”; there is “probabilities” and “label”")
        }
        outputs.append((known, output.parameters?.isBinary ?? isBinary))
      }
      return outputs
    }

    private static func answer(
      _ predictions: [Prediction], to request: Request, _ outputs: [(Output, isBinary: Bool)], _ texts: [String],
      _ model: ServedModel
    ) -> Answer {
      var binary: [UInt8] = []
      let tensors = outputs.map { output, isBinary in
        var tensor: [(name: String, value: OrderedJSON)] = [("name", .string(output.rawValue))]
        let start = binary.count
        let data: [OrderedJSON]
        switch output {
        case .probabilities:
          tensor += [
            ("datatype", "FP32"), ("shape", [.integer(texts.count), .integer(model.labels.count)]),
          ]
          let values = predictions.flatMap(\.probabilities)
          data = isBinary ? [] : values.map { .float($0) }
          if isBinary { for value in values { append(value.bitPattern, to: &binary) } }
        case .label:
          tensor += [("datatype", "BYTES"), ("shape", [.integer(texts.count)])]
          data = isBinary ? [] : predictions.map { .string($0.label) }
          if isBinary {
            for prediction in predictions {
              append(UInt32(prediction.label.utf8.count), to: &binary)
              binary += prediction.label.utf8
            }
          }
        }
        tensor.append(
          isBinary
            ? ("parameters", .object([("binary_data_size", .integer(binary.count - start))])) : ("data", .array(data)))
        return OrderedJSON.object(tensor)
      }
      var members: [(name: String, value: OrderedJSON)] = [
        ("model_name", .string(model.name)), ("model_version", "1"),
      ]
      if let id = request.id { members.append(("id", .string(id))) }
      members.append(("outputs", .array(tensors)))
      var answer = Answer(.object(members), model: model, texts: texts)
      if outputs.contains(where: \.isBinary) {
        answer.fields[headerLength] = "\(answer.body.count)"
        answer.type = "application/octet-stream"
        answer.body += binary
      }
      return answer
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
  }
#endif
