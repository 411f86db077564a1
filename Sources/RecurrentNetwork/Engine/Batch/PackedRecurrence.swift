/// The weights of one layer in one direction, packed for the kernels. Columns of i, f and o are halved (exactly), see
/// `cellForward`.
final class PackedRecurrence {
  let geometry: PackedGeometry
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
  /// x W + b of each of the batch's tokens, in the first layer: [tokens, rounded up to tiles][gateStride].
  private(set) var tokenInputs = FloatBuffer(0)

  init(_ geometry: PackedGeometry) {
    let g = geometry
    self.geometry = g
    recurrent = FloatBuffer(zeros: g.units * g.columns)
    recurrentTransposed = FloatBuffer(zeros: g.units * g.columns)
    kernel = FloatBuffer(zeros: g.inputs * g.columns)
    kernelTransposed = FloatBuffer(zeros: g.inputs * g.columns)
    // Prefetched a little past its end.
    bias = FloatBuffer(zeros: g.gateStride + RegisterTile.columns)
  }

  /// - Parameters:
  ///   - values: all parameters.
  ///   - tensors: where this one's are.
  ///   - scale: what is read is multiplied by this.
  ///   - packedInput: where the packed order has an input.
  func pack(
    _ values: UnsafePointer<Float>, _ tensors: ParameterLayout.Recurrence, scale: Float, packedInput: (Int) -> Int
  ) {
    let h = geometry.hiddenSize
    pack(values + tensors.recurrentKernel.offset, rows: h, of: geometry.units, recurrent, recurrentTransposed, 1) { $0 }
    if geometry.inputs > 0 {
      pack(
        values + tensors.kernel.offset, rows: tensors.kernel.shape[0], of: geometry.inputs, kernel, kernelTransposed,
        scale, packedInput)
    }
    let bias = values + tensors.bias.offset
    geometry.forEachColumn { column, packed, gate in self.bias.pointer[packed] = bias[column] * half(gate) }
  }

  /// Makes room for the inputs of so many tokens.
  func reserve(tokens: Int) {
    let count = tokens * geometry.gateStride
    if tokenInputs.count < count { tokenInputs = FloatBuffer(count) }
  }

  /// x W + b of some tokens whose vectors, [tokens, rounded up to tiles][inputs], are given.
  func computeInputs(of rows: Range<Int>, vectors: UnsafePointer<Float>) {
    let start = RegisterTile.rows
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: start) { biases in
      biases.initialize(repeating: UnsafePointer(bias.pointer))
      for panel in 0..<geometry.gatePanels {
        let column = panel * RegisterTile.columns
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
          var tile = RegisterTile(rows: biases.baseAddress!, offset: column)
          tile.add(
            vectors + row * geometry.inputs, rowStride: geometry.inputs,
            timesPanel: kernel.pointer + column * geometry.inputs, count: geometry.inputs)
          tile.store(to: tokenInputs.pointer + row * geometry.gateStride + column, stride: geometry.gateStride)
        }
      }
    }
  }

  /// x W + b of a one-hot token: the token's row of W, and the bias.
  func computeInput(ofOneHot row: UnsafePointer<Float>, scale: Float, into out: UnsafeMutablePointer<Float>) {
    out.update(from: bias.pointer, count: geometry.columns)
    geometry.forEachColumn { column, packed, gate in out[packed] += row[column] * (half(gate) * scale) }
  }

  private func half(_ gate: Int) -> Float { gate == 2 ? 1 : 0.5 }

  /// [rows, 4H] → [gatePanels][paddedRows][width], columns of i, f and o halved, and [panels of rows][columns][width].
  private func pack(
    _ matrix: UnsafePointer<Float>, rows: Int, of paddedRows: Int, _ out: FloatBuffer, _ transposed: FloatBuffer,
    _ scale: Float, _ packedRow: (Int) -> Int
  ) {
    let (h, width, columns) = (geometry.hiddenSize, RegisterTile.columns, geometry.columns)
    for row in 0..<rows {
      let place = packedRow(row)
      let from = matrix + row * 4 * h
      let to = out.pointer + place * width
      let toTransposed = transposed.pointer + place / width * columns * width + place % width
      geometry.forEachColumn { column, packed, gate in
        to[packed / width * paddedRows * width + packed % width] = from[column] * (half(gate) * scale)
        toTransposed[packed * width] = from[column] * scale
      }
    }
  }
}
