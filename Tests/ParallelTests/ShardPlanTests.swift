import Parallel
import RecurrentNetwork
import Testing

@Suite struct ShardPlanTests {
  private static let counts = [1, 5, 6, 7, 32, 191, 192, 193, 1000, 2500]

  @Test(arguments: counts)
  func everyRowIsDealtOnce(count: Int) {
    let plan = plan(count)
    #expect(plan.tiles.flatMap(\.rows).sorted() == Array(0..<count))
    #expect(plan.shards.joined().sorted { $0.index < $1.index } == plan.tiles)
  }

  @Test(arguments: counts)
  func aBatchHas32ShardsOrOneForEachTile(count: Int) {
    #expect(plan(count).shards.count == min(32, (count + 5) / 6))
  }

  @Test(arguments: counts)
  func tilesAreByFallingLength(count: Int) {
    let (plan, lengths) = (plan(count), lengths(count))
    let sorted = plan.tiles.flatMap(\.rows).map { lengths[$0] }
    #expect(sorted == lengths.sorted(by: >))
    for tile in plan.tiles { #expect(tile.start == 400 - tile.rows.map { lengths[$0] }.max()!) }
    for shard in plan.shards { #expect(shard.map(\.index) == shard.map(\.index).sorted()) }
  }

  @Test func rowsOfEqualLengthKeepTheirOrder() {
    let plan = ShardPlan(lengths: [3, 7, 3, 7, 3, 7, 7, 3], maxLength: 9)
    #expect(plan.tiles.map(\.rows) == [[1, 3, 5, 6, 0, 2], [4, 7]])
  }

  @Test func shardsCarryEqualWork() {
    let work = plan(1000).shards.map { $0.reduce(0) { $0 + 400 - $1.start } }
    #expect(Double(work.max()! - work.min()!) < 0.1 * Double(work.max()!))
  }

  /// Without any real work, as if all had some.
  @Test func tilesOfPaddingAreSharedOut() {
    let plan = ShardPlan(lengths: .init(repeating: 0, count: 384), maxLength: 400)
    #expect(plan.shards.allSatisfy { $0.count == 2 })
  }

  @Test(arguments: 1...5, [0, 1, 2, 3, 7, 12, 16, 24, 31, 32, 64, 100])
  func fewRowsAreSharedEvenlyAmongThreads(threads: Int, count: Int) {
    let plan = ShardPlan(lengths: .init(repeating: 9, count: count), maxLength: 10, threads: threads)
    #expect(plan.tiles.flatMap(\.rows).sorted() == Array(0..<count))
    #expect(plan.tiles.allSatisfy { $0.rows.count <= RowTile.rowCount })
    #expect(plan.shards.count <= threads)
    let largest = plan.shards.map { $0.reduce(0) { $0 + $1.rows.count } }.max() ?? 0
    #expect(largest <= (count + threads - 1) / threads)
  }

  // MARK: Ranks

  @Test(arguments: 1...7, [0, 1, 2, 6, 31, 32, 100])
  func sharesFollowEachOtherAndAreNearlyEqual(ranks: Int, count: Int) {
    let shares = (0..<ranks).map { ShardPlan.share(of: count, rank: $0, ranks: ranks) }
    #expect(shares.flatMap { Array($0) } == Array(0..<count))
    #expect(shares.map(\.count).max()! - shares.map(\.count).min()! <= 1)
    #expect(shares[0].isEmpty == (count == 0))
    for (rank, share) in shares.enumerated() {
      for index in share { #expect(ShardPlan.owner(of: index, among: count, ranks: ranks) == rank) }
    }
  }

  @Test(arguments: [1, 2, 3, 5], counts)
  func everyTileIsInOneRoundOfOneRank(ranks: Int, count: Int) {
    let plan = plan(count)
    let rounds = plan.rounds(ranks: ranks)
    #expect(rounds.flatMap { $0.joined().joined() } == plan.tiles)
    #expect(rounds.allSatisfy { $0.count == ranks })
  }

  /// 42 blocks of two tiles of six rows; the last round has the rest, shared out too.
  @Test func aRoundHas504RowsOfEachRank() {
    let rounds = plan(2500).rounds(ranks: 2).map { $0.map { $0.joined().reduce(0) { $0 + $1.rows.count } } }
    #expect(rounds == [[504, 504], [504, 504], [252, 232]])
  }

  private func lengths(_ count: Int) -> [Int] {
    var generator = RandomGenerator(seed: 1)
    return (0..<count).map { _ in Int(generator.uniform() * 401) }
  }

  private func plan(_ count: Int) -> ShardPlan { ShardPlan(lengths: lengths(count), maxLength: 400) }
}
