import RecurrentNetwork

/// Makes a batch's gradient from the sum over its shards: dW = Eᵀ S, dE = S Wᵀ, db = Σ S in the first layer, the
/// padding chains' share, the mean over the samples, and Keras's element order (legend: Kernels.md).
final class GradientAssembly: EngineAssembly {
  private let batch: PreparedBatch
  /// Embeddings in the order of the sum's rows: [tokens, rounded up to tiles][inputs].
  private var gathered = FloatBuffer(0)
  /// dE in the same order: [tokens, rounded up to tiles][inputs].
  private var embedding = FloatBuffer(0)
  /// dW of the first layer in each direction: [gatePanels][inputs][width].
  private let kernels: [FloatBuffer]
  /// db of the same: [columns].
  private let biases: [FloatBuffer]
  private let chains: ChainGradients

  init(_ batch: PreparedBatch) {
    let g = batch.geometry
    self.batch = batch
    kernels = (0..<g.directions).map { _ in FloatBuffer(g.layers[0].inputs * g.layers[0].columns) }
    biases = (0..<g.directions).map { _ in FloatBuffer(g.layers[0].columns) }
    chains = ChainGradients(g)
  }

  private var geometry: PackedGeometry { batch.geometry.layers[0] }

  // MARK: Jobs

  func jobs(of sum: any EngineGradient, parameters: Parameters) -> [AssemblyJob] {
    let sum = sum as! ShardGradient
    if batch.padding != .chained { chains.clear() }
    let rows = sum.slots.count + RegisterTile.rows
    if gathered.count < rows * geometry.inputs {
      gathered = FloatBuffer(zeros: rows * geometry.inputs)
      embedding = FloatBuffer(rows * geometry.inputs)
    }
    if geometry.inputs > 0 {
      let tokens = sum.slots.lazy.map { [batch] in batch.tokens[Int($0)] }
      batch.tokenInputs.gather(tokens, from: parameters, into: gathered.pointer)
    }
    var jobs: [AssemblyJob] = batch.padding == .chained ? [.chains] : []
    if batch.embedsPositions { return jobs }
    jobs += TokenInputs.slotRanges(sum.slots.count).map { .embedding(rows: $0) }
    for direction in kernels.indices {
      jobs += (0..<geometry.gatePanels).map { .kernel(direction: direction, panel: $0) }
    }
    return jobs
  }

  func perform(
    _ job: AssemblyJob, of sum: any EngineGradient, injections: any EngineInjections, tiles: [RowTile]
  ) {
    let sum = sum as! ShardGradient
    switch job {
    case .chains: chains.compute(batch, injections as! ChainInjections, tiles)
    case .embedding(let rows): computeEmbedding(sum, rows)
    case .kernel(let direction, let panel): computeKernel(sum, direction, panel)
    }
  }

  private func computeEmbedding(_ sum: ShardGradient, _ rows: Range<Int>) {
    let g = geometry
    let width = RegisterTile.columns
    for panel in 0..<g.inputPanels {
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
        var tile = RegisterTile()
        for (direction, recurrence) in batch.recurrences[0].enumerated() {
          let dz = UnsafePointer(sum.row(row)) + direction * g.gateStride
          var kernel = recurrence.kernelTransposed.pointer + panel * g.columns * width
          g.forEachRun { panel, column, count in
            tile.add(dz + panel * width + column, rowStride: sum.form.rowStride, timesPanel: kernel, count: count)
            kernel += count * width
          }
        }
        tile.store(to: embedding.pointer + row * g.inputs + panel * width, stride: g.inputs)
      }
    }
  }

  private func computeKernel(_ sum: ShardGradient, _ direction: Int, _ panel: Int) {
    let g = geometry
    let width = RegisterTile.columns
    let out = kernels[direction].pointer + panel * g.inputs * width
    out.update(repeating: 0, count: g.inputs * width)
    var total = PanelRow()
    // The panel's columns of S lie a row apart. Brought together once for all tiles, they stay in the nearest cache.
    let depth = 256
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth * width) { buffer in
      let packed = buffer.baseAddress!
      for first in stride(from: 0, to: sum.slots.count, by: depth) {
        let count = min(depth, sum.slots.count - first)
        for row in 0..<count {
          let from = UnsafePointer(sum.row(first + row)) + direction * g.gateStride + panel * width
          let values = PanelRow(at: from)
          total += values
          values.store(to: packed + row * width)
        }
        @inline(__always) func product(_ input: Int, _ rows: Int) {
          var tile = RegisterTile(loading: out + input * width, stride: width, rows: rows)
          tile.add(
            gathered.pointer + first * g.inputs + input, rowStride: 1, stepStride: g.inputs, times: packed,
            rightStride: width, count: count, rows: rows)
          tile.store(to: out + input * width, stride: width, rows: rows)
        }
        forEachTile(g.inputs, six: { product($0, 6) }, four: { product($0, 4) })
      }
    }
    total.store(to: biases[direction].pointer + panel * width)
  }

  // MARK: Writing

  func write(
    _ sum: any EngineGradient, sampleCount: Int, parameters: Parameters, to gradient: inout BatchGradient
  ) {
    let sum = sum as! ShardGradient
    let layout = batch.layout
    parameters.values.withUnsafeBufferPointer { parameters in
      gradient.parameters.values.withUnsafeMutableBufferPointer { gradient in
        let out = Output(gradient.baseAddress!, count: Float(sampleCount))
        if layout.architecture.embeddingSize > 0 { writeEmbedding(sum, out) }
        for (layer, directions) in layout.recurrences.enumerated() {
          for (direction, tensors) in directions.enumerated() {
            if layer > 0 || batch.embedsPositions {
              writeKernel(sum, layer, direction, tensors, out)
            } else {
              if layout.architecture.embeddingSize == 0 {
                writeOneHotKernel(sum, direction, tensors, out)
              } else {
                writeFoldedKernel(parameters.baseAddress!, direction, tensors, out)
              }
              writeFoldedBias(sum, direction, tensors, out)
            }
            writeRecurrent(sum, layer, direction, tensors, out)
          }
        }
        writeDense(sum, out)
        writeWords(sum, out)
      }
    }
  }

  /// Where a gradient is written, and the number of samples that its sums are divided by.
  private struct Output {
    let pointer: UnsafeMutablePointer<Float>
    let count: Float

    init(_ pointer: UnsafeMutablePointer<Float>, count: Float) { (self.pointer, self.count) = (pointer, count) }

    /// Writes the mean that belongs to a sum over the samples, in Keras's order of gate columns.
    @inline(__always)
    func store(_ sum: Vector, _ row: UnsafeMutablePointer<Float>, _ columns: PackedGeometry.Columns) {
      row.store(sum / count, columns.column, count: columns.count)
    }

    /// The elements of a tensor from a row on.
    func rows(_ tensor: ParameterLayout.Tensor, from row: Int = 0) -> UnsafeMutablePointer<Float> {
      pointer + tensor.offset + row * (tensor.count / tensor.shape[0])
    }
  }

  private func writeEmbedding(_ sum: ShardGradient, _ out: Output) {
    let e = batch.layout.architecture.embeddingSize
    let rows = out.rows(batch.layout.embedding)
    for (row, slot) in sum.slots.enumerated() {
      let from = batch.embedsPositions ? sum.row(row) : embedding.pointer + row * geometry.inputs
      let to = rows + Int(batch.tokens[Int(slot)]) * e
      for i in 0..<e { to[i] = from[i] / out.count }
    }
    // Token 0 is padding: the chain's share is added, whether or not a row of the batch has read it.
    for i in 0..<e { rows[i] += chains.embedding.pointer[i] / out.count }
  }

  /// dW and db where inputs were multiplied position by position.
  private func writeKernel(
    _ sum: ShardGradient, _ layer: Int, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ out: Output
  ) {
    let g = batch.geometry.layers[layer]
    let offsets = sum.form.recurrences[layer][direction]
    let (kernel, bias) = (sum.sums.pointer + offsets.kernel, sum.sums.pointer + offsets.bias)
    // In the first layer positions are multiplied because of dropout, and then there are no chains.
    let chain = layer > 0 && direction == 0 ? chains.layers[layer] : nil
    for input in 0..<tensors.kernel.shape[0] {
      let row = batch.geometry.packedInput(input, ofLayer: layer)
      let to = out.rows(tensors.kernel, from: input)
      g.forEachColumns {
        let index = PackedGeometry.panelIndex(row: row, column: $0.packed, rowCount: g.inputs)
        let sum = kernel.vector(PackedGeometry.panelIndex(row: row, column: $0.place, rowCount: g.inputs))
        out.store(sum + (chain?.kernel.pointer.vector(index) ?? Vector()), to, $0)
      }
    }
    let to = out.rows(tensors.bias)
    g.forEachColumns {
      out.store(bias.vector($0.packed) + (chain?.input.pointer.vector($0.packed) ?? Vector()), to, $0)
    }
  }

  private func writeFoldedKernel(
    _ parameters: UnsafePointer<Float>, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ out: Output
  ) {
    let (g, scale) = (geometry, batch.foldedWordScale)
    let padding = parameters + batch.layout.embedding.offset
    let (kernel, chain) = (kernels[direction].pointer, chains.layers[0].input.pointer)
    for input in 0..<tensors.kernel.shape[0] {
      let to = out.rows(tensors.kernel, from: input)
      g.forEachColumns {
        let sum = kernel.vector(PackedGeometry.panelIndex(row: input, column: $0.packed, rowCount: g.inputs))
        out.store((sum + padding[input] * chain.vector($0.packed)) * scale, to, $0)
      }
    }
  }

  private func writeOneHotKernel(
    _ sum: ShardGradient, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ out: Output
  ) {
    let (g, scale, chain) = (geometry, batch.foldedWordScale, chains.layers[0].input.pointer)
    for (row, slot) in sum.slots.enumerated() {
      let from = sum.row(row) + direction * g.gateStride
      let to = out.rows(tensors.kernel, from: Int(batch.tokens[Int(slot)]))
      g.forEachColumns { out.store(from.vector($0.packed) * scale, to, $0) }
    }
    let padding = out.rows(tensors.kernel)
    g.forEachColumns {
      let before = UnsafePointer(padding).vector($0.column, count: $0.count)
      padding.store(before + chain.vector($0.packed) * scale / out.count, $0.column, count: $0.count)
    }
  }

  /// db where inputs came from the table: over all tokens, and the positions whose word was dropped.
  private func writeFoldedBias(
    _ sum: ShardGradient, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ out: Output
  ) {
    let dropped = sum.sums.pointer + sum.form.recurrences[0][direction].bias
    let (bias, chain) = (biases[direction].pointer, chains.layers[0].input.pointer)
    let to = out.rows(tensors.bias)
    geometry.forEachColumns {
      let total = bias.vector($0.packed) + (batch.dropsWords ? dropped.vector($0.packed) : Vector())
      out.store(total + chain.vector($0.packed), to, $0)
    }
  }

  private func writeRecurrent(
    _ sum: ShardGradient, _ layer: Int, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ out: Output
  ) {
    let g = batch.geometry.layers[layer]
    let recurrent = sum.sums.pointer + sum.form.recurrences[layer][direction].recurrent
    let chain = direction == 0 ? chains.layers[layer].recurrent.pointer : nil
    for unit in 0..<g.hiddenSize {
      let to = out.rows(tensors.recurrentKernel, from: unit)
      g.forEachColumns {
        let index = PackedGeometry.panelIndex(row: unit, column: $0.packed, rowCount: g.units)
        let sum = recurrent.vector(PackedGeometry.panelIndex(row: unit, column: $0.place, rowCount: g.units))
        out.store(sum + (chain?.vector(index) ?? Vector()), to, $0)
      }
    }
  }

  private func writeDense(_ sum: ShardGradient, _ out: Output) {
    let layout = batch.layout
    for (offsets, tensors) in zip(sum.form.hiddenDense, layout.dense) {
      let (kernel, bias) = (sum.sums.pointer + offsets.kernel, sum.sums.pointer + offsets.bias)
      let outputs = tensors.bias.count
      for input in 0..<tensors.kernel.shape[0] {
        let (from, to) = (kernel + input * denseStride(outputs), out.rows(tensors.kernel, from: input))
        for output in 0..<outputs { to[output] = from[output] / out.count }
      }
      for output in 0..<outputs { out.rows(tensors.bias)[output] = bias[output] / out.count }
    }
    for logit in 0..<layout.architecture.logitCount {
      let dense = sum.sums.pointer + sum.form.dense + logit * batch.geometry.logitInputs
      for input in 0..<layout.denseKernel.shape[0] {
        out.rows(layout.denseKernel, from: input)[logit] = dense[batch.geometry.packedLogitInput(input)] / out.count
      }
      out.rows(layout.denseBias)[logit] = sum.sums.pointer[sum.form.denseBias + logit] / out.count
    }
  }

  /// Of the weights that predict words: what the tokens get as right answers, and as samples.
  private func writeWords(_ sum: ShardGradient, _ out: Output) {
    guard let words = batch.words else { return }
    for (offsets, table) in zip(sum.form.words, batch.layout.words) {
      let h = geometry.hiddenSize
      for (row, slot) in sum.slots.enumerated() {
        let from = sum.row(row) + offsets.row
        let to = out.rows(table, from: Int(batch.tokens[Int(slot)]))
        for unit in 0..<h { to[unit] = from[unit] / out.count }
        to[h] = from[geometry.units] / out.count
      }
      let (samples, biases) = (sum.sums.pointer + offsets.samples, sum.sums.pointer + offsets.sampleBiases)
      for (k, token) in words.sampleTokens.enumerated() {
        let to = out.rows(table, from: Int(token))
        for unit in 0..<h {
          to[unit] +=
            samples[PackedGeometry.panelIndex(row: unit, column: k, rowCount: geometry.units)] / out.count
        }
        to[h] += biases[k] / out.count
      }
    }
  }
}
