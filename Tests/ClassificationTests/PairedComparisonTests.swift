import Classification
import GoldenValues
import Testing

@Suite("McNemar's test") struct PairedComparisonTests {
  /// Made by Scripts/golden/evaluation.py.
  private struct Golden: Decodable {
    struct Case: Decodable {
      var counts: [Int]
      var pValue: Double
    }
    var paired: [Case]
  }

  @Test("has statsmodels' exact probabilities")
  func probabilities() throws {
    let cases = try goldenValues("ClassificationTests/Golden/evaluation.json", as: Golden.self).paired
    #expect(cases.count == 9)
    for expected in cases {
      let counts = expected.counts
      let comparison = PairedComparison(
        bothRight: counts[0], onlyFirst: counts[1], onlySecond: counts[2], bothWrong: counts[3])
      #expect(abs(comparison.pValue / expected.pValue - 1) < 1e-10, "\(counts): \(comparison.pValue)")
    }
  }

  @Test("counts the texts")
  func counts() {
    let comparison = PairedComparison([true, true, true, false, false, true], [true, false, false, true, false, true])
    #expect(comparison == PairedComparison(bothRight: 2, onlyFirst: 2, onlySecond: 1, bothWrong: 1))
    #expect(comparison.count == 6 && comparison.rightCounts == [4, 3])
  }
}
