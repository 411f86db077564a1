/// One row of a panel, in two registers: two neighboring vectors.
struct PanelRow {
  private var left, right: Vector

  /// Starts from zeros.
  @inline(__always)
  init() { (left, right) = (Vector(), Vector()) }

  @inline(__always)
  init(at p: UnsafePointer<Float>) { (left, right) = (p.vector(0), p.vector(Vector.scalarCount)) }

  @inline(__always)
  func store(to p: UnsafeMutablePointer<Float>) {
    p.store(left, 0)
    p.store(right, Vector.scalarCount)
  }

  /// Adds a number times another row, one fused multiply-add each.
  @inline(__always)
  mutating func add(_ x: Float, times other: Self) {
    let x = Vector(repeating: x)
    left = left.plus(x, times: other.left)
    right = right.plus(x, times: other.right)
  }

  @inline(__always)
  static func += (a: inout Self, b: Self) {
    a.left += b.left
    a.right += b.right
  }
}
