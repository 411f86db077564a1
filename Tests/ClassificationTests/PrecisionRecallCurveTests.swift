import Classification
import GoldenValues
import Testing

/// Against scikit-learn, made by Scripts/golden/evaluation.py.
@Suite struct PrecisionRecallCurveTests {
  typealias Golden = BinaryEvaluationTests.Golden

  private func curve(_ golden: Golden.Case) -> PrecisionRecallCurve {
    PrecisionRecallCurve(
      probabilities: golden.probabilities.map { Float($0) }, labels: golden.labels.map { UInt8($0) })
  }

  /// The file has 12 digits.
  @Test(arguments: Golden.file.cases) func precisionsAndRecallsAreThoseOfScikitLearn(golden: Golden.Case) throws {
    let points = curve(golden).points
    #expect(points.count == golden.precisionRecallCurve.count)
    for (point, expected) in zip(points, golden.precisionRecallCurve) {
      #expect(abs(point.precision - expected[0]) < 1e-11)
      #expect(abs(point.recall - expected[1]) < 1e-11)
    }
  }

  /// Where no probability is 0, as scikit-learn's curve has a point there.
  @Test(arguments: Golden.file.cases.filter { !$0.probabilities.contains(0) })
  func theAveragePrecisionIsThatOfScikitLearn(golden: Golden.Case) throws {
    #expect(abs(try #require(curve(golden).averagePrecision) - golden.averagePrecision) < 1e-11)
  }

  @Test(arguments: Golden.file.cases) func aThresholdLeadsToItsPrecisionAndRecall(golden: Golden.Case) {
    for point in curve(golden).points {
      let evaluation = BinaryEvaluation(
        probabilities: golden.probabilities.map { Float($0) }, labels: golden.labels.map { UInt8($0) },
        threshold: point.threshold)
      #expect(evaluation.precision == point.precision)
      #expect(evaluation.recall == point.recall)
    }
  }

  @Test func thresholdsLieBetweenProbabilities() {
    let curve = PrecisionRecallCurve(probabilities: [0.25, 1, Float(1).nextDown, 0], labels: [1, 0, 1, 1])
    #expect(curve.points[0].threshold == Float(1).nextDown)
    #expect(abs(curve.points[1].threshold - 0.625) < 1e-6)
    #expect(curve.points[2].threshold == 0.125)
    #expect(curve.points.map(\.recall) == [0, 1.0 / 3, 2.0 / 3])
  }

  @Test(arguments: Golden.file.cases) func noThresholdHasAGreaterF1ThanTheBest(golden: Golden.Case) throws {
    let curve = curve(golden)
    let best = try #require(curve.bestF1)
    #expect(curve.points.allSatisfy { $0.f1 <= best.f1 })
    #expect(!curve.points.contains { $0.f1 == best.f1 && $0.threshold > best.threshold })
  }

  @Test func theGreatestRecallThatHasThePrecisionIsTaken() throws {
    let curve = PrecisionRecallCurve(probabilities: [0.9, 0.8, 0.7, 0.6, 0.5], labels: [1, 0, 1, 1, 0])
    let point = try #require(curve.point(minimumPrecision: 0.75))
    #expect(point.precision == 0.75 && point.recall == 1 && abs(point.threshold - 0.55) < 1e-6)
    #expect(curve.point(minimumPrecision: 0.9)?.recall == 1.0 / 3)
    #expect(PrecisionRecallCurve(probabilities: [0.9, 0.8], labels: [0, 1]).point(minimumPrecision: 0.9) == nil)
  }

  @Test func withoutPositivesThereAreNoPoints() {
    for curve in [
      PrecisionRecallCurve(probabilities: [], labels: []), PrecisionRecallCurve(probabilities: [0.3], labels: [0]),
    ] {
      #expect(curve.points.isEmpty && curve.averagePrecision == nil && curve.bestF1 == nil)
    }
  }
}
