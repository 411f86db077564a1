import RecurrentNetwork

/// From the last layer's outputs to the losses of the words that come next, and back: sampled softmax at every step
/// (legend: Kernels.md, definition: `ReferenceWordPrediction`).
///
/// Forward, a step's output predicts the token after it; the other direction predicts the token before it. The losses'
/// gradients follow at once, as nothing in the forward pass depends on later steps.
final class WordReadout {
  private let geometry: NetworkGeometry
  private let block: RowBlock
  /// d h after each step from its own words, [directions] of [T][capacity][unitStride].
  private let hiddenGradients: [FloatBuffer]
  /// h of the rows whose products with `gradients` are outstanding: [capacity][unitStride].
  private let hidden: FloatBuffer
  /// d logits of the samples of the same rows.
  private var gradients = DeferredPanels(count: 0)
  /// How many rows are outstanding.
  private var depth = 0
  /// One row's exponentials: [K].
  private var exponentials = FloatBuffer(0)
  /// Where tiles start: the samples' biases, for each row.
  private let biasRows: UnsafeMutablePointer<UnsafePointer<Float>>
  /// By row of the block.
  private var losses: [Double]
  private var weights: [Float]
  private var batch: PreparedBatch!
  private var gradient: ShardGradient!

  init(_ geometry: NetworkGeometry, _ block: RowBlock) {
    (self.geometry, self.block) = (geometry, block)
    let stride = geometry.layers[0].unitStride
    hiddenGradients = (0..<geometry.directions).map { _ in FloatBuffer(block.steps * block.capacity * stride) }
    hidden = FloatBuffer(zeros: DeferredRows.capacity * stride)
    biasRows = .allocate(capacity: RegisterTile.rows)
    losses = [Double](repeating: 0, count: block.capacity)
    weights = [Float](repeating: 0, count: block.capacity)
  }

  deinit { biasRows.deallocate() }

  /// Begins with a block that was loaded.
  func begin(_ sequences: [TokenSequence], _ batch: PreparedBatch, _ gradient: ShardGradient) {
    (self.batch, self.gradient) = (batch, gradient)
    let words = batch.words!
    if gradients.count != words.samplePanels {
      gradients = DeferredPanels(count: words.samplePanels)
      exponentials = FloatBuffer(words.sampleCount)
    }
    for row in 0..<block.rowCount {
      losses[row] = 0
      weights[row] = block.samples[row] < 0 ? 0 : sequences[block.samples[row]].weight
    }
  }

  /// Takes a step's outputs, [rows][unitStride].
  func put(_ hidden: UnsafePointer<Float>, _ step: Int, _ rows: Int, _ direction: Int) {
    let (g, width) = (geometry.layers[0], RegisterTile.columns)
    if depth + rows > DeferredRows.capacity { finish(direction) }
    let tables = batch.words!.directions[direction]
    self.hidden.pointer.advanced(by: depth * g.unitStride).update(from: hidden, count: rows * g.unitStride)
    biasRows.initialize(repeating: UnsafePointer(tables.sampleBiases.pointer), count: RegisterTile.rows)
    for panel in 0..<gradients.count {
      for row in stride(from: 0, to: rows, by: RegisterTile.rows) {
        var tile = RegisterTile(rows: biasRows, offset: panel * width)
        tile.add(
          hidden + row * g.unitStride, rowStride: g.unitStride,
          timesPanel: tables.samples.pointer + panel * g.units * width, count: g.units)
        tile.store(to: gradients.row(depth + row, panel: panel), stride: width)
      }
    }
    let out = hiddenGradients[direction].pointer + step * block.capacity * g.unitStride
    let next = direction == 0 ? step + 1 : step - 1
    for row in 0..<rows {
      let dh = out + row * g.unitStride
      // A row before its first token, which has no word yet, predicts nothing.
      if block.wordSlot(row, step) != nil, let slot = block.wordSlot(row, next), batch.words!.isPredicted[slot] {
        predict(slot, row, hidden + row * g.unitStride, tables, direction, hiddenGradient: dh)
      } else {
        for panel in 0..<gradients.count { PanelRow().store(to: gradients.row(depth + row, panel: panel)) }
        dh.update(repeating: 0, count: g.units)
      }
    }
    gradients.multiply(
      depth..<depth + rows, by: tables.samplesTransposed, outPanels: g.unitPanels, into: out, stride: g.unitStride,
      adds: true)
    depth += rows
  }

  /// Turns a row's logits into their gradients, and leaves what the right word sends back to h.
  private func predict(
    _ slot: Int, _ row: Int, _ h: UnsafePointer<Float>, _ tables: WordTables.Direction, _ direction: Int,
    hiddenGradient: UnsafeMutablePointer<Float>
  ) {
    let (units, n, width) = (geometry.units, Vector.scalarCount, RegisterTile.columns)
    let weightRow = UnsafePointer(tables.rows.pointer + slot * geometry.layers[0].unitStride)
    let right = dotProduct(h, weightRow, count: units) + tables.biases.pointer[slot]
    let top = gatherLogits(depth + row, unlike: slot, atLeast: right)
    let rightExponential = exp(Vector(repeating: right - top))[0]
    let total = sumOfExponentials(top) + rightExponential
    let weight = weights[row]
    losses[row] += WordSamples.loss(right: right - top, total: total) * Double(weight)
    let scale = weight / total
    let (out, exponentials) = (gradients.row(depth + row, panel: 0), UnsafePointer(self.exponentials.pointer))
    for panel in 0..<gradients.count {
      let out = out + panel * DeferredPanels.stride
      for i in stride(from: 0, to: width, by: n) { out.store(exponentials.vector(panel * width + i) * scale, i) }
    }
    let d = rightExponential * scale - weight
    let sumRow = gradient.tokenRow(slot) + gradient.form.words[direction].row
    let dVector = Vector(repeating: d)
    for unit in stride(from: 0, to: units, by: n) {
      sumRow.store(sumRow.vector(unit).plus(dVector, times: h.vector(unit)), unit)
      hiddenGradient.store(dVector * weightRow.vector(unit), unit)
    }
    sumRow[units] += d
  }

  /// Copies a row's logits to `exponentials`, −∞ for samples that are the right word itself.
  ///
  /// - Returns: the largest of them all.
  private func gatherLogits(_ row: Int, unlike slot: Int, atLeast right: Float) -> Float {
    let (n, width) = (Vector.scalarCount, RegisterTile.columns)
    let (slots, exponentials) = (batch.words!.sampleSlots.pointer, self.exponentials.pointer)
    let logits = gradients.row(row, panel: 0)
    let rightSlot = Float(slot)
    var largest = Vector(repeating: right)
    for panel in 0..<gradients.count {
      let logits = logits + panel * DeferredPanels.stride
      for i in stride(from: 0, to: width, by: n) {
        let isRight = slots.vector(panel * width + i) .== rightSlot
        let logit = logits.vector(i).replacing(with: -.infinity, where: isRight)
        exponentials.store(logit, panel * width + i)
        largest = pointwiseMax(largest, logit)
      }
    }
    var top = right
    for lane in 0..<n where largest[lane] > top { top = largest[lane] }
    return top
  }

  /// Replaces `exponentials` by what they are named after, and adds them up, in an order that is the same for all widths.
  private func sumOfExponentials(_ top: Float) -> Float {
    let (count, exponentials) = (batch.words!.sampleCount, self.exponentials.pointer)
    for i in stride(from: 0, to: count, by: Vector.scalarCount) {
      exponentials.store(exp(exponentials.vector(i) - top), i)
    }
    var sums = WidestVector()
    for i in stride(from: 0, to: count, by: widestLanes) { sums += UnsafePointer(exponentials).widestVector(i) }
    return sums.sumOfLanes()
  }

  /// Adds the products of the outstanding rows; to be called at the end of each direction's pass.
  func finish(_ direction: Int) {
    let (g, n) = (geometry.layers[0], Vector.scalarCount)
    let offsets = gradient.form.words[direction]
    gradients.addProduct(
      of: hidden, g.units, stride: g.unitStride, depth, to: gradient.sums.pointer + offsets.samples)
    let biases = gradient.sums.pointer + offsets.sampleBiases
    for panel in 0..<gradients.count {
      let d = gradients.row(0, panel: panel)
      for i in stride(from: 0, to: RegisterTile.columns, by: n) {
        let at = panel * RegisterTile.columns + i
        var sum = biases.vector(at)
        for row in 0..<depth { sum += d.vector(row * RegisterTile.columns + i) }
        biases.store(sum, at)
      }
    }
    depth = 0
  }

  /// Writes the losses of the block's sequences, each the sum over its words in both directions.
  func writeOutcomes(_ outcomes: UnsafeMutablePointer<Outcome>) {
    for row in 0..<block.rowCount where block.samples[row] >= 0 {
      outcomes[block.samples[row]] = Outcome()
      outcomes[block.samples[row]].loss = losses[row]
    }
  }

  /// Adds d h after a step, [rows][unitStride].
  func addGradient(_ step: Int, _ rows: Int, _ direction: Int, to hiddenGradient: UnsafeMutablePointer<Float>) {
    let stride = geometry.layers[0].unitStride
    let from = hiddenGradients[direction].pointer + step * block.capacity * stride
    for row in 0..<rows {
      for unit in Swift.stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        let i = row * stride + unit
        hiddenGradient.store(hiddenGradient.vector(i) + from.vector(i), i)
      }
    }
  }
}
