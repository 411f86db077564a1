import RecurrentNetwork
import Testing

/// Each output has one unit in each direction, forward first.
@Suite struct ReferencePoolingTests {
  let outputs = [[1.0, 10], [3, 40], [3, 40], [2, 20]]

  @Test func lastIsWhatEachDirectionReadsLast() {
    #expect(pool(.last, outputs) == [2, 10])
    #expect(shares(.last, outputs) == [[0, 1], [0, 0], [0, 0], [1, 0]])
  }

  @Test func lastStepIsTheLastInTimeForBothDirections() {
    #expect(pool(.lastStep, outputs) == [2, 20])
    #expect(shares(.lastStep, outputs) == [[0, 0], [0, 0], [0, 0], [1, 1]])
  }

  @Test func meanIsOverAllSteps() {
    #expect(pool(.mean, outputs) == [2.25, 27.5])
  }

  @Test func maxIsTheLargest() {
    #expect(pool(.max, outputs) == [3, 40])
    #expect(pool(.max, [[-3, -1], [-2, -5]]) == [-2, -1])
  }

  @Test func theGradientGoesToTheEqualMaximumReadFirst() {
    #expect(shares(.max, outputs) == [[0, 0], [1, 0], [0, 1], [0, 0]])
  }

  @Test(arguments: Architecture.Pooling.allCases)
  func noStepsPoolToZeros(kind: Architecture.Pooling) {
    #expect(pool(kind, []) == [0, 0])
  }

  @Test func theGradientIsDividedAsTheOutputsAre() {
    let mean = ReferencePooling(.mean, hiddenSize: 1, directionCount: 2)
    #expect(mean.backward([4, -8], shares: mean.shares(outputs)) == [[Double]](repeating: [1, -2], count: 4))
    let last = ReferencePooling(.last, hiddenSize: 1, directionCount: 2)
    #expect(last.backward([4, -8], shares: last.shares(outputs)) == [[0, -8], [0, 0], [0, 0], [4, 0]])
  }

  private func shares(_ kind: Architecture.Pooling, _ outputs: [[Double]]) -> [[Double]] {
    ReferencePooling(kind, hiddenSize: 1, directionCount: 2).shares(outputs)
  }

  private func pool(_ kind: Architecture.Pooling, _ outputs: [[Double]]) -> [Double] {
    ReferencePooling(kind, hiddenSize: 1, directionCount: 2).forward(outputs, shares: shares(kind, outputs))
  }
}
