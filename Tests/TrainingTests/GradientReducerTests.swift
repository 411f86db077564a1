import Parallel
import RecurrentNetwork
import Testing
import Training

@Suite struct GradientReducerTests {
  /// Sums whose result depends on the order of addition, brought in many orders.
  @Test(arguments: [1, 2, 3, 5, 8, 31, 32])
  func additionFollowsTheTreeInAnyOrderOfArrival(count: Int) {
    let weights = FoldedWeights(ParameterLayout(.init(vocabularySize: 3, embeddingSize: 1, hiddenSize: 1)))
    var generator = RandomGenerator(seed: 1)
    let values = (0..<count).map { _ in Float((generator.uniform() - 0.5) * 1e4) }
    var free: [ShardGradient] = []
    for _ in 0..<20 {
      let reducer = GradientReducer(shardCount: count, free: free) { ShardGradient(weights) }
      for shard in generator.permutation(of: count) {
        let gradient = reducer.buffer()
        gradient.clear(tokenCount: 1)
        gradient.denseBias = values[shard]
        reducer.add(gradient, shard: shard)
      }
      let (sum, rest) = reducer.finish()
      #expect(sum?.denseBias == treeSum(values))
      #expect(rest.count <= count)
      free = rest
    }
    #expect(count < 8 || treeSum(values) != values.reduce(0, +), "the test's numbers must tell orders apart")
  }

  @Test func buffersInOrderOfShardsAreOneALevel() {
    let weights = FoldedWeights(ParameterLayout(.init(vocabularySize: 3, embeddingSize: 1, hiddenSize: 1)))
    var made = 0
    let reducer = GradientReducer(shardCount: 32, free: []) {
      made += 1
      return ShardGradient(weights)
    }
    for shard in 0..<32 { reducer.add(reducer.buffer(), shard: shard) }
    _ = reducer.finish()
    #expect(made == 6)
  }

  private func treeSum(_ values: [Float]) -> Float {
    var level = values
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map {
        $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0]
      }
    }
    return level[0]
  }
}
