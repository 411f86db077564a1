/// Sizes and element order of the engine's packed copies of one layer in one direction.
///
/// H and the inputs are rounded up to whole panels; the units and inputs added have zero weights, stay at zero and get no
/// gradient. The 4H gate columns are ordered so that a vector's worth of units has its i, f, g, o side by side: two
/// neighbouring panels hold all that a cell needs.
struct PackedGeometry {
  /// H.
  let hiddenSize: Int
  /// Units, padding units included.
  let units: Int
  /// Elements that a step reads, padding included; none where tokens are one-hot.
  let inputs: Int
  /// Gate columns, 4 · units.
  let columns: Int
  /// Elements from a row of h or c to the next: an odd number of cache lines, so that rows spread over the cache's sets.
  let unitStride: Int
  /// The same for rows of gates.
  let gateStride: Int
  /// The same for rows of what is read.
  let inputStride: Int

  /// - Parameter inputs: panels of what is read.
  init(hiddenSize: Int, inputs: Int) {
    self.hiddenSize = hiddenSize
    self.inputs = inputs
    units = Self.panels(hiddenSize)
    columns = 4 * units
    unitStride = Self.odd(units)
    gateStride = Self.odd(columns)
    inputStride = Self.odd(inputs)
  }

  /// A count, rounded up to whole panels.
  static func panels(_ count: Int) -> Int {
    (count + RegisterTile.columns - 1) / RegisterTile.columns * RegisterTile.columns
  }

  /// A count, rounded up to an odd number of cache lines.
  static func odd(_ count: Int) -> Int { ((count + 15) / 16 | 1) * 16 }

  /// Where the packed order has a gate (0 … 3 for i, f, g, o) of a unit.
  func column(gate: Int, unit: Int) -> Int {
    let n = Vector.scalarCount
    return unit / n * 4 * n + gate * n + unit % n
  }

  /// Every gate column of a real unit: its place in a row of [4H], its place in the packed order, and its gate.
  func forEachColumn(_ body: (_ column: Int, _ packed: Int, _ gate: Int) -> Void) {
    for gate in 0..<4 {
      for unit in 0..<hiddenSize { body(gate * hiddenSize + unit, column(gate: gate, unit: unit), gate) }
    }
  }

  /// Panels of gate columns.
  var gatePanels: Int { columns / RegisterTile.columns }
  /// Panels of units.
  var unitPanels: Int { units / RegisterTile.columns }
  /// Panels of inputs.
  var inputPanels: Int { inputs / RegisterTile.columns }
}

/// The same of a whole network.
struct NetworkGeometry {
  let architecture: Architecture
  /// Of each layer, in either direction.
  let layers: [PackedGeometry]
  /// What a layer puts out a step, and what pooling makes of it: the units of each direction, padding included.
  let features: Int
  /// Elements from a row of features to the next.
  let featureStride: Int

  init(_ architecture: Architecture) {
    self.architecture = architecture
    let features = architecture.directionCount * PackedGeometry.panels(architecture.hiddenSize)
    self.features = features
    featureStride = PackedGeometry.odd(features)
    layers = (0..<architecture.layerCount).map { layer in
      PackedGeometry(
        hiddenSize: architecture.hiddenSize,
        inputs: layer == 0 ? PackedGeometry.panels(architecture.embeddingSize) : features)
    }
  }

  var units: Int { layers[0].units }
  var directions: Int { architecture.directionCount }

  /// Where the packed order has an element of what a layer reads.
  func packedInput(_ index: Int, ofLayer layer: Int) -> Int { layer == 0 ? index : packedFeature(index) }

  /// Where the packed order has an element of what a layer puts out.
  func packedFeature(_ index: Int) -> Int {
    index / architecture.hiddenSize * units + index % architecture.hiddenSize
  }
}
