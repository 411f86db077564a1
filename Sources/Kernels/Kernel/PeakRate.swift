/// Nothing but independent multiply-adds, as many at once as a register tile has. A round has 12 vectors of them.
func runMultiplyAdds(rounds: Int) -> Float {
  var (a, b, c, d, e, f) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
  var (g, h, i, j, k, l) = (a, a, a, a, a, a)
  let (x, y) = (Vector(repeating: Float(rounds)), Vector(repeating: 0x1p-30))
  for _ in 0..<rounds {
    a = a.plus(x, times: y)
    b = b.plus(x, times: y)
    c = c.plus(x, times: y)
    d = d.plus(x, times: y)
    e = e.plus(x, times: y)
    f = f.plus(x, times: y)
    g = g.plus(x, times: y)
    h = h.plus(x, times: y)
    i = i.plus(x, times: y)
    j = j.plus(x, times: y)
    k = k.plus(x, times: y)
    l = l.plus(x, times: y)
  }
  return (a + b + c + d + e + f + g + h + i + j + k + l).sumOfLanes()
}
