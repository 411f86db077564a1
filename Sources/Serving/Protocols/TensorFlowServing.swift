#if Serve
  import Files
  import Foundation

  /// TensorFlow Serving's REST form (tensorflow/serving, g3doc/api_rest.md).
  enum TensorFlowServing {
    /// `{"instances": ["text", …]}`
    private struct Request: Decodable {
      let instances: [String]
    }

    static func predict(_ body: Data, _ name: String, _ service: TextService) async throws(RequestError) -> Answer {
      let texts = try JSONBody.decode(Request.self, from: body).instances
      let model = try service.model(named: name)
      let predictions = try await service.classify(texts, by: model)
      let answers = predictions.map { prediction in
        OrderedJSON.object([
          ("label", .string(prediction.label)),
          ("probabilities", .array(prediction.probabilities.map { .float($0) })),
        ])
      }
      return Answer(.object([("predictions", .array(answers))]), model: model, texts: texts)
    }

    static func status(_ name: String, _ service: TextService) throws(RequestError) -> Answer {
      _ = try service.model(named: name)
      return Answer([
        "model_version_status": [
          ["version": "1", "state": "AVAILABLE", "status": ["error_code": "OK", "error_message": ""]]
        ]
      ])
    }
  }
#endif
