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
  package private(set) var slots: [Int32] = []
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
    other.slots.withUnsafeBufferPointer { slots in
      add(
        recurrent: other.recurrent.pointer, dense: other.dense.pointer, denseBias: other.denseBias, slots: slots,
        rows: other.inputs.pointer, rowStride: geometry.gateStride)
    }
  }

  private func add(
    recurrent: UnsafePointer<Float>, dense: UnsafePointer<Float>, denseBias: Float,
    slots: UnsafeBufferPointer<Int32>, rows: UnsafePointer<Float>, rowStride: Int
  ) {
    add(recurrent, to: self.recurrent.pointer, geometry.units * geometry.columns)
    add(dense, to: self.dense.pointer, geometry.units)
    self.denseBias += denseBias
    for (row, slot) in slots.enumerated() { add(rows + row * rowStride, to: inputRow(slot), geometry.columns) }
  }

  private func add(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: Vector.scalarCount) { to.store(to.vector(i) + from.vector(i), i) }
  }

  // MARK: As a message
  //
  // [dU | d output weights | rows of S, one after the other | their slots | d output bias], all of 4 bytes. The order of
  // the rows goes along: it decides in which order they are added later.

  /// Bytes of a message with so many rows.
  package func messageSize(rows: Int) -> Int {
    4 * (recurrent.count + dense.count + rows * (geometry.columns + 1) + 1)
  }

  /// Writes the sums as a message, of `messageSize` bytes.
  package func write(to message: UnsafeMutableRawBufferPointer) {
    precondition(message.count == messageSize(rows: slots.count))
    var rest = message.baseAddress!
    func write(_ from: UnsafeRawPointer, _ count: Int) {
      rest.copyMemory(from: from, byteCount: 4 * count)
      rest += 4 * count
    }
    write(recurrent.pointer, recurrent.count)
    write(dense.pointer, dense.count)
    for row in slots.indices { write(inputs.pointer + row * geometry.gateStride, geometry.columns) }
    slots.withUnsafeBufferPointer { if let slots = $0.baseAddress { write(slots, $0.count) } }
    write(&denseBias, 1)
  }

  /// Adds the sums of a message, as `add` does those of another.
  package func add(message: UnsafeRawBufferPointer) {
    let rows = (message.count - messageSize(rows: 0)) / (messageSize(rows: 1) - messageSize(rows: 0))
    precondition(rows >= 0 && message.count == messageSize(rows: rows))
    let dense = recurrent.count
    let first = dense + self.dense.count
    let slots = first + rows * geometry.columns
    let floats = message.bindMemory(to: Float.self).baseAddress!
    let places = UnsafeRawBufferPointer(rebasing: message[4 * slots..<4 * (slots + rows)]).bindMemory(to: Int32.self)
    precondition(places.allSatisfy { rowOfSlot.indices.contains(Int($0)) })
    add(
      recurrent: floats, dense: floats + dense, denseBias: floats[slots + rows], slots: places, rows: floats + first,
      rowStride: geometry.columns)
  }
}
