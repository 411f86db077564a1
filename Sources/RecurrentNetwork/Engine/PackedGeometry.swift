/// Sizes and element order of the engine's packed copies.
///
/// H and E are rounded up to whole panels; the units and inputs added have zero weights, stay at zero and get no
/// gradient. The 4H gate columns are ordered so that a vector's worth of units has its i, f, g, o side by side: two
/// neighbouring panels hold all that a cell needs.
struct PackedGeometry {
  /// Units, padding units included.
  let units: Int
  /// Elements of a token's vector, padding included.
  let inputs: Int
  /// Gate columns, 4 · units.
  let columns: Int
  /// Elements from a row of h or c to the next: an odd number of cache lines, so that rows spread over the cache's sets.
  let unitStride: Int
  /// The same for rows of gates.
  let gateStride: Int

  init(_ architecture: Architecture) {
    func panels(_ count: Int) -> Int {
      (count + RegisterTile.columns - 1) / RegisterTile.columns * RegisterTile.columns
    }
    units = panels(architecture.hiddenSize)
    inputs = panels(architecture.embeddingSize)
    columns = 4 * units
    func odd(_ count: Int) -> Int { ((count + 15) / 16 | 1) * 16 }
    unitStride = odd(units)
    gateStride = odd(columns)
  }

  /// Where the packed order has a gate (0 … 3 for i, f, g, o) of a unit.
  func column(gate: Int, unit: Int) -> Int {
    let n = Vector.scalarCount
    return unit / n * 4 * n + gate * n + unit % n
  }

  /// Panels of gate columns.
  var gatePanels: Int { columns / RegisterTile.columns }
  /// Panels of units.
  var unitPanels: Int { units / RegisterTile.columns }
  /// Panels of inputs.
  var inputPanels: Int { inputs / RegisterTile.columns }
}
