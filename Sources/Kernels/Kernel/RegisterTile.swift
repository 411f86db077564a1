/// 6 rows × 2 vectors of a product, held in registers while it is summed over k: the one kernel of the engine
/// (legend: Kernels.md).
///
/// Forward (h U), backward (dz Uᵀ), the weights' gradient (hᵀ dz) and the products with W are all this loop with other
/// strides. `rows` is 6, or 4 at the end of a matrix whose height is no multiple of 6 (see `forEachTile`); it must be a
/// literal at the call, so that the compiler leaves out what isn't needed.
package struct RegisterTile {
  /// Rows of a full tile: the row tiles of a batch have this height.
  package static var rows: Int { 6 }
  /// Columns: a panel of packed weights has this width.
  package static var columns: Int { 2 * Vector.scalarCount }

  private var a = PanelRow(), b = PanelRow(), c = PanelRow(), d = PanelRow(), e = PanelRow(), f = PanelRow()

  /// Starts from zeros.
  @inline(__always)
  package init() {}

  /// Starts from rows that lie anywhere: element `offset` of each and those that follow.
  @inline(__always)
  package init(rows p: UnsafePointer<UnsafePointer<Float>>, offset: Int, rows: Int = 6) {
    a = PanelRow(at: p[0] + offset)
    b = PanelRow(at: p[1] + offset)
    c = PanelRow(at: p[2] + offset)
    d = PanelRow(at: p[3] + offset)
    if rows > 4 {
      e = PanelRow(at: p[4] + offset)
      f = PanelRow(at: p[5] + offset)
    }
  }

  /// Starts from rows `stride` elements apart.
  @inline(__always)
  package init(loading p: UnsafePointer<Float>, stride: Int, rows: Int) {
    a = PanelRow(at: p)
    b = PanelRow(at: p + stride)
    c = PanelRow(at: p + 2 * stride)
    d = PanelRow(at: p + 3 * stride)
    if rows > 4 {
      e = PanelRow(at: p + 4 * stride)
      f = PanelRow(at: p + 5 * stride)
    }
  }

  /// Adds Σₖ left[row, k] · right[k, columns], k ascending, one fused multiply-add each.
  ///
  /// - Parameters:
  ///   - left: element [0, 0]; one row is `rowStride` elements from the next, one k `stepStride`.
  ///   - right: element [0, 0]; one k is `rightStride` elements from the next.
  @inline(__always)
  package mutating func add(
    _ left: UnsafePointer<Float>, rowStride: Int, stepStride: Int,
    times right: UnsafePointer<Float>, rightStride: Int, count: Int, rows: Int = 6
  ) {
    var left = left
    var right = right
    for _ in 0..<count {
      add(left, left + 3 * rowStride, rowStride, times: right, rows: rows)
      left += stepStride
      right += rightStride
    }
  }

  /// The same where the k of a row are adjacent and the right side is a packed panel; `count` is a multiple of 4.
  ///
  /// Two moving pointers and four k a round leave the processor's front end to the multiply-adds.
  @inline(__always)
  package mutating func add(
    _ left: UnsafePointer<Float>, rowStride: Int, timesPanel panel: UnsafePointer<Float>, count: Int, rows: Int = 6
  ) {
    var upper = left
    var lower = left + 3 * rowStride
    var panel = panel
    for _ in 0..<count / 4 {
      add(upper, lower, rowStride, times: panel, rows: rows)
      add(upper + 1, lower + 1, rowStride, times: panel + Self.columns, rows: rows)
      add(upper + 2, lower + 2, rowStride, times: panel + 2 * Self.columns, rows: rows)
      add(upper + 3, lower + 3, rowStride, times: panel + 3 * Self.columns, rows: rows)
      upper += 4
      lower += 4
      panel += 4 * Self.columns
    }
  }

  /// One k: rows 0 to 2 of the left side are at `upper`, rows 3 to 5 at `lower`.
  @inline(__always)
  private mutating func add(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ rowStride: Int,
    times right: UnsafePointer<Float>, rows: Int
  ) {
    let right = PanelRow(at: right)
    a.add(upper[0], times: right)
    b.add(upper[rowStride], times: right)
    c.add(upper[2 * rowStride], times: right)
    d.add(lower[0], times: right)
    if rows > 4 {
      e.add(lower[rowStride], times: right)
      f.add(lower[2 * rowStride], times: right)
    }
  }

  /// Stores the rows `stride` elements apart.
  @inline(__always)
  package func store(to p: UnsafeMutablePointer<Float>, stride: Int, rows: Int = 6) {
    a.store(to: p)
    b.store(to: p + stride)
    c.store(to: p + 2 * stride)
    d.store(to: p + 3 * stride)
    if rows > 4 {
      e.store(to: p + 4 * stride)
      f.store(to: p + 5 * stride)
    }
  }
}

/// Covers `count` rows, an even number not below 8, with tiles of 6 and 4 rows: calls `six` and `four` with the first
/// row of each.
@inline(__always)
func forEachTile(_ count: Int, six: (Int) -> Void, four: (Int) -> Void) {
  let fours = count % 6 == 0 ? 0 : (count % 6 == 2 ? 2 : 1)
  var row = 0
  while row < count - 4 * fours {
    six(row)
    row += 6
  }
  while row < count {
    four(row)
    row += 4
  }
}
