import RecurrentNetwork

/// How the rows of a batch are dealt to shards. It follows from the batch alone, never from the number of threads or
/// ranks.
///
/// Rows are sorted by length and cut into tiles, so that a tile's rows start at nearly the same step. The tiles, the
/// longest first, each go to the shard that has the least work so far.
package struct ShardPlan {
  /// How many shards a large batch has, unless the configuration says otherwise.
  package static let shardCount = 32
  /// All tiles of the batch, by falling length.
  package let tiles: [RowTile]
  /// The tiles of each shard, by falling length.
  package let shards: [[RowTile]]

  /// - Parameters:
  ///   - lengths: steps of each row, at most `maxLength`.
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
      // A step more than it has, so that tiles of nothing but padding are dealt out too.
      work[least] += maxLength - tile.start + 1
    }
    self.shards = shards
  }
}

// MARK: Ranks

extension ShardPlan {
  /// The share of a rank in `count` things in a row, which the ranks take one after the other as evenly as can be. Rank
  /// 0 goes without only if there are none.
  package static func share(of count: Int, rank: Int, ranks: Int) -> Range<Int> {
    func start(_ rank: Int) -> Int { (rank * count + ranks - 1) / ranks }
    return start(rank)..<start(rank + 1)
  }

  /// The rank in whose share a thing is.
  package static func owner(of index: Int, among count: Int, ranks: Int) -> Int { index * ranks / count }
}

// MARK: Evaluation

extension ShardPlan {
  /// The tiles that a worker takes through the network together.
  package typealias Block = [RowTile]

  /// The blocks between two reports of progress: those of each rank.
  package typealias Round = [[Block]]

  /// How many blocks each rank has in a round: 504 rows, often enough for a display of progress, and a number that 2, 3,
  /// 6 or 7 threads share out evenly.
  private static let blocksPerRound = 42

  /// Cuts the tiles into rounds, the longest first. Every rank has a share of each, so that all have rows of all lengths.
  package func rounds(ranks: Int) -> [Round] {
    let blocks = stride(from: 0, to: tiles.count, by: ShardWorker.tilesPerBlock).map {
      Array(tiles[$0..<min($0 + ShardWorker.tilesPerBlock, tiles.count)])
    }
    let size = Self.blocksPerRound * ranks
    return stride(from: 0, to: blocks.count, by: size).map { first in
      let round = Array(blocks[first..<min(first + size, blocks.count)])
      return (0..<ranks).map { Array(round[Self.share(of: round.count, rank: $0, ranks: ranks)]) }
    }
  }

  /// The tiles that a rank has in all rounds.
  func tiles(inRoundsOf rank: Int, ranks: Int) -> [RowTile] { rounds(ranks: ranks).flatMap { $0[rank].joined() } }

  /// Calls `body` with each block that is this rank's, the longest first, on the workers of a team.
  ///
  /// - Parameter progress: called after each round, some 500 rows of each rank, with the number of rows done by all
  ///   ranks; false ends it.
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
