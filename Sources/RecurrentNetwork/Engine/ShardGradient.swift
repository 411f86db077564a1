/// The sums that a shard's backward pass leaves, and what a tree of additions makes of them: not yet a gradient.
///
/// Σ dz is kept per token (`S` of [tokens, 4H]) instead of per position: dW = Eᵀ S and dE = S Wᵀ then cost as much as
/// there are distinct tokens (`GradientAssembly`). Only tokens that occur have a row.
package final class ShardGradient {
  let geometry: PackedGeometry
  /// dU, packed panels: [gatePanels][units][width].
  let recurrent: FloatBuffer
  /// d output weights, [units].
  let dense: FloatBuffer
  package var denseBias: Float = 0
  /// Rows of S, [tokens][gateStride], in the order of `slots`.
  private(set) var inputs = FloatBuffer(0)
  private var capacity = 0
  /// Which of the batch's tokens each row belongs to, as places in `FoldedWeights.tokens`.
  private(set) var slots: [Int32] = []
  /// The row of each of the batch's tokens, or −1.
  private var rowOfSlot: [Int32] = []

  package init(_ weights: FoldedWeights) {
    geometry = weights.geometry
    recurrent = FloatBuffer(zeros: geometry.units * geometry.columns)
    dense = FloatBuffer(zeros: geometry.units)
  }

  /// All zeros, with room for a batch of that many distinct tokens.
  package func clear(tokenCount: Int) {
    recurrent.clear()
    dense.clear()
    denseBias = 0
    for slot in slots { rowOfSlot[Int(slot)] = -1 }
    slots.removeAll(keepingCapacity: true)
    if tokenCount > capacity {
      // One more, for a tile's rows past the end.
      inputs = FloatBuffer((tokenCount + RegisterTile.rows) * geometry.gateStride)
      capacity = tokenCount
      rowOfSlot = [Int32](repeating: -1, count: tokenCount)
      slots.reserveCapacity(tokenCount)
    }
  }

  /// The row of S for one of the batch's tokens; zeros where it is new.
  @inline(__always)
  func inputRow(_ slot: Int32) -> UnsafeMutablePointer<Float> {
    let row = rowOfSlot[Int(slot)]
    if row >= 0 { return inputs.pointer + Int(row) * geometry.gateStride }
    return newRow(slot)
  }

  @inline(never)
  private func newRow(_ slot: Int32) -> UnsafeMutablePointer<Float> {
    let new = inputs.pointer + slots.count * geometry.gateStride
    new.update(repeating: 0, count: geometry.columns)
    rowOfSlot[Int(slot)] = Int32(slots.count)
    slots.append(slot)
    return new
  }

  /// Adds the sums of the shards that follow this one's.
  package func add(_ other: ShardGradient) {
    add(other.recurrent.pointer, to: recurrent.pointer, geometry.units * geometry.columns)
    add(other.dense.pointer, to: dense.pointer, geometry.units)
    denseBias += other.denseBias
    for (row, slot) in other.slots.enumerated() {
      let from = other.inputs.pointer + row * geometry.gateStride
      add(from, to: inputRow(slot), geometry.columns)
    }
  }

  private func add(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: Vector.scalarCount) { to.store(to.vector(i) + from.vector(i), i) }
  }
}
