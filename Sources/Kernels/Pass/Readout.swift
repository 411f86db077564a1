import RecurrentNetwork

/// From the last layer's outputs to losses, and back: pooling over time, dense layers, cross-entropy (legend: Kernels.md).
final class Readout {
  private let architecture: Architecture
  private let geometry: NetworkGeometry
  private let block: RowBlock
  // By row: [rows][featureStride].
  /// The pooled outputs; then what of them the first dense layer reads.
  private let pooled: FloatBuffer
  /// The step at which each of them was the largest; exact, as a Float counts to 2²⁴.
  private let largestSteps: FloatBuffer
  /// d pooled.
  private let pooledGradient: FloatBuffer
  private let hidden: HiddenDense

  init(_ geometry: NetworkGeometry, _ block: RowBlock) {
    (self.geometry, self.block) = (geometry, block)
    architecture = geometry.architecture
    pooled = FloatBuffer(zeros: block.capacity * geometry.featureStride)
    largestSteps = FloatBuffer(zeros: block.capacity * geometry.featureStride)
    pooledGradient = FloatBuffer(zeros: block.capacity * geometry.featureStride)
    hidden = HiddenDense(geometry)
  }

  // MARK: Pooling

  func begin() {
    let initial: Float = architecture.pooling == .max ? -.infinity : 0
    pooled.pointer.update(repeating: initial, count: block.rowCount * geometry.featureStride)
    pooledGradient.pointer.update(repeating: 0, count: block.rowCount * geometry.featureStride)
  }

  /// Takes the state after a forward pass's last step, [rows][unitStride].
  func putFinalState(_ hidden: UnsafePointer<Float>) {
    for row in 0..<block.rowCount {
      (pooled.pointer + row * geometry.featureStride).update(
        from: hidden + row * geometry.layers[0].unitStride, count: geometry.units)
    }
  }

  /// Takes a step's outputs, [rows][unitStride].
  func put(_ hidden: UnsafePointer<Float>, _ step: Int, _ rows: Int, _ direction: Int) {
    for row in 0..<rows where takesPart(row, step) {
      let from = hidden + row * geometry.layers[0].unitStride
      let offset = row * geometry.featureStride + direction * geometry.units
      let (to, steps) = (pooled.pointer + offset, largestSteps.pointer + offset)
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        let (h, old) = (from.vector(unit), to.vector(unit))
        switch architecture.pooling {
        case .last, .lastStep: to.store(h, unit)
        case .mean: to.store(old + h, unit)
        case .max:
          let isLarger = h .> old
          to.store(old.replacing(with: h, where: isLarger), unit)
          steps.store(steps.vector(unit).replacing(with: Float(step), where: isLarger), unit)
        }
      }
    }
  }

  /// Whether a row's output at a step is pooled. Read backward, a sequence's last state is that at its first step.
  @inline(__always)
  private func takesPart(_ row: Int, _ step: Int) -> Bool {
    switch architecture.pooling {
    case .last: block.entries[row] == step
    case .lastStep: step == block.steps - 1 && block.entries[row] <= step
    case .max, .mean: block.entries[row] <= step
    }
  }

  /// Completes the pooling when all passes are done.
  func finishPooling() {
    if architecture.pooling == .last || architecture.pooling == .lastStep { return }
    for row in 0..<block.rowCount {
      let pooled = pooled.pointer + row * geometry.featureStride
      // Nothing read makes zeros, as in the state before the first step.
      if block.isEmpty(row) {
        pooled.update(repeating: 0, count: geometry.features)
      } else if architecture.pooling == .mean {
        for i in stride(from: 0, to: geometry.features, by: Vector.scalarCount) {
          pooled.store(pooled.vector(i) * stepShare(row), i)
        }
      }
    }
  }

  /// How much each step counts in a mean.
  private func stepShare(_ row: Int) -> Float { 1 / Float(block.steps - block.entries[row]) }

  /// d h of a row after a forward pass's last step.
  func finalStateGradient(_ row: Int, _ unit: Int) -> Vector {
    pooledGradient.pointer.vector(row * geometry.featureStride + unit)
  }

  /// Adds d h after a step, [rows][unitStride].
  func addGradient(_ step: Int, _ rows: Int, _ direction: Int, to hiddenGradient: UnsafeMutablePointer<Float>) {
    for row in 0..<rows where takesPart(row, step) {
      let to = hiddenGradient + row * geometry.layers[0].unitStride
      let offset = row * geometry.featureStride + direction * geometry.units
      let (from, steps) = (pooledGradient.pointer + offset, largestSteps.pointer + offset)
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        let d = from.vector(unit)
        switch architecture.pooling {
        case .last, .lastStep: to.store(to.vector(unit) + d, unit)
        case .mean: to.store(to.vector(unit).plus(d, times: Vector(repeating: stepShare(row))), unit)
        case .max:
          let isHere = steps.vector(unit) .== Float(step)
          to.store(to.vector(unit) + Vector().replacing(with: d, where: isHere), unit)
        }
      }
    }
  }

  // MARK: Dense layers and loss

  /// Calls `body` with the output layer's input, [logitInputs], and the logits of every sequence of a block.
  @inline(__always)
  private func forEachRow(
    _ batch: PreparedBatch,
    _ body: (_ row: Int, _ sample: Int, _ input: UnsafePointer<Float>, _ logits: [Float]) -> Void
  ) {
    var logits = [Float](repeating: 0, count: architecture.logitCount)
    for row in 0..<block.rowCount where block.samples[row] >= 0 {
      let sample = block.samples[row]
      let features = pooled.pointer + row * geometry.featureStride
      dropOutput(features, sample, batch)
      let h = hidden.forward(features, batch.weights)
      for logit in logits.indices {
        let dense = batch.weights.dense.pointer + logit * geometry.logitInputs
        let sums = sumsOfProducts(h, dense, count: geometry.logitInputs)
        logits[logit] = sums.sumOfLanes() + batch.weights.denseBias[logit]
      }
      body(row, sample, h, logits)
    }
  }

  /// Writes the logits of every sequence of a block: by sequence of the batch, [logits] each.
  func writeLogits(_ batch: PreparedBatch, to result: UnsafeMutablePointer<Float>) {
    forEachRow(batch) { _, sample, _, logits in
      (result + sample * logits.count).update(from: logits, count: logits.count)
    }
  }

  /// Computes the outcome of every sequence of a block, and the gradients down to the pooled outputs.
  func computeOutcomes(
    _ sequences: [TokenSequence], _ batch: PreparedBatch, _ outcomes: UnsafeMutablePointer<Outcome>,
    gradient: ShardGradient
  ) {
    forEachRow(batch) { row, sample, input, logits in
      let (label, weight) = (sequences[sample].label, sequences[sample].weight)
      outcomes[sample] = Outcome(logits: logits, label: label, weight: weight)
      let logitGradients = Outcome.gradients(logits: logits, label: label).map { Float($0 * Double(weight)) }
      addGradients(row, input, logitGradients, batch, to: gradient)
    }
  }

  /// Adds the gradients of a row's dense layers, and leaves d pooled.
  private func addGradients(
    _ row: Int, _ h: UnsafePointer<Float>, _ logitGradients: [Float], _ batch: PreparedBatch,
    to gradient: ShardGradient
  ) {
    let dFeatures = pooledGradient.pointer + row * geometry.featureStride
    let dh = hidden.outputGradient(dFeatures)
    for (logit, d) in logitGradients.enumerated() {
      let sums = gradient.sums.pointer + gradient.form.dense + logit * geometry.logitInputs
      let dense = batch.weights.dense.pointer + logit * geometry.logitInputs
      let dVector = Vector(repeating: d)
      for feature in stride(from: 0, to: geometry.logitInputs, by: Vector.scalarCount) {
        sums.store(sums.vector(feature).plus(dVector, times: h.vector(feature)), feature)
        let dFeature = dVector * dense.vector(feature)
        dh.store(logit == 0 ? dFeature : dh.vector(feature) + dFeature, feature)
      }
      gradient.sums.pointer[gradient.form.denseBias + logit] += d
    }
    hidden.backward(batch.weights, to: gradient, features: dFeatures)
    dropOutput(dFeatures, block.samples[row], batch)
  }

  /// Multiplies a row of features by its dropout factors.
  private func dropOutput(_ features: UnsafeMutablePointer<Float>, _ sample: Int, _ batch: PreparedBatch) {
    guard let dropout = batch.dropout, dropout.rates.output > 0 else { return }
    let factors = dropout.factors(.output, sample: sample)
    for direction in 0..<geometry.directions {
      let to = features + direction * geometry.units
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        to.store(to.vector(unit) * factors.vector(direction * architecture.hiddenSize + unit), unit)
      }
    }
  }
}
