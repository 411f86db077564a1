/// One thread's buffers, and the way of a shard through them: forward, loss, backward.
///
/// A shard is worked on in blocks of a few row tiles. A block goes forward through all layers, then backward, before the
/// next begins, so that only one block's history is held, whatever the batch size. After the first batch nothing is
/// allocated that grows with the steps.
package final class ShardWorker {
  /// Tiles of a block: enough rows that a panel of weights, once in the cache, is used several times.
  package static let tilesPerBlock = 2

  private let architecture: Architecture
  private let geometry: NetworkGeometry
  private let steps: Int
  private let learns: Bool
  private let block: RowBlock
  /// [layers][directions].
  private let passes: [[RecurrentPass]]
  private let waiting: WaitingSteps
  /// What each layer reads, where that is no row of the tokens' table: [layers] of [T][rows][inputStride].
  private var vectors: [FloatBuffer?]
  /// The gradients of that.
  private var vectorGradients: [FloatBuffer?]

  // Of the block's rows: [rows][featureStride].
  /// The last layer's outputs, pooled; then what of them the dense layer reads.
  private let pooled: FloatBuffer
  /// The step at which each of them was the largest.
  private let largestSteps: FloatBuffer
  /// d pooled.
  private let pooledGradient: FloatBuffer

  /// Makes the buffers for sequences of `steps` steps.
  ///
  /// - Parameter learns: whether it has the memory for gradients; one without can only `evaluate`.
  package init(_ architecture: Architecture, steps: Int, learns: Bool = true) {
    let g = NetworkGeometry(architecture)
    self.architecture = architecture
    (geometry, self.steps, self.learns) = (g, steps, learns)
    let block = RowBlock(tiles: Self.tilesPerBlock, steps: steps)
    let waiting = WaitingSteps(g.layers[0], inputStride: learns ? g.layers.map(\.inputStride).max()! : 0)
    (self.block, self.waiting) = (block, waiting)
    passes = g.layers.map { layer in
      (0..<g.directions).map {
        RecurrentPass(layer, isReversed: $0 == 1, block: block, waiting: waiting, learns: learns)
      }
    }
    vectors = g.layers.indices.map { $0 == 0 ? nil : FloatBuffer(steps * block.capacity * g.layers[$0].inputStride) }
    vectorGradients = vectors.map { learns ? $0.map { FloatBuffer($0.count) } : nil }
    pooled = FloatBuffer(zeros: block.capacity * g.featureStride)
    largestSteps = FloatBuffer(zeros: block.capacity * g.featureStride)
    pooledGradient = FloatBuffer(zeros: block.capacity * g.featureStride)
  }

  // MARK: Shards

  /// Forward, loss and backward of a shard.
  ///
  /// - Parameters:
  ///   - tiles: the shard's tiles, in order of their start.
  ///   - sequences: the batch.
  ///   - gradient: gets the sums over the shard added.
  ///   - injections: of each tile of the batch and each layer a slot; the shard fills those of its tiles.
  ///   - outcomes: a slot a sequence of the batch; the shard fills its sequences' slots.
  package func addGradient(
    of tiles: [RowTile], in sequences: [TokenSequence], weights: FoldedWeights, to gradient: ShardGradient,
    injections: InjectionSlots, outcomes: UnsafeMutablePointer<Outcome>
  ) {
    forEachBlock(of: tiles) { tiles in
      block.load(tiles, sequences, weights)
      forward(weights, keepsHistory: true)
      pooledGradient.pointer.update(repeating: 0, count: block.rowCount * geometry.featureStride)
      finish(tiles, sequences, weights, outcomes) { learn($0, $1, weights, gradient) }
      backward(tiles, weights, gradient, injections)
    }
  }

  /// Forward and loss of some tiles, in order of their start.
  package func evaluate(
    _ tiles: [RowTile], in sequences: [TokenSequence], weights: FoldedWeights,
    outcomes: UnsafeMutablePointer<Outcome>
  ) {
    forEachBlock(of: tiles) { tiles in
      block.load(tiles, sequences, weights)
      forward(weights, keepsHistory: false)
      finish(tiles, sequences, weights, outcomes) { _, _ in }
    }
  }

  /// Cuts tiles into blocks of nearly equal size.
  private func forEachBlock(of tiles: [RowTile], _ body: (ArraySlice<RowTile>) -> Void) {
    let count = (tiles.count + Self.tilesPerBlock - 1) / Self.tilesPerBlock
    for block in 0..<count { body(tiles[block * tiles.count / count..<(block + 1) * tiles.count / count]) }
  }

  private func source(_ layer: Int, _ direction: Int, _ weights: FoldedWeights, _ slots: UnsafePointer<Int32>)
    -> RecurrentPass.Source
  {
    RecurrentPass.Source(
      weights: weights.recurrences[layer][direction], slots: slots,
      vectors: layer > 0 || weights.readsVectors ? vectors[layer].map { UnsafePointer($0.pointer) } : nil,
      chain: block.padding == .chained ? weights.chains[layer] : nil)
  }

  // MARK: Forward

  @inline(__always)
  private func forward(_ weights: FoldedWeights, keepsHistory: Bool) {
    let units = geometry.units
    beginPooling()
    weights.slots.withUnsafeBufferPointer { slots in
      if weights.readsVectors { loadVectors(weights, slots.baseAddress!) }
      for (layer, directions) in passes.enumerated() {
        for (direction, pass) in directions.enumerated() {
          let drops = weights.dropout.flatMap { $0.rates.recurrent > 0 ? $0 : nil }
          pass.dropHidden(
            block, drops.map { draw in { draw.factors(.recurrent(layer: layer, direction: direction), sample: $0) } })
          let source = source(layer, direction, weights, slots.baseAddress!)
          let isLast = layer == passes.count - 1
          let isPooled = isLast && architecture.pooling == .last && direction == 0
          let last = pass.forward(block, source, keepsHistory: keepsHistory) { step, rows, hidden in
            if isPooled { return }
            if isLast {
              pool(hidden, step, rows, direction)
            } else {
              passOn(hidden, step, rows, layer, direction, weights.dropout)
            }
          }
          if isPooled {
            for row in 0..<block.rowCount {
              (pooled.pointer + row * geometry.featureStride).update(
                from: last + row * geometry.layers[layer].unitStride, count: units)
            }
          }
        }
      }
    }
    endPooling()
  }

  /// Each position's embedding, what is dropped of it aside.
  private func loadVectors(_ weights: FoldedWeights, _ slots: UnsafePointer<Int32>) {
    let g = geometry.layers[0]
    let n = Vector.scalarCount
    let buffer = vectors[0] ?? FloatBuffer(steps * block.capacity * g.inputStride)
    if vectors[0] == nil { (vectors[0], vectorGradients[0]) = (buffer, FloatBuffer(buffer.count)) }
    let wordScale = Float(1 / (1 - weights.dropout!.rates.words))
    for row in 0..<block.rowCount {
      let factors = embeddingFactors(row, weights)
      for step in block.firstStep..<steps {
        let to = buffer.pointer + (step * block.capacity + row) * g.inputStride
        let slot = block.slot(row, step, slots)
        if slot < 0 {
          to.update(repeating: 0, count: g.inputs)
          continue
        }
        let from = weights.gathered.pointer + Int(slot) * g.inputs
        for i in stride(from: 0, to: g.inputs, by: n) {
          let factor = factors.map { $0.vector(step * architecture.embeddingSize + i) } ?? Vector(repeating: 1)
          to.store(from.vector(i) * factor * wordScale, i)
        }
      }
    }
  }

  private func embeddingFactors(_ row: Int, _ weights: FoldedWeights) -> DropoutFactors? {
    block.samples[row] < 0 ? nil : weights.dropout!.factors(.embedding, sample: block.samples[row])
  }

  /// Gives a layer's outputs to the next.
  private func passOn(
    _ hidden: UnsafePointer<Float>, _ step: Int, _ rows: Int, _ layer: Int, _ direction: Int, _ dropout: DropoutDraw?
  ) {
    let (units, stride) = (geometry.units, geometry.featureStride)
    let out = vectors[layer + 1]!.pointer + step * block.capacity * stride + direction * units
    for row in 0..<rows {
      let (from, to) = (hidden + row * geometry.layers[layer].unitStride, out + row * stride)
      if let factors = layerFactors(row, layer, direction, dropout) {
        for unit in Swift.stride(from: 0, to: units, by: Vector.scalarCount) {
          to.store(from.vector(unit) * factors.vector(step * architecture.hiddenSize + unit), unit)
        }
      } else {
        to.update(from: from, count: units)
      }
    }
  }

  private func layerFactors(_ row: Int, _ layer: Int, _ direction: Int, _ dropout: DropoutDraw?) -> DropoutFactors? {
    guard let dropout, dropout.rates.layers > 0, block.samples[row] >= 0 else { return nil }
    return dropout.factors(.layer(layer, direction: direction), sample: block.samples[row])
  }

  // MARK: Pooling

  private func beginPooling() {
    let initial: Float = architecture.pooling == .max ? -.infinity : 0
    pooled.pointer.update(repeating: initial, count: block.rowCount * geometry.featureStride)
  }

  /// Takes a step's outputs in.
  private func pool(_ hidden: UnsafePointer<Float>, _ step: Int, _ rows: Int, _ direction: Int) {
    let n = Vector.scalarCount
    for row in 0..<rows where block.entries[row] <= step {
      // The last state of the way back is that at a sequence's first step.
      if architecture.pooling == .last && block.entries[row] != step { continue }
      let from = hidden + row * geometry.layers[0].unitStride
      let place = row * geometry.featureStride + direction * geometry.units
      let (to, steps) = (pooled.pointer + place, largestSteps.pointer + place)
      for unit in stride(from: 0, to: geometry.units, by: n) {
        let (h, old) = (from.vector(unit), to.vector(unit))
        switch architecture.pooling {
        case .last: to.store(h, unit)
        case .mean: to.store(old + h, unit)
        case .max:
          let isLarger = h .> old
          to.store(old.replacing(with: h, where: isLarger), unit)
          steps.store(steps.vector(unit).replacing(with: Float(step), where: isLarger), unit)
        }
      }
    }
  }

  private func endPooling() {
    if architecture.pooling == .last { return }
    for row in 0..<block.rowCount {
      let pooled = pooled.pointer + row * geometry.featureStride
      // Of nothing there is nothing: zeros, as the state before the first step.
      if block.isEmpty(row) {
        pooled.update(repeating: 0, count: geometry.features)
      } else if architecture.pooling == .mean {
        for i in stride(from: 0, to: geometry.features, by: Vector.scalarCount) {
          pooled.store(pooled.vector(i) * poolingShare(row), i)
        }
      }
    }
  }

  /// How much each step counts in a mean.
  private func poolingShare(_ row: Int) -> Float { 1 / Float(steps - block.entries[row]) }

  /// Adds d h after a step of the last layer.
  private func addPooledGradient(_ step: Int, _ rows: Int, _ direction: Int, to gradient: UnsafeMutablePointer<Float>) {
    for row in 0..<rows where block.entries[row] <= step {
      if architecture.pooling == .last && block.entries[row] != step { continue }
      let to = gradient + row * geometry.layers[0].unitStride
      let place = row * geometry.featureStride + direction * geometry.units
      let (from, steps) = (pooledGradient.pointer + place, largestSteps.pointer + place)
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        let d = from.vector(unit)
        switch architecture.pooling {
        case .last: to.store(to.vector(unit) + d, unit)
        case .mean: to.store(to.vector(unit).plus(d, times: Vector(repeating: poolingShare(row))), unit)
        case .max:
          let isHere = steps.vector(unit) .== Float(step)
          to.store(to.vector(unit) + Vector().replacing(with: d, where: isHere), unit)
        }
      }
    }
  }

  // MARK: Output

  /// Output and loss of every sequence of a block.
  ///
  /// - Parameter body: gets the row and d loss / d logit of each.
  private func finish(
    _ tiles: ArraySlice<RowTile>, _ sequences: [TokenSequence], _ weights: FoldedWeights,
    _ outcomes: UnsafeMutablePointer<Outcome>, _ body: (_ row: Int, _ logitGradients: [Float]) -> Void
  ) {
    var logits = [Float](repeating: 0, count: architecture.logitCount)
    for (index, tile) in tiles.enumerated() {
      for (place, sample) in tile.rows.enumerated() {
        let row = index * RowTile.rowCount + place
        let h = pooled.pointer + row * geometry.featureStride
        if let factors = outputFactors(sample, weights.dropout) {
          forEachFeature { feature, number in h.store(h.vector(feature) * factors.vector(number), feature) }
        }
        for logit in logits.indices {
          let dense = weights.dense.pointer + logit * geometry.features
          var sum = Vector()
          for feature in stride(from: 0, to: geometry.features, by: Vector.scalarCount) {
            sum = sum.plus(h.vector(feature), times: dense.vector(feature))
          }
          logits[logit] = sum.sum() + weights.denseBias[logit]
        }
        let (label, weight) = (sequences[sample].label, sequences[sample].weight)
        outcomes[sample] = Outcome(logits: logits, label: label, weight: weight)
        body(row, Outcome.gradients(logits: logits, label: label).map { Float($0 * Double(weight)) })
      }
    }
  }

  private func outputFactors(_ sample: Int, _ dropout: DropoutDraw?) -> DropoutFactors? {
    dropout.flatMap { $0.rates.output > 0 ? $0.factors(.output, sample: sample) : nil }
  }

  /// Every vector of features: its place, and the number of its first.
  private func forEachFeature(_ body: (_ feature: Int, _ number: Int) -> Void) {
    for direction in 0..<geometry.directions {
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        body(direction * geometry.units + unit, direction * architecture.hiddenSize + unit)
      }
    }
  }

  /// d output weights of a row, and what goes back from them.
  private func learn(_ row: Int, _ logitGradients: [Float], _ weights: FoldedWeights, _ gradient: ShardGradient) {
    let h = pooled.pointer + row * geometry.featureStride
    let dh = pooledGradient.pointer + row * geometry.featureStride
    for (logit, d) in logitGradients.enumerated() {
      let sums = gradient.sums.pointer + gradient.form.dense + logit * geometry.features
      let dense = weights.dense.pointer + logit * geometry.features
      let dVector = Vector(repeating: d)
      for feature in stride(from: 0, to: geometry.features, by: Vector.scalarCount) {
        sums.store(sums.vector(feature).plus(dVector, times: h.vector(feature)), feature)
        let dFeature = dVector * dense.vector(feature)
        dh.store(logit == 0 ? dFeature : dh.vector(feature) + dFeature, feature)
      }
      gradient.sums.pointer[gradient.form.denseBias + logit] += d
    }
    if let factors = outputFactors(block.samples[row], weights.dropout) {
      forEachFeature { feature, number in dh.store(dh.vector(feature) * factors.vector(number), feature) }
    }
  }

  // MARK: Backward

  private func backward(
    _ tiles: ArraySlice<RowTile>, _ weights: FoldedWeights, _ gradient: ShardGradient, _ injections: InjectionSlots
  ) {
    weights.slots.withUnsafeBufferPointer { slots in
      for (layer, directions) in passes.enumerated().reversed() {
        for (direction, pass) in directions.enumerated() {
          let source = source(layer, direction, weights, slots.baseAddress!)
          let sums = RecurrentPass.Sums(
            gradient: gradient, places: gradient.form.recurrences[layer][direction],
            rowOffset: direction * geometry.layers[0].gateStride,
            vectors: source.vectors == nil ? nil : vectorGradients[layer]!.pointer, addsToVectors: direction > 0,
            injection: { injections.slot($0.index, layer: layer) })
          let isLast = layer == passes.count - 1
          let isPooled = isLast && architecture.pooling == .last && direction == 0
          pass.backward(
            block, tiles, source, sums,
            lastHidden: { row, unit in
              isPooled ? self.pooledGradient.pointer.vector(row * self.geometry.featureStride + unit) : nil
            },
            add: { step, rows, hiddenGradient in
              if isPooled { return }
              if isLast {
                addPooledGradient(step, rows, direction, to: hiddenGradient)
              } else {
                takeOver(step, rows, layer, direction, weights.dropout, to: hiddenGradient)
              }
            })
        }
      }
      if weights.readsVectors { addVectorGradients(weights, slots.baseAddress!, gradient) }
    }
  }

  /// Adds what the next layer has left of d h after a step.
  private func takeOver(
    _ step: Int, _ rows: Int, _ layer: Int, _ direction: Int, _ dropout: DropoutDraw?,
    to gradient: UnsafeMutablePointer<Float>
  ) {
    let (units, stride) = (geometry.units, geometry.featureStride)
    let from = vectorGradients[layer + 1]!.pointer + step * block.capacity * stride + direction * units
    for row in 0..<rows {
      let (from, to) = (from + row * stride, gradient + row * geometry.layers[layer].unitStride)
      let factors = layerFactors(row, layer, direction, dropout)
      for unit in Swift.stride(from: 0, to: units, by: Vector.scalarCount) {
        let factor = factors?.vector(step * architecture.hiddenSize + unit) ?? Vector(repeating: 1)
        to.store(to.vector(unit).plus(from.vector(unit), times: factor), unit)
      }
    }
  }

  /// Adds the gradients of the positions' vectors to their tokens' rows.
  private func addVectorGradients(_ weights: FoldedWeights, _ slots: UnsafePointer<Int32>, _ gradient: ShardGradient) {
    let g = geometry.layers[0]
    let wordScale = Float(1 / (1 - weights.dropout!.rates.words))
    for row in 0..<block.rowCount where block.samples[row] >= 0 {
      let factors = embeddingFactors(row, weights)!
      for step in block.entries[row]..<steps {
        let slot = block.slot(row, step, slots)
        if slot < 0 { continue }
        let from = vectorGradients[0]!.pointer + (step * block.capacity + row) * g.inputStride
        let to = gradient.inputRow(slot)
        for i in stride(from: 0, to: g.inputs, by: Vector.scalarCount) {
          let factor = factors.vector(step * architecture.embeddingSize + i) * wordScale
          to.store(to.vector(i).plus(from.vector(i), times: factor), i)
        }
      }
    }
  }
}
