/// Adds one row times panels to one row: out[panel · width + j] += Σₖ left[k] · panels[panel][k][j], k ascending
/// (legend: Kernels.md).
///
/// The same operations in the same order as a row of a `RegisterTile`, hence the same bits.
package func addRow(
  _ left: UnsafePointer<Float>, times panels: UnsafePointer<Float>, panelCount: Int, count: Int,
  to out: UnsafeMutablePointer<Float>
) {
  let width = RegisterTile.columns
  let panelSize = count * width
  var panel = 0
  // Four panels at once, as a single one's additions would wait for each other.
  while panel + 4 <= panelCount {
    let out = out + panel * width
    var p = panels + panel * panelSize
    var (a, b) = (PanelRow(at: out), PanelRow(at: out + width))
    var (c, d) = (PanelRow(at: out + 2 * width), PanelRow(at: out + 3 * width))
    for k in 0..<count {
      a.add(left[k], times: PanelRow(at: p))
      b.add(left[k], times: PanelRow(at: p + panelSize))
      c.add(left[k], times: PanelRow(at: p + 2 * panelSize))
      d.add(left[k], times: PanelRow(at: p + 3 * panelSize))
      p += width
    }
    a.store(to: out)
    b.store(to: out + width)
    c.store(to: out + 2 * width)
    d.store(to: out + 3 * width)
    panel += 4
  }
  while panel < panelCount {
    let out = out + panel * width
    var p = panels + panel * panelSize
    var a = PanelRow(at: out)
    for k in 0..<count {
      a.add(left[k], times: PanelRow(at: p))
      p += width
    }
    a.store(to: out)
    panel += 1
  }
}
