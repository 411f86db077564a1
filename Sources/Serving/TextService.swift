#if Serve
  import Classification

  /// Texts in, predictions out: what all protocols have in common.
  package struct TextService: Sendable {
    package let registry: ModelRegistry
    package let limits: ServerOptions.Limits
    package let metrics: ServerMetrics
    /// Requests for a label. All cores work on a batch.
    private let predictions: BatchQueue<ServedModel, Prediction>
    /// Requests for words' effects. Each takes as long as a text for each word, so they have a queue of their own.
    private let explanations: BatchQueue<ServedModel, Explanation>

    package init(_ registry: ModelRegistry, _ options: ServerOptions, _ metrics: ServerMetrics) {
      (self.registry, self.metrics, limits) = (registry, metrics, options.limits)
      predictions = BatchQueue(
        name: "classify", capacity: limits.waitingTexts, batchSize: limits.batchSize, maximumWait: options.maximumWait,
        observe: { metrics.began(batchOf: $0.textCount, waits: $0.waits) },
        work: { $0.classifier.classify($1) })
      explanations = BatchQueue(
        name: "explain", capacity: limits.waitingExplanations, batchSize: 1, maximumWait: .zero,
        work: { model, texts in texts.map { model.classifier.explain($0) } })
    }

    /// The number of texts that wait.
    package var waitingTextCount: Int { predictions.waitingTextCount + explanations.waitingTextCount }

    /// Ends the threads, once they have answered what waits.
    package func stop() {
      predictions.stop()
      explanations.stop()
    }

    /// - Parameter name: nil for the first model.
    package func model(named name: String?) throws(RequestError) -> ServedModel {
      guard let name else { return registry.models[0] }
      guard let model = registry.model(named: name) else {
        let names = registry.models.map { "“\($0.name)”" }.joined(separator: ", ")
        throw RequestError(.notFound, "there is no model “\(name)”; there is \(names)")
      }
      return model
    }

    package func classify(_ texts: [String], by model: ServedModel) async throws(RequestError) -> [Prediction] {
      try check(texts)
      let answers = try await predictions.answers(to: texts, by: model)
      for answer in answers { try check(answer) }
      metrics.classified(texts.count, by: model.name)
      return answers
    }

    package func explain(_ text: String, by model: ServedModel) async throws(RequestError) -> Explanation {
      try check([text])
      let answer = try await explanations.answers(to: [text], by: model)[0]
      try check(answer.prediction)
      metrics.classified(1, by: model.name)
      return answer
    }

    private func check(_ texts: [String]) throws(RequestError) {
      guard texts.count <= limits.texts else {
        throw RequestError(
          .contentTooLarge, "the request has \(texts.count) texts, and at most \(limits.texts) are answered at once")
      }
      for (index, text) in texts.enumerated() where text.utf8.count > limits.textSize {
        throw RequestError(
          .contentTooLarge,
          "text \(index) has \(text.utf8.count) bytes, and at most \(limits.textSize) are read")
      }
    }

    private func check(_ prediction: Prediction) throws(RequestError) {
      guard prediction.probabilities.allSatisfy(\.isFinite) else {
        throw RequestError(.internalError, "the probability is not a number: the model's weights are unusable")
      }
    }
  }
#endif
