/// What all shards of a batch share, made once from the weights and then only read.
///
/// The embedding is folded into the gates' input: a step's x W + b in the first layer is a row of `tokenInputs`, one for
/// each distinct token, so no multiplication with W is left in the loop over time. Where single elements of the
/// embeddings are dropped, each position has a vector of its own, and is multiplied.
package final class FoldedWeights {
  let layout: ParameterLayout
  let geometry: NetworkGeometry
  /// [layers].
  let chains: [PaddingChain]
  /// [layers][directions].
  let recurrences: [[PackedRecurrence]]
  /// Output weights, [logits][features], and the output bias.
  let dense: FloatBuffer
  private(set) var denseBias: [Float]

  /// The distinct tokens in use; the first is the padding token 0.
  package private(set) var tokens: [Int32] = []
  /// A token's place in `tokens`, or −1: [V].
  private(set) var slots: [Int32]
  /// Their embeddings, [tokens, rounded up to tiles][inputs].
  private(set) var gathered = FloatBuffer(0)
  /// What this training step drops.
  private(set) var dropout: DropoutDraw?
  /// What the vectors of words that aren't dropped are multiplied by.
  private(set) var wordScale: Float = 1

  package init(_ layout: ParameterLayout) {
    let g = NetworkGeometry(layout.architecture)
    self.layout = layout
    geometry = g
    chains = g.layers.map(PaddingChain.init)
    recurrences = layout.recurrences.enumerated().map { layer, directions in
      directions.map { _ in PackedRecurrence(g.layers[layer]) }
    }
    dense = FloatBuffer(zeros: layout.architecture.logitCount * g.features)
    denseBias = [Float](repeating: 0, count: layout.architecture.logitCount)
    slots = [Int32](repeating: -1, count: layout.architecture.vocabularySize)
  }

  /// How padding in front is gone about.
  package var padding: PaddingTreatment { PaddingTreatment(layout.architecture, dropout) }
  /// Whether positions may lack their word.
  var dropsWords: Bool { dropout.map { $0.rates.words > 0 } ?? false }
  /// Whether each position has an input vector of its own.
  var readsVectors: Bool { dropout.map { $0.rates.embedding > 0 } ?? false && layout.architecture.embeddingSize > 0 }

  // MARK: Preparing

  /// Packs the weights and finds the distinct tokens of the sequences.
  package func pack(
    _ parameters: Parameters, for sequences: some Sequence<TokenSequence>, dropout: DropoutDraw? = nil
  ) {
    precondition(parameters.layout == layout)
    self.dropout = dropout
    wordScale = readsVectors ? 1 : Float(1 / (1 - (dropout?.rates.words ?? 0)))
    for token in tokens { slots[Int(token)] = -1 }
    tokens = [0]
    slots[0] = 0
    for sequence in sequences {
      for token in UnsafeBufferPointer(start: sequence.tokens, count: sequence.count) where slots[Int(token)] < 0 {
        slots[Int(token)] = Int32(tokens.count)
        tokens.append(token)
      }
    }
    let rows = (tokens.count + RegisterTile.rows - 1) / RegisterTile.rows * RegisterTile.rows
    let inputs = geometry.layers[0].inputs
    if gathered.count < rows * inputs { gathered = FloatBuffer(zeros: rows * inputs) }
    for recurrence in recurrences[0] { recurrence.reserve(tokens: rows) }
    parameters.values.withUnsafeBufferPointer { values in
      let values = values.baseAddress!
      for (layer, directions) in recurrences.enumerated() {
        for (direction, recurrence) in directions.enumerated() {
          recurrence.pack(values, layout.recurrences[layer][direction], scale: layer == 0 ? wordScale : 1) {
            geometry.packedInput($0, ofLayer: layer)
          }
        }
      }
      let logits = layout.architecture.logitCount
      for feature in 0..<layout.architecture.outputSize {
        for logit in 0..<logits {
          dense.pointer[logit * geometry.features + geometry.packedFeature(feature)] =
            values[layout.denseKernel.offset + feature * logits + logit]
        }
      }
      for logit in 0..<logits { denseBias[logit] = values[layout.denseBias.offset + logit] }
    }
  }

  /// How many independent parts `prepare` has.
  package var preparationParts: Int { 1 + (tokens.count + rowsPerPart - 1) / rowsPerPart }

  /// Computes a part of what the shards read; parts may run at the same time. Part 0 is the padding chains.
  package func prepare(part: Int, chainLength: Int, parameters: Parameters) {
    if part == 0 {
      if padding == .chained { prepareChains(length: chainLength, parameters) }
      return
    }
    let first = (part - 1) * rowsPerPart
    let rows = first..<min(first + rowsPerPart, tokens.count)
    if layout.architecture.embeddingSize == 0 {
      for row in rows {
        for (direction, recurrence) in recurrences[0].enumerated() {
          computeInput(
            ofOneHot: tokens[row], direction, parameters,
            into: recurrence.tokenInputs.pointer + row * recurrence.geometry.gateStride)
        }
      }
      return
    }
    gather(tokens[rows], from: parameters, into: gathered.pointer + first * geometry.layers[0].inputs)
    if readsVectors { return }
    for recurrence in recurrences[0] { recurrence.computeInputs(of: rows, vectors: gathered.pointer) }
  }

  private func prepareChains(length: Int, _ parameters: Parameters) {
    // The chain needs the padding's row now, whoever computes that row for the others: the bits are the same.
    let recurrence = recurrences[0][0]
    let g = recurrence.geometry
    let row = FloatBuffer(g.columns)
    if layout.architecture.embeddingSize == 0 {
      computeInput(ofOneHot: 0, 0, parameters, into: row.pointer)
    } else {
      let embedding = FloatBuffer(zeros: g.inputs)
      gather([0], from: parameters, into: embedding.pointer)
      row.pointer.update(from: recurrence.bias.pointer, count: g.columns)
      addRow(
        embedding.pointer, times: recurrence.kernel.pointer, panelCount: g.gatePanels, count: g.inputs, to: row.pointer)
    }
    chains[0].forward(length: length, recurrent: recurrence.recurrent.pointer) { _, z in
      z.update(from: row.pointer, count: g.columns)
    }
    for (layer, chain) in chains.enumerated().dropFirst() {
      let (below, recurrence) = (chains[layer - 1], recurrences[layer][0])
      let g = recurrence.geometry
      chain.forward(length: length, recurrent: recurrence.recurrent.pointer) { step, z in
        z.update(from: recurrence.bias.pointer, count: g.columns)
        addRow(
          below.hidden(after: step + 1), times: recurrence.kernel.pointer, panelCount: g.gatePanels, count: g.inputs,
          to: z)
      }
    }
  }

  private func computeInput(
    ofOneHot token: Int32, _ direction: Int, _ parameters: Parameters, into out: UnsafeMutablePointer<Float>
  ) {
    let kernel = layout.recurrences[0][direction].kernel
    parameters.values.withUnsafeBufferPointer { values in
      recurrences[0][direction].computeInput(
        ofOneHot: values.baseAddress! + kernel.offset + Int(token) * kernel.shape[1], scale: wordScale, into: out)
    }
  }

  /// Tokens of a part: whole tiles, and few enough that all threads find work.
  private var rowsPerPart: Int { 16 * RegisterTile.rows }

  /// Copies the embeddings of tokens into rows of `inputs` elements.
  func gather(_ tokens: some Collection<Int32>, from parameters: Parameters, into rows: UnsafeMutablePointer<Float>) {
    let e = layout.architecture.embeddingSize
    let inputs = geometry.layers[0].inputs
    parameters.values.withUnsafeBufferPointer { values in
      for (row, token) in tokens.enumerated() {
        (rows + row * inputs).update(
          from: values.baseAddress! + layout.embedding.offset + Int(token) * e, count: e)
      }
    }
  }
}

/// How padding in front is gone about.
package enum PaddingTreatment: Sendable {
  /// One chain of padding a layer serves all sequences: exact where a sequence's states depend on nothing but what it
  /// has read, and only the last one is asked for.
  case chained
  /// Padding is left out: each sequence begins with zeros at its first token.
  case masked
  /// Padding is read like any token, by each sequence for itself.
  case read

  package init(_ architecture: Architecture, _ dropout: DropoutDraw?) {
    let rates = dropout?.rates ?? Dropout()
    let isOneState = !architecture.isBidirectional && architecture.pooling == .last
    let drops = rates.words > 0 || rates.embedding > 0 || rates.recurrent > 0 || rates.layers > 0
    if architecture.masksPadding {
      self = .masked
    } else if isOneState, !drops {
      self = .chained
    } else {
      self = .read
    }
  }

  /// How many steps a sequence of some tokens is worked on.
  package func length(_ count: Int, maxLength: Int) -> Int { self == .read ? maxLength : count }
}

/// The real tokens of a sequence that is padded in front; it doesn't own them.
package struct TokenSequence {
  package let tokens: UnsafePointer<Int32>
  package let count: Int
  /// Its label's number.
  package let label: UInt8
  /// How much its loss counts.
  package let weight: Float

  package init(tokens: UnsafePointer<Int32>, count: Int, label: UInt8, weight: Float = 1) {
    self.tokens = tokens
    self.count = count
    self.label = label
    self.weight = weight
  }
}
