/// One or two rows × 4 vectors of a product: both panels of a vector of units at once.
///
/// For texts that are classified alone, of which a `RegisterTile` would be mostly empty. Each element is the same sum, in
/// the same order, so the bits are the same.
struct NarrowTile {
  private var inputForget = (PanelRow(), PanelRow())
  private var candidateOutput = (PanelRow(), PanelRow())

  /// Starts from rows that lie anywhere: element `offset` of each and those that follow.
  ///
  /// - Parameter rows: 1 or 2, a literal, as everywhere here.
  @inline(__always)
  init(rows p: UnsafePointer<UnsafePointer<Float>>, offset: Int, rows: Int) {
    inputForget.0 = PanelRow(at: p[0] + offset)
    candidateOutput.0 = PanelRow(at: p[0] + offset + RegisterTile.columns)
    if rows > 1 {
      inputForget.1 = PanelRow(at: p[1] + offset)
      candidateOutput.1 = PanelRow(at: p[1] + offset + RegisterTile.columns)
    }
  }

  /// Adds Σₖ left[row, k] · panels[k, columns], k ascending, one fused multiply-add each.
  ///
  /// - Parameters:
  ///   - left: element [0, 0]; one row is `rowStride` elements from the next.
  ///   - panel: the panel of i and f; that of g and o follows, `count` rows behind.
  @inline(__always)
  mutating func add(
    _ left: UnsafePointer<Float>, rowStride: Int, timesPanels panel: UnsafePointer<Float>, count: Int, rows: Int
  ) {
    var (left, first) = (left, panel)
    var second = panel + count * RegisterTile.columns
    for _ in 0..<count {
      let (i, g) = (PanelRow(at: first), PanelRow(at: second))
      inputForget.0.add(left[0], times: i)
      candidateOutput.0.add(left[0], times: g)
      if rows > 1 {
        inputForget.1.add(left[rowStride], times: i)
        candidateOutput.1.add(left[rowStride], times: g)
      }
      left += 1
      first += RegisterTile.columns
      second += RegisterTile.columns
    }
  }

  /// Stores the rows of i and f, and those of g and o, each a panel's width apart.
  @inline(__always)
  func store(
    inputForget p: UnsafeMutablePointer<Float>, candidateOutput q: UnsafeMutablePointer<Float>, rows: Int
  ) {
    inputForget.0.store(to: p)
    candidateOutput.0.store(to: q)
    if rows > 1 {
      inputForget.1.store(to: p + RegisterTile.columns)
      candidateOutput.1.store(to: q + RegisterTile.columns)
    }
  }
}
