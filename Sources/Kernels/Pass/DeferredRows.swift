import RecurrentNetwork

/// Rows of several steps that wait for dU and dW to be updated, so that many are multiplied at once (legend: Kernels.md).
///
/// A worker's passes share one: each has used its rows up when the next begins.
final class DeferredRows {
  /// How many rows it holds: those of 16 steps of a full block.
  static let capacity = 16 * RowTile.tilesPerBlock * RegisterTile.rows
  /// h before each row's step: [capacity][unitStride].
  let hidden: FloatBuffer
  /// What each row's step read: [capacity][inputStride]; empty where that came from the tokens' table.
  let inputs: FloatBuffer
  /// dz, in the order of sums.
  let gates: DeferredPanels

  /// - Parameter inputStride: the largest of those layers that multiply their inputs.
  init(_ geometry: PackedGeometry, inputStride: Int) {
    hidden = FloatBuffer(zeros: Self.capacity * geometry.unitStride)
    inputs = FloatBuffer(zeros: Self.capacity * inputStride)
    gates = DeferredPanels(count: geometry.gatePanels)
  }

  /// Stores a row's dz of the units that follow `unit`.
  @inline(__always)
  func store(_ dz: Gates, row: Int, unit: Int) {
    @inline(__always) func store(_ values: Vector, gate: Int) {
      let place = PackedGeometry.place(gate: gate, unit: unit)
      gates.row(row, panel: place / RegisterTile.columns).store(values, place % RegisterTile.columns)
    }
    store(dz.i, gate: 0)
    store(dz.f, gate: 1)
    store(dz.g, gate: 2)
    store(dz.o, gate: 3)
  }

  /// dU += hᵀ dz, and dW += xᵀ dz where inputs are multiplied, over the first `count` rows.
  func addProducts(
    _ count: Int, _ geometry: PackedGeometry, _ input: RecurrentPass.Input, to sums: RecurrentPass.Sums
  ) {
    let all = sums.gradient.sums.pointer
    gates.addProduct(
      of: hidden, geometry.units, stride: geometry.unitStride, count, to: all + sums.offsets.recurrent)
    if case .vectors = input {
      gates.addProduct(of: inputs, geometry.inputs, stride: geometry.inputStride, count, to: all + sums.offsets.kernel)
    }
  }
}

/// Gradients of several steps' rows, in panels: [count][stride], a panel being [capacity][width].
struct DeferredPanels {
  /// The number of panels.
  let count: Int
  /// Keeps `pointer`'s memory.
  private let values: FloatBuffer
  private let pointer: UnsafeMutablePointer<Float>
  /// Elements from one panel to the next: a cache line more than it has, so that panels spread over the cache's sets.
  static let stride = (DeferredRows.capacity + 1) * RegisterTile.columns

  init(count: Int) {
    self.count = count
    values = FloatBuffer(zeros: count * Self.stride)
    pointer = values.pointer
  }

  /// A row of a panel: [width].
  @inline(__always)
  func row(_ row: Int, panel: Int) -> UnsafeMutablePointer<Float> {
    pointer + panel * Self.stride + row * RegisterTile.columns
  }

  /// Some rows times a transposed matrix, [outPanels][columns][width].
  func multiply(
    _ rows: Range<Int>, by transposed: FloatBuffer, outPanels: Int, into out: UnsafeMutablePointer<Float>, stride: Int,
    adds: Bool
  ) {
    let width = RegisterTile.columns
    for panel in 0..<outPanels {
      for row in Swift.stride(from: 0, to: rows.count, by: RegisterTile.rows) {
        let out = out + row * stride + panel * width
        var tile = adds ? RegisterTile(loading: out, stride: stride, rows: 6) : RegisterTile()
        var left = pointer + (rows.lowerBound + row) * width
        var right = transposed.pointer + panel * count * width * width
        for _ in 0..<count {
          tile.add(left, rowStride: width, timesPanel: right, count: width)
          left += Self.stride
          right += width * width
        }
        tile.store(to: out, stride: stride)
      }
    }
  }

  /// Adds leftᵀ times the first `depth` rows to sums, [panels][leftWidth][width].
  func addProduct(
    of left: FloatBuffer, _ leftWidth: Int, stride: Int, _ depth: Int, to sums: UnsafeMutablePointer<Float>
  ) {
    let width = RegisterTile.columns
    for panel in 0..<count {
      let out = sums + panel * leftWidth * width
      @inline(__always) func product(_ unit: Int, _ rows: Int) {
        var tile = RegisterTile(loading: out + unit * width, stride: width, rows: rows)
        tile.add(
          left.pointer + unit, rowStride: 1, stepStride: stride, times: pointer + panel * Self.stride,
          rightStride: width, count: depth, rows: rows)
        tile.store(to: out + unit * width, stride: width, rows: rows)
      }
      forEachTile(leftWidth, six: { product($0, 6) }, four: { product($0, 4) })
    }
  }
}
