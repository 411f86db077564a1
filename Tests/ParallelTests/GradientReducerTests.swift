import EngineSelection
import Parallel
import RecurrentNetwork
import Testing

@Suite struct GradientReducerTests {
  /// Numbers whose sum depends on the order of addition, brought in many orders.
  @Test(arguments: [1, 2, 3, 5, 8, 31, 32])
  func additionFollowsTheTreeInAnyOrderOfArrival(count: Int) {
    let batch = Engines.current.makeBatch(ParameterLayout(.init(vocabularySize: 3, embeddingSize: 1, hiddenSize: 1)))
    var generator = RandomGenerator(seed: 1)
    let values = (0..<count).map { _ in Float((generator.uniform() - 0.5) * 1e4) }
    var free: [any EngineGradient] = []
    for _ in 0..<20 {
      let reducer = GradientReducer(shardCount: count, free: free) { batch.makeGradient(memory: SharedRowMemory()) }
      for shard in generator.permutation(of: count) {
        let gradient = reducer.buffer()
        gradient.clear(tokenCount: 1)
        gradient.denseBias = values[shard]
        reducer.add(gradient, shard: shard)
      }
      let (sum, rest) = reducer.takeSum()
      #expect(sum?.denseBias == treeSum(values))
      #expect(rest.count <= count)
      free = rest
    }
    #expect(count < 8 || treeSum(values) != values.reduce(0, +), "the test's numbers must tell orders apart")
  }

  @Test func shardsInOrderNeedABufferForEachLevel() {
    let batch = Engines.current.makeBatch(ParameterLayout(.init(vocabularySize: 3, embeddingSize: 1, hiddenSize: 1)))
    var made = 0
    let reducer = GradientReducer(shardCount: 32, free: []) {
      made += 1
      return batch.makeGradient(memory: SharedRowMemory())
    }
    for shard in 0..<32 { reducer.add(reducer.buffer(), shard: shard) }
    _ = reducer.takeSum()
    #expect(made == 6)
  }

  /// Bits, since what one rank sends is added as if the other had computed it.
  @Test(arguments: [Dropout(), dropout(words: 0.3), dropout(embedding: 0.3)])
  func aMessageAddsWhatTheSumItselfWould(dropout: Dropout) {
    var generator = RandomGenerator(seed: 4)
    let layout = ParameterLayout(.init(vocabularySize: 20, embeddingSize: 5, hiddenSize: 7))
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let tokens = (0..<60).map { _ in Int32(generator.uniform() * 20) }
    tokens.withUnsafeBufferPointer { tokens in
      let sequences = (0..<6).map {
        TokenSequence(tokens: tokens.baseAddress! + 10 * $0, count: 10, label: UInt8($0 % 2))
      }
      let batch = Engines.current.makeBatch(layout)
      batch.load(parameters, for: sequences, dropout: DropoutDraw(rates: dropout, seed: 1), samples: nil)
      for job in batch.jobs(chainLength: 2, learns: true) { batch.perform(job, parameters) }
      let worker = Engines.current.makeWorker(layout.architecture, steps: 12)
      let injections = batch.makeInjections()
      injections.reserve(tiles: 2)
      let outcomes = UnsafeMutablePointer<Outcome>.allocate(capacity: 6)
      defer { outcomes.deallocate() }
      func sum(_ rows: Int...) -> any EngineGradient {
        let sum = batch.makeGradient(memory: SharedRowMemory())
        sum.clear(tokenCount: batch.tokens.count)
        for row in rows {
          worker.addGradient(
            of: [RowTile(index: 0, start: 2, rows: [row])], in: sequences, batch: batch, to: sum,
            injections: injections, outcomes: outcomes)
        }
        return sum
      }
      let (direct, byMessage, other) = (sum(0, 1), sum(0, 1), sum(2, 3))
      direct.add(other)
      #expect(other.slots.isEmpty, "its memory is given back")
      byMessage.add(message: UnsafeRawBufferPointer(message(sum(2, 3))))
      #expect(message(byMessage).elementsEqual(message(direct)))
      #expect(!message(direct).elementsEqual(message(sum(0, 1))))
    }
  }

  private static func dropout(words: Double = 0, embedding: Double = 0) -> Dropout {
    var dropout = Dropout()
    (dropout.words, dropout.embedding) = (words, embedding)
    return dropout
  }

  private func message(_ sum: any EngineGradient) -> UnsafeMutableRawBufferPointer {
    let message = UnsafeMutableRawBufferPointer.allocate(
      byteCount: sum.messageSize(rows: sum.slots.count), alignment: 4)
    sum.write(to: message)
    return message
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
