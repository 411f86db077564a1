import GoldenValues
import Report
import Testing

/// Against scikit-learn.
@Suite struct BinaryEvaluationTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      var name: String
      var probabilities: [Double]
      var labels: [Int]
      var confusion: [Int]
      var falsePositiveRates: [Double]
      var truePositiveRates: [Double]
      var rocArea: Double
      var positiveShares: [Double]
      var meanProbabilities: [Double]
    }
    var cases: [Case]
  }

  @Test func equalsScikitLearn() throws {
    let golden = try goldenValues("ReportTests/Golden/evaluation.json", as: Golden.self)
    #expect(golden.cases.count == 6)
    for golden in golden.cases {
      let found = BinaryEvaluation(
        probabilities: golden.probabilities.map { Float($0) }, labels: golden.labels.map { UInt8($0) })
      let confusion = found.confusion
      #expect(
        [confusion.trueNegatives, confusion.falsePositives, confusion.falseNegatives, confusion.truePositives]
          == golden.confusion, "\(golden.name)")
      #expect(abs(try #require(found.rocArea) - golden.rocArea) < 1e-11, "\(golden.name)")
      for (values, expected) in [
        (found.rocCurve.map(\.falsePositiveRate), golden.falsePositiveRates),
        (found.rocCurve.map(\.truePositiveRate), golden.truePositiveRates),
        (found.calibration.map(\.positiveShare), golden.positiveShares),
        (found.calibration.map(\.meanProbability), golden.meanProbabilities),
      ] {
        try #require(values.count == expected.count, "\(golden.name)")
        #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-11 }, "\(golden.name)")
      }
    }
  }

  @Test func weighsBinsByTheirSamples() {
    // 0.25 on average in the first bin of three, none of them positive; 0.75 with one of one.
    let evaluation = BinaryEvaluation(probabilities: [0.25, 0.25, 0.25, 0.75], labels: [0, 0, 0, 1])
    #expect(evaluation.calibration.map(\.count) == [3, 1])
    #expect(evaluation.calibrationError == 0.25)
    #expect(evaluation.accuracy == 1)
  }

  @Test(arguments: [0, 1]) func oneLabelAloneHasNoCurve(label: UInt8) {
    let evaluation = BinaryEvaluation(probabilities: [0.25, 1], labels: [label, label])
    #expect(evaluation.rocArea == nil)
    #expect(evaluation.rocCurve == [])
    #expect(evaluation.accuracy == 0.5)
  }
}
