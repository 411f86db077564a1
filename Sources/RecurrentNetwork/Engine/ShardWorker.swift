import CPrefetch

/// One thread's buffers, and the way of a shard through them: forward, loss, backward.
///
/// A shard is worked on in blocks of a few row tiles. A block goes forward through all steps, then backward, before the
/// next begins, so h, c and the weights stay in cache and only one block's history is held, whatever the batch size.
/// Nothing is allocated after the first batch.
package final class ShardWorker {
  /// Tiles of a block: enough rows that a panel of weights, once in the cache, is used several times.
  package static let tilesPerBlock = 2
  /// Rows, over some steps, whose h and dz are collected before dU is updated.
  private static let updateDepth = 16 * tilesPerBlock * RowTile.rowCount

  private let geometry: PackedGeometry
  /// T.
  private let steps: Int
  private let rowCapacity = tilesPerBlock * RowTile.rowCount

  // The history of a block, a slab a step: [T][rowCapacity][…].
  /// i, f, g, o in packed order. [gateStride] a row.
  private let gates: FloatBuffer
  /// c before the step. [unitStride] a row, as all that follow.
  private let previousCells: FloatBuffer
  /// tanh of c after it.
  private let tanhCells: FloatBuffer

  // The state of a block: [rowCapacity][unitStride].
  private var hidden: FloatBuffer
  private var nextHidden: FloatBuffer
  private let cell: FloatBuffer
  private let hiddenGradient: FloatBuffer
  private let cellGradient: FloatBuffer
  /// h before each of the steps that wait for dU: [updateDepth][unitStride].
  private let waitingHidden: FloatBuffer
  /// dz of the same rows, in panels: [gatePanels][updateDepth][width] and a cache line, so that panels don't meet in
  /// the cache's sets.
  private let waitingGates: FloatBuffer
  private let waitingStride = (updateDepth + 1) * RegisterTile.columns
  /// The pre-activations of one tile and one vector of units: [i f | g o][row][width].
  private let preActivations = FloatBuffer(2 * RowTile.rowCount * RegisterTile.columns)

  // The rows of a block: [rowCapacity].
  private let tokens: UnsafeMutablePointer<UnsafePointer<Int32>>
  private let starts: UnsafeMutablePointer<Int>
  private let inputRows: UnsafeMutablePointer<UnsafePointer<Float>>
  /// Where each tile of the block enters: [tilesPerBlock].
  private let tileStarts: UnsafeMutablePointer<Int>
  private var tileCount = 0

  /// Makes the buffers for sequences of `steps` steps.
  ///
  /// - Parameter learns: whether it has the memory for gradients; one without can only `evaluate`.
  package init(_ architecture: Architecture, steps: Int, learns: Bool = true) {
    let g = PackedGeometry(architecture)
    geometry = g
    self.steps = steps
    let history = learns ? steps : 0
    gates = FloatBuffer(history * rowCapacity * g.gateStride)
    previousCells = FloatBuffer(history * rowCapacity * g.unitStride)
    tanhCells = FloatBuffer(history * rowCapacity * g.unitStride)
    hidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    nextHidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cell = FloatBuffer(zeros: rowCapacity * g.unitStride)
    hiddenGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cellGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    waitingHidden = FloatBuffer(zeros: learns ? Self.updateDepth * g.unitStride : 0)
    waitingGates = FloatBuffer(zeros: learns ? g.gatePanels * waitingStride : 0)
    tokens = .allocate(capacity: rowCapacity)
    starts = .allocate(capacity: rowCapacity)
    inputRows = .allocate(capacity: rowCapacity)
    tileStarts = .allocate(capacity: Self.tilesPerBlock)
  }

  deinit {
    tokens.deallocate()
    starts.deallocate()
    inputRows.deallocate()
    tileStarts.deallocate()
  }

  // MARK: Shards

  /// Forward, loss and backward of a shard.
  ///
  /// - Parameters:
  ///   - tiles: the shard's tiles, in order of their start.
  ///   - sequences: the batch.
  ///   - gradient: gets the sums over the shard added.
  ///   - injections: a slot a tile of the batch, [tiles][2][unitStride]; the shard fills its tiles' slots.
  ///   - outcomes: a slot a sequence of the batch; the shard fills its sequences' slots.
  package func addGradient(
    of tiles: [RowTile], in sequences: [TokenSequence], weights: FoldedWeights, to gradient: ShardGradient,
    injections: InjectionSlots, outcomes: UnsafeMutablePointer<Outcome>
  ) {
    forEachBlock(of: tiles) { block in
      load(block, sequences)
      forward(weights, keepsHistory: true)
      clearGradients()
      finish(block, sequences, weights, outcomes) { row, h, gradientOfLogit in
        let n = Vector.scalarCount
        let d = Vector(repeating: gradientOfLogit)
        let dh = hiddenGradient.pointer + row * geometry.unitStride
        for unit in stride(from: 0, to: geometry.units, by: n) {
          gradient.dense.pointer.store(gradient.dense.pointer.vector(unit).plus(d, times: h.vector(unit)), unit)
          dh.store(d * weights.dense.pointer.vector(unit), unit)
        }
        gradient.denseBias += gradientOfLogit
      }
      backward(block, weights, gradient, injections)
    }
  }

  /// Forward and loss of some tiles, in order of their start.
  package func evaluate(
    _ tiles: [RowTile], in sequences: [TokenSequence], weights: FoldedWeights,
    outcomes: UnsafeMutablePointer<Outcome>
  ) {
    forEachBlock(of: tiles) { block in
      load(block, sequences)
      forward(weights, keepsHistory: false)
      finish(block, sequences, weights, outcomes) { _, _, _ in }
    }
  }

  /// Cuts tiles into blocks of nearly equal size.
  private func forEachBlock(of tiles: [RowTile], _ body: (ArraySlice<RowTile>) -> Void) {
    let count = (tiles.count + Self.tilesPerBlock - 1) / Self.tilesPerBlock
    for block in 0..<count { body(tiles[block * tiles.count / count..<(block + 1) * tiles.count / count]) }
  }

  private func load(_ block: ArraySlice<RowTile>, _ sequences: [TokenSequence]) {
    tileCount = block.count
    for (index, tile) in block.enumerated() {
      tileStarts[index] = tile.start
      for place in 0..<RowTile.rowCount {
        let row = index * RowTile.rowCount + place
        if place < tile.rows.count {
          let sequence = sequences[tile.rows[place]]
          starts[row] = steps - sequence.count
          tokens[row] = sequence.tokens - starts[row]
        } else {
          // A row too many: it reads padding, its loss is not asked for, and so it adds nothing to any gradient.
          starts[row] = steps
        }
      }
    }
  }

  // MARK: Forward

  @inline(__always)
  private func forward(_ weights: FoldedWeights, keepsHistory: Bool) {
    let g = geometry
    let padding = UnsafePointer(weights.tokenInputs.pointer)
    var active = 0
    weights.slots.withUnsafeBufferPointer { slots in
      let slots = slots.baseAddress!
      for step in tileStarts[0]..<steps {
        active = enter(step, active, weights.chain)
        for row in 0..<active * RowTile.rowCount {
          inputRows[row] =
            step < starts[row] ? padding : padding + Int(slots[Int(tokens[row][step])]) * g.gateStride
        }
        forwardStep(step, active, weights.recurrent.pointer, keepsHistory: keepsHistory)
        swap(&hidden, &nextHidden)
      }
    }
    _ = enter(steps, active, weights.chain)
  }

  /// Gives the tiles that enter at a step the state that padding has led to.
  private func enter(_ step: Int, _ active: Int, _ chain: PaddingChain) -> Int {
    var active = active
    while active < tileCount && tileStarts[active] == step {
      for row in active * RowTile.rowCount..<(active + 1) * RowTile.rowCount {
        let offset = row * geometry.unitStride
        (hidden.pointer + offset).update(
          from: chain.hidden.pointer + step * geometry.unitStride, count: geometry.units)
        (cell.pointer + offset).update(from: chain.cell.pointer + step * geometry.unitStride, count: geometry.units)
      }
      active += 1
    }
    return active
  }

  @inline(__always)
  private func forwardStep(
    _ step: Int, _ active: Int, _ recurrent: UnsafePointer<Float>, keepsHistory: Bool
  ) {
    let (units, unitStride, gateStride) = (geometry.units, geometry.unitStride, geometry.gateStride)
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let rows = RowTile.rowCount
    let gates = gates.pointer + step * rowCapacity * gateStride
    let previousCells = previousCells.pointer + step * rowCapacity * unitStride
    let tanhCells = tanhCells.pointer + step * rowCapacity * unitStride
    let (hidden, nextHidden, cell) = (self.hidden.pointer, self.nextHidden.pointer, self.cell.pointer)
    let (z, inputRows) = (preActivations.pointer, UnsafePointer(self.inputRows))
    for unit in stride(from: 0, to: units, by: n) {
      let panel = recurrent + 4 * unit * units
      for firstRow in stride(from: 0, to: active * rows, by: rows) {
        let h = hidden + firstRow * unitStride
        for row in firstRow..<firstRow + rows {
          // Token inputs of the next units: the table is larger than a core's own cache.
          prefetchGates(inputRows[row] + 4 * (unit + n))
          if keepsHistory {
            prefetchGatesToWrite(gates + row * gateStride + 4 * unit)
            prefetchToWrite(previousCells + row * unitStride + unit)
            prefetchToWrite(tanhCells + row * unitStride + unit)
          }
        }
        var tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit)
        tile.add(h, rowStride: unitStride, timesPanel: panel, count: units)
        tile.store(to: z, stride: width)
        tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit + width)
        tile.add(h, rowStride: unitStride, timesPanel: panel + units * width, count: units)
        tile.store(to: z + rows * width, stride: width)
        let offset = firstRow * unitStride + unit
        let state = (cell: cell + offset, hidden: nextHidden + offset)
        if keepsHistory {
          cellsForward(
            z, state,
            history: (gates + firstRow * gateStride + 4 * unit, previousCells + offset, tanhCells + offset))
        } else {
          cellsForward(z, state, history: nil)
        }
      }
    }
  }

  /// The cells of one tile and one vector of units, from their pre-activations.
  ///
  /// Never inlined: the functions that hold the loops are so large that the compiler would leave calls for each row in
  /// them, with vectors passed through memory.
  @inline(never)
  private func cellsForward(
    _ z: UnsafeMutablePointer<Float>,
    _ state: (cell: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>),
    history: (
      gates: UnsafeMutablePointer<Float>, previousCells: UnsafeMutablePointer<Float>,
      tanhCells: UnsafeMutablePointer<Float>
    )?
  ) {
    let n = Vector.scalarCount
    let (rows, unitStride, gateStride) = (RowTile.rowCount, geometry.unitStride, geometry.gateStride)
    // All that is independent first, so that many divisions are under way.
    for k in 0..<4 * rows { z.store(tanh(z.vector(k * n)), k * n) }
    for row in 0..<rows {
      let (inputForget, candidateOutput) = (z + 2 * row * n, z + 2 * (rows + row) * n)
      let previousCell = state.cell.vector(row * unitStride)
      let s = cellForward(
        tanhHalfInput: inputForget.vector(0), tanhHalfForget: inputForget.vector(n),
        candidate: candidateOutput.vector(0), tanhHalfOutput: candidateOutput.vector(n), previousCell: previousCell)
      state.cell.store(s.cell, row * unitStride)
      state.hidden.store(s.hidden, row * unitStride)
      if let history {
        let gates = history.gates + row * gateStride
        gates.store(s.i, 0)
        gates.store(s.f, n)
        gates.store(s.g, 2 * n)
        gates.store(s.o, 3 * n)
        history.previousCells.store(previousCell, row * unitStride)
        history.tanhCells.store(s.tanhCell, row * unitStride)
      }
    }
  }

  /// Output, loss and the gradient at the output of every sequence of a block.
  private func finish(
    _ block: ArraySlice<RowTile>, _ sequences: [TokenSequence], _ weights: FoldedWeights,
    _ outcomes: UnsafeMutablePointer<Outcome>,
    _ body: (_ row: Int, _ hidden: UnsafePointer<Float>, _ gradientOfLogit: Float) -> Void
  ) {
    for (index, tile) in block.enumerated() {
      for (place, sample) in tile.rows.enumerated() {
        let row = index * RowTile.rowCount + place
        let h = UnsafePointer(hidden.pointer + row * geometry.unitStride)
        var sum = Vector()
        for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
          sum = sum.plus(h.vector(unit), times: weights.dense.pointer.vector(unit))
        }
        let logit = sum.sum() + weights.denseBias
        let (label, weight) = (sequences[sample].label, sequences[sample].weight)
        outcomes[sample] = Outcome(logit: logit, label: label, weight: weight)
        let gradient = BinaryCrossEntropy.gradient(logit: Double(logit), label: Double(label))
        body(row, h, Float(gradient * Double(weight)))
      }
    }
  }

  // MARK: Backward

  private func clearGradients() {
    let count = tileCount * RowTile.rowCount * geometry.unitStride
    hiddenGradient.pointer.update(repeating: 0, count: count)
    cellGradient.pointer.update(repeating: 0, count: count)
  }

  private func backward(
    _ block: ArraySlice<RowTile>, _ weights: FoldedWeights, _ gradient: ShardGradient, _ injections: InjectionSlots
  ) {
    var active = tileCount
    func leave(_ step: Int) {
      while active > 0 && tileStarts[active - 1] == step {
        active -= 1
        inject(active, injections.slot(block[block.startIndex + active].index))
      }
    }
    leave(steps)
    var depth = 0
    weights.slots.withUnsafeBufferPointer { slots in
      for step in stride(from: steps - 1, through: tileStarts[0], by: -1) {
        let rows = active * RowTile.rowCount
        if depth + rows > Self.updateDepth {
          update(gradient.recurrent.pointer, depth: depth)
          depth = 0
        }
        backwardCells(step, rows, slots.baseAddress!, gradient, depth: depth)
        setAsideHidden(step, active, weights.chain, depth: depth)
        backwardHidden(rows, weights.recurrentTransposed.pointer, depth: depth)
        depth += rows
        leave(step)
      }
    }
    if depth > 0 { update(gradient.recurrent.pointer, depth: depth) }
  }

  /// The cells of a step: dz from the gates, added to the tokens' sums too; dc moves on.
  private func backwardCells(
    _ step: Int, _ rows: Int, _ slots: UnsafePointer<Int32>, _ gradient: ShardGradient, depth: Int
  ) {
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let (units, unitStride, gateStride) = (geometry.units, geometry.unitStride, geometry.gateStride)
    let slab = step * rowCapacity
    func tokenSums(_ row: Int) -> UnsafeMutablePointer<Float> {
      gradient.inputRow(slots[step < starts[row] ? 0 : Int(tokens[row][step])])
    }
    var nextSums = tokenSums(0)
    for row in 0..<rows {
      let sums = nextSums
      if row + 1 < rows { nextSums = tokenSums(row + 1) }
      let gates = gates.pointer + (slab + row) * gateStride
      let dz = waitingGates.pointer + (depth + row) * width
      let previousCells = previousCells.pointer + (slab + row) * unitStride
      let tanhCells = tanhCells.pointer + (slab + row) * unitStride
      let (dh, dc) = (hiddenGradient.pointer + row * unitStride, cellGradient.pointer + row * unitStride)
      for unit in stride(from: 0, to: units, by: n) {
        let gates = gates + 4 * unit
        prefetchGatesToWrite(nextSums + 4 * unit)
        let d = cellBackward(
          i: gates.vector(0), f: gates.vector(n), g: gates.vector(2 * n), o: gates.vector(3 * n),
          previousCell: previousCells.vector(unit), tanhCell: tanhCells.vector(unit),
          hiddenGradient: dh.vector(unit), cellGradient: dc.vector(unit))
        dc.store(d.previousCell, unit)
        let inputForget = dz + unit / n * 2 * waitingStride
        let candidateOutput = inputForget + waitingStride
        inputForget.store(d.i, 0)
        inputForget.store(d.f, n)
        candidateOutput.store(d.g, 0)
        candidateOutput.store(d.o, n)
        add((d.i, d.f, d.g, d.o), to: sums + 4 * unit)
      }
    }
  }

  /// h before a step: what the step before left, or the chain where a tile enters.
  private func setAsideHidden(_ step: Int, _ active: Int, _ chain: PaddingChain, depth: Int) {
    let n = Vector.scalarCount
    let (unitStride, gateStride) = (geometry.unitStride, geometry.gateStride)
    for tile in 0..<active {
      for row in tile * RowTile.rowCount..<(tile + 1) * RowTile.rowCount {
        let h = waitingHidden.pointer + (depth + row) * unitStride
        guard tileStarts[tile] < step else {
          h.update(from: chain.hidden.pointer + step * unitStride, count: geometry.units)
          continue
        }
        let before = (step - 1) * rowCapacity + row
        let gates = gates.pointer + before * gateStride
        let previousCells = previousCells.pointer + before * unitStride
        let tanhCells = tanhCells.pointer + before * unitStride
        for unit in stride(from: 0, to: geometry.units, by: n) {
          // The rest of that step, which comes next, and what this loop reads a step later.
          prefetchToRead(gates + 4 * unit)
          prefetchToRead(previousCells + unit)
          prefetchToRead(gates + 4 * unit + 2 * n - rowCapacity * gateStride)
          prefetchToRead(tanhCells + unit - rowCapacity * unitStride)
          h.store((gates + 4 * unit).vector(3 * n) * tanhCells.vector(unit), unit)
        }
      }
    }
  }

  /// dh = dz Uᵀ.
  private func backwardHidden(_ rows: Int, _ recurrentTransposed: UnsafePointer<Float>, depth: Int) {
    let width = RegisterTile.columns
    for panel in 0..<geometry.unitPanels {
      for row in stride(from: 0, to: rows, by: RowTile.rowCount) {
        var tile = RegisterTile()
        var dz = waitingGates.pointer + (depth + row) * width
        var kernel = recurrentTransposed + panel * geometry.columns * width
        for _ in 0..<geometry.gatePanels {
          tile.add(dz, rowStride: width, timesPanel: kernel, count: width)
          dz += waitingStride
          kernel += width * width
        }
        tile.store(
          to: hiddenGradient.pointer + row * geometry.unitStride + panel * width, stride: geometry.unitStride)
      }
    }
  }

  /// dU += hᵀ dz over the rows that wait.
  private func update(_ recurrentGradient: UnsafeMutablePointer<Float>, depth: Int) {
    let width = RegisterTile.columns
    for panel in 0..<geometry.gatePanels {
      let out = recurrentGradient + panel * geometry.units * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile(loading: out + unit * width, stride: width, rows: rows)
        tile.add(
          waitingHidden.pointer + unit, rowStride: 1, stepStride: geometry.unitStride,
          times: waitingGates.pointer + panel * waitingStride, rightStride: width, count: depth, rows: rows)
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(geometry.units, six: { product($0, 6) }, four: { product($0, 4) })
    }
  }

  /// What leaves a tile at its start goes on along the padding chain: the sum over its rows.
  private func inject(_ tile: Int, _ slot: UnsafeMutablePointer<Float>) {
    let stride = geometry.unitStride
    for (part, buffer) in [hiddenGradient, cellGradient].enumerated() {
      let from = buffer.pointer + tile * RowTile.rowCount * stride
      for unit in Swift.stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        var sum = from.vector(unit)
        for row in 1..<RowTile.rowCount { sum += from.vector(row * stride + unit) }
        slot.store(sum, part * stride + unit)
      }
    }
  }
}

/// A place for what each tile of a batch sends along the padding chain: (dh, dc), [tiles][2][unitStride].
package final class InjectionSlots {
  private let geometry: PackedGeometry
  private var buffer = FloatBuffer(0)

  package init(_ architecture: Architecture) { geometry = PackedGeometry(architecture) }

  /// Makes room for a batch's tiles.
  package func reserve(tiles: Int) {
    let count = tiles * 2 * geometry.unitStride
    if buffer.count < count { buffer = FloatBuffer(zeros: count) }
  }

  func slot(_ tile: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + tile * 2 * geometry.unitStride }

  /// A tile's place.
  package subscript(tile: RowTile) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: slot(tile.index), count: 2 * geometry.unitStride)
  }
}
