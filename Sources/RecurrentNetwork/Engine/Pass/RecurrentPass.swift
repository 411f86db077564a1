import CPrefetch

/// A layer in one direction, on its way through a block: forward and back.
///
/// The history of a block is all that is held, so h, c and the weights stay in cache whatever the batch size.
final class RecurrentPass {
  private let geometry: PackedGeometry
  private let isReversed: Bool
  /// T.
  private let steps: Int
  private let rowCapacity: Int
  private let waiting: WaitingSteps

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
  /// What h is multiplied by before the next step reads it, the same at all steps.
  private var hiddenFactors: FloatBuffer?
  private var dropsHidden = false
  /// The pre-activations of one tile and one vector of units: [i f | g o][row][width].
  private let preActivations = FloatBuffer(2 * RowTile.rowCount * RegisterTile.columns)
  /// Where the rows' accumulators start: [rowCapacity].
  private let inputRows: UnsafeMutablePointer<UnsafePointer<Float>>

  /// What a pass reads.
  struct Source {
    let weights: PackedRecurrence
    /// The tokens' places in the table of inputs.
    let slots: UnsafePointer<Int32>
    /// Input vectors, [T][rowCapacity][inputStride], where they don't come from the table.
    let vectors: UnsafePointer<Float>?
    /// The states that padding leads to, where tiles enter by them.
    let chain: PaddingChain?
  }

  /// Where a pass's gradients go.
  struct Sums {
    let gradient: ShardGradient
    let places: ShardGradient.Recurrence
    /// Where this direction's part of a token's row is.
    let rowOffset: Int
    /// d input vectors, [T][rowCapacity][inputStride].
    let vectors: UnsafeMutablePointer<Float>?
    /// Whether those are added to what is there.
    let addsToVectors: Bool
    /// Where a tile puts what it sends along the padding chain, [2][unitStride].
    let injection: (RowTile) -> UnsafeMutablePointer<Float>
  }

  /// - Parameter learns: whether it has the memory for gradients.
  init(_ geometry: PackedGeometry, isReversed: Bool, block: RowBlock, waiting: WaitingSteps, learns: Bool) {
    let g = geometry
    self.geometry = g
    self.isReversed = isReversed
    self.waiting = waiting
    (steps, rowCapacity) = (block.steps, block.capacity)
    let history = learns ? steps : 0
    gates = FloatBuffer(history * rowCapacity * g.gateStride)
    previousCells = FloatBuffer(history * rowCapacity * g.unitStride)
    tanhCells = FloatBuffer(history * rowCapacity * g.unitStride)
    hidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    nextHidden = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cell = FloatBuffer(zeros: rowCapacity * g.unitStride)
    hiddenGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    cellGradient = FloatBuffer(zeros: rowCapacity * g.unitStride)
    inputRows = .allocate(capacity: rowCapacity)
  }

  deinit { inputRows.deallocate() }

  /// Draws the factors of the block's rows; nil for none.
  func dropHidden(_ block: RowBlock, _ factors: ((_ sample: Int) -> DropoutFactors)?) {
    dropsHidden = factors != nil
    guard let factors else { return }
    let buffer = hiddenFactors ?? FloatBuffer(zeros: rowCapacity * geometry.unitStride)
    hiddenFactors = buffer
    for row in 0..<block.rowCount where block.samples[row] >= 0 {
      let factors = factors(block.samples[row])
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        buffer.pointer.store(factors.vector(unit), row * geometry.unitStride + unit)
      }
    }
  }

  // MARK: Forward

  /// Goes through all steps.
  ///
  /// - Parameter put: gets h after each step, [rows][unitStride].
  /// - Returns: h after the last step, [rows][unitStride].
  @inline(__always)
  func forward(
    _ block: RowBlock, _ source: Source, keepsHistory: Bool,
    put: (_ step: Int, _ rows: Int, _ hidden: UnsafePointer<Float>) -> Void
  ) -> UnsafePointer<Float> {
    let bias = UnsafePointer(source.weights.bias.pointer)
    for row in 0..<block.rowCount { inputRows[row] = bias }
    if isReversed {
      // All begin at the end; those that have begun too early for their tokens are left out of what is asked for.
      for row in 0..<block.rowCount { begin(row, nil) }
      for step in stride(from: steps - 1, through: block.firstStep, by: -1) {
        go(step, block.activeTiles(step), block, source, keepsHistory, put)
      }
    } else {
      var active = 0
      for step in block.firstStep..<steps {
        active = enter(step, active, block, source.chain)
        go(step, active, block, source, keepsHistory, put)
      }
      _ = enter(steps, active, block, source.chain)
    }
    return UnsafePointer(hidden.pointer)
  }

  @inline(__always)
  private func go(
    _ step: Int, _ active: Int, _ block: RowBlock, _ source: Source, _ keepsHistory: Bool,
    _ put: (_ step: Int, _ rows: Int, _ hidden: UnsafePointer<Float>) -> Void
  ) {
    if source.vectors == nil {
      let (table, stride) = (UnsafePointer(source.weights.tokenInputs.pointer), geometry.gateStride)
      for row in 0..<active * RowTile.rowCount {
        let slot = block.slot(row, step, source.slots)
        inputRows[row] = slot < 0 ? UnsafePointer(source.weights.bias.pointer) : table + Int(slot) * stride
      }
    }
    if dropsHidden, let factors = hiddenFactors {
      for i in stride(from: 0, to: active * RowTile.rowCount * geometry.unitStride, by: Vector.scalarCount) {
        hidden.pointer.store(hidden.pointer.vector(i) * factors.pointer.vector(i), i)
      }
    }
    forwardStep(step, active, source, keepsHistory: keepsHistory)
    swap(&hidden, &nextHidden)
    put(step, active * RowTile.rowCount, hidden.pointer)
  }

  /// Gives the rows that enter at a step their first state.
  private func enter(_ step: Int, _ active: Int, _ block: RowBlock, _ chain: PaddingChain?) -> Int {
    var active = active
    while active < block.tileCount && block.tileStarts[active] == step {
      for row in active * RowTile.rowCount..<(active + 1) * RowTile.rowCount {
        begin(row, chain.map { ($0, step) })
      }
      active += 1
    }
    if block.padding == .masked {
      for row in 0..<active * RowTile.rowCount where block.entries[row] == step { begin(row, nil) }
    }
    return active
  }

  /// The state before a row's first step: zeros, or what padding has led to.
  private func begin(_ row: Int, _ chained: (chain: PaddingChain, step: Int)?) {
    let (h, c) = (hidden.pointer + row * geometry.unitStride, cell.pointer + row * geometry.unitStride)
    if let (chain, step) = chained {
      h.update(from: chain.hidden(after: step), count: geometry.units)
      c.update(from: chain.cell(after: step), count: geometry.units)
    } else {
      h.update(repeating: 0, count: geometry.units)
      c.update(repeating: 0, count: geometry.units)
    }
  }

  @inline(__always)
  private func forwardStep(_ step: Int, _ active: Int, _ source: Source, keepsHistory: Bool) {
    let (units, unitStride, gateStride) = (geometry.units, geometry.unitStride, geometry.gateStride)
    let (inputs, inputStride) = (geometry.inputs, geometry.inputStride)
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let rows = RowTile.rowCount
    let gates = gates.pointer + step * rowCapacity * gateStride
    let previousCells = previousCells.pointer + step * rowCapacity * unitStride
    let tanhCells = tanhCells.pointer + step * rowCapacity * unitStride
    let (hidden, nextHidden, cell) = (self.hidden.pointer, self.nextHidden.pointer, self.cell.pointer)
    let (z, inputRows) = (preActivations.pointer, UnsafePointer(self.inputRows))
    let recurrent = UnsafePointer(source.weights.recurrent.pointer)
    let kernel = UnsafePointer(source.weights.kernel.pointer)
    let vectors = source.vectors.map { $0 + step * rowCapacity * inputStride }
    for unit in stride(from: 0, to: units, by: n) {
      let panel = recurrent + 4 * unit * units
      let inputPanel = kernel + 4 * unit * inputs
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
        if let x = vectors {
          tile.add(x + firstRow * inputStride, rowStride: inputStride, timesPanel: inputPanel, count: inputs)
        }
        tile.add(h, rowStride: unitStride, timesPanel: panel, count: units)
        tile.store(to: z, stride: width)
        tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit + width)
        if let x = vectors {
          tile.add(
            x + firstRow * inputStride, rowStride: inputStride, timesPanel: inputPanel + inputs * width, count: inputs)
        }
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

  // MARK: Backward

  /// Goes back through all steps.
  ///
  /// - Parameters:
  ///   - lastHidden: d h after the last step, [rows][unitStride], or nil where `add` gives all there is.
  ///   - add: adds d h after a step, [rows][unitStride], to what comes from the steps behind it.
  func backward(
    _ block: RowBlock, _ tiles: ArraySlice<RowTile>, _ source: Source, _ sums: Sums,
    lastHidden: (_ row: Int, _ unit: Int) -> Vector?,
    add: (_ step: Int, _ rows: Int, _ hiddenGradient: UnsafeMutablePointer<Float>) -> Void
  ) {
    let n = Vector.scalarCount
    for row in 0..<block.rowCount {
      let (dh, dc) = (
        hiddenGradient.pointer + row * geometry.unitStride, cellGradient.pointer + row * geometry.unitStride
      )
      for unit in stride(from: 0, to: geometry.units, by: n) {
        dh.store(lastHidden(row, unit) ?? Vector(), unit)
        dc.store(Vector(), unit)
      }
    }
    var depth = 0
    func goBack(_ step: Int, _ active: Int) {
      let rows = active * RowTile.rowCount
      if depth + rows > WaitingSteps.depth {
        update(sums, depth: depth)
        depth = 0
      }
      add(step, rows, hiddenGradient.pointer)
      backwardCells(step, rows, block, source, sums, depth: depth)
      setAsideHidden(step, rows, block, source.chain, depth: depth)
      if let vectors = source.vectors { setAside(vectors, step, rows, depth: depth) }
      let transposed = UnsafePointer(source.weights.recurrentTransposed.pointer)
      multiply(
        rows, by: transposed, panels: geometry.unitPanels, depth: depth, into: hiddenGradient.pointer,
        stride: geometry.unitStride, adds: false)
      if dropsHidden, let factors = hiddenFactors {
        for i in stride(from: 0, to: rows * geometry.unitStride, by: n) {
          hiddenGradient.pointer.store(hiddenGradient.pointer.vector(i) * factors.pointer.vector(i), i)
        }
      }
      if let vectors = sums.vectors {
        multiply(
          rows, by: source.weights.kernelTransposed.pointer, panels: geometry.inputPanels, depth: depth,
          into: vectors + step * rowCapacity * geometry.inputStride, stride: geometry.inputStride,
          adds: sums.addsToVectors)
      }
      depth += rows
    }
    if isReversed {
      for step in block.firstStep..<steps { goBack(step, block.activeTiles(step)) }
    } else {
      var active = block.tileCount
      func leave(_ step: Int) {
        if block.padding == .masked {
          for row in 0..<active * RowTile.rowCount where block.entries[row] == step { clearGradient(row) }
        }
        while active > 0 && block.tileStarts[active - 1] == step {
          active -= 1
          if source.chain != nil { inject(active, sums.injection(tiles[tiles.startIndex + active])) }
        }
      }
      leave(steps)
      for step in stride(from: steps - 1, through: block.firstStep, by: -1) {
        goBack(step, active)
        leave(step)
      }
    }
    if depth > 0 { update(sums, depth: depth) }
  }

  private func clearGradient(_ row: Int) {
    (hiddenGradient.pointer + row * geometry.unitStride).update(repeating: 0, count: geometry.units)
    (cellGradient.pointer + row * geometry.unitStride).update(repeating: 0, count: geometry.units)
  }

  /// The cells of a step: dz from the gates, added to the tokens' sums too; dc moves on.
  private func backwardCells(
    _ step: Int, _ rows: Int, _ block: RowBlock, _ source: Source, _ sums: Sums, depth: Int
  ) {
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let (units, unitStride, gateStride) = (geometry.units, geometry.unitStride, geometry.gateStride)
    let slab = step * rowCapacity
    let biasSums = sums.gradient.sums.pointer + sums.places.bias
    func sumsOfInput(_ row: Int) -> UnsafeMutablePointer<Float> {
      if source.vectors != nil { return biasSums }
      let slot = block.slot(row, step, source.slots)
      return slot < 0 ? biasSums : sums.gradient.inputRow(slot) + sums.rowOffset
    }
    var nextSums = sumsOfInput(0)
    for row in 0..<rows {
      let sums = nextSums
      if row + 1 < rows { nextSums = sumsOfInput(row + 1) }
      let gates = gates.pointer + (slab + row) * gateStride
      let dz = waiting.gates.pointer + (depth + row) * width
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
        let inputForget = dz + unit / n * 2 * WaitingSteps.gateStride
        let candidateOutput = inputForget + WaitingSteps.gateStride
        inputForget.store(d.i, 0)
        inputForget.store(d.f, n)
        candidateOutput.store(d.g, 0)
        candidateOutput.store(d.o, n)
        RecurrentNetwork.add((d.i, d.f, d.g, d.o), to: sums + 4 * unit)
      }
    }
  }

  /// h before a step: what the step before left, or the initial state where a row enters.
  private func setAsideHidden(_ step: Int, _ rows: Int, _ block: RowBlock, _ chain: PaddingChain?, depth: Int) {
    let n = Vector.scalarCount
    let (unitStride, gateStride) = (geometry.unitStride, geometry.gateStride)
    let way = isReversed ? 1 : -1
    for row in 0..<rows {
      let h = waiting.hidden.pointer + (depth + row) * unitStride
      guard isReversed ? step + 1 < steps : block.entries[row] < step else {
        if let chain {
          h.update(from: chain.hidden(after: step), count: geometry.units)
        } else {
          h.update(repeating: 0, count: geometry.units)
        }
        continue
      }
      let before = (step + way) * rowCapacity + row
      let gates = gates.pointer + before * gateStride
      let previousCells = previousCells.pointer + before * unitStride
      let tanhCells = tanhCells.pointer + before * unitStride
      for unit in stride(from: 0, to: geometry.units, by: n) {
        // The rest of that step, which comes next, and what this loop reads a step later.
        prefetchToRead(gates + 4 * unit)
        prefetchToRead(previousCells + unit)
        prefetchToRead(gates + 4 * unit + 2 * n + way * rowCapacity * gateStride)
        prefetchToRead(tanhCells + unit + way * rowCapacity * unitStride)
        h.store((gates + 4 * unit).vector(3 * n) * tanhCells.vector(unit), unit)
      }
      if dropsHidden, let factors = hiddenFactors {
        for unit in stride(from: 0, to: geometry.units, by: n) {
          h.store(h.vector(unit) * factors.pointer.vector(row * unitStride + unit), unit)
        }
      }
    }
  }

  private func setAside(_ vectors: UnsafePointer<Float>, _ step: Int, _ rows: Int, depth: Int) {
    let stride = geometry.inputStride
    (waiting.vectors.pointer + depth * stride).update(
      from: vectors + step * rowCapacity * stride, count: rows * stride)
  }

  /// dz times Uᵀ or Wᵀ, of the rows from `depth` on.
  private func multiply(
    _ rows: Int, by transposed: UnsafePointer<Float>, panels: Int, depth: Int, into out: UnsafeMutablePointer<Float>,
    stride: Int, adds: Bool
  ) {
    let width = RegisterTile.columns
    for panel in 0..<panels {
      for row in Swift.stride(from: 0, to: rows, by: RowTile.rowCount) {
        let out = out + row * stride + panel * width
        var tile = adds ? RegisterTile(loading: out, stride: stride, rows: RegisterTile.rows) : RegisterTile()
        var dz = waiting.gates.pointer + (depth + row) * width
        var kernel = transposed + panel * geometry.columns * width
        for _ in 0..<geometry.gatePanels {
          tile.add(dz, rowStride: width, timesPanel: kernel, count: width)
          dz += WaitingSteps.gateStride
          kernel += width * width
        }
        tile.store(to: out, stride: stride)
      }
    }
  }

  /// dU += hᵀ dz, and dW += xᵀ dz, over the rows that wait.
  private func update(_ sums: Sums, depth: Int) {
    let all = sums.gradient.sums.pointer
    addProduct(of: waiting.hidden, geometry.units, geometry.unitStride, depth, to: all + sums.places.recurrent)
    if sums.vectors != nil {
      addProduct(of: waiting.vectors, geometry.inputs, geometry.inputStride, depth, to: all + sums.places.kernel)
    }
  }

  private func addProduct(
    of left: FloatBuffer, _ count: Int, _ stride: Int, _ depth: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    let width = RegisterTile.columns
    for panel in 0..<geometry.gatePanels {
      let out = sums + panel * count * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile(loading: out + unit * width, stride: width, rows: rows)
        tile.add(
          left.pointer + unit, rowStride: 1, stepStride: stride,
          times: waiting.gates.pointer + panel * WaitingSteps.gateStride, rightStride: width, count: depth, rows: rows)
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(count, six: { product($0, 6) }, four: { product($0, 4) })
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

/// What some steps' gradients of weights wait for, so that many rows are multiplied at once.
final class WaitingSteps {
  /// Rows, over some steps, that wait at most.
  static let depth = 16 * ShardWorker.tilesPerBlock * RowTile.rowCount
  /// Elements from a panel of `gates` to the next: with a cache line, so that panels don't meet in the cache's sets.
  static let gateStride = (depth + 1) * RegisterTile.columns
  /// h before each of the steps: [depth][unitStride].
  let hidden: FloatBuffer
  /// What each of them read: [depth][inputStride]; empty where that came from the tokens' table.
  let vectors: FloatBuffer
  /// dz of the same rows, in panels: [gatePanels][gateStride].
  let gates: FloatBuffer

  /// - Parameter inputStride: the largest of those layers that multiply what they read.
  init(_ geometry: PackedGeometry, inputStride: Int) {
    hidden = FloatBuffer(zeros: Self.depth * geometry.unitStride)
    vectors = FloatBuffer(zeros: Self.depth * inputStride)
    gates = FloatBuffer(zeros: geometry.gatePanels * Self.gateStride)
  }
}
