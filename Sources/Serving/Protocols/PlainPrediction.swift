#if Serve
  import Classification
  import Files
  import Foundation

  /// `POST /predict` with `{"text": "…", "explain": true}`, the interface of the page.
  struct PlainPrediction: Decodable {
    let text: String
    let explain: Bool?
    /// Nil for the first model.
    let model: String?

    static func answer(_ body: Data, _ service: TextService) async throws(RequestError) -> Answer {
      let request = try JSONBody.decode(Self.self, from: body)
      let model = try service.model(named: request.model)
      let (prediction, explanation): (Prediction, Explanation?)
      if request.explain == true {
        let answer = try await service.explain(request.text, by: model)
        (prediction, explanation) = (answer.prediction, answer)
      } else {
        (prediction, explanation) = (try await service.classify([request.text], by: model)[0], nil)
      }
      var members: [(name: String, value: OrderedJSON)] = [
        ("model", .string(model.name)), ("label", .string(prediction.label)),
        ("probability", .float(prediction.probability)),
        (
          "probabilities",
          .object(zip(model.labels, prediction.probabilities).map { (name: $0, value: .float($1)) })
        ),
        ("known_words", .integer(prediction.knownWordCount)),
      ]
      if let explanation {
        let words = explanation.words.map { word in
          OrderedJSON.object([
            ("word", .string(word.word)), ("effect", .float(word.effect)), ("known", .bool(word.isKnown)),
          ])
        }
        members += [("words", .array(words)), ("unread_words", .integer(explanation.unreadWordCount))]
        if explanation.unmeasuredWordCount > 0 {
          members.append(("unmeasured_words", .integer(explanation.unmeasuredWordCount)))
        }
        if !explanation.ngrams.isEmpty {
          let ngrams = explanation.ngrams.map { ngram in
            OrderedJSON.object([("ngram", .string(ngram.text)), ("share", .float(ngram.share))])
          }
          members.append(("ngrams", .array(ngrams)))
        }
      }
      return Answer(.object(members), model: model, texts: [request.text])
    }
  }
#endif
