/// What a block's positions read in the layers that multiply their inputs, and the gradients of that: the outputs of the
/// layer below, or embeddings of which single elements are dropped (legend: Kernels.md).
final class InputVectors {
  private let geometry: NetworkGeometry
  private let block: RowBlock
  private let learns: Bool
  /// [layers] of [T][rows][inputStride]; the first layer's is made when first needed.
  private var vectors: [FloatBuffer?]
  /// d vectors, the same.
  private var gradients: [FloatBuffer?]

  init(_ geometry: NetworkGeometry, _ block: RowBlock, learns: Bool) {
    (self.geometry, self.block, self.learns) = (geometry, block, learns)
    vectors = [FloatBuffer?](repeating: nil, count: geometry.layers.count)
    gradients = vectors
    for layer in geometry.layers.indices.dropFirst() { makeBuffers(layer) }
  }

  private func makeBuffers(_ layer: Int) {
    let count = block.steps * block.capacity * geometry.layers[layer].inputStride
    vectors[layer] = FloatBuffer(count)
    if learns { gradients[layer] = FloatBuffer(count) }
  }

  func vectors(of layer: Int) -> UnsafePointer<Float> { UnsafePointer(vectors[layer]!.pointer) }
  func gradients(of layer: Int) -> UnsafeMutablePointer<Float> { gradients[layer]!.pointer }

  // MARK: Embeddings

  /// Writes each position's embedding, with what is dropped of it at zero.
  func embed(_ batch: PreparedBatch) {
    let g = geometry.layers[0]
    if vectors[0] == nil { makeBuffers(0) }
    let wordScale = batch.wordScale
    for row in 0..<block.rowCount {
      let factors = embeddingFactors(row, batch)
      for step in block.firstStep..<block.steps {
        let to = vectors[0]!.pointer + (step * block.capacity + row) * g.inputStride
        guard let slot = block.slot(row, step) else {
          to.update(repeating: 0, count: g.inputs)
          continue
        }
        let from = batch.tokenInputs.embeddings.pointer + slot * g.inputs
        for i in stride(from: 0, to: g.inputs, by: Vector.scalarCount) {
          let factor =
            factors.map { $0.vector(step * geometry.architecture.embeddingSize + i) } ?? Vector(repeating: 1)
          to.store(from.vector(i) * factor * wordScale, i)
        }
      }
    }
  }

  /// Adds the gradients of the positions' embeddings to their tokens' rows.
  func addEmbeddingGradients(_ batch: PreparedBatch, to gradient: ShardGradient) {
    let g = geometry.layers[0]
    let wordScale = batch.wordScale
    for row in 0..<block.rowCount where block.samples[row] >= 0 {
      let factors = embeddingFactors(row, batch)!
      for step in block.entries[row]..<block.steps {
        guard let slot = block.slot(row, step) else { continue }
        let from = gradients[0]!.pointer + (step * block.capacity + row) * g.inputStride
        let to = gradient.tokenRow(slot)
        for i in stride(from: 0, to: g.inputs, by: Vector.scalarCount) {
          let factor = factors.vector(step * geometry.architecture.embeddingSize + i) * wordScale
          to.store(to.vector(i).plus(from.vector(i), times: factor), i)
        }
      }
    }
  }

  private func embeddingFactors(_ row: Int, _ batch: PreparedBatch) -> DropoutFactors? {
    block.samples[row] < 0 ? nil : batch.dropout!.factors(.embedding, sample: block.samples[row])
  }

  // MARK: Between layers

  /// Writes a stage's output after a step, [rows][unitStride], to where the layer above reads it.
  func put(
    _ hidden: UnsafePointer<Float>, _ step: Int, _ rows: Int, of stage: PassSchedule.Stage, _ batch: PreparedBatch
  ) {
    for row in 0..<rows {
      let from = hidden + row * geometry.layers[stage.layer].unitStride
      let to = vectors[stage.layer + 1]!.pointer + offset(row, step, stage)
      if let factors = layerFactors(row, stage, batch) {
        for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
          to.store(from.vector(unit) * factors.vector(step * geometry.architecture.hiddenSize + unit), unit)
        }
      } else {
        to.update(from: from, count: geometry.units)
      }
    }
  }

  /// Adds what the layer above has left of d h after a step, [rows][unitStride].
  func addGradient(
    _ step: Int, _ rows: Int, of stage: PassSchedule.Stage, _ batch: PreparedBatch,
    to hiddenGradient: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      let from = gradients[stage.layer + 1]!.pointer + offset(row, step, stage)
      let to = hiddenGradient + row * geometry.layers[stage.layer].unitStride
      let factors = layerFactors(row, stage, batch)
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        let factor = factors?.vector(step * geometry.architecture.hiddenSize + unit) ?? Vector(repeating: 1)
        to.store(to.vector(unit).plus(from.vector(unit), times: factor), unit)
      }
    }
  }

  /// The offset of a stage's output in a position's vector.
  private func offset(_ row: Int, _ step: Int, _ stage: PassSchedule.Stage) -> Int {
    (step * block.capacity + row) * geometry.featureStride + stage.direction * geometry.units
  }

  private func layerFactors(_ row: Int, _ stage: PassSchedule.Stage, _ batch: PreparedBatch) -> DropoutFactors? {
    guard let dropout = batch.dropout, dropout.rates.layers > 0, block.samples[row] >= 0 else { return nil }
    return dropout.factors(.layer(stage.layer, direction: stage.direction), sample: block.samples[row])
  }
}
