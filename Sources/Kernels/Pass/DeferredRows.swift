import RecurrentNetwork

/// Rows of several steps that wait for dU and dW to be updated, so that many are multiplied at once (legend: Kernels.md).
///
/// A worker's passes share one: each has used its rows up when the next begins.
final class DeferredRows {
  /// How many rows it holds: those of 16 steps of a full block.
  static let capacity = 16 * RowTile.tilesPerBlock * RegisterTile.rows
  /// Elements from one panel of `gates` to the next: a cache line more than it has, so that panels spread over the
  /// cache's sets.
  static let gateStride = (capacity + 1) * RegisterTile.columns
  /// h before each row's step: [capacity][unitStride].
  let hidden: FloatBuffer
  /// What each row's step read: [capacity][inputStride]; empty where that came from the tokens' table.
  let inputs: FloatBuffer
  /// dz, in the order of sums, in panels: [gatePanels][gateStride], a panel being [capacity][width].
  let gates: FloatBuffer

  /// - Parameter inputStride: the largest of those layers that multiply their inputs.
  init(_ geometry: PackedGeometry, inputStride: Int) {
    hidden = FloatBuffer(zeros: Self.capacity * geometry.unitStride)
    inputs = FloatBuffer(zeros: Self.capacity * inputStride)
    gates = FloatBuffer(zeros: geometry.gatePanels * Self.gateStride)
  }

  /// Stores a row's dz of the units that follow `unit`.
  @inline(__always)
  func store(_ dz: Gates, row: Int, unit: Int) {
    let row = gates.pointer + row * RegisterTile.columns
    @inline(__always) func store(_ values: Vector, gate: Int) {
      let place = PackedGeometry.place(gate: gate, unit: unit)
      row.store(values, place / RegisterTile.columns * Self.gateStride + place % RegisterTile.columns)
    }
    store(dz.i, gate: 0)
    store(dz.f, gate: 1)
    store(dz.g, gate: 2)
    store(dz.o, gate: 3)
  }

  /// dz times Uᵀ or Wᵀ, [panels][columns][width], of some rows.
  func multiply(
    _ rows: Range<Int>, by transposed: FloatBuffer, panels: Int, _ geometry: PackedGeometry,
    into out: UnsafeMutablePointer<Float>, stride: Int, adds: Bool
  ) {
    let width = RegisterTile.columns
    for panel in 0..<panels {
      for row in Swift.stride(from: 0, to: rows.count, by: RegisterTile.rows) {
        let out = out + row * stride + panel * width
        var tile = adds ? RegisterTile(loading: out, stride: stride, rows: 6) : RegisterTile()
        var dz = gates.pointer + (rows.lowerBound + row) * width
        var kernel = transposed.pointer + panel * geometry.columns * width
        for _ in 0..<geometry.gatePanels {
          tile.add(dz, rowStride: width, timesPanel: kernel, count: width)
          dz += Self.gateStride
          kernel += width * width
        }
        tile.store(to: out, stride: stride)
      }
    }
  }

  /// dU += hᵀ dz, and dW += xᵀ dz where inputs are multiplied, over the first `count` rows.
  func addProducts(
    _ count: Int, _ geometry: PackedGeometry, _ input: RecurrentPass.Input, to sums: RecurrentPass.Sums
  ) {
    let all = sums.gradient.sums.pointer
    addProduct(of: hidden, geometry.units, geometry.unitStride, count, geometry, to: all + sums.offsets.recurrent)
    if case .vectors = input {
      addProduct(of: inputs, geometry.inputs, geometry.inputStride, count, geometry, to: all + sums.offsets.kernel)
    }
  }

  /// leftᵀ dz over `depth` rows; left has `width` elements a row.
  private func addProduct(
    of left: FloatBuffer, _ leftWidth: Int, _ leftStride: Int, _ depth: Int, _ geometry: PackedGeometry,
    to sums: UnsafeMutablePointer<Float>
  ) {
    let width = RegisterTile.columns
    for panel in 0..<geometry.gatePanels {
      let out = sums + panel * leftWidth * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile(loading: out + unit * width, stride: width, rows: rows)
        tile.add(
          left.pointer + unit, rowStride: 1, stepStride: leftStride,
          times: gates.pointer + panel * Self.gateStride, rightStride: width, count: depth, rows: rows)
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(leftWidth, six: { product($0, 6) }, four: { product($0, 4) })
    }
  }
}
