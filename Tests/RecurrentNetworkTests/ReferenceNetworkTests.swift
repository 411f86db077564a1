import GoldenValues
import RecurrentNetwork
import Testing

/// The definition against PyTorch in float64, and against its own numerical gradient.
@Suite struct ReferenceNetworkTests {
  @Test(arguments: NetworkGoldenValues.all.indices)
  func equalsPyTorch(index: Int) {
    let golden = NetworkGoldenValues.all[index]
    let (layout, result) = evaluate(golden, golden.parameters)
    #expect(relativeError(result.logits, golden.logits) < 1e-9)
    #expect(abs(result.loss - golden.loss) < 1e-9)
    for tensor in layout.tensors {
      #expect(
        relativeError(result.gradient[tensor.range], golden.gradients[tensor.range]) < 1e-9,
        "\(golden.name): \(tensor.name)")
    }
    #expect(relativeError(result.lastStates.flatMap(\.hidden), golden.hidden) < 1e-9)
    #expect(relativeError(result.lastStates.flatMap(\.cell), golden.cell) < 1e-9)
    #expect(relativeError(result.initialStateGradients.flatMap(\.hidden), golden.initialHiddenGradient) < 1e-9)
    #expect(relativeError(result.initialStateGradients.flatMap(\.cell), golden.initialCellGradient) < 1e-9)
  }

  @Test func goldenValuesCoverBothKindsOfState() {
    #expect(NetworkGoldenValues.all.contains { $0.startsFromZeros })
    #expect(NetworkGoldenValues.all.contains { !$0.startsFromZeros })
  }

  @Test func gradientEqualsFiniteDifferences() {
    let golden = NetworkGoldenValues.all.first { !$0.startsFromZeros && $0.t > 1 }!
    let (layout, result) = evaluate(golden, golden.parameters)
    var generator = RandomGenerator(seed: 1)
    for tensor in layout.tensors {
      for _ in 0..<5 {
        let index = tensor.range.lowerBound + Int(generator.uniform() * Double(tensor.count))
        func loss(_ change: Double) -> Double {
          var parameters = golden.parameters
          parameters[index] += change
          return evaluate(golden, parameters).1.loss
        }
        let step = 1e-5
        let difference = (loss(step) - loss(-step)) / (2 * step)
        #expect(abs(difference - result.gradient[index]) < 1e-8, "\(tensor.name), element \(index)")
      }
    }
  }

  @Test func lossIsNotClipped() {
    #expect(BinaryCrossEntropy.loss(logit: 100, label: 0) == 100)
    #expect(BinaryCrossEntropy.loss(logit: -800, label: 1) == 800)
    #expect(BinaryCrossEntropy.loss(logit: 100, label: 1) < 1e-40)
    #expect(BinaryCrossEntropy.gradient(logit: 0, label: 1) == -0.5)
  }

  private func evaluate(
    _ golden: NetworkGoldenValues.Case, _ parameters: [Double]
  ) -> (ParameterLayout, ReferenceNetwork.Result) {
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    let states = (0..<golden.b).map { row in
      ReferenceLSTM.State(
        hidden: Array(golden.initialHidden[row * golden.h..<(row + 1) * golden.h]),
        cell: Array(golden.initialCell[row * golden.h..<(row + 1) * golden.h]))
    }
    let network = ReferenceNetwork(layout: layout, values: parameters)
    return (layout, network.evaluate(tokens: golden.sequences, labels: golden.labels, initialStates: states))
  }
}
