import CIntrinsics
import RecurrentNetwork

/// One layer in one direction at work on a block: through all steps, and back (legend: Kernels.md).
///
/// Only one block's history is held, so h, c and the weights stay in cache whatever the batch size.
final class RecurrentPass {
  private let geometry: PackedGeometry
  private let isReversed: Bool
  /// T.
  private let steps: Int
  private let rowCapacity: Int
  private let deferred: DeferredRows

  // The history of a block: [T][rowCapacity][…].
  /// i, f, g, o in packed order: [gateStride] a row.
  private let gates: FloatBuffer
  /// c before the step: [unitStride] a row.
  private let previousCells: FloatBuffer
  /// tanh of c after the step: [unitStride] a row.
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
  private let preActivations = FloatBuffer(2 * RegisterTile.rows * RegisterTile.columns)
  /// Where each row's accumulators start, x W + b or b: [rowCapacity].
  private let inputRows: UnsafeMutablePointer<UnsafePointer<Float>>

  /// How many rows of each tile a step computes: [tiles].
  private let rowCounts: UnsafeMutablePointer<Int>

  /// What a pass reads.
  struct Source {
    let weights: PackedRecurrence
    let input: Input
    /// The states that padding leads to, where tiles enter by them.
    let chain: PaddingChain?
  }

  enum Input {
    /// x W + b of each distinct token: [slots][gateStride].
    case tokenTable(UnsafePointer<Float>)
    /// x of each position: [T][rowCapacity][inputStride].
    case vectors(UnsafePointer<Float>)
  }

  /// Where a pass's gradients go.
  struct Sums {
    let gradient: ShardGradient
    let offsets: ShardGradient.RecurrenceOffsets
    /// The offset of this direction in a token's row.
    let directionOffset: Int
    /// d input vectors, [T][rowCapacity][inputStride]; nil where the input is the tokens' table.
    let inputGradients: UnsafeMutablePointer<Float>?
    /// Whether those are added to what is there, or overwrite it.
    let addsInputGradients: Bool
    /// Where a tile leaves what it sends back along the padding chain, [2][unitStride].
    let injection: (RowTile) -> UnsafeMutablePointer<Float>
  }

  /// - Parameter learns: whether it has the memory for gradients.
  init(_ geometry: PackedGeometry, isReversed: Bool, block: RowBlock, deferred: DeferredRows, learns: Bool) {
    let g = geometry
    self.geometry = g
    self.isReversed = isReversed
    self.deferred = deferred
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
    rowCounts = .allocate(capacity: rowCapacity / RegisterTile.rows)
  }

  deinit {
    inputRows.deallocate()
    rowCounts.deallocate()
  }

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

  /// The history of some rows at a step, from a unit on.
  private struct History {
    let gates: UnsafeMutablePointer<Float>
    let previousCells: UnsafeMutablePointer<Float>
    let tanhCells: UnsafeMutablePointer<Float>

    @inline(__always)
    init(_ pass: RecurrentPass, step: Int, row: Int) {
      let first = step * pass.rowCapacity + row
      gates = pass.gates.pointer + first * pass.geometry.gateStride
      previousCells = pass.previousCells.pointer + first * pass.geometry.unitStride
      tanhCells = pass.tanhCells.pointer + first * pass.geometry.unitStride
    }

    @inline(__always)
    private init(_ other: Self, gateOffset: Int, unitOffset: Int) {
      gates = other.gates + gateOffset
      previousCells = other.previousCells + unitOffset
      tanhCells = other.tanhCells + unitOffset
    }

    @inline(__always)
    func at(row: Int = 0, unit: Int, _ geometry: PackedGeometry) -> Self {
      Self(
        self, gateOffset: row * geometry.gateStride + 4 * unit, unitOffset: row * geometry.unitStride + unit)
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
      // All rows begin at the end; what comes out before a row's first token is ignored.
      for row in 0..<block.rowCount { begin(row, nil) }
      for step in stride(from: steps - 1, through: block.firstStep, by: -1) {
        take(step, block.activeTiles(step), block, source, keepsHistory, put)
      }
    } else {
      var active = 0
      for step in block.firstStep..<steps {
        active = enter(step, active, block, source.chain)
        take(step, active, block, source, keepsHistory, put)
      }
      _ = enter(steps, active, block, source.chain)
    }
    return UnsafePointer(hidden.pointer)
  }

  /// Takes a step with the first `active` tiles.
  @inline(__always)
  private func take(
    _ step: Int, _ active: Int, _ block: RowBlock, _ source: Source, _ keepsHistory: Bool,
    _ put: (_ step: Int, _ rows: Int, _ hidden: UnsafePointer<Float>) -> Void
  ) {
    if case .tokenTable(let table) = source.input {
      for row in 0..<active * RegisterTile.rows {
        inputRows[row] =
          block.slot(row, step).map { table + $0 * geometry.gateStride }
          ?? UnsafePointer(source.weights.bias.pointer)
      }
    }
    if dropsHidden, let factors = hiddenFactors {
      for i in stride(from: 0, to: active * RegisterTile.rows * geometry.unitStride, by: Vector.scalarCount) {
        hidden.pointer.store(hidden.pointer.vector(i) * factors.pointer.vector(i), i)
      }
    }
    forwardStep(step, active, block, source, keepsHistory: keepsHistory)
    swap(&hidden, &nextHidden)
    put(step, active * RegisterTile.rows, hidden.pointer)
  }

  /// Gives the rows that enter at a step their first state.
  private func enter(_ step: Int, _ active: Int, _ block: RowBlock, _ chain: PaddingChain?) -> Int {
    var active = active
    while active < block.tileCount && block.tileStarts[active] == step {
      for row in active * RegisterTile.rows..<(active + 1) * RegisterTile.rows {
        begin(row, chain.map { ($0, block.earlierPaddings + step) })
      }
      active += 1
    }
    if block.entersByRow {
      for row in 0..<active * RegisterTile.rows where block.entries[row] == step {
        // A chain ends where the last sequence enters; rows without one need no state.
        let chain = block.samples[row] < 0 ? nil : chain
        begin(row, chain.map { ($0, block.earlierPaddings + step) })
      }
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
  private func forwardStep(_ step: Int, _ active: Int, _ block: RowBlock, _ source: Source, keepsHistory: Bool) {
    let (units, unitStride) = (geometry.units, geometry.unitStride)
    let (inputs, inputStride) = (geometry.inputs, geometry.inputStride)
    let n = Vector.scalarCount
    let width = RegisterTile.columns
    let rows = RegisterTile.rows
    let history = History(self, step: step, row: 0)
    let (hidden, nextHidden, cell) = (self.hidden.pointer, self.nextHidden.pointer, self.cell.pointer)
    let (z, inputRows) = (preActivations.pointer, UnsafePointer(self.inputRows))
    let recurrent = UnsafePointer(source.weights.recurrent.pointer)
    let kernel = UnsafePointer(source.weights.kernel.pointer)
    // Without a gradient, rows that have not entered, or have no sequence at all, need not be computed.
    for tile in 0..<active { rowCounts[tile] = keepsHistory ? rows : block.activeRows(tile: tile, step) }
    var vectors: UnsafePointer<Float>?
    if case .vectors(let all) = source.input { vectors = all + step * rowCapacity * inputStride }
    for unit in stride(from: 0, to: units, by: n) {
      let panel = recurrent + 4 * unit * units
      let inputPanel = kernel + 4 * unit * inputs
      for firstRow in stride(from: 0, to: active * rows, by: rows) {
        let h = hidden + firstRow * unitStride
        for row in firstRow..<firstRow + rows {
          // Token inputs of the next units: the table is larger than a core's own cache.
          prefetchGates(inputRows[row] + 4 * (unit + n))
          if keepsHistory {
            let history = history.at(row: row, unit: unit, geometry)
            prefetchGatesToWrite(history.gates)
            prefetchToWrite(history.previousCells)
            prefetchToWrite(history.tanhCells)
          }
        }
        // The panels of i f and of g o.
        @inline(__always) func preActivate(_ half: Int, rows tileRows: Int) {
          var tile = RegisterTile(rows: inputRows + firstRow, offset: 4 * unit + half * width, rows: tileRows)
          if let x = vectors {
            tile.add(
              x + firstRow * inputStride, rowStride: inputStride, timesPanel: inputPanel + half * inputs * width,
              count: inputs, rows: tileRows)
          }
          tile.add(
            h, rowStride: unitStride, timesPanel: panel + half * units * width, count: units, rows: tileRows)
          tile.store(to: z + half * rows * width, stride: width, rows: tileRows)
        }
        @inline(__always) func preActivateNarrow(rows tileRows: Int) {
          var tile = NarrowTile(rows: inputRows + firstRow, offset: 4 * unit, rows: tileRows)
          if let x = vectors {
            tile.add(
              x + firstRow * inputStride, rowStride: inputStride, timesPanels: inputPanel, count: inputs, rows: tileRows
            )
          }
          tile.add(h, rowStride: unitStride, timesPanels: panel, count: units, rows: tileRows)
          tile.store(inputForget: z, candidateOutput: z + rows * width, rows: tileRows)
        }
        let offset = firstRow * unitStride + unit
        let count = rowCounts[firstRow / rows]
        if count > 4 {
          preActivate(0, rows: 6)
          preActivate(1, rows: 6)
          cellsForward(
            z, cell: cell + offset, hidden: nextHidden + offset,
            history: keepsHistory ? history.at(row: firstRow, unit: unit, geometry) : nil)
        } else {
          if count > 2 {
            preActivate(0, rows: 4)
            preActivate(1, rows: 4)
          } else if count > 1 {
            preActivateNarrow(rows: 2)
          } else {
            preActivateNarrow(rows: 1)
          }
          cellsForward(z, cell: cell + offset, hidden: nextHidden + offset, rows: count)
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
    _ z: UnsafeMutablePointer<Float>, cell: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>,
    history: History?
  ) {
    // All that is independent first, so that many divisions are under way.
    for k in 0..<4 * RegisterTile.rows { z.store(tanh(z.vector(k * Vector.scalarCount)), k * Vector.scalarCount) }
    for row in 0..<RegisterTile.rows { rowForward(row, z, cell, hidden, history) }
  }

  /// The same for the first rows of a tile alone, without a history.
  @inline(never)
  private func cellsForward(
    _ z: UnsafeMutablePointer<Float>, cell: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let n = Vector.scalarCount
    for half in 0..<2 {
      let first = 2 * half * RegisterTile.rows
      for k in first..<first + 2 * rows { z.store(tanh(z.vector(k * n)), k * n) }
    }
    for row in 0..<rows { rowForward(row, z, cell, hidden, nil) }
  }

  /// The cells of one row and one vector of units, from tanh of their pre-activations.
  @inline(__always)
  private func rowForward(
    _ row: Int, _ z: UnsafeMutablePointer<Float>, _ cell: UnsafeMutablePointer<Float>,
    _ hidden: UnsafeMutablePointer<Float>, _ history: History?
  ) {
    let n = Vector.scalarCount
    let (inputForget, candidateOutput) = (z + 2 * row * n, z + 2 * (RegisterTile.rows + row) * n)
    let previousCell = cell.vector(row * geometry.unitStride)
    let s = cellForward(
      Gates(
        i: inputForget.vector(0), f: inputForget.vector(n), g: candidateOutput.vector(0), o: candidateOutput.vector(n)),
      previousCell: previousCell)
    cell.store(s.cell, row * geometry.unitStride)
    hidden.store(s.hidden, row * geometry.unitStride)
    if let history = history?.at(row: row, unit: 0, geometry) {
      s.gates.store(to: history.gates)
      history.previousCells.store(previousCell, 0)
      history.tanhCells.store(s.tanhCell, 0)
    }
  }

  // MARK: Backward

  /// Goes back through all steps.
  ///
  /// - Parameters:
  ///   - lastHidden: d h after the last step, or nil where `add` gives all there is.
  ///   - add: adds d h after a step, [rows][unitStride], to what comes from the steps behind it.
  func backward(
    _ block: RowBlock, _ tiles: ArraySlice<RowTile>, _ source: Source, _ sums: Sums,
    lastHidden: (_ row: Int, _ unit: Int) -> Vector?,
    add: (_ step: Int, _ rows: Int, _ hiddenGradient: UnsafeMutablePointer<Float>) -> Void
  ) {
    for row in 0..<block.rowCount {
      let (dh, dc) = (
        hiddenGradient.pointer + row * geometry.unitStride, cellGradient.pointer + row * geometry.unitStride
      )
      for unit in stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        dh.store(lastHidden(row, unit) ?? Vector(), unit)
        dc.store(Vector(), unit)
      }
    }
    /// How many rows are deferred.
    var depth = 0
    func takeBack(_ step: Int, _ active: Int) {
      let rows = active * RegisterTile.rows
      if depth + rows > DeferredRows.capacity {
        deferred.addProducts(depth, geometry, source.input, to: sums)
        depth = 0
      }
      add(step, rows, hiddenGradient.pointer)
      backwardCells(step, rows, block, source, sums, depth: depth)
      deferHidden(step, rows, block, source.chain, depth: depth)
      if case .vectors(let vectors) = source.input { deferInputs(vectors, step, rows, depth: depth) }
      deferred.gates.multiply(
        depth..<depth + rows, by: source.weights.recurrentTransposed, outPanels: geometry.unitPanels,
        into: hiddenGradient.pointer, stride: geometry.unitStride, adds: false)
      if dropsHidden, let factors = hiddenFactors {
        for i in stride(from: 0, to: rows * geometry.unitStride, by: Vector.scalarCount) {
          hiddenGradient.pointer.store(hiddenGradient.pointer.vector(i) * factors.pointer.vector(i), i)
        }
      }
      if let inputGradients = sums.inputGradients {
        deferred.gates.multiply(
          depth..<depth + rows, by: source.weights.kernelTransposed, outPanels: geometry.inputPanels,
          into: inputGradients + step * rowCapacity * geometry.inputStride, stride: geometry.inputStride,
          adds: sums.addsInputGradients)
      }
      depth += rows
    }
    if isReversed {
      for step in block.firstStep..<steps { takeBack(step, block.activeTiles(step)) }
    } else {
      var active = block.tileCount
      func leave(_ step: Int) {
        if block.padding == .masked {
          for row in 0..<active * RegisterTile.rows where block.entries[row] == step { clearGradient(row) }
        }
        while active > 0 && block.tileStarts[active - 1] == step {
          active -= 1
          if source.chain != nil { inject(active, into: sums.injection(tiles[tiles.startIndex + active])) }
        }
      }
      leave(steps)
      for step in stride(from: steps - 1, through: block.firstStep, by: -1) {
        takeBack(step, active)
        leave(step)
      }
    }
    if depth > 0 { deferred.addProducts(depth, geometry, source.input, to: sums) }
  }

  private func clearGradient(_ row: Int) {
    (hiddenGradient.pointer + row * geometry.unitStride).update(repeating: 0, count: geometry.units)
    (cellGradient.pointer + row * geometry.unitStride).update(repeating: 0, count: geometry.units)
  }

  /// The cells of a step: dz from the gates, deferred, and added to the tokens' sums too; dc becomes the step before's.
  private func backwardCells(
    _ step: Int, _ rows: Int, _ block: RowBlock, _ source: Source, _ sums: Sums, depth: Int
  ) {
    let n = Vector.scalarCount
    let (units, unitStride) = (geometry.units, geometry.unitStride)
    let history = History(self, step: step, row: 0)
    let biasSums = sums.gradient.sums.pointer + sums.offsets.bias
    func sumsOfInput(_ row: Int) -> UnsafeMutablePointer<Float> {
      if case .vectors = source.input { return biasSums }
      return block.slot(row, step).map { sums.gradient.tokenRow($0) + sums.directionOffset } ?? biasSums
    }
    var nextSums = sumsOfInput(0)
    for row in 0..<rows {
      let sums = nextSums
      if row + 1 < rows { nextSums = sumsOfInput(row + 1) }
      let history = history.at(row: row, unit: 0, geometry)
      let (dh, dc) = (hiddenGradient.pointer + row * unitStride, cellGradient.pointer + row * unitStride)
      for unit in stride(from: 0, to: units, by: n) {
        prefetchGatesToWrite(nextSums + 4 * unit)
        let d = cellBackward(
          Gates(at: history.gates + 4 * unit), previousCell: history.previousCells.vector(unit),
          tanhCell: history.tanhCells.vector(unit), hiddenGradient: dh.vector(unit), cellGradient: dc.vector(unit))
        dc.store(d.previousCell, unit)
        deferred.store(d.dz, row: depth + row, unit: unit)
        d.dz.add(to: sums + 4 * unit)
      }
    }
  }

  /// Defers h before a step: what the step before left, or the initial state where a row enters.
  private func deferHidden(_ step: Int, _ rows: Int, _ block: RowBlock, _ chain: PaddingChain?, depth: Int) {
    let n = Vector.scalarCount
    let (unitStride, gateStride) = (geometry.unitStride, geometry.gateStride)
    let stepBefore = isReversed ? 1 : -1
    for row in 0..<rows {
      let h = deferred.hidden.pointer + (depth + row) * unitStride
      guard isReversed ? step + 1 < steps : block.entries[row] < step else {
        if let chain {
          h.update(from: chain.hidden(after: step), count: geometry.units)
        } else {
          h.update(repeating: 0, count: geometry.units)
        }
        continue
      }
      let history = History(self, step: step + stepBefore, row: row)
      let (gates, tanhCells) = (history.gates, history.tanhCells)
      for unit in stride(from: 0, to: geometry.units, by: n) {
        // The rest of that step, which comes next, and what this loop reads a step later.
        prefetchToRead(gates + 4 * unit)
        prefetchToRead(history.previousCells + unit)
        prefetchToRead(gates + 4 * unit + 2 * n + stepBefore * rowCapacity * gateStride)
        prefetchToRead(tanhCells + unit + stepBefore * rowCapacity * unitStride)
        h.store((gates + 4 * unit).vector(3 * n) * tanhCells.vector(unit), unit)
      }
      if dropsHidden, let factors = hiddenFactors {
        for unit in stride(from: 0, to: geometry.units, by: n) {
          h.store(h.vector(unit) * factors.pointer.vector(row * unitStride + unit), unit)
        }
      }
    }
  }

  private func deferInputs(_ vectors: UnsafePointer<Float>, _ step: Int, _ rows: Int, depth: Int) {
    let stride = geometry.inputStride
    (deferred.inputs.pointer + depth * stride).update(
      from: vectors + step * rowCapacity * stride, count: rows * stride)
  }

  /// What leaves a tile at its start goes back along the padding chain: the sums over its rows of dh and dc.
  private func inject(_ tile: Int, into out: UnsafeMutablePointer<Float>) {
    let stride = geometry.unitStride
    for (index, buffer) in [hiddenGradient, cellGradient].enumerated() {
      let from = buffer.pointer + tile * RegisterTile.rows * stride
      for unit in Swift.stride(from: 0, to: geometry.units, by: Vector.scalarCount) {
        var sum = from.vector(unit)
        for row in 1..<RegisterTile.rows { sum += from.vector(row * stride + unit) }
        out.store(sum, index * stride + unit)
      }
    }
  }
}
