import RecurrentNetwork
import Testing

@Suite struct RandomGeneratorTests {
  /// Vigna's splitmix64.c from state 1234567, the values that its ports are checked by.
  private static let reference: [UInt64] = [
    6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
  ]

  @Test func equalsTheReference() {
    var generator = RandomGenerator(state: 1_234_567)
    #expect(Self.reference == Self.reference.map { _ in generator.next() })
  }

  @Test func goesOnFromItsState() {
    var generator = RandomGenerator(state: 1_234_567)
    _ = generator.next()
    var other = RandomGenerator(state: generator.state)
    #expect(other.next() == Self.reference[1])
  }

  // MARK: Uniform numbers

  /// Of 64 bits the upper 53.
  @Test func aUniformNumberHasTheUpperBits() {
    var generator = RandomGenerator(state: 1_234_567)
    #expect(generator.uniform() == Double(Self.reference[0] / 2048) / 9_007_199_254_740_992)
  }

  /// The mean is 1/2, and those of x² and x³ are 1/3 and 1/4, within four standard deviations: the variance of x^k is
  /// 1 / (2k + 1) − 1 / (k + 1)².
  @Test(arguments: [1.0, 2, 3]) func uniformNumbersHaveTheMomentsOfTheirDistribution(power: Double) {
    var generator = RandomGenerator(seed: 1)
    let count = 100_000
    var sum = 0.0
    for _ in 0..<count {
      let x = generator.uniform()
      sum += power == 1 ? x : power == 2 ? x * x : x * x * x
    }
    let variance = 1 / (2 * power + 1) - 1 / ((power + 1) * (power + 1))
    #expect(abs(sum / Double(count) - 1 / (power + 1)) < 4 * (variance / Double(count)).squareRoot())
  }

  @Test func uniformNumbersAreBelow1() {
    var generator = RandomGenerator(seed: 2)
    for _ in 0..<100_000 { #expect((0..<1).contains(generator.uniform())) }
  }

  // MARK: Streams

  /// Of 64,000 bits two streams, or two seeds, agree in half, within four standard deviations of √64,000 / 2 = 126.
  @Test(arguments: [
    (RandomGenerator(seed: 5, stream: 0), RandomGenerator(seed: 5, stream: 1)),
    (RandomGenerator(seed: 5, stream: 1), RandomGenerator(seed: 5, stream: 2)),
    (RandomGenerator(seed: 5, stream: 1), RandomGenerator(seed: 6, stream: 0)),
    (RandomGenerator(seed: 0, stream: 0), RandomGenerator(seed: 1, stream: 0)),
    (RandomGenerator(seed: 0, stream: 1), RandomGenerator(seed: 1, stream: 1)),
  ])
  func streamsAreUnrelated(first: RandomGenerator, second: RandomGenerator) {
    var (first, second) = (first, second)
    let agreeing = (0..<1000).reduce(0) { sum, _ in sum + (~(first.next() ^ second.next())).nonzeroBitCount }
    #expect(abs(agreeing - 32_000) < 4 * 126)
  }

  @Test func aStreamIsTheSameEachTime() {
    var (first, second) = (RandomGenerator(seed: 5, stream: 3), RandomGenerator(seed: 5, stream: 3))
    for _ in 0..<10 { #expect(first.next() == second.next()) }
  }

  // MARK: Permutations

  @Test(arguments: [0, 1, 2, 1000]) func aPermutationHoldsEveryNumberOnce(count: Int) {
    var generator = RandomGenerator(seed: 0, stream: 1)
    #expect(generator.permutation(of: count).sorted() == Array(0..<count))
  }

  /// Of 24,000 draws, 1000 each of the 24 permutations of four numbers, within 4.5 standard deviations of 31.
  @Test func everyPermutationIsAsProbable() {
    var generator = RandomGenerator(seed: 4)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[generator.permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24)
    for (permutation, count) in counts { #expect(abs(count - 1000) < 140, "\(permutation)") }
  }
}
