/// The states that padding leads to: one chain that all sequences share.
///
/// Every sequence starts from the same zero state and reads the same padding token, so after k of them the state is
/// one row, whoever asks. It is computed once up to the longest padding, and each tile of sequences enters at its own
/// k. The way back is linear in (dh, dc): what leaves the tiles that entered at k is summed and carried along once.
final class PaddingChain {
  private let geometry: PackedGeometry
  /// State after k paddings: [steps + 1][unitStride].
  private(set) var hidden: FloatBuffer
  private(set) var cell: FloatBuffer
  /// i, f, g, o of each step, packed order: [steps][gateStride]; the backward pass turns them into dz.
  private var gates: FloatBuffer
  /// tanh c of each step: [steps][unitStride].
  private var tanhCell: FloatBuffer
  private var capacity = 0
  /// How many steps were computed.
  private(set) var length = 0

  init(_ geometry: PackedGeometry) {
    self.geometry = geometry
    (hidden, cell) = (FloatBuffer(0), FloatBuffer(0))
    (gates, tanhCell) = (FloatBuffer(0), FloatBuffer(0))
    reserve(1)
  }

  private func reserve(_ steps: Int) {
    guard steps > capacity else { return }
    capacity = steps
    hidden = FloatBuffer(zeros: (steps + 1) * geometry.unitStride)
    cell = FloatBuffer(zeros: (steps + 1) * geometry.unitStride)
    gates = FloatBuffer(zeros: steps * geometry.gateStride)
    tanhCell = FloatBuffer(zeros: steps * geometry.unitStride)
  }

  /// Computes the states up to `length` paddings from zeros.
  func forward(length: Int, paddingInput: UnsafePointer<Float>, recurrent: UnsafePointer<Float>) {
    reserve(length)
    self.length = length
    let g = geometry
    let n = Vector.scalarCount
    for k in 0..<length {
      let z = gates.pointer + k * g.gateStride
      z.update(from: paddingInput, count: g.columns)
      let (h, c) = (hidden.pointer + k * g.unitStride, cell.pointer + k * g.unitStride)
      addRow(h, times: recurrent, panelCount: g.gatePanels, count: g.units, to: z)
      let t = tanhCell.pointer + k * g.unitStride
      for unit in stride(from: 0, to: g.units, by: n) {
        let z = z + 4 * unit
        let s = cellForward(
          tanhHalfInput: tanh(z.vector(0)), tanhHalfForget: tanh(z.vector(n)), candidate: tanh(z.vector(2 * n)),
          tanhHalfOutput: tanh(z.vector(3 * n)), previousCell: c.vector(unit))
        z.store(s.i, 0)
        z.store(s.f, n)
        z.store(s.g, 2 * n)
        z.store(s.o, 3 * n)
        t.store(s.tanhCell, unit)
        c.store(s.cell, g.unitStride + unit)
        h.store(s.hidden, g.unitStride + unit)
      }
    }
  }

  /// Carries the gradients that enter after k paddings back to the start.
  ///
  /// - Parameters:
  ///   - injection: dh and dc to add at a k, [2][unitStride], or nil where no sequence entered.
  ///   - recurrentGradient: dU, packed panels; overwritten.
  ///   - inputGradient: Σ dz, the padding token's row of S, [columns]; overwritten.
  func backward(
    injection: (Int) -> UnsafePointer<Float>?, recurrentTransposed: UnsafePointer<Float>,
    recurrentGradient: UnsafeMutablePointer<Float>, inputGradient: UnsafeMutablePointer<Float>
  ) {
    let g = geometry
    let n = Vector.scalarCount
    let state = FloatBuffer(zeros: 2 * g.unitStride)
    let (dh, dc) = (state.pointer, state.pointer + g.unitStride)
    inputGradient.update(repeating: 0, count: g.columns)
    for k in stride(from: length - 1, through: 0, by: -1) {
      if let injected = injection(k + 1) {
        for unit in stride(from: 0, to: g.units, by: n) {
          dh.store(dh.vector(unit) + injected.vector(unit), unit)
          dc.store(dc.vector(unit) + injected.vector(g.unitStride + unit), unit)
        }
      }
      let z = gates.pointer + k * g.gateStride
      for unit in stride(from: 0, to: g.units, by: n) {
        let z = z + 4 * unit
        let d = cellBackward(
          i: z.vector(0), f: z.vector(n), g: z.vector(2 * n), o: z.vector(3 * n),
          previousCell: cell.pointer.vector(k * g.unitStride + unit),
          tanhCell: tanhCell.pointer.vector(k * g.unitStride + unit),
          hiddenGradient: dh.vector(unit), cellGradient: dc.vector(unit))
        dc.store(d.previousCell, unit)
        z.store(d.i, 0)
        z.store(d.f, n)
        z.store(d.g, 2 * n)
        z.store(d.o, 3 * n)
        add((d.i, d.f, d.g, d.o), to: inputGradient + 4 * unit)
      }
      dh.update(repeating: 0, count: g.units)
      addRow(z, times: recurrentTransposed, panelCount: g.unitPanels, count: g.columns, to: dh)
    }
    for panel in 0..<g.gatePanels {
      let out = recurrentGradient + panel * g.units * RegisterTile.columns
      let right = gates.pointer + panel * RegisterTile.columns
      @inline(__always) func product(_ row: Int, _ rows: Int) {
        var tile = RegisterTile()
        tile.add(
          hidden.pointer + row, rowStride: 1, stepStride: g.unitStride, times: right, rightStride: g.gateStride,
          count: length, rows: rows)
        tile.store(to: out + row * RegisterTile.columns, stride: RegisterTile.columns, rows: rows)
      }
      forEachTile(g.units, six: { product($0, 6) }, four: { product($0, 4) })
    }
  }
}
