/// The whole network's definition, one sample at a time and in Double: Embedding → LSTM → Dense(1) → loss.
///
/// Slow on purpose: it is read and it is the tests' oracle. `BatchEngine` computes the same.
public struct ReferenceNetwork {
  /// The sizes.
  public let layout: ParameterLayout
  /// Embedding table, [V, E].
  var embedding: [Double]
  var lstm: ReferenceLSTM
  /// [H].
  var denseKernel: [Double]
  var denseBias: Double

  /// What a batch gives: per sample, and the mean over the batch.
  public struct Result {
    /// z of each sample; its probability is σ(z).
    public var logits: [Double]
    /// Mean binary cross-entropy.
    public var loss: Double
    /// d loss / d parameter, in the order of the layout.
    public var gradient: [Double]
    /// h and c after the last step, a sample each.
    public var lastStates: [ReferenceLSTM.State]
    /// d loss / d initial state, a sample each.
    public var initialStateGradients: [ReferenceLSTM.State]
  }

  /// Takes the weights, flat in the layout's order.
  public init(layout: ParameterLayout, values: [Double]) {
    precondition(values.count == layout.count)
    func slice(_ tensor: ParameterLayout.Tensor) -> [Double] { Array(values[tensor.range]) }
    self.layout = layout
    embedding = slice(layout.embedding)
    lstm = ReferenceLSTM(
      kernel: slice(layout.kernel), recurrentKernel: slice(layout.recurrentKernel), bias: slice(layout.bias),
      inputSize: layout.architecture.embeddingSize, hiddenSize: layout.architecture.hiddenSize)
    denseKernel = slice(layout.denseKernel)
    denseBias = values[layout.denseBias.offset]
  }

  /// Forward, loss and backward of a batch.
  ///
  /// - Parameters:
  ///   - tokens: B sequences of T tokens, padding included: nothing is masked.
  ///   - labels: B labels, 0 or 1.
  ///   - initialStates: B states, or nil for zeros.
  public func evaluate(tokens: [[Int]], labels: [Double], initialStates: [ReferenceLSTM.State]? = nil) -> Result {
    let (e, h) = (layout.architecture.embeddingSize, layout.architecture.hiddenSize)
    let n = Double(tokens.count)
    var result = Result(
      logits: [], loss: 0, gradient: [Double](repeating: 0, count: layout.count), lastStates: [],
      initialStateGradients: [])
    for (sample, sequence) in tokens.enumerated() {
      let inputs = sequence.map { Array(embedding[$0 * e..<($0 + 1) * e]) }
      let initial = initialStates?[sample] ?? .init(zeros: h)
      let steps = lstm.forward(inputs, from: initial)
      let last = steps.last?.state ?? initial
      var logit = denseBias
      for u in 0..<h { logit += last.hidden[u] * denseKernel[u] }
      result.logits.append(logit)
      result.lastStates.append(last)
      result.loss += BinaryCrossEntropy.loss(logit: logit, label: labels[sample]) / n

      let dLogit = BinaryCrossEntropy.gradient(logit: logit, label: labels[sample]) / n
      let gradient = lstm.backward(steps, lastHiddenGradient: denseKernel.map { $0 * dLogit })
      result.initialStateGradients.append(gradient.initialState)
      func add(_ values: [Double], at offset: Int) {
        for i in values.indices { result.gradient[offset + i] += values[i] }
      }
      for (token, dx) in zip(sequence, gradient.inputs) { add(dx, at: layout.embedding.offset + token * e) }
      add(gradient.kernel, at: layout.kernel.offset)
      add(gradient.recurrentKernel, at: layout.recurrentKernel.offset)
      add(gradient.bias, at: layout.bias.offset)
      add(last.hidden.map { $0 * dLogit }, at: layout.denseKernel.offset)
      add([dLogit], at: layout.denseBias.offset)
    }
    return result
  }
}
