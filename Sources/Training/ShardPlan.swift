import RecurrentNetwork

/// How the rows of a batch are dealt to shards: a matter of the batch alone, never of the number of threads.
///
/// Rows are sorted by their length and cut into tiles, whose rows so start at nearly the same step; the tiles, the
/// longest first, each go to the shard that has the least work so far.
package struct ShardPlan {
  /// All tiles of the batch, by falling length.
  package let tiles: [RowTile]
  /// The tiles of each shard, by falling length.
  package let shards: [[RowTile]]

  /// - Parameters:
  ///   - lengths: number of real tokens of each row, at most `maxLength`.
  ///   - maxLength: T, steps.
  ///   - shardCount: how many shards a large batch has; a small one has no more than it has tiles.
  package init(lengths: [Int], maxLength: Int, shardCount: Int = 32) {
    // By falling length, ties in the batch's own order: a sort of unique keys has one result.
    let order = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    tiles = stride(from: 0, to: order.count, by: RowTile.rowCount).enumerated().map { index, first in
      let rows = Array(order[first..<min(first + RowTile.rowCount, order.count)])
      return RowTile(index: index, start: maxLength - lengths[rows[0]], rows: rows)
    }
    var shards = [[RowTile]](repeating: [], count: min(shardCount, tiles.count))
    var work = [Int](repeating: 0, count: shards.count)
    for tile in tiles {
      var least = 0
      for shard in work.indices where work[shard] < work[least] { least = shard }
      shards[least].append(tile)
      // A step more than it has, so that tiles of padding alone are dealt out too.
      work[least] += maxLength - tile.start + 1
    }
    self.shards = shards
  }
}

extension ShardPlan {
  /// Calls `body` with the tiles of each block, the longest first, on the workers of a team.
  ///
  /// - Parameter progress: told after every thousand rows or so how many are done; false ends it.
  /// - Returns: whether all blocks were gone through.
  func forEachBlock(
    on team: WorkerTeam, progress: (_ done: Int) -> Bool, _ body: (_ worker: Int, _ tiles: [RowTile]) -> Void
  ) -> Bool {
    let block = ShardWorker.tilesPerBlock
    let tilesBetweenReports = 42 * block
    var done = 0
    for firstTile in stride(from: 0, to: tiles.count, by: tilesBetweenReports) {
      let tiles = tiles[firstTile..<min(firstTile + tilesBetweenReports, tiles.count)]
      team.perform((tiles.count + block - 1) / block) { worker, part in
        let first = tiles.startIndex + part * block
        body(worker, Array(tiles[first..<min(first + block, tiles.endIndex)]))
      }
      done += tiles.reduce(0) { $0 + $1.rows.count }
      if !progress(done) { return false }
    }
    return true
  }
}
