/// Up to six sequences that go through time together (legend: Kernels.md).
///
/// They enter at the start of the longest. The others read padding until their own start, which changes nothing, since
/// the padding chain does the same arithmetic.
package struct RowTile: Sendable, Equatable {
  /// Its index among the batch's tiles.
  package let index: Int
  /// The step at which it enters: T − the longest sequence's count.
  package let start: Int
  /// Indices of the sequences in the batch; at most `rowCount`.
  package let rows: [Int]

  /// Height of a full tile.
  package static var rowCount: Int { 6 }
  /// Tiles of a block, which a worker takes through time together: enough rows that a panel of weights, once in the cache,
  /// is used several times.
  package static var tilesPerBlock: Int { 2 }
  /// Rows of a full block.
  package static var rowsPerBlock: Int { tilesPerBlock * rowCount }

  package init(index: Int, start: Int, rows: [Int]) {
    self.index = index
    self.start = start
    self.rows = rows
  }
}
