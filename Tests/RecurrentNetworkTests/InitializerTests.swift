import RecurrentNetwork
import Testing

@Suite struct InitializerTests {
  let layout = ParameterLayout(Architecture())

  @Test func tutorialHas259713Parameters() {
    #expect(layout.count == 259_713)
    #expect(layout.tensors.map(\.count) == [128_000, 65_536, 65_536, 512, 128, 1])
    #expect(layout.tensors.map(\.offset) == [0, 128_000, 193_536, 259_072, 259_584, 259_712])
  }

  @Test func weightsBeginAsInKeras() {
    var generator = RandomGenerator(seed: 7)
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    func bounds(_ tensor: ParameterLayout.Tensor) -> (least: Float, largest: Float, mean: Float) {
      let values = parameters[tensor]
      return (values.min()!, values.max()!, values.reduce(0, +) / Float(values.count))
    }
    for (tensor, limit) in [
      (layout.embedding, Float(0.05)), (layout.kernel, 0.096825), (layout.denseKernel, 0.215666),
    ] {
      let (least, largest, mean) = bounds(tensor)
      #expect(-limit * 1.0001 <= least && least < -0.9 * limit, "\(tensor.name)")
      #expect(0.9 * limit < largest && largest <= limit * 1.0001, "\(tensor.name)")
      #expect(abs(mean) < limit / 5, "\(tensor.name)")
    }
    let bias = Array(parameters[layout.bias])
    #expect(bias[128..<256].allSatisfy { $0 == 1 })
    #expect((bias[..<128] + bias[256...]).allSatisfy { $0 == 0 })
    #expect(parameters[layout.denseBias].first == 0)
  }

  @Test func recurrentRowsAreOrthonormal() {
    var generator = RandomGenerator(seed: 7)
    let values = Array(Parameters(kerasInitial: layout, using: &generator)[layout.recurrentKernel])
    for (i, j) in [(0, 0), (0, 1), (5, 99), (64, 64), (127, 126), (127, 127)] {
      let product = (0..<512).reduce(0.0) { $0 + Double(values[i * 512 + $1]) * Double(values[j * 512 + $1]) }
      #expect(abs(product - (i == j ? 1 : 0)) < 1e-6, "rows \(i), \(j)")
    }
  }

  @Test func aSeedGivesTheSameWeights() {
    func weights(_ seed: UInt64) -> Parameters {
      var generator = RandomGenerator(seed: seed)
      return Parameters(
        kerasInitial: ParameterLayout(.init(vocabularySize: 9, embeddingSize: 4, hiddenSize: 3)), using: &generator)
    }
    #expect(weights(3) == weights(3))
    #expect(weights(3) != weights(4))
  }
}

@Suite struct RandomGeneratorTests {
  /// Vigna's splitmix64.c from state 1234567, the values that its ports are checked by.
  @Test func equalsTheReference() {
    var generator = RandomGenerator(state: 1_234_567)
    #expect(
      (0..<3).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }

  @Test func permutationsHoldEveryNumberOnce() {
    var generator = RandomGenerator(seed: 0, stream: 1)
    let (first, second) = (generator.permutation(of: 1000), generator.permutation(of: 1000))
    #expect(first.sorted() == Array(0..<1000))
    #expect(second.sorted() == Array(0..<1000))
    #expect(first != second)
    #expect(generator.permutation(of: 0).isEmpty)
    #expect(generator.permutation(of: 1) == [0])
  }

  @Test func streamsOfASeedDiffer() {
    var (a, b) = (RandomGenerator(seed: 5, stream: 0), RandomGenerator(seed: 5, stream: 1))
    #expect(a.next() != b.next())
  }
}
