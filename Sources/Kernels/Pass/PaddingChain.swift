import RecurrentNetwork

/// The states that padding leads to in one layer: a chain that all sequences share (legend: Kernels.md).
///
/// Every sequence starts from the same zero state and reads the same padding token, so after k of them the state is
/// one row, whichever sequence it is. It is computed once up to the longest padding, and each tile of sequences enters
/// at its own k. The backward pass is linear in (dh, dc): what leaves the tiles that entered at k is summed, and goes
/// back along the chain once. A layer above reads nothing but such states either, and has a chain of its own.
package final class PaddingChain {
  private let geometry: PackedGeometry
  /// State after k paddings: [steps + 1][unitStride].
  private var hidden: FloatBuffer
  private var cell: FloatBuffer
  /// i, f, g, o of each step, [steps][gateStride]; the backward pass turns them into dz.
  private var gates: FloatBuffer
  /// tanh c of each step: [steps][unitStride].
  private var tanhCell: FloatBuffer
  /// How many paddings it covers.
  private(set) var length = 0
  /// Where the states begin to repeat themselves, and after how many steps; nil where they aren't known to.
  private var cycle: (start: Int, period: Int)?

  init(_ geometry: PackedGeometry) {
    self.geometry = geometry
    (hidden, cell) = (FloatBuffer(0), FloatBuffer(0))
    (gates, tanhCell) = (FloatBuffer(0), FloatBuffer(0))
    reserve(1)
  }

  private func reserve(_ steps: Int) {
    if hidden.count < (steps + 1) * geometry.unitStride {
      hidden = FloatBuffer(zeros: (steps + 1) * geometry.unitStride)
      cell = FloatBuffer(zeros: (steps + 1) * geometry.unitStride)
    }
    if tanhCell.count < steps * geometry.unitStride {
      gates = FloatBuffer(zeros: steps * geometry.gateStride)
      tanhCell = FloatBuffer(zeros: steps * geometry.unitStride)
    }
  }

  /// h after `paddings` of them, [units].
  package func hidden(after paddings: Int) -> UnsafePointer<Float> {
    UnsafePointer(hidden.pointer + row(paddings) * geometry.unitStride)
  }

  /// c after `paddings` of them, [units].
  package func cell(after paddings: Int) -> UnsafePointer<Float> {
    UnsafePointer(cell.pointer + row(paddings) * geometry.unitStride)
  }

  /// Where the state after some paddings is stored.
  private func row(_ paddings: Int) -> Int {
    precondition(paddings <= length, "the chain ends before")
    guard let (start, period) = cycle, paddings >= start else { return paddings }
    return start + (paddings - start) % period
  }

  /// Computes the states from zeros up to `length` paddings.
  ///
  /// - Parameters:
  ///   - recurrent: U, [gatePanels][units][width].
  ///   - readInput: writes x W + b of a step to z, [columns].
  func forward(
    length: Int, recurrent: UnsafePointer<Float>, readInput: (_ step: Int, _ z: UnsafeMutablePointer<Float>) -> Void
  ) {
    reserve(length)
    self.length = length
    cycle = nil
    for k in 0..<length {
      let z = gates.pointer + k * geometry.gateStride
      readInput(k, z)
      step(k, recurrent: recurrent, z: z, tanhCell: tanhCell.pointer + k * geometry.unitStride)
    }
  }

  /// The same for inference, where no gradient asks for more than the states: once they repeat themselves, which they
  /// usually do after some hundred steps, the rest is known. So neither time nor memory follows a length that a file claims.
  ///
  /// - Parameters:
  ///   - length: the number of paddings.
  ///   - below: the chain whose states are read; nil in the first layer.
  ///   - recurrent: U, [gatePanels][units][width].
  ///   - readInput: writes x W + b of a step to z, [columns].
  func forwardWithoutHistory(
    length: Int, below: PaddingChain?, recurrent: UnsafePointer<Float>,
    readInput: (_ step: Int, _ z: UnsafeMutablePointer<Float>) -> Void
  ) {
    self.length = length
    cycle = nil
    let g = geometry
    let z = FloatBuffer(g.gateStride)
    let tanhCell = FloatBuffer(g.unitStride)
    // The input of the steps from `start` on repeats itself, too.
    let inputCycle = below.map(\.cycle) ?? (start: 0, period: 1)
    var room = hidden.count / g.unitStride - 1
    for k in 0..<length {
      if k == room {
        room = min(length, max(2 * room, 512))
        hidden = grown(hidden, rows: k + 1, to: room + 1)
        cell = grown(cell, rows: k + 1, to: room + 1)
      }
      readInput(k, z.pointer)
      step(k, recurrent: recurrent, z: z.pointer, tanhCell: tanhCell.pointer)
      guard let inputCycle else { continue }
      let first = max(inputCycle.start, k + 1 - Self.longestPeriod)
      for earlier in stride(from: k + 1 - inputCycle.period, through: first, by: -inputCycle.period)
      where isSame(k + 1, earlier) {
        cycle = (earlier, k + 1 - earlier)
        return
      }
    }
  }

  /// States that rounding keeps apart alternate between a few.
  private static let longestPeriod = 16

  private func isSame(_ step: Int, _ other: Int) -> Bool {
    [hidden, cell].allSatisfy { buffer in
      let (own, others) = (buffer.pointer + step * geometry.unitStride, buffer.pointer + other * geometry.unitStride)
      return (0..<geometry.units).allSatisfy { own[$0].bitPattern == others[$0].bitPattern }
    }
  }

  /// A larger buffer that begins with some rows of another; the first row of states is zeros.
  private func grown(_ buffer: FloatBuffer, rows: Int, to count: Int) -> FloatBuffer {
    let result = FloatBuffer(count * geometry.unitStride)
    if rows == 1 {
      result.pointer.update(repeating: 0, count: geometry.unitStride)
    } else {
      result.pointer.update(from: buffer.pointer, count: rows * geometry.unitStride)
    }
    return result
  }

  /// The state after one more padding, from z, which becomes the gates.
  private func step(
    _ k: Int, recurrent: UnsafePointer<Float>, z: UnsafeMutablePointer<Float>, tanhCell t: UnsafeMutablePointer<Float>
  ) {
    let g = geometry
    let (h, c) = (hidden.pointer + k * g.unitStride, cell.pointer + k * g.unitStride)
    addRow(h, times: recurrent, panelCount: g.gatePanels, count: g.units, to: z)
    for unit in stride(from: 0, to: g.units, by: Vector.scalarCount) {
      let pre = Gates(at: z + 4 * unit)
      let s = cellForward(
        Gates(i: tanh(pre.i), f: tanh(pre.f), g: tanh(pre.g), o: tanh(pre.o)), previousCell: c.vector(unit))
      s.gates.store(to: z + 4 * unit)
      t.store(s.tanhCell, unit)
      c.store(s.cell, g.unitStride + unit)
      h.store(s.hidden, g.unitStride + unit)
    }
  }

  /// Takes the gradients that enter after k paddings back to the start.
  ///
  /// - Parameters:
  ///   - injection: dh and dc to add after k paddings, [2][unitStride], or nil where no sequence entered.
  ///   - above: the chain that reads this one's states, after its own backward pass, and its Wᵀ; nil for the last layer.
  ///   - recurrentTransposed: Uᵀ, [unitPanels][columns][width].
  ///   - recurrentGradient: dU, [gatePanels][units][width]; overwritten.
  ///   - inputGradient: Σ dz, [columns]; overwritten.
  package func backward(
    injection: (Int) -> UnsafePointer<Float>?, above: (chain: PaddingChain, kernelTransposed: UnsafePointer<Float>)?,
    recurrentTransposed: UnsafePointer<Float>, recurrentGradient: UnsafeMutablePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    let g = geometry
    let n = Vector.scalarCount
    let state = FloatBuffer(zeros: 2 * g.unitStride)
    // dz in the order in which it is summed over.
    let ordered = FloatBuffer(max(g.columns, above?.chain.geometry.columns ?? 0))
    let (dh, dc) = (state.pointer, state.pointer + g.unitStride)
    inputGradient.update(repeating: 0, count: g.columns)
    for k in stride(from: length - 1, through: 0, by: -1) {
      if let injected = injection(k + 1) {
        for unit in stride(from: 0, to: g.units, by: n) {
          dh.store(dh.vector(unit) + injected.vector(unit), unit)
          dc.store(dc.vector(unit) + injected.vector(g.unitStride + unit), unit)
        }
      }
      if let (above, kernelTransposed) = above {
        above.geometry.copyInOrderOfSums(above.gates.pointer + k * above.geometry.gateStride, to: ordered.pointer)
        addRow(
          ordered.pointer, times: kernelTransposed, panelCount: g.unitPanels, count: above.geometry.columns, to: dh)
      }
      let z = gates.pointer + k * g.gateStride
      for unit in stride(from: 0, to: g.units, by: n) {
        let d = cellBackward(
          Gates(at: z + 4 * unit), previousCell: cell.pointer.vector(k * g.unitStride + unit),
          tanhCell: tanhCell.pointer.vector(k * g.unitStride + unit),
          hiddenGradient: dh.vector(unit), cellGradient: dc.vector(unit))
        dc.store(d.previousCell, unit)
        d.dz.store(to: z + 4 * unit)
        d.dz.add(to: inputGradient + 4 * unit)
      }
      dh.update(repeating: 0, count: g.units)
      g.copyInOrderOfSums(z, to: ordered.pointer)
      addRow(ordered.pointer, times: recurrentTransposed, panelCount: g.unitPanels, count: g.columns, to: dh)
    }
    multiplyByGradient(hidden.pointer, g, into: recurrentGradient)
  }

  /// dW, [gatePanels][inputs][width], once `backward` is done; `below` is the chain whose states this one read.
  package func kernelGradient(below: PaddingChain, into kernelGradient: UnsafeMutablePointer<Float>) {
    multiplyByGradient(below.hidden.pointer + below.geometry.unitStride, below.geometry, into: kernelGradient)
  }

  /// Σ over the steps of leftᵀ dz; left is [steps][unitStride] of `leftGeometry`.
  private func multiplyByGradient(
    _ left: UnsafePointer<Float>, _ leftGeometry: PackedGeometry, into out: UnsafeMutablePointer<Float>
  ) {
    let (units, width) = (leftGeometry.units, RegisterTile.columns)
    for panel in 0..<geometry.gatePanels {
      let out = out + panel * units * width
      let right = gates.pointer + panel * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile()
        tile.add(
          left + unit, rowStride: 1, stepStride: leftGeometry.unitStride, times: right,
          rightStride: geometry.gateStride, count: length, rows: rows)
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(units, six: { product($0, 6) }, four: { product($0, 4) })
    }
  }
}
