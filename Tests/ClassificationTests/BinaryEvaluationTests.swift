import Classification
import GoldenValues
import Testing

/// Against scikit-learn, statsmodels and DeLong's formula.
@Suite struct BinaryEvaluationTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      var name: String
      var probabilities: [Double]
      var labels: [Int]
      var threshold: Float
      var confusion: [Int]
      var precision: Double?
      var recall: Double?
      var f1: Double?
      var accuracyInterval: [Double]?
      var precisionInterval: [Double]?
      var recallInterval: [Double]?
      var f1Interval: [Double]?
      var rocAreaInterval: [Double]?
      var meanInterval: [Double]?
      var falsePositiveRates: [Double]
      var truePositiveRates: [Double]
      var rocArea: Double
      var positiveShares: [Double]
      var meanProbabilities: [Double]
    }
    var cases: [Case]
  }

  @Test func equalsScikitLearn() throws {
    let golden = try goldenValues("ClassificationTests/Golden/evaluation.json", as: Golden.self)
    #expect(golden.cases.count == 8)
    for golden in golden.cases {
      let found = BinaryEvaluation(
        probabilities: golden.probabilities.map { Float($0) }, labels: golden.labels.map { UInt8($0) },
        threshold: golden.threshold)
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
      for (value, expected) in [
        (found.precision, golden.precision), (found.recall, golden.recall), (found.f1, golden.f1),
      ] {
        #expect((value == nil) == (expected == nil), "\(golden.name)")
        #expect(abs((value ?? 0) - (expected ?? 0)) < 1e-11, "\(golden.name)")
      }
      for (interval, expected) in [
        (found.accuracyInterval, golden.accuracyInterval), (found.precisionInterval, golden.precisionInterval),
        (found.recallInterval, golden.recallInterval), (found.f1Interval, golden.f1Interval),
        (found.rocAreaInterval, golden.rocAreaInterval), (.mean(of: golden.probabilities), golden.meanInterval),
      ] {
        let bounds = interval.map { [$0.lowerBound, $0.upperBound] }
        try #require(bounds?.count == expected?.count, "\(golden.name)")
        #expect(
          zip(bounds ?? [], expected ?? []).allSatisfy { abs($0 - $1) < 1e-11 },
          "\(golden.name): \(bounds ?? []) is not \(expected ?? [])")
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
    #expect(evaluation.rocAreaInterval == nil)
    #expect(evaluation.rocCurve == [])
    #expect(evaluation.accuracy == 0.5)
  }

  @Test func withoutSamplesNothingIsKnown() {
    let evaluation = BinaryEvaluation(probabilities: [], labels: [])
    #expect(evaluation.count == 0 && evaluation.rocCurve == [] && evaluation.calibration == [])
    #expect(evaluation.accuracy == nil && evaluation.precision == nil && evaluation.recall == nil)
    #expect(evaluation.f1 == nil && evaluation.rocArea == nil && evaluation.calibrationError == nil)
    #expect(evaluation.accuracyInterval == nil && evaluation.f1Interval == nil)
  }

  /// With one sample of each label, the variance is unknown.
  @Test func oneOfEachLabelHasAnAreaWithoutAnInterval() {
    let evaluation = BinaryEvaluation(probabilities: [0.25, 1], labels: [0, 1])
    #expect(evaluation.rocArea == 1)
    #expect(evaluation.rocAreaInterval == nil)
    #expect(ClosedRange.mean(of: [1]) == nil)
  }
}
