/// What all shards of a batch share, made once from the weights and then only read.
///
/// The embedding is folded into the gates' input: a step's x W + b is a row of `tokenInputs`, one for each distinct
/// token, so no multiplication with W is left in the loop over time. Columns of i, f and o are halved (exactly), see
/// `cellForward`.
package final class FoldedWeights {
  let layout: ParameterLayout
  let geometry: PackedGeometry
  let chain: PaddingChain

  /// U for h U: [gatePanels][units][width].
  let recurrent: FloatBuffer
  /// Uᵀ for dz Uᵀ: [unitPanels][columns][width], not halved.
  let recurrentTransposed: FloatBuffer
  /// W: [gatePanels][inputs][width].
  let kernel: FloatBuffer
  /// Wᵀ: [inputPanels][columns][width], not halved.
  let kernelTransposed: FloatBuffer
  /// b: [columns].
  let bias: FloatBuffer
  /// Output weights, [units], and the output bias.
  let dense: FloatBuffer
  private(set) var denseBias: Float = 0

  /// The distinct tokens in use; the first is the padding token 0.
  package private(set) var tokens: [Int32] = []
  /// A token's place in `tokens`, or −1: [V].
  private(set) var slots: [Int32]
  /// Their embeddings, [tokens, rounded up to tiles][inputs].
  private var gathered = FloatBuffer(0)
  /// x W + b of each: [tokens, rounded up to tiles][gateStride].
  private(set) var tokenInputs = FloatBuffer(0)

  package init(_ layout: ParameterLayout) {
    let g = PackedGeometry(layout.architecture)
    self.layout = layout
    geometry = g
    chain = PaddingChain(g)
    recurrent = FloatBuffer(zeros: g.units * g.columns)
    recurrentTransposed = FloatBuffer(zeros: g.units * g.columns)
    kernel = FloatBuffer(zeros: g.inputs * g.columns)
    kernelTransposed = FloatBuffer(zeros: g.inputs * g.columns)
    bias = FloatBuffer(zeros: g.columns)
    dense = FloatBuffer(zeros: g.units)
    slots = [Int32](repeating: -1, count: layout.architecture.vocabularySize)
  }

  // MARK: Preparing

  /// Packs the weights and finds the distinct tokens of the sequences.
  package func pack(_ parameters: Parameters, for sequences: some Sequence<TokenSequence>) {
    precondition(parameters.layout == layout)
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
    if gathered.count < rows * geometry.inputs {
      gathered = FloatBuffer(zeros: rows * geometry.inputs)
      tokenInputs = FloatBuffer(rows * geometry.gateStride)
    }
    parameters.values.withUnsafeBufferPointer { values in
      let values = values.baseAddress!
      pack(values + layout.recurrentKernel.offset, layout.architecture.hiddenSize, geometry.units, recurrent)
      pack(values + layout.kernel.offset, layout.architecture.embeddingSize, geometry.inputs, kernel)
      packTransposed(values + layout.recurrentKernel.offset, layout.architecture.hiddenSize, recurrentTransposed)
      packTransposed(values + layout.kernel.offset, layout.architecture.embeddingSize, kernelTransposed)
      forEachColumn { gate, unit, column in
        bias.pointer[column] = values[layout.bias.offset + gate * layout.architecture.hiddenSize + unit] * scale(gate)
      }
      dense.pointer.update(from: values + layout.denseKernel.offset, count: layout.architecture.hiddenSize)
      denseBias = values[layout.denseBias.offset]
    }
  }

  /// How many independent parts `prepare` has.
  package var preparationParts: Int { 1 + (tokens.count + rowsPerPart - 1) / rowsPerPart }

  /// Computes a part of what the shards read; parts may run at the same time. Part 0 is the padding chain.
  package func prepare(part: Int, chainLength: Int, parameters: Parameters) {
    if part == 0 {
      // The chain needs the padding's row now, whoever computes that row for the others: the bits are the same.
      let row = FloatBuffer(geometry.columns)
      let embedding = FloatBuffer(zeros: geometry.inputs)
      gather([0], from: parameters, into: embedding.pointer)
      row.pointer.update(from: bias.pointer, count: geometry.columns)
      addRow(
        embedding.pointer, times: kernel.pointer, panelCount: geometry.gatePanels, count: geometry.inputs,
        to: row.pointer)
      chain.forward(length: chainLength, paddingInput: row.pointer, recurrent: recurrent.pointer)
      return
    }
    let first = (part - 1) * rowsPerPart
    let rows = first..<min(first + rowsPerPart, tokens.count)
    gather(tokens[rows], from: parameters, into: gathered.pointer + first * geometry.inputs)
    let start = RegisterTile.rows
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: start) { biases in
      biases.initialize(repeating: UnsafePointer(bias.pointer))
      for panel in 0..<geometry.gatePanels {
        let column = panel * RegisterTile.columns
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
          var tile = RegisterTile(rows: biases.baseAddress!, offset: column)
          tile.add(
            gathered.pointer + row * geometry.inputs, rowStride: geometry.inputs,
            timesPanel: kernel.pointer + column * geometry.inputs, count: geometry.inputs)
          tile.store(to: tokenInputs.pointer + row * geometry.gateStride + column, stride: geometry.gateStride)
        }
      }
    }
  }

  /// Tokens of a part: whole tiles, and few enough that all threads find work.
  private var rowsPerPart: Int { 16 * RegisterTile.rows }

  /// Copies the embeddings of tokens into rows of `inputs` elements.
  func gather(_ tokens: some Collection<Int32>, from parameters: Parameters, into rows: UnsafeMutablePointer<Float>) {
    let e = layout.architecture.embeddingSize
    parameters.values.withUnsafeBufferPointer { values in
      for (row, token) in tokens.enumerated() {
        (rows + row * geometry.inputs).update(
          from: values.baseAddress! + layout.embedding.offset + Int(token) * e, count: e)
      }
    }
  }

  // MARK: Packing

  private func scale(_ gate: Int) -> Float { gate == 2 ? 1 : 0.5 }

  /// Every gate column of a real unit: its gate, its unit, its place in the packed order.
  func forEachColumn(_ body: (_ gate: Int, _ unit: Int, _ column: Int) -> Void) {
    for gate in 0..<4 {
      for unit in 0..<layout.architecture.hiddenSize { body(gate, unit, geometry.column(gate: gate, unit: unit)) }
    }
  }

  /// [rows, 4H] → [gatePanels][paddedRows][width], columns of i, f and o halved.
  private func pack(_ matrix: UnsafePointer<Float>, _ rows: Int, _ paddedRows: Int, _ out: FloatBuffer) {
    let h = layout.architecture.hiddenSize
    let width = RegisterTile.columns
    forEachColumn { gate, unit, column in
      let to = out.pointer + column / width * paddedRows * width + column % width
      let from = matrix + gate * h + unit
      let factor = scale(gate)
      for row in 0..<rows { to[row * width] = from[row * 4 * h] * factor }
    }
  }

  /// [rows, 4H] → [panels of rows][columns][width].
  private func packTransposed(_ matrix: UnsafePointer<Float>, _ rows: Int, _ out: FloatBuffer) {
    let h = layout.architecture.hiddenSize
    let width = RegisterTile.columns
    forEachColumn { gate, unit, column in
      let to = out.pointer + column * width
      let from = matrix + gate * h + unit
      for row in 0..<rows { to[row / width * geometry.columns * width + row % width] = from[row * 4 * h] }
    }
  }
}

/// The real tokens of a sequence that is padded in front; it doesn't own them.
package struct TokenSequence {
  package let tokens: UnsafePointer<Int32>
  package let count: Int
  /// 0 or 1.
  package let label: Float
  /// How much its loss counts.
  package let weight: Float

  package init(tokens: UnsafePointer<Int32>, count: Int, label: Float, weight: Float = 1) {
    self.tokens = tokens
    self.count = count
    self.label = label
    self.weight = weight
  }
}
