import RecurrentNetwork

/// Sizes and element order of the engine's packed copies of one layer in one direction (legend: Kernels.md).
///
/// H and the inputs are rounded up to whole panels. The units and inputs added have zero weights, stay at zero and get
/// no gradient. The 4H gate columns are ordered so that a vector's worth of units has its i, f, g, o side by side: two
/// neighboring panels hold everything that a cell needs. Sums over gate columns take them in another order, which is the
/// same for vectors of all widths: `widestLanes` units' i, their f, their g, their o. With the widest vectors that is the
/// packed order.
package struct PackedGeometry {
  /// H.
  package let hiddenSize: Int
  /// H, rounded up to whole panels.
  package let units: Int
  /// Elements of a step's input, rounded up to whole panels; 0 where tokens are one-hot.
  package let inputs: Int
  /// Gate columns: 4 · units.
  package let columns: Int
  /// Elements from one row of h or c to the next.
  package let unitStride: Int
  /// Elements from one row of gates to the next.
  package let gateStride: Int
  /// Elements from one row of inputs to the next.
  package let inputStride: Int

  /// - Parameter inputs: elements of a step's input, a multiple of a panel's width.
  init(hiddenSize: Int, inputs: Int) {
    self.hiddenSize = hiddenSize
    self.inputs = inputs
    units = Self.roundedUpToPanels(hiddenSize)
    columns = 4 * units
    unitStride = Self.roundedUpToOddLines(units)
    gateStride = Self.roundedUpToOddLines(columns)
    inputStride = Self.roundedUpToOddLines(inputs)
  }

  static func roundedUpToPanels(_ count: Int) -> Int {
    let width = max(RegisterTile.columns, widestLanes)
    return (count + width - 1) / width * width
  }

  /// Rounds up to an odd number of cache lines: rows that far apart spread over the cache's sets.
  static func roundedUpToOddLines(_ count: Int) -> Int { ((count + 15) / 16 | 1) * 16 }

  /// The packed column of a gate (0 … 3 for i, f, g, o) of a unit.
  package func column(gate: Int, unit: Int) -> Int {
    let n = Vector.scalarCount
    return unit / n * 4 * n + gate * n + unit % n
  }

  /// The place of a gate of a unit in sums over all gate columns.
  @inline(__always)
  package static func place(gate: Int, unit: Int) -> Int {
    unit / widestLanes * 4 * widestLanes + gate * widestLanes + unit % widestLanes
  }

  /// Calls `body` for each run of packed columns that follow each other in sums too, in the order of the sums: its panel,
  /// its first column there, and its length.
  @inline(__always)
  func forEachRun(_ body: (_ panel: Int, _ column: Int, _ count: Int) -> Void) {
    let n = Vector.scalarCount
    if n == widestLanes {
      for panel in 0..<gatePanels { body(panel, 0, RegisterTile.columns) }
      return
    }
    for unit in stride(from: 0, to: units, by: widestLanes) {
      for gate in 0..<4 {
        for part in stride(from: unit, to: unit + widestLanes, by: n) { body(part / n * 2 + gate / 2, gate % 2 * n, n) }
      }
    }
  }

  /// Copies a row of packed columns to where they are in the order of sums.
  func copyInOrderOfSums(_ row: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>) {
    var out = out
    forEachRun { panel, column, count in
      out.update(from: row + panel * RegisterTile.columns + column, count: count)
      out += count
    }
  }

  /// Up to a vector of gate columns that follow each other in every order.
  struct Columns {
    let gate: Int
    /// How many there are: `Vector.scalarCount`, or fewer at the last units.
    let count: Int
    /// The index of the first in Keras's [4H].
    let column: Int
    /// Its packed column.
    let packed: Int
    /// Its place in sums.
    let place: Int
    /// Halves the columns of i, f and o, exactly.
    var forwardScale: Float { gate == 2 ? 1 : 0.5 }
  }

  /// Calls `body` for the gate columns of all real units.
  @inline(__always)
  func forEachColumns(_ body: (Columns) -> Void) {
    let n = Vector.scalarCount
    for gate in 0..<4 {
      for unit in stride(from: 0, to: hiddenSize, by: n) {
        body(
          Columns(
            gate: gate, count: min(n, hiddenSize - unit), column: gate * hiddenSize + unit,
            packed: column(gate: gate, unit: unit), place: Self.place(gate: gate, unit: unit)))
      }
    }
  }

  /// The index of an element in panels [panels][rowCount][width].
  @inline(__always)
  package static func panelIndex(row: Int, column: Int, rowCount: Int) -> Int {
    let width = RegisterTile.columns
    return (column / width * rowCount + row) * width + column % width
  }

  package var gatePanels: Int { columns / RegisterTile.columns }
  package var unitPanels: Int { units / RegisterTile.columns }
  package var inputPanels: Int { inputs / RegisterTile.columns }
}

/// The packed sizes of a whole network.
struct NetworkGeometry {
  let architecture: Architecture
  /// [layers], the same in both directions.
  let layers: [PackedGeometry]
  /// A layer's output a step, and the pooled output: the units of each direction, one direction after the other.
  let features: Int
  /// Elements from one row of features to the next.
  let featureStride: Int
  /// What the output layer reads: the features, or the last hidden dense layer's outputs, rounded up.
  let logitInputs: Int

  init(_ architecture: Architecture) {
    self.architecture = architecture
    let features = architecture.directionCount * PackedGeometry.roundedUpToPanels(architecture.hiddenSize)
    self.features = features
    featureStride = PackedGeometry.roundedUpToOddLines(features)
    logitInputs = architecture.denseLayers.last.map { denseStride($0.size) } ?? features
    layers = (0..<architecture.layerCount).map { layer in
      PackedGeometry(
        hiddenSize: architecture.hiddenSize,
        inputs: layer == 0 ? PackedGeometry.roundedUpToPanels(architecture.embeddingSize) : features)
    }
  }

  var units: Int { layers[0].units }
  var directions: Int { architecture.directionCount }

  /// The packed index of an element of a layer's input.
  func packedInput(_ index: Int, ofLayer layer: Int) -> Int { layer == 0 ? index : packedFeature(index) }

  /// The packed index of an element of a layer's output.
  func packedFeature(_ index: Int) -> Int {
    index / architecture.hiddenSize * units + index % architecture.hiddenSize
  }

  /// The packed index of an element of what the output layer reads.
  func packedLogitInput(_ index: Int) -> Int { architecture.denseLayers.isEmpty ? packedFeature(index) : index }
}
