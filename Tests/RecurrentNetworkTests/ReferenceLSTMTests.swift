import Foundation
import RecurrentNetwork
import Testing

/// What each gate does on its own; `ReferenceNetworkTests` shows that they work together.
@Suite struct ReferenceLSTMTests {
  let start = ReferenceLSTM.State(hidden: [0.5], cell: [-0.75])

  @Test func anOpenForgetGateKeepsTheCell() {
    let state = lstm(bias: [-.infinity, .infinity, 3, .infinity]).step([2], from: start, recurrentFactors: [1]).state
    #expect(state.cell == [-0.75])
    #expect(state.hidden == [tanh(-0.75)])
  }

  @Test func anOpenInputGateTakesTheCandidate() {
    let state = lstm(bias: [.infinity, -.infinity, 0.25, .infinity])
      .step([2], from: start, recurrentFactors: [1]).state
    #expect(state.cell == [tanh(0.25)])
  }

  @Test func aClosedOutputGateHidesTheCell() {
    let state = lstm(bias: [.infinity, .infinity, 0.25, -.infinity])
      .step([2], from: start, recurrentFactors: [1]).state
    #expect(state.cell == [tanh(0.25) - 0.75])
    #expect(state.hidden == [0])
  }

  @Test func everyGateReadsTheInputAndThePreviousOutput() {
    let (w, u, b) = ([0.1, 0.2, 0.3, 0.4], [0.5, -0.6, 0.7, -0.8], [0.01, 0.02, 0.03, 0.04])
    let z = (0..<4).map { 2 * w[$0] + 0.5 * u[$0] + b[$0] }
    func sigma(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let cell = sigma(z[1]) * -0.75 + sigma(z[0]) * tanh(z[2])
    let state = ReferenceLSTM(kernel: w, recurrentKernel: u, bias: b, inputSize: 1, hiddenSize: 1)
      .step([2], from: start, recurrentFactors: [1]).state
    #expect(abs(state.cell[0] - cell) < 1e-15)
    #expect(abs(state.hidden[0] - sigma(z[3]) * tanh(cell)) < 1e-15)
  }

  /// Recurrent dropout changes what the next step reads, not what the layer puts out.
  @Test func recurrentFactorsScaleWhatEveryStepReads() {
    let (u, r) = ((0..<16).map { cos(Double($0)) }, [0.5, 3])
    func lstm(_ u: [Double]) -> ReferenceLSTM {
      ReferenceLSTM(
        kernel: (0..<8).map { sin(Double($0)) }, recurrentKernel: u, bias: [Double](repeating: 0.1, count: 8),
        inputSize: 1, hiddenSize: 2)
    }
    let inputs = [[1.0], [-2], [0.5], [3]]
    let start = ReferenceLSTM.State(hidden: [0.5, -0.25], cell: [1, 2])
    let pass = lstm(u).forward(inputs, from: start, recurrentFactors: r)
    let scaled = lstm(u.indices.map { u[$0] * r[$0 / 8] }).forward(inputs, from: start)
    for (step, expected) in zip(pass.steps, scaled.steps) {
      #expect(zip(step.state.hidden, expected.state.hidden).allSatisfy { abs($0 - $1) < 1e-14 })
    }
  }

  @Test func anEmptySequenceLeavesTheInitialState() {
    let lstm = lstm(bias: [0, 0, 0, 0])
    let pass = lstm.forward([], from: start)
    #expect(pass.lastState == start)
    let gradient = lstm.backward(pass, outputGradients: [])
    #expect(gradient.inputs.isEmpty)
    #expect(gradient.bias == [0, 0, 0, 0])
    #expect(gradient.initialState == .init(zeros: 1))
  }

  /// One input and one unit, whose gates follow from the bias alone.
  private func lstm(bias: [Double]) -> ReferenceLSTM {
    ReferenceLSTM(
      kernel: [0, 0, 0, 0], recurrentKernel: [0, 0, 0, 0], bias: bias, inputSize: 1, hiddenSize: 1)
  }
}
