import RecurrentNetwork

/// What all shards of a batch share, in memory that is used again for the next batch.
///
/// | | written by |
/// |---|---|
/// | `tokenTable`, `dropout`, `padding` | `load` |
/// | `weights` | `load`, `.transposedWeights` jobs (what the backward pass alone reads) |
/// | `tokenInputs` | `load` (room), `.tokenInputs` jobs |
/// | `words` | `load` (samples), `.tokenInputs` jobs (rows of tokens) |
/// | `chains` | the `.chains` job forward; `ChainGradients` backward, once all shards are done |
///
/// The shards themselves only read. `InferenceNetwork` loads it once, for every token of the vocabulary.
package final class PreparedBatch: EngineBatch {
  let layout: ParameterLayout
  let geometry: NetworkGeometry
  package let tokenTable: TokenTable
  /// What this training step drops; nil for nothing.
  private(set) var dropout: DropoutDraw?
  package var padding: PaddingTreatment { PaddingTreatment(layout.architecture, dropout) }
  let weights: PackedWeights
  let tokenInputs: TokenInputs
  /// The states that padding leads to, where it is `.chained`: [layers].
  package let chains: [PaddingChain]
  /// What words are predicted with; nil where the network predicts labels.
  let words: WordTables?

  package init(_ layout: ParameterLayout) {
    self.layout = layout
    geometry = NetworkGeometry(layout.architecture)
    tokenTable = TokenTable(vocabularySize: layout.architecture.vocabularySize)
    weights = PackedWeights(layout, geometry)
    tokenInputs = TokenInputs(layout, geometry)
    chains = geometry.layers.map(PaddingChain.init)
    words = layout.words.isEmpty ? nil : WordTables(layout, geometry)
  }

  /// Weights of one layer in one direction: [layers][directions].
  package var recurrences: [[PackedRecurrence]] { weights.recurrences }

  /// Whether single elements of the embeddings are dropped, so that each position has an input vector of its own and is
  /// multiplied by W. Otherwise the first layer's input is a row of `tokenInputs`.
  var embedsPositions: Bool { dropout.map { $0.rates.embedding > 0 } ?? false && layout.architecture.embeddingSize > 0 }

  var dropsWords: Bool { dropout.map { $0.rates.words > 0 } ?? false }

  /// What the vectors of words that aren't dropped are multiplied by.
  var wordScale: Float { Float(1 / (1 - (dropout?.rates.words ?? 0))) }

  /// The part of `wordScale` that W takes up: all of it, unless each position is multiplied anyway.
  var foldedWordScale: Float { embedsPositions ? 1 : wordScale }

  package func load(
    _ parameters: Parameters, for sequences: [TokenSequence], dropout: DropoutDraw? = nil, samples: WordSamples? = nil
  ) {
    precondition(parameters.layout == layout && (samples == nil) == (words == nil))
    self.dropout = dropout
    tokenTable.fill(sequences, samples: samples?.tokens ?? [])
    tokenInputs.reserve(tokenCount: tokens.count)
    weights.pack(parameters, inputScale: foldedWordScale)
    if let samples { words!.load(samples, tokenTable, parameters) }
  }

  package var tokens: [Int32] { tokenTable.tokens }

  package func makeGradient(memory: any RowMemory) -> any EngineGradient { ShardGradient(self, memory: memory) }
  package func makeInjections() -> any EngineInjections { ChainInjections(layout.architecture) }
  package func makeAssembly() -> any EngineAssembly { GradientAssembly(self) }

  // MARK: Jobs

  package func jobs(chainLength: Int, learns: Bool) -> [PreparationJob] {
    var jobs: [PreparationJob] = padding == .chained ? [.chains(length: chainLength, learns: learns)] : []
    jobs += TokenInputs.slotRanges(tokens.count).map { .tokenInputs(slots: $0) }
    if learns {
      for (layer, directions) in recurrences.enumerated() {
        for direction in directions.indices { jobs.append(.transposedWeights(layer: layer, direction: direction)) }
      }
    }
    return jobs
  }

  package func perform(_ job: PreparationJob, _ parameters: Parameters) {
    switch job {
    case .chains(let length, let learns): computeChains(length: length, learns: learns, parameters)
    case .tokenInputs(let slots):
      tokenInputs.compute(slots, of: self, parameters)
      words?.gather(slots, of: tokenTable, parameters)
    case .transposedWeights(let layer, let direction):
      weights.packTransposed(parameters, layer: layer, direction: direction, inputScale: foldedWordScale)
    }
  }

  private func computeChains(length: Int, learns: Bool, _ parameters: Parameters) {
    // The chain needs the padding token's row now, whoever computes that row for the others: the bits are the same.
    let padding = FloatBuffer(geometry.layers[0].columns)
    tokenInputs.computePaddingRow(of: self, parameters, into: padding.pointer)
    for (layer, chain) in chains.enumerated() {
      let recurrence = recurrences[layer][0]
      func readInput(_ step: Int, _ z: UnsafeMutablePointer<Float>) {
        if layer == 0 {
          z.update(from: padding.pointer, count: recurrence.geometry.columns)
        } else {
          recurrence.computeGateInput(of: chains[layer - 1].hidden(after: step + 1), into: z)
        }
      }
      let recurrent = UnsafePointer(recurrence.recurrent.pointer)
      if learns {
        chain.forward(length: length, recurrent: recurrent, readInput: readInput)
      } else {
        chain.forwardWithoutHistory(
          length: length, below: layer == 0 ? nil : chains[layer - 1], recurrent: recurrent, readInput: readInput)
      }
    }
  }
}
