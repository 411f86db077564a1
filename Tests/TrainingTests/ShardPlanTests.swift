import Parallel
import RecurrentNetwork
import Testing
import Training

@Suite struct ShardPlanTests {
  @Test(arguments: [1, 5, 6, 7, 32, 191, 192, 193, 1000, 2500])
  func everyRowIsDealtOnce(count: Int) {
    var generator = RandomGenerator(seed: 1)
    let lengths = (0..<count).map { _ in Int(generator.uniform() * 401) }
    let plan = ShardPlan(lengths: lengths, maxLength: 400)
    #expect(plan.tiles.flatMap(\.rows).sorted() == Array(0..<count))
    #expect(plan.shards.flatMap { $0 }.sorted { $0.index < $1.index } == plan.tiles)
    #expect(plan.shards.count == min(32, (count + 5) / 6))
    for tile in plan.tiles { #expect(tile.start == 400 - tile.rows.map { lengths[$0] }.max()!) }
    for shard in plan.shards { #expect(shard.map(\.start) == shard.map(\.start).sorted()) }
  }

  @Test func shardsCarryEqualWork() {
    var generator = RandomGenerator(seed: 2)
    let lengths = (0..<1000).map { _ in Int(generator.uniform() * 401) }
    let work = ShardPlan(lengths: lengths, maxLength: 400).shards.map { $0.reduce(0) { $0 + 400 - $1.start } }
    #expect(Double(work.max()! - work.min()!) < 0.1 * Double(work.max()!))
  }
}
