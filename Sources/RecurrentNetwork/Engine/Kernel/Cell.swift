/// A cell's elementwise part, forward: from tanh of the halved pre-activations of i, f, o, and of the whole one of g.
///
/// σ(z) = ½ + ½ tanh(z / 2), so halved columns of the packed weights save the multiplication. The definition is
/// `ReferenceLSTM.step`.
@inline(__always)
func cellForward(
  tanhHalfInput: Vector, tanhHalfForget: Vector, candidate: Vector, tanhHalfOutput: Vector, previousCell: Vector
) -> (i: Vector, f: Vector, g: Vector, o: Vector, cell: Vector, tanhCell: Vector, hidden: Vector) {
  let half = Vector(repeating: 0.5)
  let i = half.plus(half, times: tanhHalfInput)
  let f = half.plus(half, times: tanhHalfForget)
  let o = half.plus(half, times: tanhHalfOutput)
  let cell = (i * candidate).plus(f, times: previousCell)
  let tanhCell = tanh(cell)
  return (i, f, candidate, o, cell, tanhCell, o * tanhCell)
}

/// A cell's elementwise part, backward: gradients of the four pre-activations and of the previous cell.
///
/// The definition is `ReferenceLSTM.backward`.
@inline(__always)
func cellBackward(
  i: Vector, f: Vector, g: Vector, o: Vector, previousCell: Vector, tanhCell: Vector,
  hiddenGradient dh: Vector, cellGradient dc: Vector
) -> (i: Vector, f: Vector, g: Vector, o: Vector, previousCell: Vector) {
  let one = Vector(repeating: 1)
  let dCell = dc.plus(dh * o, times: one - tanhCell * tanhCell)
  return (
    i: dCell * g * (i * (one - i)),
    f: dCell * previousCell * (f * (one - f)),
    g: dCell * i * (one - g * g),
    o: dh * tanhCell * (o * (one - o)),
    previousCell: dCell * f
  )
}

/// Adds a cell's four dz to its token's sums.
@inline(__always)
func add(_ dz: (Vector, Vector, Vector, Vector), to sums: UnsafeMutablePointer<Float>) {
  let n = Vector.scalarCount
  sums.store(sums.vector(0) + dz.0, 0)
  sums.store(sums.vector(n) + dz.1, n)
  sums.store(sums.vector(2 * n) + dz.2, 2 * n)
  sums.store(sums.vector(3 * n) + dz.3, 3 * n)
}

/// Adds one row times panels to one row: out[panel · width + j] += Σₖ left[k] · panels[panel][k][j], k ascending.
///
/// The same operations in the same order as a row of a `RegisterTile`, hence the same bits.
func addRow(
  _ left: UnsafePointer<Float>, times panels: UnsafePointer<Float>, panelCount: Int, count: Int,
  to out: UnsafeMutablePointer<Float>
) {
  let width = RegisterTile.columns
  let n = Vector.scalarCount
  let panelSize = count * width
  var panel = 0
  while panel + 4 <= panelCount {
    let out = out + panel * width
    var p0 = panels + panel * panelSize
    var (a0, a1, b0, b1) = (out.vector(0), out.vector(n), out.vector(2 * n), out.vector(3 * n))
    var (c0, c1, d0, d1) = (out.vector(4 * n), out.vector(5 * n), out.vector(6 * n), out.vector(7 * n))
    for k in 0..<count {
      let x = Vector(repeating: left[k])
      a0 = a0.plus(x, times: p0.vector(0))
      a1 = a1.plus(x, times: p0.vector(n))
      b0 = b0.plus(x, times: p0.vector(panelSize))
      b1 = b1.plus(x, times: p0.vector(panelSize + n))
      c0 = c0.plus(x, times: p0.vector(2 * panelSize))
      c1 = c1.plus(x, times: p0.vector(2 * panelSize + n))
      d0 = d0.plus(x, times: p0.vector(3 * panelSize))
      d1 = d1.plus(x, times: p0.vector(3 * panelSize + n))
      p0 += width
    }
    out.store(a0, 0)
    out.store(a1, n)
    out.store(b0, 2 * n)
    out.store(b1, 3 * n)
    out.store(c0, 4 * n)
    out.store(c1, 5 * n)
    out.store(d0, 6 * n)
    out.store(d1, 7 * n)
    panel += 4
  }
  while panel < panelCount {
    let out = out + panel * width
    var p = panels + panel * panelSize
    var (a0, a1) = (out.vector(0), out.vector(n))
    for k in 0..<count {
      let x = Vector(repeating: left[k])
      a0 = a0.plus(x, times: p.vector(0))
      a1 = a1.plus(x, times: p.vector(n))
      p += width
    }
    out.store(a0, 0)
    out.store(a1, n)
    panel += 1
  }
}

/// Calls `six` and `four` for tiles of 6 and 4 rows that cover `count` rows, an even number not below 8.
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
