import RecurrentNetwork

/// A network's weights in the kernels' order (legend: Kernels.md). Written by `pack`, then only read.
final class PackedWeights {
  private let layout: ParameterLayout
  private let geometry: NetworkGeometry
  /// [layers][directions].
  let recurrences: [[PackedRecurrence]]
  /// The dense layers below the output layer.
  let hiddenDense: [PackedDense]
  /// Output weights, [logits][logitInputs].
  let dense: FloatBuffer
  /// Output bias, [logits].
  private(set) var denseBias: [Float]

  init(_ layout: ParameterLayout, _ geometry: NetworkGeometry) {
    self.layout = layout
    self.geometry = geometry
    recurrences = layout.recurrences.enumerated().map { layer, directions in
      directions.map { _ in PackedRecurrence(geometry.layers[layer]) }
    }
    hiddenDense = layout.dense.dropLast().map(PackedDense.init)
    dense = FloatBuffer(zeros: layout.architecture.logitCount * geometry.logitInputs)
    denseBias = [Float](repeating: 0, count: layout.architecture.logitCount)
  }

  /// Packs all but the transposed copies.
  ///
  /// - Parameter inputScale: a factor of the first layer's input, which its W takes up.
  func pack(_ parameters: Parameters, inputScale: Float) {
    parameters.values.withUnsafeBufferPointer { values in
      let values = values.baseAddress!
      for (layer, directions) in recurrences.enumerated() {
        for (direction, recurrence) in directions.enumerated() {
          recurrence.pack(
            values, layout.recurrences[layer][direction], inputScale: layer == 0 ? inputScale : 1,
            packedInput: { geometry.packedInput($0, ofLayer: layer) })
        }
      }
      for layer in hiddenDense { layer.pack(values) }
      let (inputs, logits) = (layout.denseKernel.shape[0], layout.denseKernel.shape[1])
      for input in 0..<inputs {
        for logit in 0..<logits {
          dense.pointer[logit * geometry.logitInputs + geometry.packedLogitInput(input)] =
            values[layout.denseKernel.offset + input * logits + logit]
        }
      }
      for logit in 0..<logits { denseBias[logit] = values[layout.denseBias.offset + logit] }
    }
  }

  /// Packs the transposed copies of a layer in one direction.
  ///
  /// - Parameter inputScale: as for `pack`.
  func packTransposed(_ parameters: Parameters, layer: Int, direction: Int, inputScale: Float) {
    parameters.values.withUnsafeBufferPointer { values in
      recurrences[layer][direction].packTransposed(
        values.baseAddress!, layout.recurrences[layer][direction], inputScale: layer == 0 ? inputScale : 1,
        packedInput: { geometry.packedInput($0, ofLayer: layer) })
    }
  }
}

/// The weights of a dense layer below the output layer: Keras's rows, each rounded up to whole cache lines.
final class PackedDense {
  private let tensors: ParameterLayout.Dense
  let (inputs, outputs): (Int, Int)
  /// W: [inputs][denseStride].
  let kernel: FloatBuffer
  /// b: [denseStride].
  let bias: FloatBuffer

  init(_ tensors: ParameterLayout.Dense) {
    self.tensors = tensors
    (inputs, outputs) = (tensors.kernel.shape[0], tensors.kernel.shape[1])
    kernel = FloatBuffer(zeros: inputs * denseStride(outputs))
    bias = FloatBuffer(zeros: denseStride(outputs))
  }

  /// - Parameter values: all parameters.
  func pack(_ values: UnsafePointer<Float>) {
    for input in 0..<inputs {
      (kernel.pointer + input * denseStride(outputs)).update(
        from: values + tensors.kernel.offset + input * outputs, count: outputs)
    }
    bias.pointer.update(from: values + tensors.bias.offset, count: outputs)
  }
}

/// The weights of one layer in one direction. Columns of i, f and o are halved (exactly) for the forward pass, see
/// `cellForward`; the transposed copies for the backward pass are not.
package final class PackedRecurrence {
  package let geometry: PackedGeometry
  /// U for h U: [gatePanels][units][width].
  package let recurrent: FloatBuffer
  /// Uᵀ for dz Uᵀ: [unitPanels][columns][width].
  package let recurrentTransposed: FloatBuffer
  /// W for x W: [gatePanels][inputs][width].
  package let kernel: FloatBuffer
  /// Wᵀ for dz Wᵀ: [inputPanels][columns][width].
  package let kernelTransposed: FloatBuffer
  /// b: [columns].
  package let bias: FloatBuffer

  init(_ geometry: PackedGeometry) {
    let g = geometry
    self.geometry = g
    recurrent = FloatBuffer(zeros: g.units * g.columns)
    recurrentTransposed = FloatBuffer(zeros: g.units * g.columns)
    kernel = FloatBuffer(zeros: g.inputs * g.columns)
    kernelTransposed = FloatBuffer(zeros: g.inputs * g.columns)
    // The kernels prefetch a little past its end.
    bias = FloatBuffer(zeros: g.gateStride + RegisterTile.columns)
  }

  /// Packs all but the transposed copies, which only the backward pass needs.
  ///
  /// - Parameters:
  ///   - values: all parameters.
  ///   - tensors: those of this layer and direction.
  ///   - inputScale: a factor of the input, which W takes up.
  ///   - packedInput: the packed index of an input.
  func pack(
    _ values: UnsafePointer<Float>, _ tensors: ParameterLayout.Recurrence, inputScale: Float,
    packedInput: (Int) -> Int
  ) {
    Matrix(tensors.recurrentKernel, of: values).pack(to: recurrent, geometry, rowCount: geometry.units, scale: 1) { $0 }
    if geometry.inputs > 0 {
      Matrix(tensors.kernel, of: values)
        .pack(to: kernel, geometry, rowCount: geometry.inputs, scale: inputScale, packedRow: packedInput)
    }
    let bias = values + tensors.bias.offset
    geometry.forEachColumns {
      self.bias.pointer.store(bias.vector($0.column, count: $0.count) * $0.forwardScale, $0.packed)
    }
  }

  /// Packs the transposed copies. The parameters are those of `pack`.
  func packTransposed(
    _ values: UnsafePointer<Float>, _ tensors: ParameterLayout.Recurrence, inputScale: Float,
    packedInput: (Int) -> Int
  ) {
    Matrix(tensors.recurrentKernel, of: values).packTransposed(to: recurrentTransposed, geometry, scale: 1) { $0 }
    if geometry.inputs > 0 {
      Matrix(tensors.kernel, of: values)
        .packTransposed(to: kernelTransposed, geometry, scale: inputScale, packedRow: packedInput)
    }
  }

  /// x W + b of rows `rows` of `inputs`, [rows, rounded up to tiles][inputs] → [rows, rounded up][gateStride].
  func computeGateInputs(
    of rows: Range<Int>, inputs: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: RegisterTile.rows) { biases in
      biases.initialize(repeating: UnsafePointer(bias.pointer))
      for panel in 0..<geometry.gatePanels {
        let column = panel * RegisterTile.columns
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: RegisterTile.rows) {
          var tile = RegisterTile(rows: biases.baseAddress!, offset: column)
          tile.add(
            inputs + row * geometry.inputs, rowStride: geometry.inputs,
            timesPanel: kernel.pointer + column * geometry.inputs, count: geometry.inputs)
          tile.store(to: out + row * geometry.gateStride + column, stride: geometry.gateStride)
        }
      }
    }
  }

  /// x W + b of a single input row: the same bits.
  func computeGateInput(of input: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
    out.update(from: bias.pointer, count: geometry.columns)
    addRow(input, times: kernel.pointer, panelCount: geometry.gatePanels, count: geometry.inputs, to: out)
  }

  /// x W + b of a one-hot token: the token's row of W, [4H] in Keras's order, and the bias.
  func computeGateInput(ofOneHot row: UnsafePointer<Float>, scale: Float, into out: UnsafeMutablePointer<Float>) {
    out.update(from: bias.pointer, count: geometry.columns)
    geometry.forEachColumns {
      let part = row.vector($0.column, count: $0.count) * ($0.forwardScale * scale)
      out.store(out.vector($0.packed) + part, $0.packed)
    }
  }
}

/// A matrix in Keras's order, [rows][4H].
private struct Matrix {
  private let from: UnsafePointer<Float>
  private let rows: Int

  init(_ tensor: ParameterLayout.Tensor, of values: UnsafePointer<Float>) {
    from = values + tensor.offset
    rows = tensor.shape[0]
  }

  /// Writes the forward copy, [gatePanels][rowCount][width].
  func pack(
    to out: FloatBuffer, _ geometry: PackedGeometry, rowCount: Int, scale: Float, packedRow: (Int) -> Int
  ) {
    for row in 0..<rows {
      let target = packedRow(row)
      let from = from + row * 4 * geometry.hiddenSize
      geometry.forEachColumns {
        out.pointer.store(
          from.vector($0.column, count: $0.count) * ($0.forwardScale * scale),
          PackedGeometry.panelIndex(row: target, column: $0.packed, rowCount: rowCount))
      }
    }
  }

  /// Writes the transposed copy, [row panels][columns][width], whose columns are in the order of sums.
  func packTransposed(to out: FloatBuffer, _ geometry: PackedGeometry, scale: Float, packedRow: (Int) -> Int) {
    let (width, stride) = (RegisterTile.columns, 4 * geometry.hiddenSize)
    var first = 0
    while first < rows {
      // The rows that share a panel of the copy: their elements of a column are adjacent there.
      let target = packedRow(first)
      var count = 1
      while first + count < rows, target % width + count < width, packedRow(first + count) == target + count {
        count += 1
      }
      let from = from + first * stride
      geometry.forEachColumns { columns in
        var to =
          out.pointer
          + PackedGeometry.panelIndex(row: columns.place, column: target, rowCount: geometry.columns)
        for column in columns.column..<columns.column + columns.count {
          for row in 0..<count { to[row] = from[row * stride + column] * scale }
          to += width
        }
      }
      first += count
    }
  }
}
