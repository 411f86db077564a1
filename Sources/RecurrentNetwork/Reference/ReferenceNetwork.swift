/// The definition of every network that an `Architecture` describes, one sample at a time, in Double and plain loops.
///
/// Embedding or one-hot → LSTM layers → pooling → dense layers → cross-entropy. It is slow on purpose: it is there to be
/// read beside the papers, and to be what the engine is tested against. Its parts, in the order in which data flows, are
/// `ReferenceEmbedding`, `ReferenceLayer` (of `ReferenceLSTM`), `ReferencePooling`, `ReferenceDense` and `CrossEntropy`;
/// `ReferenceDropout` holds what is dropped between them.
public struct ReferenceNetwork: Sendable {
  /// The architecture, and the order of the parameters.
  public let layout: ParameterLayout
  /// T: the length to which sequences are padded in front with token 0.
  public let maxLength: Int
  let embedding: ReferenceEmbedding
  let layers: [ReferenceLayer]
  let pooling: ReferencePooling
  let dense: [ReferenceDense]
  /// What words are predicted with, [D] of [V, H + 1]; empty unless the layout predicts words.
  let words: [[Double]]

  /// A network with given weights.
  ///
  /// - Parameters:
  ///   - layout: the architecture, and where each tensor is in `values`.
  ///   - maxLength: T, the number of steps.
  ///   - values: all parameters, flat in the layout's order.
  public init(_ layout: ParameterLayout, maxLength: Int, values: [Double]) {
    precondition(values.count == layout.count, "the network has \(layout.count) parameters, not \(values.count)")
    func elements(_ tensor: ParameterLayout.Tensor) -> [Double] { Array(values[tensor.range]) }
    let architecture = layout.architecture
    self.layout = layout
    self.maxLength = maxLength
    embedding = ReferenceEmbedding(
      table: elements(layout.embedding), vocabularySize: architecture.vocabularySize,
      embeddingSize: architecture.embeddingSize)
    layers = layout.recurrences.enumerated().map { layer, directions in
      ReferenceLayer(
        directions.map {
          ReferenceLSTM(
            kernel: elements($0.kernel), recurrentKernel: elements($0.recurrentKernel), bias: elements($0.bias),
            inputSize: architecture.inputSize(ofLayer: layer), hiddenSize: architecture.hiddenSize)
        })
    }
    pooling = ReferencePooling(
      architecture.pooling, hiddenSize: architecture.hiddenSize, directionCount: architecture.directionCount)
    dense = layout.dense.map { ReferenceDense(kernel: elements($0.kernel), bias: elements($0.bias)) }
    words = layout.words.map(elements)
  }

  /// One sequence to learn from.
  public struct Sample: Sendable {
    /// The real tokens, at most T of them; padding is added in front.
    public var tokens: [Int]
    /// The number of the right label.
    public var label: Int
    /// How much the loss counts: the weight of its class.
    public var weight: Double
    /// What is dropped; nil for nothing.
    public var dropout: ReferenceDropout?
    /// What the LSTMs start from, [layers][D]; nil for zeros.
    public var initialStates: [[ReferenceLSTM.State]]?

    /// A sample; by default its loss counts once, nothing is dropped, and the LSTMs start from zeros.
    public init(
      tokens: [Int], label: Int, weight: Double = 1, dropout: ReferenceDropout? = nil,
      initialStates: [[ReferenceLSTM.State]]? = nil
    ) {
      self.tokens = tokens
      self.label = label
      self.weight = weight
      self.dropout = dropout
      self.initialStates = initialStates
    }
  }

  /// What a batch of B samples gives.
  public struct Result: Sendable {
    /// B × [logits].
    public var logits: [[Double]] = []
    /// Each sample's cross-entropy in nats times its weight, [B].
    public var losses: [Double] = []
    /// d loss / d parameter, flat in the layout's order.
    public var gradient: [Double]
    /// h and c after the last step that each LSTM reads, B × [layers][D].
    public var lastStates: [[[ReferenceLSTM.State]]] = []
    /// d loss / d initial state, B × [layers][D].
    public var initialStateGradients: [[[ReferenceLSTM.State]]] = []

    /// The sum of `losses` divided by B, whatever the weights add up to.
    public var loss: Double { losses.reduce(0, +) / Double(losses.count) }
  }

  /// Logits and losses of a batch, and the gradients of its mean `loss`.
  ///
  /// - Precondition: the batch is not empty; tokens, labels, and the shapes of factors and states fit the architecture.
  public func evaluate(_ batch: [Sample]) -> Result {
    precondition(!batch.isEmpty, "the loss of no samples is not defined")
    var result = Result(gradient: [Double](repeating: 0, count: layout.count))
    for sample in batch {
      let pass = forward(sample)
      let scale = sample.weight / Double(batch.count)
      let gradient = backward(
        pass,
        logitGradients: CrossEntropy.gradients(logits: pass.logits, label: sample.label).map { $0 * scale })
      result.logits.append(pass.logits)
      result.losses.append(CrossEntropy.loss(logits: pass.logits, label: sample.label) * sample.weight)
      for i in result.gradient.indices { result.gradient[i] += gradient.parameters[i] }
      result.lastStates.append(pass.layers.map { $0.directions.map(\.lastState) })
      result.initialStateGradients.append(gradient.initialStates)
    }
    return result
  }
}
