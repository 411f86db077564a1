extension ReferenceNetwork {
  /// A sample's way through the network, with everything that the backward pass needs.
  public struct Pass: Sendable {
    /// The tokens that are read: with padding in front, unless that is masked.
    public let tokens: [Int]
    /// The factors of the steps that are read.
    let dropout: ReferenceDropout
    /// [layers].
    public let layers: [ReferenceLayer.Pass]
    /// The shares of the last layer's outputs in the pooled vector, steps × [D · H].
    let poolingShares: [[Double]]
    /// What each dense layer reads: the pooled vector after dropout, [D · H], then what the layer below puts out.
    let denseInputs: [[Double]]
    /// x W + b of each dense layer but the last, whose are the logits.
    package let denseSums: [[Double]]
    /// z, [logits]: with 2 labels the probability of label 1 is σ(z), with more those of all labels are softmax(z).
    public let logits: [Double]
  }

  /// The gradients of one sample.
  public struct Gradient: Sendable {
    /// Flat in the layout's order.
    public var parameters: [Double]
    /// [layers][D].
    public var initialStates: [[ReferenceLSTM.State]]
  }

  /// From tokens to logits. The sample's label and weight play no part.
  public func forward(_ sample: Sample) -> Pass {
    let architecture = layout.architecture
    let paddingCount = maxLength - sample.tokens.count
    precondition(paddingCount >= 0, "a sequence of \(sample.tokens.count) tokens is longer than \(maxLength)")
    let padding = [Int](repeating: 0, count: architecture.masksPadding ? 0 : paddingCount)
    let tokens = padding + sample.tokens
    let dropout = (sample.dropout ?? ReferenceDropout(none: architecture, steps: maxLength)).suffix(tokens.count)
    let zeros = ReferenceLSTM.State(zeros: architecture.hiddenSize)

    var inputs = tokens.enumerated().map { t, token in
      elementwiseProduct(embedding.forward(token), dropout.embedding[t]).map { $0 * dropout.words[t] }
    }
    var passes: [ReferenceLayer.Pass] = []
    for (l, layer) in layers.enumerated() {
      let pass = layer.forward(
        inputs, from: sample.initialStates?[l] ?? layer.directions.map { _ in zeros },
        recurrentFactors: dropout.recurrent[l])
      passes.append(pass)
      inputs = l + 1 < layers.count ? elementwiseProduct(pass.outputs, dropout.layers[l]) : pass.outputs
    }
    let shares = pooling.shares(inputs)
    var denseInputs = [elementwiseProduct(pooling.forward(inputs, shares: shares), dropout.output)]
    var denseSums: [[Double]] = []
    for (layer, kind) in architecture.denseLayers.enumerated() {
      denseSums.append(dense[layer].forward(denseInputs[layer]))
      denseInputs.append(denseSums[layer].map(kind.activation.value))
    }
    return Pass(
      tokens: tokens, dropout: dropout, layers: passes, poolingShares: shares, denseInputs: denseInputs,
      denseSums: denseSums, logits: dense.last!.forward(denseInputs.last!))
  }

  /// From d loss / d logit, [logits], to the gradients of everything.
  public func backward(_ pass: Pass, logitGradients: [Double]) -> Gradient {
    var gradient = Gradient(parameters: [Double](repeating: 0, count: layout.count), initialStates: [])
    func put(_ values: [Double], _ tensor: ParameterLayout.Tensor) {
      gradient.parameters.replaceSubrange(tensor.range, with: values)
    }

    var sumGradients = logitGradients
    var pooledGradient: [Double] = []
    for (l, layer) in dense.enumerated().reversed() {
      let layerGradient = layer.backward(pass.denseInputs[l], sumGradients: sumGradients)
      put(layerGradient.kernel, layout.dense[l].kernel)
      put(layerGradient.bias, layout.dense[l].bias)
      if l > 0 {
        let activation = layout.architecture.denseLayers[l - 1].activation
        sumGradients = elementwiseProduct(layerGradient.input, pass.denseSums[l - 1].map(activation.slope))
      } else {
        pooledGradient = elementwiseProduct(layerGradient.input, pass.dropout.output)
      }
    }

    addBody(to: &gradient, pass, outputGradients: pooling.backward(pooledGradient, shares: pass.poolingShares))
    return gradient
  }

  /// From d loss / d output of the last layer at each step, steps × [D · H], to the gradients of all layers below.
  func addBody(to gradient: inout Gradient, _ pass: Pass, outputGradients: [[Double]]) {
    func put(_ values: [Double], _ tensor: ParameterLayout.Tensor) {
      gradient.parameters.replaceSubrange(tensor.range, with: values)
    }
    var outputGradients = outputGradients
    for (l, layer) in layers.enumerated().reversed() {
      let layerGradient = layer.backward(pass.layers[l], outputGradients: outputGradients)
      for (tensors, direction) in zip(layout.recurrences[l], layerGradient.directions) {
        put(direction.kernel, tensors.kernel)
        put(direction.recurrentKernel, tensors.recurrentKernel)
        put(direction.bias, tensors.bias)
      }
      gradient.initialStates.insert(layerGradient.directions.map(\.initialState), at: 0)
      outputGradients =
        l > 0 ? elementwiseProduct(layerGradient.inputs, pass.dropout.layers[l - 1]) : layerGradient.inputs
    }
    let vectorGradients = elementwiseProduct(outputGradients, pass.dropout.embedding).enumerated().map { t, vector in
      vector.map { $0 * pass.dropout.words[t] }
    }
    put(embedding.backward(pass.tokens, vectorGradients: vectorGradients), layout.embedding)
  }
}
