/// The sums that a shard's backward pass leaves, and what a tree of additions makes of them: not yet a gradient.
///
/// Of the first layer Σ dz is kept per token (`S` of [tokens, 4H] for each direction) instead of per position: dW = Eᵀ S
/// and dE = S Wᵀ then cost as much as there are distinct tokens (`GradientAssembly`). Only tokens that occur have a row.
/// Where each position has an input vector of its own, a token's row is dE itself.
package final class ShardGradient {
  let form: Form
  /// All sums that are not by token, see `Form`.
  let sums: FloatBuffer
  /// By token, in the order of `slots`: S, [tokens][directions][gateStride], or dE, [tokens][inputStride].
  private(set) var inputs = FloatBuffer(0)
  private var capacity = 0
  /// Which of the batch's tokens each row belongs to, as places in `FoldedWeights.tokens`.
  package private(set) var slots: [Int32] = []
  /// The row of each of the batch's tokens, or −1.
  private var rowOfSlot: [Int32] = []

  /// Where the sums are that one layer in one direction has.
  struct Recurrence: Equatable {
    /// dU, packed panels: [gatePanels][units][width].
    var recurrent = 0
    /// dW, packed panels: [gatePanels][inputs][width]; only where inputs are multiplied position by position.
    var kernel = 0
    /// Σ dz, [columns]: of all positions where inputs are multiplied, or else of those whose word is dropped.
    var bias = 0
  }

  /// What sums there are, and where.
  package struct Form: Equatable {
    /// [layers][directions].
    let recurrences: [[Recurrence]]
    /// d output weights, [logits][features].
    let dense: Int
    /// d output bias, [logits].
    let denseBias: Int
    /// Number of elements.
    let count: Int
    /// Elements of a token's row, and from a row to the next.
    let (rowCount, rowStride): (Int, Int)

    init(_ weights: FoldedWeights) {
      let g = weights.geometry
      var end = 0
      func place(_ count: Int) -> Int {
        defer { end += PackedGeometry.panels(count) }
        return end
      }
      let readsVectors = weights.readsVectors
      recurrences = g.layers.enumerated().map { layer, g in
        weights.recurrences[layer].map { _ in
          var sums = Recurrence()
          sums.recurrent = place(g.units * g.columns)
          let multiplies = layer > 0 || readsVectors
          if multiplies { sums.kernel = place(g.inputs * g.columns) }
          if multiplies || weights.dropsWords { sums.bias = place(g.columns) }
          return sums
        }
      }
      let logits = g.architecture.logitCount
      dense = place(logits * g.features)
      denseBias = place(logits)
      count = end
      let first = g.layers[0]
      // Directions one behind the other, the stride that spreads rows over the cache's sets included.
      rowCount = readsVectors ? first.inputs : (g.directions - 1) * first.gateStride + first.columns
      rowStride = readsVectors ? first.inputStride : g.directions * first.gateStride
    }
  }

  /// Makes a buffer for what `weights` were packed for.
  package init(_ weights: FoldedWeights) {
    form = Form(weights)
    sums = FloatBuffer(zeros: form.count)
  }

  /// Whether it can take the sums of a batch with these weights.
  package func fits(_ weights: FoldedWeights) -> Bool { form == Form(weights) }

  /// d output bias of the first logit.
  package var denseBias: Float {
    get { sums.pointer[form.denseBias] }
    set { sums.pointer[form.denseBias] = newValue }
  }

  /// All zeros, with room for a batch of that many distinct tokens.
  package func clear(tokenCount: Int) {
    sums.clear()
    for slot in slots { rowOfSlot[Int(slot)] = -1 }
    slots.removeAll(keepingCapacity: true)
    if tokenCount > capacity {
      // One more, for a tile's rows past the end.
      inputs = FloatBuffer((tokenCount + RegisterTile.rows) * form.rowStride)
      capacity = tokenCount
      rowOfSlot = [Int32](repeating: -1, count: tokenCount)
      slots.reserveCapacity(tokenCount)
    }
  }

  /// The row of one of the batch's tokens; zeros where it is new.
  @inline(__always)
  func inputRow(_ slot: Int32) -> UnsafeMutablePointer<Float> {
    let row = rowOfSlot[Int(slot)]
    if row >= 0 { return inputs.pointer + Int(row) * form.rowStride }
    return newRow(slot)
  }

  @inline(never)
  private func newRow(_ slot: Int32) -> UnsafeMutablePointer<Float> {
    let new = inputs.pointer + slots.count * form.rowStride
    new.update(repeating: 0, count: form.rowCount)
    rowOfSlot[Int(slot)] = Int32(slots.count)
    slots.append(slot)
    return new
  }

  /// Adds the sums of the shards that follow this one's.
  package func add(_ other: ShardGradient) {
    precondition(form == other.form)
    other.slots.withUnsafeBufferPointer { slots in
      add(sums: other.sums.pointer, slots: slots, rows: other.inputs.pointer, rowStride: form.rowStride)
    }
  }

  private func add(
    sums: UnsafePointer<Float>, slots: UnsafeBufferPointer<Int32>, rows: UnsafePointer<Float>, rowStride: Int
  ) {
    add(sums, to: self.sums.pointer, form.count)
    for (row, slot) in slots.enumerated() { add(rows + row * rowStride, to: inputRow(slot), form.rowCount) }
  }

  private func add(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: Vector.scalarCount) { to.store(to.vector(i) + from.vector(i), i) }
  }

  // MARK: As a message
  //
  // [sums | rows by token, one after the other | their slots], all of 4 bytes. The order of the rows goes along: it
  // decides in which order they are added later.

  /// Bytes of a message with so many rows.
  package func messageSize(rows: Int) -> Int { 4 * (form.count + rows * (form.rowCount + 1)) }

  /// Writes the sums as a message, of `messageSize` bytes.
  package func write(to message: UnsafeMutableRawBufferPointer) {
    precondition(message.count == messageSize(rows: slots.count))
    var rest = message.baseAddress!
    func write(_ from: UnsafeRawPointer, _ count: Int) {
      rest.copyMemory(from: from, byteCount: 4 * count)
      rest += 4 * count
    }
    write(sums.pointer, form.count)
    for row in slots.indices { write(inputs.pointer + row * form.rowStride, form.rowCount) }
    slots.withUnsafeBufferPointer { if let slots = $0.baseAddress { write(slots, $0.count) } }
  }

  /// Adds the sums of a message, as `add` does those of another.
  package func add(message: UnsafeRawBufferPointer) {
    let rows = (message.count - messageSize(rows: 0)) / (messageSize(rows: 1) - messageSize(rows: 0))
    precondition(rows >= 0 && message.count == messageSize(rows: rows))
    let slots = form.count + rows * form.rowCount
    let floats = message.bindMemory(to: Float.self).baseAddress!
    let places = UnsafeRawBufferPointer(rebasing: message[4 * slots..<4 * (slots + rows)]).bindMemory(to: Int32.self)
    precondition(places.allSatisfy { rowOfSlot.indices.contains(Int($0)) })
    add(sums: floats, slots: places, rows: floats + form.count, rowStride: form.rowCount)
  }
}
