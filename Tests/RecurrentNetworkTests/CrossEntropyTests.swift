import RecurrentNetwork
import Testing

@Suite struct CrossEntropyTests {
  @Test func binaryLossIsNotClipped() {
    #expect(BinaryCrossEntropy.loss(logit: 100, label: 0) == 100)
    #expect(BinaryCrossEntropy.loss(logit: -800, label: 1) == 800)
    #expect(BinaryCrossEntropy.loss(logit: 100, label: 1) < 1e-40)
  }

  @Test func binaryGradientIsTheErrorOfTheProbability() {
    #expect(BinaryCrossEntropy.gradient(logit: 0, label: 1) == -0.5)
    #expect(BinaryCrossEntropy.gradient(logit: 800, label: 1) == 0)
    #expect(BinaryCrossEntropy.gradient(logit: -800, label: 1) == -1)
  }

  @Test func categoricalLossIsNotClipped() {
    #expect(CategoricalCrossEntropy.loss(logits: [0, 800, -800], label: 0) == 800)
    #expect(CategoricalCrossEntropy.loss(logits: [0, 800, -800], label: 2) == 1600)
    #expect(CategoricalCrossEntropy.loss(logits: [0, 800, -800], label: 1) == 0)
  }

  @Test func categoricalGradientIsTheErrorOfTheProbabilities() {
    #expect(CategoricalCrossEntropy.gradients(logits: [1, 1, 1, 1], label: 2) == [0.25, 0.25, -0.75, 0.25])
    #expect(CategoricalCrossEntropy.gradients(logits: [0, 800], label: 0) == [-1, 1])
  }

  @Test(arguments: [-30, -2.5, 0, 0.75, 30])
  func aSigmoidIsASoftmaxWhoseOtherLogitIsZero(logit: Double) {
    for label in 0...1 {
      let (one, two) = ([logit], [0, logit])
      #expect(
        abs(CrossEntropy.loss(logits: one, label: label) - CrossEntropy.loss(logits: two, label: label)) < 1e-14)
      #expect(
        abs(
          CrossEntropy.gradients(logits: one, label: label)[0] - CrossEntropy.gradients(logits: two, label: label)[1])
          < 1e-14)
    }
  }
}
