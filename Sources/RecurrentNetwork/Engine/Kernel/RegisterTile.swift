/// 6 rows × 2 vectors of a product, held in registers while it is summed over k: the one kernel of the engine.
///
/// Forward (h U), backward (dz Uᵀ), the weights' gradient (hᵀ dz) and the products with W are all this loop with other
/// strides. `rows` is 6 or, for the end of a matrix whose height leaves 2 or 4, 4; it must be a literal at the call.
struct RegisterTile {
  /// Rows of a full tile: the row tiles of a batch have this height.
  static let rows = 6
  /// Columns: a panel of packed weights has this width.
  static let columns = 2 * Vector.scalarCount

  private var a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1: Vector

  /// Zeros.
  @inline(__always)
  init() {
    (a0, a1, b0, b1, c0, c1) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    (d0, d1, e0, e1, f0, f1) = (a0, a0, a0, a0, a0, a0)
  }

  /// Starts from six rows that lie anywhere, from element `offset` of each on.
  @inline(__always)
  init(rows p: UnsafePointer<UnsafePointer<Float>>, offset: Int) {
    let n = Vector.scalarCount
    (a0, a1) = (p[0].vector(offset), p[0].vector(offset + n))
    (b0, b1) = (p[1].vector(offset), p[1].vector(offset + n))
    (c0, c1) = (p[2].vector(offset), p[2].vector(offset + n))
    (d0, d1) = (p[3].vector(offset), p[3].vector(offset + n))
    (e0, e1) = (p[4].vector(offset), p[4].vector(offset + n))
    (f0, f1) = (p[5].vector(offset), p[5].vector(offset + n))
  }

  /// Starts from rows `stride` elements apart.
  @inline(__always)
  init(loading p: UnsafePointer<Float>, stride: Int, rows: Int) {
    let n = Vector.scalarCount
    self.init()
    (a0, a1) = (p.vector(0), p.vector(n))
    (b0, b1) = (p.vector(stride), p.vector(stride + n))
    (c0, c1) = (p.vector(2 * stride), p.vector(2 * stride + n))
    (d0, d1) = (p.vector(3 * stride), p.vector(3 * stride + n))
    if rows > 4 {
      (e0, e1) = (p.vector(4 * stride), p.vector(4 * stride + n))
      (f0, f1) = (p.vector(5 * stride), p.vector(5 * stride + n))
    }
  }

  /// Adds Σₖ left[row, k] · right[k, columns], k ascending, one fused multiply-add each.
  ///
  /// - Parameters:
  ///   - left: element [0, 0]; rows are `rowStride` and k's `stepStride` elements apart.
  ///   - right: element [0, 0]; k's are `rightStride` elements apart.
  @inline(__always)
  mutating func add(
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

  /// The same where a row's k's lie side by side and the right side is a packed panel; `count` is a multiple of 4.
  ///
  /// Two moving pointers and four k's a round leave the processor's front end to the multiply-adds.
  @inline(__always)
  mutating func add(
    _ left: UnsafePointer<Float>, rowStride: Int, timesPanel panel: UnsafePointer<Float>, count: Int
  ) {
    var upper = left
    var lower = left + 3 * rowStride
    var panel = panel
    for _ in 0..<count / 4 {
      add(upper, lower, rowStride, times: panel, rows: 6)
      add(upper + 1, lower + 1, rowStride, times: panel + Self.columns, rows: 6)
      add(upper + 2, lower + 2, rowStride, times: panel + 2 * Self.columns, rows: 6)
      add(upper + 3, lower + 3, rowStride, times: panel + 3 * Self.columns, rows: 6)
      upper += 4
      lower += 4
      panel += 4 * Self.columns
    }
  }

  /// One k: rows 0 to 2 of the left side from `upper` on, rows 3 to 5 from `lower` on.
  @inline(__always)
  private mutating func add(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ rowStride: Int,
    times right: UnsafePointer<Float>, rows: Int
  ) {
    let r0 = right.vector(0)
    let r1 = right.vector(Vector.scalarCount)
    let a = Vector(repeating: upper[0])
    a0 = a0.plus(a, times: r0)
    a1 = a1.plus(a, times: r1)
    let b = Vector(repeating: upper[rowStride])
    b0 = b0.plus(b, times: r0)
    b1 = b1.plus(b, times: r1)
    let c = Vector(repeating: upper[2 * rowStride])
    c0 = c0.plus(c, times: r0)
    c1 = c1.plus(c, times: r1)
    let d = Vector(repeating: lower[0])
    d0 = d0.plus(d, times: r0)
    d1 = d1.plus(d, times: r1)
    if rows > 4 {
      let e = Vector(repeating: lower[rowStride])
      e0 = e0.plus(e, times: r0)
      e1 = e1.plus(e, times: r1)
      let f = Vector(repeating: lower[2 * rowStride])
      f0 = f0.plus(f, times: r0)
      f1 = f1.plus(f, times: r1)
    }
  }

  /// Stores the rows `stride` elements apart.
  @inline(__always)
  func store(to p: UnsafeMutablePointer<Float>, stride: Int, rows: Int = 6) {
    let n = Vector.scalarCount
    p.store(a0, 0)
    p.store(a1, n)
    p.store(b0, stride)
    p.store(b1, stride + n)
    p.store(c0, 2 * stride)
    p.store(c1, 2 * stride + n)
    p.store(d0, 3 * stride)
    p.store(d1, 3 * stride + n)
    if rows > 4 {
      p.store(e0, 4 * stride)
      p.store(e1, 4 * stride + n)
      p.store(f0, 5 * stride)
      p.store(f1, 5 * stride + n)
    }
  }
}
