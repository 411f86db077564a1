/// Makes a batch's gradient of the sum over its shards: dW = Eᵀ S, dE = S Wᵀ, db = Σ S, the padding chain's part, the
/// mean over the samples, and Keras's element order.
package final class GradientAssembly {
  private let weights: FoldedWeights
  /// Gathered embeddings in the order of the sum's rows: [tokens, rounded up][inputs].
  private var gathered = FloatBuffer(0)
  /// dW and db, packed: [gatePanels][inputs][width] and [columns].
  private let kernel: FloatBuffer
  private let bias: FloatBuffer
  /// dE: [tokens, rounded up][inputs].
  private var embedding = FloatBuffer(0)
  /// The chain's dU and its Σ dz.
  private let chainRecurrent: FloatBuffer
  private let chainInput: FloatBuffer
  /// dE of the padding token along the chain: [inputs].
  private let chainEmbedding: FloatBuffer
  /// Sums of the injections that share a start.
  private var injected: [FloatBuffer?] = []
  private var touched: [Int32] = []

  package init(_ weights: FoldedWeights) {
    let g = weights.geometry
    self.weights = weights
    kernel = FloatBuffer(g.inputs * g.columns)
    bias = FloatBuffer(g.columns)
    chainRecurrent = FloatBuffer(g.units * g.columns)
    chainInput = FloatBuffer(g.columns)
    chainEmbedding = FloatBuffer(g.inputs)
  }

  private var rowsPerPart: Int { 16 * RegisterTile.rows }
  private func embeddingParts(_ sum: ShardGradient) -> Int { (sum.slots.count + rowsPerPart - 1) / rowsPerPart }

  /// Gathers what the parts need.
  package func begin(_ sum: ShardGradient, parameters: Parameters) {
    let g = weights.geometry
    let rows = sum.slots.count + RegisterTile.rows
    if gathered.count < rows * g.inputs {
      gathered = FloatBuffer(zeros: rows * g.inputs)
      embedding = FloatBuffer(rows * g.inputs)
    }
    weights.gather(sum.slots.lazy.map { self.weights.tokens[Int($0)] }, from: parameters, into: gathered.pointer)
  }

  /// How many independent parts `compute` has.
  package func parts(_ sum: ShardGradient) -> Int { 1 + embeddingParts(sum) + weights.geometry.gatePanels }

  /// Computes a part; parts may run at the same time. Part 0 is the padding chain.
  package func compute(part: Int, of sum: ShardGradient, injections: InjectionSlots, tiles: [RowTile]) {
    if part == 0 {
      backwardChain(injections, tiles)
    } else if part <= embeddingParts(sum) {
      let first = (part - 1) * rowsPerPart
      computeEmbedding(sum, rows: first..<min(first + rowsPerPart, sum.slots.count))
    } else {
      computeKernel(sum, panel: part - 1 - embeddingParts(sum))
    }
  }

  private func backwardChain(_ injections: InjectionSlots, _ tiles: [RowTile]) {
    let g = weights.geometry
    let size = 2 * g.unitStride
    while injected.count <= weights.chain.length { injected.append(nil) }
    var isSet = [Bool](repeating: false, count: injected.count)
    for tile in tiles where tile.start > 0 {
      let slot = injections.slot(tile.index)
      if let sum = injected[tile.start], isSet[tile.start] {
        for i in stride(from: 0, to: size, by: Vector.scalarCount) {
          sum.pointer.store(sum.pointer.vector(i) + slot.vector(i), i)
        }
      } else {
        let sum = injected[tile.start] ?? FloatBuffer(size)
        sum.pointer.update(from: slot, count: size)
        injected[tile.start] = sum
        isSet[tile.start] = true
      }
    }
    weights.chain.backward(
      injection: { isSet[$0] ? UnsafePointer(injected[$0]!.pointer) : nil },
      recurrentTransposed: weights.recurrentTransposed.pointer, recurrentGradient: chainRecurrent.pointer,
      inputGradient: chainInput.pointer)
    chainEmbedding.clear()
    addRow(
      chainInput.pointer, times: weights.kernelTransposed.pointer, panelCount: g.inputPanels, count: g.columns,
      to: chainEmbedding.pointer)
  }

  private func computeEmbedding(_ sum: ShardGradient, rows: Range<Int>) {
    let g = weights.geometry
    let width = RegisterTile.columns
    for panel in 0..<g.inputPanels {
      for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
        var tile = RegisterTile()
        tile.add(
          sum.inputs.pointer + row * g.gateStride, rowStride: g.gateStride,
          timesPanel: weights.kernelTransposed.pointer + panel * g.columns * width, count: g.columns)
        tile.store(to: embedding.pointer + row * g.inputs + panel * width, stride: g.inputs)
      }
    }
  }

  private func computeKernel(_ sum: ShardGradient, panel: Int) {
    let g = weights.geometry
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let out = kernel.pointer + panel * g.inputs * width
    out.update(repeating: 0, count: g.inputs * width)
    var total = (Vector(), Vector())
    // The panel's columns of S lie a row apart: brought together once for all tiles, they stay in the nearest cache.
    let depth = 256
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth * width) { buffer in
      let packed = buffer.baseAddress!
      for first in stride(from: 0, to: sum.slots.count, by: depth) {
        let count = min(depth, sum.slots.count - first)
        for row in 0..<count {
          let from = sum.inputs.pointer + (first + row) * g.gateStride + panel * width
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
    bias.pointer.store(total.0, panel * width)
    bias.pointer.store(total.1, panel * width + n)
  }

  /// Puts the parts together: the mean over `sampleCount`, in the layout of the parameters.
  package func finish(_ sum: ShardGradient, sampleCount: Int, parameters: Parameters, into gradient: inout Parameters) {
    let g = weights.geometry
    let layout = weights.layout
    let (e, h) = (layout.architecture.embeddingSize, layout.architecture.hiddenSize)
    let width = RegisterTile.columns
    let count = Float(sampleCount)
    parameters.values.withUnsafeBufferPointer { parameters in
      gradient.values.withUnsafeMutableBufferPointer { gradient in
        let rows = gradient.baseAddress! + layout.embedding.offset
        for token in touched { (rows + Int(token) * e).update(repeating: 0, count: e) }
        touched = sum.slots.map { weights.tokens[Int($0)] }
        for (row, token) in touched.enumerated() {
          for i in 0..<e { rows[Int(token) * e + i] = embedding.pointer[row * g.inputs + i] / count }
        }
        // Token 0 is padding: the chain's part comes on top, whether or not a row of the batch read it.
        if !touched.contains(0) { touched.append(0) }
        for i in 0..<e { rows[i] += chainEmbedding.pointer[i] / count }

        let padding = parameters.baseAddress! + layout.embedding.offset
        weights.forEachColumn { gate, unit, column in
          let panel = column / width
          let lane = column % width
          let out = gate * h + unit
          let chain = chainInput.pointer[column]
          for i in 0..<e {
            let sum = kernel.pointer[(panel * g.inputs + i) * width + lane]
            gradient[layout.kernel.offset + i * 4 * h + out] = (sum + padding[i] * chain) / count
          }
          for u in 0..<h {
            let index = (panel * g.units + u) * width + lane
            gradient[layout.recurrentKernel.offset + u * 4 * h + out] =
              (sum.recurrent.pointer[index] + chainRecurrent.pointer[index]) / count
          }
          gradient[layout.bias.offset + out] = (bias.pointer[column] + chain) / count
        }
        for u in 0..<h { gradient[layout.denseKernel.offset + u] = sum.dense.pointer[u] / count }
        gradient[layout.denseBias.offset] = sum.denseBias / count
      }
    }
  }
}
