extension ReferenceNetwork {
  /// The words that the right ones are to be told from.
  public struct WordSamples: Sendable {
    /// [K]; they may repeat.
    public var tokens: [Int]
    /// What is taken off each token's logit, [V]; −∞ for tokens that are never drawn, and not predicted either. It is
    /// ln(K · q), where q is the distribution that the samples were drawn from, but for what the biases leave out.
    public var corrections: [Double]

    /// Given words.
    public init(tokens: [Int], corrections: [Double]) {
      (self.tokens, self.corrections) = (tokens, corrections)
    }
  }

  /// What predicting the words of a batch gives.
  public struct WordResult: Sendable {
    /// The sum of the losses of each text's words, in nats.
    public var losses: [Double] = []
    /// How many words were predicted.
    public var count = 0
    /// d mean loss of a word / d parameter, flat in the layout's order.
    public var gradient: [Double]
  }

  /// Predicts each word from those before it, and from those after it where the network reads backward, too.
  ///
  /// At each step t of a direction, the logit of a word w is o_w · h + b_w less its correction, and the loss is the cross-entropy of
  /// the softmax over the right word and those samples that aren't it (sampled softmax: Jean et al., 2015). The right word
  /// is that at t + 1 for the direction that reads forward, at t − 1 for the other. Padding predicts nothing.
  ///
  /// - Precondition: the layout predicts words.
  public func evaluateWords(of texts: [[Int]], samples: WordSamples) -> WordResult {
    let (h, directions) = (layout.architecture.hiddenSize, layout.words.count)
    precondition(directions == layout.architecture.directionCount, "the layout predicts no words")
    var result = WordResult(gradient: [Double](repeating: 0, count: layout.count))
    for text in texts {
      let pass = forward(Sample(tokens: text, label: 0))
      let outputs = pass.layers.last!.outputs
      let paddingCount = pass.tokens.count - text.count
      var outputGradients = outputs.map { $0.map { _ in 0.0 } }
      var loss = 0.0
      for direction in 0..<directions {
        let table = layout.words[direction]
        for step in paddingCount..<pass.tokens.count {
          let next = direction == 0 ? step + 1 : step - 1
          guard (paddingCount..<pass.tokens.count).contains(next) else { continue }
          let right = pass.tokens[next]
          guard samples.corrections[right] > -.infinity else { continue }
          let candidates = [right] + samples.tokens.filter { $0 != right }
          let state = outputs[step][direction * h..<(direction + 1) * h]
          func row(_ token: Int) -> Int { table.offset + token * (h + 1) }
          let logits = candidates.map { token -> Double in
            let weights = words[direction][token * (h + 1)..<(token + 1) * (h + 1)]
            var logit = weights.last! - samples.corrections[token]
            for (h, o) in zip(state, weights) { logit += h * o }
            return logit
          }
          loss += CategoricalCrossEntropy.loss(logits: logits, label: 0)
          for (token, d) in zip(candidates, CategoricalCrossEntropy.gradients(logits: logits, label: 0)) {
            for unit in 0..<h {
              result.gradient[row(token) + unit] += d * state[state.startIndex + unit]
              outputGradients[step][direction * h + unit] += d * words[direction][token * (h + 1) + unit]
            }
            result.gradient[row(token) + h] += d
          }
          result.count += 1
        }
      }
      result.losses.append(loss)
      var gradient = Gradient(parameters: [Double](repeating: 0, count: layout.count), initialStates: [])
      addBody(to: &gradient, pass, outputGradients: outputGradients)
      for i in result.gradient.indices { result.gradient[i] += gradient.parameters[i] }
    }
    let count = Double(max(result.count, 1))
    result.gradient = result.gradient.map { $0 / count }
    return result
  }
}
