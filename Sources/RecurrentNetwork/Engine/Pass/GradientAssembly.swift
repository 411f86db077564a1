/// Makes a batch's gradient of the sum over its shards: dW = Eᵀ S, dE = S Wᵀ, db = Σ S in the first layer, the padding
/// chains' part, the mean over the samples, and Keras's element order.
package final class GradientAssembly {
  private let weights: FoldedWeights
  /// Gathered embeddings in the order of the sum's rows: [tokens, rounded up][inputs].
  private var gathered = FloatBuffer(0)
  /// dW and db of the first layer, packed, of each direction: [gatePanels][inputs][width] and [columns].
  private let kernels: [FloatBuffer]
  private let biases: [FloatBuffer]
  /// dE: [tokens, rounded up][inputs].
  private var embedding = FloatBuffer(0)
  /// What the padding chains add: [layers]; zeros for a batch without them.
  private let chains: [ChainGradient]
  private var isChained = false
  /// dE of the padding token along the first chain: [inputs].
  private let chainEmbedding: FloatBuffer
  private var touched: [Int32] = []

  package init(_ weights: FoldedWeights) {
    let g = weights.geometry.layers[0]
    self.weights = weights
    kernels = weights.recurrences[0].map { _ in FloatBuffer(g.inputs * g.columns) }
    biases = weights.recurrences[0].map { _ in FloatBuffer(g.columns) }
    chains = weights.geometry.layers.enumerated().map { ChainGradient($1, multipliesInputs: $0 > 0) }
    chainEmbedding = FloatBuffer(zeros: g.inputs)
  }

  /// What a layer's padding chain adds to its sums.
  private final class ChainGradient {
    /// dU, packed panels: [gatePanels][units][width].
    let recurrent: FloatBuffer
    /// dW, packed panels: [gatePanels][inputs][width]; empty in the first layer, whose input is the padding token's row.
    let kernel: FloatBuffer
    /// Σ dz, [columns].
    let input: FloatBuffer
    /// Sums of the injections that share a start.
    private var injected: [FloatBuffer?] = []

    init(_ geometry: PackedGeometry, multipliesInputs: Bool) {
      recurrent = FloatBuffer(zeros: geometry.units * geometry.columns)
      kernel = FloatBuffer(zeros: multipliesInputs ? geometry.inputs * geometry.columns : 0)
      input = FloatBuffer(zeros: geometry.columns)
    }

    func clear() { for buffer in [recurrent, kernel, input] { buffer.clear() } }

    /// Adds up what the tiles send that enter at the same step.
    ///
    /// - Returns: dh and dc at a start, [2][unitStride], or nil where no tile enters.
    func add(
      _ injections: InjectionSlots, layer: Int, _ tiles: [RowTile], steps: Int
    ) -> (_ start: Int) -> UnsafePointer<Float>? {
      while injected.count <= steps { injected.append(nil) }
      var isSet = [Bool](repeating: false, count: injected.count)
      for tile in tiles where tile.start > 0 {
        let slot = injections.slot(tile.index, layer: layer)
        if let sum = injected[tile.start], isSet[tile.start] {
          for i in stride(from: 0, to: injections.slotSize, by: Vector.scalarCount) {
            sum.pointer.store(sum.pointer.vector(i) + slot.vector(i), i)
          }
        } else {
          let sum = injected[tile.start] ?? FloatBuffer(injections.slotSize)
          sum.pointer.update(from: slot, count: injections.slotSize)
          injected[tile.start] = sum
          isSet[tile.start] = true
        }
      }
      let sums = injected
      return { isSet[$0] ? UnsafePointer(sums[$0]!.pointer) : nil }
    }
  }

  private var geometry: PackedGeometry { weights.geometry.layers[0] }
  private var rowsPerPart: Int { 16 * RegisterTile.rows }
  private func embeddingParts(_ sum: ShardGradient) -> Int { (sum.slots.count + rowsPerPart - 1) / rowsPerPart }

  /// Gathers what the parts need.
  package func begin(_ sum: ShardGradient, parameters: Parameters) {
    let g = geometry
    let rows = sum.slots.count + RegisterTile.rows
    if gathered.count < rows * g.inputs {
      gathered = FloatBuffer(zeros: rows * g.inputs)
      embedding = FloatBuffer(rows * g.inputs)
    }
    if g.inputs > 0 {
      weights.gather(sum.slots.lazy.map { self.weights.tokens[Int($0)] }, from: parameters, into: gathered.pointer)
    }
  }

  /// How many independent parts `compute` has.
  package func parts(_ sum: ShardGradient) -> Int {
    1 + (weights.readsVectors ? 0 : embeddingParts(sum) + kernels.count * geometry.gatePanels)
  }

  /// Computes a part; parts may run at the same time. Part 0 is the padding chains.
  package func compute(part: Int, of sum: ShardGradient, injections: InjectionSlots, tiles: [RowTile]) {
    if part == 0 {
      backwardChains(injections, tiles)
    } else if part <= embeddingParts(sum) {
      let first = (part - 1) * rowsPerPart
      computeEmbedding(sum, rows: first..<min(first + rowsPerPart, sum.slots.count))
    } else {
      let panel = part - 1 - embeddingParts(sum)
      computeKernel(sum, direction: panel / geometry.gatePanels, panel: panel % geometry.gatePanels)
    }
  }

  private func backwardChains(_ injections: InjectionSlots, _ tiles: [RowTile]) {
    defer { isChained = weights.padding == .chained }
    guard weights.padding == .chained else {
      // What the batch before has left, if it had chains.
      if isChained {
        for chain in chains { chain.clear() }
        chainEmbedding.clear()
      }
      return
    }
    for layer in chains.indices.reversed() {
      let (chain, recurrence, gradient) = (weights.chains[layer], weights.recurrences[layer][0], chains[layer])
      let isLast = layer == chains.count - 1
      chain.backward(
        injection: gradient.add(injections, layer: layer, tiles, steps: chain.length),
        above: isLast
          ? nil
          : (weights.chains[layer + 1], UnsafePointer(weights.recurrences[layer + 1][0].kernelTransposed.pointer)),
        recurrentTransposed: recurrence.recurrentTransposed.pointer, recurrentGradient: gradient.recurrent.pointer,
        inputGradient: gradient.input.pointer)
      if layer > 0 { chain.kernelGradient(below: weights.chains[layer - 1], into: gradient.kernel.pointer) }
    }
    chainEmbedding.clear()
    addRow(
      chains[0].input.pointer, times: weights.recurrences[0][0].kernelTransposed.pointer,
      panelCount: geometry.inputPanels, count: geometry.columns, to: chainEmbedding.pointer)
  }

  private func computeEmbedding(_ sum: ShardGradient, rows: Range<Int>) {
    let g = geometry
    let width = RegisterTile.columns
    for panel in 0..<g.inputPanels {
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
        var tile = RegisterTile()
        for (direction, recurrence) in weights.recurrences[0].enumerated() {
          tile.add(
            sum.inputs.pointer + row * sum.form.rowStride + direction * g.gateStride, rowStride: sum.form.rowStride,
            timesPanel: recurrence.kernelTransposed.pointer + panel * g.columns * width, count: g.columns)
        }
        tile.store(to: embedding.pointer + row * g.inputs + panel * width, stride: g.inputs)
      }
    }
  }

  private func computeKernel(_ sum: ShardGradient, direction: Int, panel: Int) {
    let g = geometry
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let out = kernels[direction].pointer + panel * g.inputs * width
    out.update(repeating: 0, count: g.inputs * width)
    var total = (Vector(), Vector())
    // The panel's columns of S lie a row apart: brought together once for all tiles, they stay in the nearest cache.
    let depth = 256
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth * width) { buffer in
      let packed = buffer.baseAddress!
      for first in stride(from: 0, to: sum.slots.count, by: depth) {
        let count = min(depth, sum.slots.count - first)
        for row in 0..<count {
          let from =
            sum.inputs.pointer + (first + row) * sum.form.rowStride + direction * g.gateStride + panel * width
          total.0 += from.vector(0)
          total.1 += from.vector(n)
          (packed + row * width).store(from.vector(0), 0)
          (packed + row * width).store(from.vector(n), n)
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
    biases[direction].pointer.store(total.0, panel * width)
    biases[direction].pointer.store(total.1, panel * width + n)
  }

  // MARK: Putting together

  /// Puts the parts together: the mean over `sampleCount`, in the layout of the parameters.
  package func finish(_ sum: ShardGradient, sampleCount: Int, parameters: Parameters, into gradient: inout Parameters) {
    let layout = weights.layout
    let count = Float(sampleCount)
    parameters.values.withUnsafeBufferPointer { parameters in
      gradient.values.withUnsafeMutableBufferPointer { gradient in
        let out = gradient.baseAddress!
        clearTouched(out)
        touched = sum.slots.map { weights.tokens[Int($0)] }
        // Token 0 is padding: the chain's part comes on top, whether or not a row of the batch read it.
        if !touched.contains(0) { touched.append(0) }
        if layout.architecture.embeddingSize > 0 { finishEmbedding(sum, count, out) }
        for (layer, directions) in layout.recurrences.enumerated() {
          for (direction, tensors) in directions.enumerated() {
            let places = sum.form.recurrences[layer][direction]
            if layer > 0 || weights.readsVectors {
              finishKernel(
                sum.sums.pointer + places.kernel, sum.sums.pointer + places.bias, layer, direction, tensors, count, out)
            } else if layout.architecture.embeddingSize == 0 {
              finishOneHotKernel(sum, direction, tensors, count, out)
            } else {
              finishFoldedKernel(parameters.baseAddress!, direction, tensors, count, out)
            }
            if layer == 0, !weights.readsVectors { finishFoldedBias(sum, direction, tensors, count, out) }
            finishRecurrent(sum.sums.pointer + places.recurrent, layer, direction, tensors, count, out)
          }
        }
        let logits = layout.architecture.logitCount
        for logit in 0..<logits {
          let dense = sum.sums.pointer + sum.form.dense + logit * weights.geometry.features
          for feature in 0..<layout.architecture.outputSize {
            out[layout.denseKernel.offset + feature * logits + logit] =
              dense[weights.geometry.packedFeature(feature)] / count
          }
          out[layout.denseBias.offset + logit] = sum.sums.pointer[sum.form.denseBias + logit] / count
        }
      }
    }
  }

  /// Where a token's gradients lie: its embedding, or its row of each first kernel.
  private var tokenTensors: [ParameterLayout.Tensor] {
    let layout = weights.layout
    return layout.architecture.embeddingSize > 0 ? [layout.embedding] : layout.recurrences[0].map(\.kernel)
  }

  private func clearTouched(_ out: UnsafeMutablePointer<Float>) {
    for tensor in tokenTensors {
      let size = tensor.shape[1]
      for token in touched { (out + tensor.offset + Int(token) * size).update(repeating: 0, count: size) }
    }
  }

  private func finishEmbedding(_ sum: ShardGradient, _ count: Float, _ out: UnsafeMutablePointer<Float>) {
    let e = weights.layout.architecture.embeddingSize
    let rows = out + weights.layout.embedding.offset
    let (from, stride) =
      weights.readsVectors
      ? (UnsafePointer(sum.inputs.pointer), sum.form.rowStride) : (UnsafePointer(embedding.pointer), geometry.inputs)
    for (row, slot) in sum.slots.enumerated() {
      let to = rows + Int(weights.tokens[Int(slot)]) * e
      for i in 0..<e { to[i] = from[row * stride + i] / count }
    }
    for i in 0..<e { rows[i] += chainEmbedding.pointer[i] / count }
  }

  /// dW and db where inputs were multiplied.
  private func finishKernel(
    _ kernel: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ layer: Int, _ direction: Int,
    _ tensors: ParameterLayout.Recurrence, _ count: Float, _ out: UnsafeMutablePointer<Float>
  ) {
    let g = weights.geometry.layers[layer]
    let width = RegisterTile.columns
    // Without a table of inputs in the first layer, something is dropped, and no chain there.
    let chain = layer > 0 && direction == 0 ? chains[layer] : nil
    for input in 0..<tensors.kernel.shape[0] {
      let place = weights.geometry.packedInput(input, ofLayer: layer)
      let to = out + tensors.kernel.offset + input * tensors.kernel.shape[1]
      g.forEachColumn { column, packed, _ in
        let index = (packed / width * g.inputs + place) * width + packed % width
        to[column] = (kernel[index] + (chain?.kernel.pointer[index] ?? 0)) / count
      }
    }
    g.forEachColumn { column, packed, _ in
      out[tensors.bias.offset + column] = (bias[packed] + (chain?.input.pointer[packed] ?? 0)) / count
    }
  }

  private func finishFoldedKernel(
    _ parameters: UnsafePointer<Float>, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ count: Float,
    _ out: UnsafeMutablePointer<Float>
  ) {
    let (g, width, scale) = (geometry, RegisterTile.columns, weights.wordScale)
    let padding = parameters + weights.layout.embedding.offset
    let kernel = kernels[direction].pointer
    for input in 0..<tensors.kernel.shape[0] {
      let to = out + tensors.kernel.offset + input * tensors.kernel.shape[1]
      g.forEachColumn { column, packed, _ in
        let sum = kernel[(packed / width * g.inputs + input) * width + packed % width]
        to[column] = (sum + padding[input] * chains[0].input.pointer[packed]) * scale / count
      }
    }
  }

  private func finishOneHotKernel(
    _ sum: ShardGradient, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ count: Float,
    _ out: UnsafeMutablePointer<Float>
  ) {
    let g = geometry
    let size = tensors.kernel.shape[1]
    let scale = weights.wordScale
    for (row, slot) in sum.slots.enumerated() {
      let from = sum.inputs.pointer + row * sum.form.rowStride + direction * g.gateStride
      let to = out + tensors.kernel.offset + Int(weights.tokens[Int(slot)]) * size
      g.forEachColumn { column, packed, _ in to[column] = from[packed] * scale / count }
    }
    let padding = out + tensors.kernel.offset
    g.forEachColumn { column, packed, _ in padding[column] += chains[0].input.pointer[packed] * scale / count }
  }

  /// db where inputs came from the table: over all tokens, and the positions whose word was dropped.
  private func finishFoldedBias(
    _ sum: ShardGradient, _ direction: Int, _ tensors: ParameterLayout.Recurrence, _ count: Float,
    _ out: UnsafeMutablePointer<Float>
  ) {
    let dropped = sum.sums.pointer + sum.form.recurrences[0][direction].bias
    geometry.forEachColumn { column, packed, _ in
      let total = biases[direction].pointer[packed] + (weights.dropsWords ? dropped[packed] : 0)
      out[tensors.bias.offset + column] = (total + chains[0].input.pointer[packed]) / count
    }
  }

  private func finishRecurrent(
    _ recurrent: UnsafePointer<Float>, _ layer: Int, _ direction: Int, _ tensors: ParameterLayout.Recurrence,
    _ count: Float, _ out: UnsafeMutablePointer<Float>
  ) {
    let g = weights.geometry.layers[layer]
    let width = RegisterTile.columns
    let chain = direction == 0 ? UnsafePointer(chains[layer].recurrent.pointer) : nil
    for unit in 0..<g.hiddenSize {
      let to = out + tensors.recurrentKernel.offset + unit * 4 * g.hiddenSize
      g.forEachColumn { column, packed, _ in
        let index = (packed / width * g.units + unit) * width + packed % width
        to[column] = (recurrent[index] + (chain?[index] ?? 0)) / count
      }
    }
  }
}
