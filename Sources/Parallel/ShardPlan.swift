import RecurrentNetwork

/// How the rows of a batch are dealt to shards: a matter of the batch alone, never of the number of threads or ranks.
///
/// Rows are sorted by their length and cut into tiles, whose rows so start at nearly the same step; the tiles, the
/// longest first, each go to the shard that has the least work so far.
package struct ShardPlan {
  /// All tiles of the batch, by falling length.
  package let tiles: [RowTile]
  /// How many shards a large batch has, unless the configuration says otherwise.
  package static let shardCount = 32
  /// The tiles of each shard, by falling length.
  package let shards: [[RowTile]]

  /// - Parameters:
  ///   - lengths: number of real tokens of each row, at most `maxLength`.
  ///   - maxLength: T, steps.
  ///   - shardCount: how many shards a large batch has; a small one has no more than it has tiles.
  package init(lengths: [Int], maxLength: Int, shardCount: Int = Self.shardCount) {
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
  /// The blocks of all ranks between one report and the next: for each rank its own.
  ///
  /// Every rank takes a share of each such part, since the first have the longest rows.
  private func parts(_ ranks: Ranks) -> [[[[RowTile]]]] {
    let blocks = stride(from: 0, to: tiles.count, by: ShardWorker.tilesPerBlock).map {
      Array(tiles[$0..<min($0 + ShardWorker.tilesPerBlock, tiles.count)])
    }
    let size = 42 * ranks.count
    return stride(from: 0, to: blocks.count, by: size).map { first in
      let part = Array(blocks[first..<min(first + size, blocks.count)])
      return (0..<ranks.count).map { Array(part[ranks.share(of: part.count, rank: $0)]) }
    }
  }

  /// Calls `body` with the tiles of each block, the longest first, on the workers of a team.
  ///
  /// - Parameters:
  ///   - ranks: that share the blocks; this one gets its own.
  ///   - progress: told after every thousand rows or so how many are done; false ends it.
  /// - Returns: whether all blocks were gone through.
  func forEachBlock(
    on team: WorkerTeam, of ranks: Ranks, progress: (_ done: Int) -> Bool,
    _ body: (_ worker: Int, _ tiles: [RowTile]) -> Void
  ) -> Bool {
    var done = 0
    for part in parts(ranks) {
      let own = part[ranks.rank]
      team.perform(own.count) { worker, index in body(worker, own[index]) }
      for tile in part.joined().joined() { done += tile.rows.count }
      if !progress(done) { return false }
    }
    return true
  }

  /// The tiles that `forEachBlock` gives a rank.
  func tiles(inBlocksOf rank: Int, of ranks: Ranks) -> [RowTile] { parts(ranks).flatMap { $0[rank].joined() } }
}
