import GoldenValues
import Hyperparameters
import RecurrentNetwork
import Testing
import Training

@Suite struct GradientClippingClipTests {
  private static let golden = SteeringGoldenValues.all

  private func gradient() -> Parameters {
    let golden = Self.golden
    var gradient = Parameters(
      zeros: ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h)))
    gradient.values = golden.gradient.map { Float($0) }
    return gradient
  }

  @Test(arguments: golden.clipping)
  func clipsAsKeras(expected: SteeringGoldenValues.Clipping) {
    let clipping: GradientClipping =
      switch expected.kind {
      case "globalNorm": .globalNorm(limit: expected.limit)
      case "norm": .norm(limit: expected.limit)
      default: .value(limit: expected.limit)
      }
    var clipped = gradient()
    clipping.clip(&clipped)
    for (index, (value, expected)) in zip(clipped.values, expected.clipped).enumerated() {
      #expect(abs(Double(value) - expected) <= 1e-6 * abs(expected), "element \(index)")
    }
  }

  @Test(arguments: [GradientClipping.globalNorm(limit: 100), .norm(limit: 100), .value(limit: 100)])
  func aGradientWithinTheLimitKeepsItsBits(clipping: GradientClipping) {
    var clipped = gradient()
    clipping.clip(&clipped)
    #expect(clipped == gradient())
  }

  @Test(arguments: [GradientClipping.globalNorm(limit: 1), .norm(limit: 1), .value(limit: 1)])
  func aGradientOfZerosStaysOne(clipping: GradientClipping) {
    let zeros = Parameters(zeros: gradient().layout)
    var clipped = zeros
    clipping.clip(&clipped)
    #expect(clipped == zeros)
  }

  @Test(arguments: [GradientClipping.globalNorm(limit: 1), .norm(limit: 1)], [Float.nan, .infinity])
  func aNormThatIsNotFiniteMakesItsTensorsNaN(clipping: GradientClipping, value: Float) {
    var clipped = gradient()
    clipped.values[clipped.layout.bias.range.lowerBound] = value
    clipping.clip(&clipped)
    #expect(clipped[clipped.layout.bias].allSatisfy { $0.isNaN })
    #expect(clipped[clipped.layout.kernel].allSatisfy { $0.isNaN == (clipping == .globalNorm(limit: 1)) })
  }

  @Test func largeElementsDoNotOverflowTheNorm() {
    var clipped = gradient()
    clipped.values[0] = 3e38
    GradientClipping.globalNorm(limit: 2).clip(&clipped)
    #expect(abs(clipped.values[0] - 2) < 1e-6)
  }

  @Test func anElementThatIsNaNStaysNaN() {
    var clipped = gradient()
    clipped.values[0] = .nan
    GradientClipping.value(limit: 0.1).clip(&clipped)
    #expect(clipped.values[0].isNaN && !clipped.values[1...].contains { abs($0) > 0.1 })
  }
}
