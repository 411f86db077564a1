import RecurrentNetwork
import Testing

@testable import Classification

@Suite("The interval of the macro-F1") struct MacroF1IntervalTests {
  /// The delta method beside 4,000 samples of as many texts from the same shares.
  @Test(
    "is about as wide as the F1 of other samples spreads",
    arguments: [[[70, 30], [20, 80]], [[50, 5, 9], [8, 30, 4], [2, 3, 6]]])
  func spread(confusion: [[Int]]) throws {
    let evaluation = MulticlassEvaluation(confusion: confusion)
    let interval = try #require(evaluation.macroF1Interval)
    let cells = confusion.indices.flatMap { row in
      confusion.indices.flatMap { Array(repeating: (row, $0), count: confusion[row][$0]) }
    }
    var generator = RandomGenerator(seed: 1)
    let samples = (0..<4000).map { _ in
      var sample = confusion.map { $0.map { _ in 0 } }
      for _ in cells {
        let (row, column) = cells[Int(generator.uniform() * Double(cells.count))]
        sample[row][column] += 1
      }
      return MulticlassEvaluation(confusion: sample).macroF1!
    }
    let mean = samples.reduce(0, +) / 4000
    let deviation = (samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3999).squareRoot()
    let half = (interval.upperBound - interval.lowerBound) / 2
    #expect(abs(half / (1.96 * deviation) - 1) < 0.07)
    #expect(abs((interval.upperBound + interval.lowerBound) / 2 - evaluation.macroF1!) < 1e-12)
  }

  @Test("is none without samples, and copes with labels that never occur")
  func edges() {
    #expect(MulticlassEvaluation(confusion: [[0, 0], [0, 0]]).macroF1Interval == nil)
    #expect(MulticlassEvaluation(confusion: [[4, 0, 0], [0, 5, 0], [0, 0, 0]]).macroF1Interval != nil)
  }
}
