/// One thread's buffers, and the way of a shard through them: forward, loss, backward.
///
/// A shard is worked on in blocks of a few row tiles. A block goes forward through all steps, then backward, before the
/// next begins, so h, c and the weights stay in cache and only one block's history is held, whatever the batch size.
/// Nothing is allocated after the first batch.
package final class ShardWorker {
  /// Tiles of a block: enough rows that a panel of weights, once in the cache, is used several times.
  package static let tilesPerBlock = 4
  /// Steps whose h and dz are collected before dU is updated.
  private static let stepsPerUpdate = 8

  private let geometry: PackedGeometry
  /// T.
  private let steps: Int
  private let rowCapacity = tilesPerBlock * RowTile.rowCount

  // The history of a block, a slab a step: [T][rowCapacity][…].
  /// i, f, g, o in packed order; the backward pass puts dz over them. [gateStride] a row.
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
  /// h before each of the steps that wait for dU: [stepsPerUpdate + 1][rowCapacity][unitStride], step t at t mod that.
  private let waitingHidden: FloatBuffer
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
  package init(_ architecture: Architecture, steps: Int) {
    let g = PackedGeometry(architecture)
    geometry = g
    self.steps = steps
    gates = FloatBuffer(steps * rowCapacity * g.gateStride)
    previousCells = FloatBuffer(steps * rowCapacity * g.unitStride)
    tanhCells = FloatBuffer(steps * rowCapacity * g.unitStride)
    hidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    nextHidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cell = FloatBuffer(zeros: rowCapacity * g.unitStride)
    hiddenGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cellGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    waitingHidden = FloatBuffer(zeros: (Self.stepsPerUpdate + 1) * rowCapacity * g.unitStride)
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
        var tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit)
        tile.add(h, rowStride: unitStride, timesPanel: panel, count: units)
        tile.store(to: z, stride: width)
        tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit + width)
        tile.add(h, rowStride: unitStride, timesPanel: panel + units * width, count: units)
        tile.store(to: z + rows * width, stride: width)
        for row in 0..<rows {
          let (inputForget, candidateOutput) = (z + row * width, z + (rows + row) * width)
          let offset = (firstRow + row) * unitStride + unit
          let previousCell = cell.vector(offset)
          let s = cellForward(
            halfInput: inputForget.vector(0), halfForget: inputForget.vector(n),
            candidate: candidateOutput.vector(0), halfOutput: candidateOutput.vector(n), previousCell: previousCell)
          cell.store(s.cell, offset)
          nextHidden.store(s.hidden, offset)
          if keepsHistory {
            let gates = gates + (firstRow + row) * gateStride + 4 * unit
            gates.store(s.i, 0)
            gates.store(s.f, n)
            gates.store(s.g, 2 * n)
            gates.store(s.o, 3 * n)
            previousCells.store(previousCell, offset)
            tanhCells.store(s.tanhCell, offset)
          }
        }
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
        let label = sequences[sample].label
        outcomes[sample] = Outcome(logit: logit, label: label)
        body(row, h, Float(BinaryCrossEntropy.gradient(logit: Double(logit), label: Double(label))))
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
    var lastWaiting = steps - 1
    weights.slots.withUnsafeBufferPointer { slots in
      for step in stride(from: steps - 1, through: tileStarts[0], by: -1) {
        backwardCells(step, active, slots.baseAddress!, gradient)
        if lastWaiting - step == Self.stepsPerUpdate {
          update(gradient.recurrent.pointer, steps: step + 1...lastWaiting)
          lastWaiting = step
        }
        // What enters at this step had the chain's h before it.
        var entering = active
        while entering > 0 && tileStarts[entering - 1] == step {
          entering -= 1
          let h = waitingHidden(before: step)
          for row in entering * RowTile.rowCount..<(entering + 1) * RowTile.rowCount {
            (h + row * geometry.unitStride).update(
              from: weights.chain.hidden.pointer + step * geometry.unitStride, count: geometry.units)
          }
        }
        backwardHidden(step, active, weights.recurrentTransposed.pointer)
        leave(step)
      }
    }
    if lastWaiting >= tileStarts[0] { update(gradient.recurrent.pointer, steps: tileStarts[0]...lastWaiting) }
  }

  private func waitingHidden(before step: Int) -> UnsafeMutablePointer<Float> {
    waitingHidden.pointer + step % (Self.stepsPerUpdate + 1) * rowCapacity * geometry.unitStride
  }

  /// The cells of a step: gates become dz, which is added to the tokens' sums; dc moves on; h is set aside for dU.
  private func backwardCells(
    _ step: Int, _ active: Int, _ slots: UnsafePointer<Int32>, _ gradient: ShardGradient
  ) {
    let n = Vector.scalarCount
    let (units, unitStride, gateStride) = (geometry.units, geometry.unitStride, geometry.gateStride)
    let slab = step * rowCapacity
    let h = waitingHidden(before: step + 1)
    for row in 0..<active * RowTile.rowCount {
      let token = step < starts[row] ? 0 : Int(tokens[row][step])
      let sums = gradient.inputRow(slots[token])
      let gates = gates.pointer + (slab + row) * gateStride
      let offset = row * unitStride
      let previousCells = previousCells.pointer + slab * unitStride + offset
      let tanhCells = tanhCells.pointer + slab * unitStride + offset
      let (dh, dc) = (hiddenGradient.pointer + offset, cellGradient.pointer + offset)
      for unit in stride(from: 0, to: units, by: n) {
        let gates = gates + 4 * unit
        let o = gates.vector(3 * n)
        let tanhCell = tanhCells.vector(unit)
        let d = cellBackward(
          i: gates.vector(0), f: gates.vector(n), g: gates.vector(2 * n), o: o,
          previousCell: previousCells.vector(unit), tanhCell: tanhCell,
          hiddenGradient: dh.vector(unit), cellGradient: dc.vector(unit))
        dc.store(d.previousCell, unit)
        storeAndAdd((d.i, d.f, d.g, d.o), to: gates, sums: sums + 4 * unit)
        (h + offset).store(o * tanhCell, unit)
      }
    }
  }

  /// dh = dz Uᵀ.
  private func backwardHidden(_ step: Int, _ active: Int, _ recurrentTransposed: UnsafePointer<Float>) {
    let (unitStride, gateStride) = (geometry.unitStride, geometry.gateStride)
    let width = RegisterTile.columns
    let dz = gates.pointer + step * rowCapacity * gateStride
    let dh = hiddenGradient.pointer
    for panel in 0..<geometry.unitPanels {
      for row in stride(from: 0, to: active * RowTile.rowCount, by: RowTile.rowCount) {
        var tile = RegisterTile()
        tile.add(
          dz + row * gateStride, rowStride: gateStride,
          timesPanel: recurrentTransposed + panel * geometry.columns * width, count: geometry.columns)
        tile.store(to: dh + row * unitStride + panel * width, stride: unitStride)
      }
    }
  }

  /// dU += Σ hᵀ dz over all rows that were active in some steps, as one deep product.
  private func update(_ recurrentGradient: UnsafeMutablePointer<Float>, steps: ClosedRange<Int>) {
    let g = geometry
    let width = RegisterTile.columns
    for panel in 0..<g.gatePanels {
      let out = recurrentGradient + panel * g.units * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile(loading: out + unit * width, stride: width, rows: rows)
        var active = tileCount
        for step in stride(from: steps.upperBound, through: steps.lowerBound, by: -1) {
          while tileStarts[active - 1] > step { active -= 1 }
          tile.add(
            waitingHidden(before: step) + unit, rowStride: 1, stepStride: g.unitStride,
            times: gates.pointer + step * rowCapacity * g.gateStride + panel * width, rightStride: g.gateStride,
            count: active * RowTile.rowCount, rows: rows)
        }
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(g.units, six: { product($0, 6) }, four: { product($0, 4) })
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
}
