import RecurrentNetwork

/// How the rows of a batch are divided into shards. This depends on the batch alone, never on the number of threads or
/// ranks.
///
/// Rows are sorted by length and grouped into tiles, so that a tile's rows start at nearly the same step. Each tile, the
/// longest one first, is added to the shard that has the least work so far.
package struct ShardPlan {
  /// The number of shards in a large batch, unless the configuration says otherwise.
  package static let shardCount = 32
  /// All tiles of the batch, in descending order of length.
  package let tiles: [RowTile]
  /// The tiles of each shard, in descending order of length.
  package let shards: [[RowTile]]

  /// - Parameters:
  ///   - lengths: the number of steps of each row, at most `maxLength`.
  ///   - maxLength: T, the number of steps.
  ///   - shardCount: the number of shards in a large batch; a small one has no more shards than tiles.
  package init(lengths: [Int], maxLength: Int, shardCount: Int = Self.shardCount) {
    let heights = stride(from: 0, to: lengths.count, by: RowTile.rowCount).map {
      min(RowTile.rowCount, lengths.count - $0)
    }
    self.init(lengths: lengths, maxLength: maxLength, shardCount: shardCount, heights: heights)
  }

  /// A plan for few rows: a shard for each thread, of equally many rows. Full tiles come first, then one of the rest for
  /// each thread.
  ///
  /// It is only for inference, where no result depends on the plan.
  package init(lengths: [Int], maxLength: Int, threads: Int) {
    func divide(_ count: Int, by divisor: Int) -> Int { (count + divisor - 1) / divisor }
    let tilesPerThread = divide(divide(lengths.count, by: threads), by: RowTile.rowCount)
    let fullTiles = threads * max(tilesPerThread - 1, 0)
    let rest = lengths.count - fullTiles * RowTile.rowCount
    let heights =
      [Int](repeating: RowTile.rowCount, count: fullTiles)
      + (0..<threads).map { Self.share(of: rest, rank: $0, ranks: threads).count }
    self.init(
      lengths: lengths, maxLength: maxLength, shardCount: threads, heights: heights.filter { $0 > 0 }.sorted(by: >))
  }

  /// - Parameter heights: the number of rows of each tile.
  private init(lengths: [Int], maxLength: Int, shardCount: Int, heights: [Int]) {
    // In descending order of length, ties in the order of the batch: the keys are unique, so there is only one result.
    let order = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    var first = 0
    tiles = heights.enumerated().map { index, height in
      defer { first += height }
      return RowTile(
        index: index, start: maxLength - lengths[order[first]], rows: Array(order[first..<first + height]))
    }
    var shards = [[RowTile]](repeating: [], count: min(shardCount, tiles.count))
    var work = [Int](repeating: 0, count: shards.count)
    for tile in tiles {
      var least = 0
      for shard in work.indices where work[shard] < work[least] { least = shard }
      shards[least].append(tile)
      // One more step than there are, so that tiles of nothing but padding are spread over the shards, too.
      work[least] += maxLength - tile.start + 1
    }
    self.shards = shards
  }
}

// MARK: Ranks

extension ShardPlan {
  /// A rank's share of `count` items, which the ranks divide into consecutive ranges as evenly as possible. Rank 0's share
  /// is empty only if there are no items.
  package static func share(of count: Int, rank: Int, ranks: Int) -> Range<Int> {
    func start(_ rank: Int) -> Int { (rank * count + ranks - 1) / ranks }
    return start(rank)..<start(rank + 1)
  }

  /// The rank whose share includes an item.
  package static func owner(of index: Int, among count: Int, ranks: Int) -> Int { index * ranks / count }
}

// MARK: Evaluation

extension ShardPlan {
  /// The tiles that a worker runs through the network together.
  package typealias Block = [RowTile]

  /// The blocks of each rank between two reports of progress.
  package typealias Round = [[Block]]

  /// The number of blocks that each rank has in a round. They have 504 rows, few enough for smooth progress, and 2, 3, 6 or
  /// 7 threads can share them evenly.
  private static let blocksPerRound = 42

  /// Divides the tiles into rounds, the longest ones first. Each rank has a share of each round, so that all ranks have
  /// rows of all lengths.
  package func rounds(ranks: Int) -> [Round] {
    let blocks = stride(from: 0, to: tiles.count, by: RowTile.tilesPerBlock).map {
      Array(tiles[$0..<min($0 + RowTile.tilesPerBlock, tiles.count)])
    }
    let size = Self.blocksPerRound * ranks
    return stride(from: 0, to: blocks.count, by: size).map { first in
      let round = Array(blocks[first..<min(first + size, blocks.count)])
      return (0..<ranks).map { Array(round[Self.share(of: round.count, rank: $0, ranks: ranks)]) }
    }
  }

  /// A rank's tiles in all rounds.
  func tiles(inRoundsOf rank: Int, ranks: Int) -> [RowTile] { rounds(ranks: ranks).flatMap { $0[rank].joined() } }

  /// Calls `body` with each of this rank's blocks, the longest ones first, on the workers of a team.
  ///
  /// - Parameters:
  ///   - team: the workers.
  ///   - ranks: the ranks that share the blocks.
  ///   - progress: called after each round, some 500 rows of each rank, with the number of rows that all ranks have done;
  ///     if it returns false, the remaining rounds are skipped.
  ///   - body: called with the number of a worker and a block.
  /// - Returns: whether all rounds were completed.
  func forEachBlock(
    on team: WorkerTeam, of ranks: Ranks, progress: (_ done: Int) -> Bool,
    _ body: (_ worker: Int, _ block: Block) -> Void
  ) -> Bool {
    var done = 0
    for round in rounds(ranks: ranks.count) {
      team.perform(round[ranks.rank], body)
      for tile in round.joined().joined() { done += tile.rows.count }
      if !progress(done) { return false }
    }
    return true
  }
}
