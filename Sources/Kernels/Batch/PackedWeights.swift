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

  /// - Parameter inputScale: a factor of the first layer's input, which its W takes up.
  func pack(_ parameters: Parameters, inputScale: Float) {
    parameters.values.withUnsafeBufferPointer { values in
      let values = values.baseAddress!
      for (layer, directions) in recurrences.enumerated() {
        for (direction, recurrence) in directions.enumerated() {
          recurrence.pack(values, layout.recurrences[layer][direction], inputScale: layer == 0 ? inputScale : 1) {
            geometry.packedInput($0, ofLayer: layer)
          }
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

  /// - Parameters:
  ///   - values: all parameters.
  ///   - tensors: those of this layer and direction.
  ///   - inputScale: a factor of the input, which W takes up.
  ///   - packedInput: the packed index of an input.
  func pack(
    _ values: UnsafePointer<Float>, _ tensors: ParameterLayout.Recurrence, inputScale: Float,
    packedInput: (Int) -> Int
  ) {
    Matrix(from: values + tensors.recurrentKernel.offset, rows: geometry.hiddenSize, paddedRows: geometry.units)
      .pack(to: recurrent, transposed: recurrentTransposed, geometry, scale: 1) { $0 }
    if geometry.inputs > 0 {
      Matrix(from: values + tensors.kernel.offset, rows: tensors.kernel.shape[0], paddedRows: geometry.inputs)
        .pack(to: kernel, transposed: kernelTransposed, geometry, scale: inputScale, packedRow: packedInput)
    }
    let bias = values + tensors.bias.offset
    geometry.forEachColumn { column, packed, gate in self.bias.pointer[packed] = bias[column] * forwardScale(gate) }
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
    geometry.forEachColumn { column, packed, gate in out[packed] += row[column] * (forwardScale(gate) * scale) }
  }
}

/// The halved columns of i, f and o, and the whole ones of g.
private func forwardScale(_ gate: Int) -> Float { gate == 2 ? 1 : 0.5 }

/// A matrix in Keras's order, [rows, 4H].
private struct Matrix {
  let from: UnsafePointer<Float>
  let rows: Int
  /// Rows of the packed copy.
  let paddedRows: Int

  /// Writes the forward copy, [gatePanels][paddedRows][width], and the transposed one, [row panels][columns][width], whose
  /// columns are in the order of sums.
  func pack(
    to out: FloatBuffer, transposed: FloatBuffer, _ geometry: PackedGeometry, scale: Float, packedRow: (Int) -> Int
  ) {
    for row in 0..<rows {
      let target = packedRow(row)
      let from = from + row * 4 * geometry.hiddenSize
      geometry.forEachColumn { column, packed, gate in
        out.pointer[PackedGeometry.panelIndex(row: target, column: packed, rowCount: paddedRows)] =
          from[column] * (forwardScale(gate) * scale)
        let place = PackedGeometry.place(gate: gate, unit: column - gate * geometry.hiddenSize)
        transposed.pointer[PackedGeometry.panelIndex(row: place, column: target, rowCount: geometry.columns)] =
          from[column] * scale
      }
    }
  }
}
