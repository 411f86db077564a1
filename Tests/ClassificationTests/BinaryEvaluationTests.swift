import Classification
import GoldenValues
import Testing

/// Against scikit-learn, statsmodels and DeLong's formula, made by Scripts/golden/evaluation.py.
@Suite struct BinaryEvaluationTests {
  struct Golden: Decodable, Sendable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
      var testDescription: String { name }
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
      /// Precision and recall of each point.
      var precisionRecallCurve: [[Double]]
      var averagePrecision: Double
      var positiveShares: [Double]
      var meanProbabilities: [Double]
    }
    var cases: [Case]

    static let file: Golden = try! goldenValues("ClassificationTests/Golden/evaluation.json")
  }

  private func evaluation(_ golden: Golden.Case) -> BinaryEvaluation {
    BinaryEvaluation(
      probabilities: golden.probabilities.map { Float($0) }, labels: golden.labels.map { UInt8($0) },
      threshold: golden.threshold)
  }

  /// The file has 12 digits.
  private func expectSame(
    _ found: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (value, expected) in zip(found, expected) {
      #expect(abs(value - expected) < 1e-11, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: Golden.file.cases) func countsAreThoseOfScikitLearn(golden: Golden.Case) {
    let found = evaluation(golden).confusion
    #expect(
      [found.trueNegatives, found.falsePositives, found.falseNegatives, found.truePositives] == golden.confusion)
  }

  @Test(arguments: Golden.file.cases) func precisionRecallAndF1AreThoseOfScikitLearn(golden: Golden.Case) {
    let found = evaluation(golden)
    for (value, expected) in [
      (found.precision, golden.precision), (found.recall, golden.recall), (found.f1, golden.f1),
    ] { expectSame([value].compactMap { $0 }, [expected].compactMap { $0 }) }
  }

  @Test(arguments: Golden.file.cases) func theROCCurveIsThatOfScikitLearn(golden: Golden.Case) throws {
    let found = evaluation(golden)
    expectSame(found.rocCurve.map(\.falsePositiveRate), golden.falsePositiveRates)
    expectSame(found.rocCurve.map(\.truePositiveRate), golden.truePositiveRates)
    expectSame([try #require(found.rocArea)], [golden.rocArea])
  }

  @Test(arguments: Golden.file.cases) func calibrationIsThatOfScikitLearn(golden: Golden.Case) {
    let found = evaluation(golden)
    expectSame(found.calibration.map(\.positiveShare), golden.positiveShares)
    expectSame(found.calibration.map(\.meanProbability), golden.meanProbabilities)
  }

  @Test(arguments: Golden.file.cases) func intervalsAreThoseOfStatsmodelsAndDeLong(golden: Golden.Case) {
    let found = evaluation(golden)
    for (interval, expected) in [
      (found.accuracyInterval, golden.accuracyInterval), (found.precisionInterval, golden.precisionInterval),
      (found.recallInterval, golden.recallInterval), (found.f1Interval, golden.f1Interval),
      (found.rocAreaInterval, golden.rocAreaInterval), (.mean(of: golden.probabilities), golden.meanInterval),
    ] { expectSame(interval.map { [$0.lowerBound, $0.upperBound] } ?? [], expected ?? []) }
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
