import GoldenValues
import RecurrentNetwork
import Testing

/// Against the distributions of Keras's initializers, made by Scripts/golden/initializers.py.
@Suite struct InitializerTests {
  private struct Golden: Decodable, Sendable {
    struct Tensor: Decodable, Sendable {
      var shape: [Int]
      var mean: Double
      var deviation: Double
      var largest: Double
      var shareBelowHalfADeviation: Double?
      var gates: [Float]?
      var largestErrorOfRowProducts: Double?
    }
    var v: Int
    var e: Int
    var h: Int
    var tensors: [Tensor]

    static let file: Golden = try! goldenValues("RecurrentNetworkTests/Golden/initializers.json")
  }

  private static let layout = ParameterLayout(
    .init(
      vocabularySize: Golden.file.v, embeddingSize: Golden.file.e, hiddenSize: Golden.file.h))
  private static let networks: [Parameters] = (0..<20 as Range<UInt64>).map { seed in
    var generator = RandomGenerator(seed: seed)
    return Parameters(kerasInitial: layout, using: &generator)
  }

  /// The elements of a tensor in all networks.
  private func values(_ index: Int) -> [Double] {
    Self.networks.flatMap { $0[Self.layout.tensors[index]].map { Double($0) } }
  }

  /// The embedding, the two kernels and the recurrent kernel.
  private static let randomTensors = [0, 1, 2, 4]

  @Test(arguments: 0..<6) func aTensorHasTheShapeOfKeras(index: Int) {
    #expect(Self.layout.tensors[index].shape == Golden.file.tensors[index].shape)
  }

  @Test func theTutorialsNetworkIsTheDefault() {
    #expect(ParameterLayout(Architecture()).count == Self.layout.count)
  }

  /// Within four standard deviations of a difference of two such means.
  @Test(arguments: randomTensors) func theMeanIsThatOfKeras(index: Int) {
    let (values, golden) = (values(index), Golden.file.tensors[index])
    let mean = values.reduce(0, +) / Double(values.count)
    #expect(abs(mean - golden.mean) < 4 * golden.deviation * (2 / Double(values.count)).squareRoot())
  }

  /// Within five standard errors of the standard deviation, whose relative error is at most 1 / √(2n).
  @Test(arguments: randomTensors) func theStandardDeviationIsThatOfKeras(index: Int) {
    let (values, golden) = (values(index), Golden.file.tensors[index])
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    #expect(abs(deviation / golden.deviation - 1) < 5 / Double(values.count).squareRoot())
  }

  /// Uniform, normal and two-point distributions of the same deviation have 0.289, 0.383 and none of their numbers there.
  /// A share's standard deviation is below 1 / (2 √n).
  @Test(arguments: randomTensors) func theShapeOfTheDistributionIsThatOfKeras(index: Int) throws {
    let (values, golden) = (values(index), Golden.file.tensors[index])
    let share = Double(values.count { abs($0) < golden.deviation / 2 }) / Double(values.count)
    let expected = try #require(golden.shareBelowHalfADeviation)
    #expect(abs(share - expected) < 4 * 0.5 * (2 / Double(values.count)).squareRoot())
  }

  /// Of thousands of uniform numbers the largest lies within a hundredth of the limit.
  @Test(arguments: [0, 1, 4]) func uniformWeightsReachTheLimitOfKerasAndNoFurther(index: Int) {
    let largest = values(index).map { abs($0) }.max()!
    #expect(abs(largest / Golden.file.tensors[index].largest - 1) < 0.01)
  }

  @Test func aBiasBeginsAsInKeras() throws {
    let (bias, gates) = (Self.networks[0][Self.layout.bias], try #require(Golden.file.tensors[3].gates))
    #expect(Array(bias) == gates.flatMap { [Float](repeating: $0, count: Golden.file.h) })
  }

  @Test func theDenseBiasBeginsWith0() {
    #expect(Self.networks[0][Self.layout.denseBias] == [0])
  }

  /// Within the error that Keras's own, computed in float32, have.
  @Test func theRowsOfTheRecurrentKernelAreOrthonormal() throws {
    let (values, h) = (Self.networks[0][Self.layout.recurrentKernel].map { Double($0) }, Golden.file.h)
    var largest = 0.0
    for i in 0..<h {
      for j in 0...i {
        var product = 0.0
        for k in 0..<4 * h { product += values[i * 4 * h + k] * values[j * 4 * h + k] }
        largest = max(largest, abs(product - (i == j ? 1 : 0)))
      }
    }
    #expect(largest < (try #require(Golden.file.tensors[2].largestErrorOfRowProducts)))
  }

  @Test func theSameSeedGivesTheSameWeights() {
    var generator = RandomGenerator(seed: 3)
    #expect(Parameters(kerasInitial: Self.layout, using: &generator) == Self.networks[3])
  }

  @Test func tensorsAndNetworksAreUnrelated() {
    let embeddings = Self.networks.prefix(2).map { $0[Self.layout.embedding].map { Double($0) } }
    let pairs = [(embeddings[0], embeddings[1]), (embeddings[0], Array(values(1).prefix(embeddings[0].count)))]
    for (a, b) in pairs {
      func size(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let correlation = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / size(Array(a.prefix(b.count))) / size(b)
      #expect(abs(correlation) < 4 / Double(min(a.count, b.count)).squareRoot())
    }
  }

  /// Glorot's limit is √(6 / (inputs + outputs)), as of the output layer, which is held against Keras's above.
  @Test func denseLayersBeginAsTheOutputLayerDoes() {
    var architecture = Self.layout.architecture
    architecture.denseLayers = [.init(40, .relu), .init(30, .tanh)]
    let layout = ParameterLayout(architecture)
    var generator = RandomGenerator(seed: 3)
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    #expect(parameters.values[..<layout.bodyCount] == Self.networks[3].values[..<layout.bodyCount])
    for dense in layout.dense {
      let values = parameters[dense.kernel].map { Double($0) }
      let limit = (6 / Double(dense.kernel.shape[0] + dense.kernel.shape[1])).squareRoot()
      let largest = values.map { abs($0) }.max()!
      #expect(largest <= limit && largest > 0.8 * limit)
      #expect(parameters[dense.bias].allSatisfy { $0 == 0 })
    }
  }
}
