import RecurrentNetwork
import Testing

@Suite struct ReferenceLayerTests {
  let inputs = [[1.0, -0.5], [0.25, 2], [-1, 1], [0.5, 0]]
  let zeros = ReferenceLSTM.State(zeros: 3)

  @Test func theBackwardDirectionBeginsAtTheEnd() {
    let (forward, backward) = (lstm(seed: 1), lstm(seed: 2))
    let outputs = ReferenceLayer([forward, backward]).forward(inputs, from: [zeros, zeros]).outputs
    let reversed = backward.forward(inputs.reversed(), from: zeros).steps.map(\.state.hidden)
    #expect(outputs.map { Array($0[3...]) } == reversed.reversed())
  }

  @Test func theForwardDirectionIsFirst() {
    let (forward, backward) = (lstm(seed: 1), lstm(seed: 2))
    let outputs = ReferenceLayer([forward, backward]).forward(inputs, from: [zeros, zeros]).outputs
    #expect(outputs.map { Array($0[..<3]) } == forward.forward(inputs, from: zeros).steps.map(\.state.hidden))
  }

  @Test func eachDirectionHasItsOwnStateAndFactors() {
    let (forward, backward) = (lstm(seed: 1), lstm(seed: 2))
    let states = [
      ReferenceLSTM.State(hidden: [1, 2, 3], cell: [4, 5, 6]), .init(hidden: [-1, 0, 1], cell: [0, -2, 0]),
    ]
    let factors = [[0, 2.0, 2], [2, 0, 2]]
    let pass = ReferenceLayer([forward, backward]).forward(inputs, from: states, recurrentFactors: factors)
    #expect(
      pass.directions[0].lastState
        == forward.forward(inputs, from: states[0], recurrentFactors: factors[0]).lastState)
    #expect(
      pass.directions[1].lastState
        == backward.forward(inputs.reversed(), from: states[1], recurrentFactors: factors[1]).lastState)
  }

  @Test func theGradientOfAnInputIsTheSumOverBothDirections() {
    let layer = ReferenceLayer([lstm(seed: 1), lstm(seed: 2)])
    let pass = layer.forward(inputs, from: [zeros, zeros])
    let gradients = inputs.map { _ in [0.5, 1, -1, 2, 0, -0.25] }
    let sum = layer.backward(pass, outputGradients: gradients).inputs
    let parts = [
      [1.0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1],
    ].map { mask in
      layer.backward(pass, outputGradients: gradients.map { g in g.indices.map { g[$0] * mask[$0] } }).inputs
    }
    for t in inputs.indices {
      for k in 0..<2 {
        #expect(abs(sum[t][k] - parts[0][t][k] - parts[1][t][k]) < 1e-15)
        #expect(parts[0][t][k] != 0 && parts[1][t][k] != 0)
      }
    }
  }

  private func lstm(seed: UInt64) -> ReferenceLSTM {
    var generator = RandomGenerator(seed: seed)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in 2 * generator.uniform() - 1 } }
    return ReferenceLSTM(
      kernel: numbers(2 * 12), recurrentKernel: numbers(3 * 12), bias: numbers(12), inputSize: 2, hiddenSize: 3)
  }
}
