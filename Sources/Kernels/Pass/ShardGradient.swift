import RecurrentNetwork

/// The sums that a shard's backward pass leaves, and their tree of additions: not yet a gradient (legend: Kernels.md).
///
/// In the first layer Σ dz is kept per token (S, [tokens, 4H] for each direction) instead of per position: dW = Eᵀ S
/// and dE = S Wᵀ then cost as much as there are distinct tokens (`GradientAssembly`). Only tokens that occur have a row.
/// Where each position has an input vector of its own, a token's row is dE itself.
package final class ShardGradient: EngineGradient {
  let form: Form
  /// All sums that are not by token, at the offsets of `form`.
  let sums: FloatBuffer
  /// Rows by token, in the order of `slots`, in pieces of `rowsPerPiece`: S, [rows][directions][gateStride], or dE,
  /// [rows][inputStride].
  private var pieces: [UnsafeMutablePointer<Float>] = []
  private let memory: any RowMemory
  /// Whole register tiles, so that none lies in two pieces.
  private static let rowsPerPiece = 16 * RegisterTile.rows
  /// The slot of each row's token, see `TokenTable`.
  package private(set) var slots: [Int32] = []
  /// The row of each slot, or −1.
  private var rowOfSlot: [Int32] = []

  /// Offsets of the sums of one layer in one direction.
  struct RecurrenceOffsets: Equatable {
    /// dU: [gatePanels][units][width], columns in the order of sums.
    var recurrent = 0
    /// dW: [gatePanels][inputs][width], in the same order; only where inputs are multiplied position by position.
    var kernel = 0
    /// Σ dz, [columns]: of all positions where inputs are multiplied, or else of those whose word is dropped.
    var bias = 0
  }

  /// Offsets of the sums of a dense layer below the output layer.
  struct DenseOffsets: Equatable {
    /// dW: [inputs][denseStride].
    let kernel: Int
    /// db: [denseStride].
    let bias: Int
  }

  /// Offsets of the sums of the weights that predict words, in one direction.
  struct WordOffsets: Equatable {
    /// dO of the samples: [samplePanels][units][width].
    let samples: Int
    /// Their d b: [K].
    let sampleBiases: Int
    /// In a token's row, dO of the token: [units], and then its d b.
    let row: Int
  }

  /// Which sums there are, and their offsets.
  struct Form: Equatable {
    /// [layers][directions].
    let recurrences: [[RecurrenceOffsets]]
    /// The dense layers below the output layer.
    let hiddenDense: [DenseOffsets]
    /// d output weights, [logits][logitInputs].
    let dense: Int
    /// d output bias, [logits].
    let denseBias: Int
    /// [directions], or empty.
    let words: [WordOffsets]
    /// Number of elements.
    let count: Int
    /// Elements of a token's row, and from one row to the next.
    let (rowCount, rowStride): (Int, Int)

    init(_ batch: PreparedBatch) {
      let g = batch.geometry
      var end = 0
      func reserve(_ count: Int) -> Int {
        defer { end += PackedGeometry.roundedUpToPanels(count) }
        return end
      }
      let embedsPositions = batch.embedsPositions
      recurrences = g.layers.enumerated().map { layer, geometry in
        (0..<g.directions).map { _ in
          var offsets = RecurrenceOffsets()
          offsets.recurrent = reserve(geometry.units * geometry.columns)
          let multipliesInputs = layer > 0 || embedsPositions
          if multipliesInputs { offsets.kernel = reserve(geometry.inputs * geometry.columns) }
          if multipliesInputs || batch.dropsWords { offsets.bias = reserve(geometry.columns) }
          return offsets
        }
      }
      hiddenDense = batch.weights.hiddenDense.map {
        DenseOffsets(kernel: reserve($0.kernel.count), bias: reserve($0.bias.count))
      }
      let logits = g.architecture.logitCount
      dense = reserve(logits * g.logitInputs)
      denseBias = reserve(logits)
      let first = g.layers[0]
      // The directions follow each other, with the stride that spreads rows over the cache's sets.
      let inputStride = embedsPositions ? first.inputStride : g.directions * first.gateStride
      var words: [WordOffsets] = []
      if let tables = batch.words {
        for direction in tables.directions.indices {
          words.append(
            WordOffsets(
              samples: reserve(tables.sampleCount * first.units), sampleBiases: reserve(tables.sampleCount),
              row: inputStride + direction * (first.units + widestLanes)))
        }
      }
      self.words = words
      count = end
      if let last = words.last {
        rowCount = last.row + first.units + widestLanes
        rowStride = PackedGeometry.roundedUpToOddLines(rowCount)
      } else {
        rowCount = embedsPositions ? first.inputs : (g.directions - 1) * first.gateStride + first.columns
        rowStride = inputStride
      }
    }
  }

  package init(_ batch: PreparedBatch, memory: any RowMemory) {
    form = Form(batch)
    sums = FloatBuffer(zeros: form.count)
    self.memory = memory
  }

  deinit { for piece in pieces { memory.give(piece, pieceSize) } }

  private var pieceSize: Int { Self.rowsPerPiece * form.rowStride }

  /// A row. Those behind it are adjacent up to the end of its register tile, whether they are in use or not.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> {
    pieces[index / Self.rowsPerPiece] + index % Self.rowsPerPiece * form.rowStride
  }

  package func fits(_ batch: any EngineBatch) -> Bool { form == Form(batch as! PreparedBatch) }

  package var denseBias: Float {
    get { sums.pointer[form.denseBias] }
    set { sums.pointer[form.denseBias] = newValue }
  }

  package func clear(tokenCount: Int) {
    sums.clear()
    removeRows()
    if tokenCount > rowOfSlot.count { rowOfSlot = [Int32](repeating: -1, count: tokenCount) }
  }

  private func removeRows() {
    for slot in slots { rowOfSlot[Int(slot)] = -1 }
    slots.removeAll(keepingCapacity: true)
    for piece in pieces { memory.give(piece, pieceSize) }
    pieces.removeAll(keepingCapacity: true)
  }

  /// The row of the token with a slot; zeros where it is new.
  @inline(__always)
  func tokenRow(_ slot: Int) -> UnsafeMutablePointer<Float> {
    let row = rowOfSlot[slot]
    if row >= 0 { return self.row(Int(row)) }
    return newRow(slot)
  }

  @inline(never)
  private func newRow(_ slot: Int) -> UnsafeMutablePointer<Float> {
    if slots.count == pieces.count * Self.rowsPerPiece { pieces.append(memory.take(pieceSize)) }
    let new = row(slots.count)
    new.update(repeating: 0, count: form.rowCount)
    rowOfSlot[slot] = Int32(slots.count)
    slots.append(Int32(slot))
    return new
  }

  package func add(_ other: any EngineGradient) {
    let other = other as! ShardGradient
    precondition(form == other.form)
    add(other.sums.pointer, to: sums.pointer, form.count)
    for (row, slot) in other.slots.enumerated() { add(other.row(row), to: tokenRow(Int(slot)), form.rowCount) }
    other.removeRows()
  }

  private func add(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: Vector.scalarCount) { to.store(to.vector(i) + from.vector(i), i) }
  }

  // MARK: As a message
  //
  // [sums | rows by token, one after the other | their slots], all of 4 bytes. The order of the rows is part of it, as
  // it decides in which order they are added later.

  package func messageSize(rows: Int) -> Int { 4 * (form.count + rows * (form.rowCount + 1)) }

  package func write(to message: UnsafeMutableRawBufferPointer) {
    precondition(message.count == messageSize(rows: slots.count))
    var rest = message.baseAddress!
    func write(_ from: UnsafeRawPointer, _ count: Int) {
      rest.copyMemory(from: from, byteCount: 4 * count)
      rest += 4 * count
    }
    write(sums.pointer, form.count)
    for row in slots.indices { write(self.row(row), form.rowCount) }
    slots.withUnsafeBufferPointer { if let slots = $0.baseAddress { write(slots, $0.count) } }
  }

  package func add(message: UnsafeRawBufferPointer) {
    let rows = (message.count - messageSize(rows: 0)) / (messageSize(rows: 1) - messageSize(rows: 0))
    precondition(rows >= 0 && message.count == messageSize(rows: rows))
    let end = form.count + rows * form.rowCount
    let floats = message.bindMemory(to: Float.self).baseAddress!
    let slots = UnsafeRawBufferPointer(rebasing: message[4 * end..<4 * (end + rows)]).bindMemory(to: Int32.self)
    precondition(slots.allSatisfy { rowOfSlot.indices.contains(Int($0)) })
    add(floats, to: sums.pointer, form.count)
    for (row, slot) in slots.enumerated() {
      add(floats + form.count + row * form.rowCount, to: tokenRow(Int(slot)), form.rowCount)
    }
  }
}
