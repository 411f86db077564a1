/// A vector of units' four gates, or their gradients, in the packed order: i, f, g, o side by side.
struct Gates {
  var i, f, g, o: Vector

  @inline(__always)
  init(i: Vector, f: Vector, g: Vector, o: Vector) { (self.i, self.f, self.g, self.o) = (i, f, g, o) }

  @inline(__always)
  init(at p: UnsafePointer<Float>) {
    let n = Vector.scalarCount
    self.init(i: p.vector(0), f: p.vector(n), g: p.vector(2 * n), o: p.vector(3 * n))
  }

  @inline(__always)
  func store(to p: UnsafeMutablePointer<Float>) {
    let n = Vector.scalarCount
    p.store(i, 0)
    p.store(f, n)
    p.store(g, 2 * n)
    p.store(o, 3 * n)
  }

  @inline(__always)
  func add(to sums: UnsafeMutablePointer<Float>) {
    let n = Vector.scalarCount
    sums.store(sums.vector(0) + i, 0)
    sums.store(sums.vector(n) + f, n)
    sums.store(sums.vector(2 * n) + g, 2 * n)
    sums.store(sums.vector(3 * n) + o, 3 * n)
  }
}

/// A cell's elementwise part, forward: from z, tanh of the halved pre-activations of i, f, o and of the whole one of g.
///
/// σ(z) = ½ + ½ tanh(z / 2), so halved columns of the packed weights save the multiplication. The definition is
/// `ReferenceLSTM.step`.
@inline(__always)
func cellForward(
  _ z: Gates, previousCell: Vector
) -> (gates: Gates, cell: Vector, tanhCell: Vector, hidden: Vector) {
  let half = Vector(repeating: 0.5)
  let i = half.plus(half, times: z.i)
  let f = half.plus(half, times: z.f)
  let o = half.plus(half, times: z.o)
  let cell = (i * z.g).plus(f, times: previousCell)
  let tanhCell = tanh(cell)
  return (Gates(i: i, f: f, g: z.g, o: o), cell, tanhCell, o * tanhCell)
}

/// A cell's elementwise part, backward: gradients of the four pre-activations and of the previous cell.
///
/// The definition is `ReferenceLSTM.backward`.
@inline(__always)
func cellBackward(
  _ gates: Gates, previousCell: Vector, tanhCell: Vector, hiddenGradient dh: Vector, cellGradient dc: Vector
) -> (dz: Gates, previousCell: Vector) {
  let one = Vector(repeating: 1)
  let (i, f, g, o) = (gates.i, gates.f, gates.g, gates.o)
  let dCell = dc.plus(dh * o, times: one - tanhCell * tanhCell)
  let dz = Gates(
    i: dCell * g * (i * (one - i)),
    f: dCell * previousCell * (f * (one - f)),
    g: dCell * i * (one - g * g),
    o: dh * tanhCell * (o * (one - o)))
  return (dz, dCell * f)
}
