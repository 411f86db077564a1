import RecurrentNetwork

/// Takes a shard through the network, forward, loss and backward, with one thread's buffers.
///
/// A shard is worked on in blocks of a few row tiles. A block goes forward through all layers, then backward, before the
/// next begins, so that only one block's history is held, whatever the batch size. After the first batch nothing is
/// allocated that grows with the steps.
package final class ShardWorker: EngineWorker {
  private let geometry: NetworkGeometry
  private let schedule: PassSchedule
  private let block: RowBlock
  /// [layers][directions].
  private let passes: [[RecurrentPass]]
  private let inputs: InputVectors
  private let readout: Readout
  /// Nil where labels are predicted.
  private let wordReadout: WordReadout?

  package init(
    _ architecture: Architecture, steps: Int, earlierPaddings: Int, learns: Bool, predictsWords: Bool
  ) {
    precondition(RowTile.rowCount == RegisterTile.rows)
    let g = NetworkGeometry(architecture)
    geometry = g
    schedule = PassSchedule(architecture, predictsWords: predictsWords)
    let block = RowBlock(tiles: RowTile.tilesPerBlock, steps: steps, earlierPaddings: earlierPaddings)
    let deferred = DeferredRows(g.layers[0], inputStride: learns ? g.layers.map(\.inputStride).max()! : 0)
    self.block = block
    passes = schedule.stages.map { stages in
      stages.map {
        RecurrentPass(
          g.layers[$0.layer], isReversed: $0.direction == 1, block: block, deferred: deferred, learns: learns)
      }
    }
    inputs = InputVectors(g, block, learns: learns)
    readout = Readout(g, block)
    wordReadout = predictsWords ? WordReadout(g, block) : nil
  }

  // MARK: Shards

  package func addGradient(
    of tiles: [RowTile], in sequences: [TokenSequence], batch: any EngineBatch, to gradient: any EngineGradient,
    injections: any EngineInjections, outcomes: UnsafeMutablePointer<Outcome>
  ) {
    let (batch, gradient, injections) = (
      batch as! PreparedBatch, gradient as! ShardGradient, injections as! ChainInjections
    )
    forEachBlock(of: tiles) { tiles in
      block.load(tiles, sequences, batch)
      wordReadout?.begin(sequences, batch, gradient)
      forward(batch, keepsHistory: true)
      if let wordReadout {
        wordReadout.writeOutcomes(outcomes)
      } else {
        readout.computeOutcomes(sequences, batch, outcomes, gradient: gradient)
      }
      backward(tiles, batch, gradient, injections)
    }
  }

  package func evaluate(
    _ tiles: [RowTile], in sequences: [TokenSequence], batch: any EngineBatch, logits: UnsafeMutablePointer<Float>
  ) {
    let batch = batch as! PreparedBatch
    forEachBlock(of: tiles) { tiles in
      block.load(tiles, sequences, batch, learns: false)
      forward(batch, keepsHistory: false)
      readout.writeLogits(batch, to: logits)
    }
  }

  /// Cuts tiles into blocks of nearly equal size.
  private func forEachBlock(of tiles: [RowTile], _ body: (ArraySlice<RowTile>) -> Void) {
    let count = (tiles.count + RowTile.tilesPerBlock - 1) / RowTile.tilesPerBlock
    for block in 0..<count { body(tiles[block * tiles.count / count..<(block + 1) * tiles.count / count]) }
  }

  // MARK: Blocks

  private func source(_ stage: PassSchedule.Stage, _ batch: PreparedBatch) -> RecurrentPass.Source {
    let input: RecurrentPass.Input =
      switch stage.input {
      case .tokens where !batch.embedsPositions:
        .tokenTable(UnsafePointer(batch.tokenInputs.gateInputs[stage.direction].pointer))
      case .tokens, .layerBelow: .vectors(inputs.vectors(of: stage.layer))
      }
    return RecurrentPass.Source(
      weights: batch.recurrences[stage.layer][stage.direction], input: input,
      chain: block.padding == .chained ? batch.chains[stage.layer] : nil)
  }

  @inline(__always)
  private func forward(_ batch: PreparedBatch, keepsHistory: Bool) {
    readout.begin()
    if batch.embedsPositions { inputs.embed(batch) }
    for stage in schedule.forward {
      let pass = passes[stage.layer][stage.direction]
      let dropout = batch.dropout.flatMap { $0.rates.recurrent > 0 ? $0 : nil }
      pass.dropHidden(
        block,
        dropout.map { draw in
          { draw.factors(.recurrent(layer: stage.layer, direction: stage.direction), sample: $0) }
        })
      let final = pass.forward(block, source(stage, batch), keepsHistory: keepsHistory) { step, rows, hidden in
        switch stage.output {
        case .layerAbove: inputs.put(hidden, step, rows, of: stage, batch)
        case .pooled: readout.put(hidden, step, rows, stage.direction)
        case .words: wordReadout!.put(hidden, step, rows, stage.direction)
        case .finalState: break
        }
      }
      if case .words = stage.output { wordReadout!.finish(stage.direction) }
      if case .finalState = stage.output { readout.putFinalState(final) }
    }
    readout.finishPooling()
  }

  private func backward(
    _ tiles: ArraySlice<RowTile>, _ batch: PreparedBatch, _ gradient: ShardGradient, _ injections: ChainInjections
  ) {
    for stage in schedule.backward {
      let source = source(stage, batch)
      var inputGradients: UnsafeMutablePointer<Float>?
      if case .vectors = source.input { inputGradients = inputs.gradients(of: stage.layer) }
      let sums = RecurrentPass.Sums(
        gradient: gradient, offsets: gradient.form.recurrences[stage.layer][stage.direction],
        directionOffset: stage.direction * geometry.layers[0].gateStride, inputGradients: inputGradients,
        addsInputGradients: stage.direction > 0, injection: { injections.pointer(tile: $0, layer: stage.layer) })
      passes[stage.layer][stage.direction].backward(
        block, tiles, source, sums,
        lastHidden: { row, unit in
          if case .finalState = stage.output { readout.finalStateGradient(row, unit) } else { nil }
        },
        add: { step, rows, hiddenGradient in
          switch stage.output {
          case .layerAbove: inputs.addGradient(step, rows, of: stage, batch, to: hiddenGradient)
          case .pooled: readout.addGradient(step, rows, stage.direction, to: hiddenGradient)
          case .words: wordReadout!.addGradient(step, rows, stage.direction, to: hiddenGradient)
          case .finalState: break
          }
        })
    }
    if batch.embedsPositions { inputs.addEmbeddingGradients(batch, to: gradient) }
  }
}
