import Classification
import GoldenValues
import Testing

@Suite struct MulticlassEvaluationTests {
  /// Made by Scripts/golden/evaluation.py.
  private struct Golden: Decodable {
    struct Case: Decodable {
      var predicted: [UInt8]
      var labels: [UInt8]
      var labelCount: Int
      var confusion: [[Int]]
      var accuracy: Double
      var accuracyInterval: [Double]
      var support: [Int]
      var precision: [Double?]
      var recall: [Double?]
      var f1: [Double?]
      var macroF1: Double
    }
    var multiclass: Case
  }

  private let golden: Golden.Case
  private let evaluation: MulticlassEvaluation

  init() throws {
    golden = try goldenValues("ClassificationTests/Golden/evaluation.json", as: Golden.self).multiclass
    evaluation = MulticlassEvaluation(
      predicted: golden.predicted, labels: golden.labels, labelCount: golden.labelCount)
  }

  /// The file has 12 digits.
  private func isSame(_ value: Double?, _ expected: Double?) -> Bool {
    guard let value, let expected else { return value == expected }
    return abs(value - expected) < 1e-11
  }

  @Test func countsAreThoseOfScikitLearn() {
    #expect(evaluation.confusion == golden.confusion)
    #expect((0..<golden.labelCount).map(evaluation.support) == golden.support)
    #expect(evaluation.count == golden.labels.count)
  }

  @Test func accuracyIsThatOfScikitLearn() {
    #expect(isSame(evaluation.accuracy, golden.accuracy))
    #expect(isSame(evaluation.accuracyInterval?.lowerBound, golden.accuracyInterval[0]))
    #expect(isSame(evaluation.accuracyInterval?.upperBound, golden.accuracyInterval[1]))
  }

  @Test(arguments: 0..<4) func figuresOfALabelAreThoseOfScikitLearn(label: Int) {
    #expect(isSame(evaluation.precision(of: label), golden.precision[label]))
    #expect(isSame(evaluation.recall(of: label), golden.recall[label]))
    #expect(isSame(evaluation.f1(of: label), golden.f1[label]))
  }

  @Test func macroF1IsThatOfScikitLearn() {
    #expect(isSame(evaluation.macroF1, golden.macroF1))
  }

  @Test func aLabelThatNeverOccursHasNoFigures() {
    let evaluation = MulticlassEvaluation(predicted: [0, 0], labels: [0, 0], labelCount: 3)
    #expect(evaluation.precision(of: 1) == nil)
    #expect(evaluation.recall(of: 1) == nil)
    #expect(evaluation.f1(of: 1) == nil)
  }

  /// F1 is 1 for one of three labels.
  @Test func aLabelThatNeverOccursCountsAs0InMacroF1() {
    let evaluation = MulticlassEvaluation(predicted: [0, 0], labels: [0, 0], labelCount: 3)
    #expect(evaluation.macroF1 == 1.0 / 3)
  }

  @Test(arguments: [0, 3]) func withoutSamplesNothingIsKnown(labelCount: Int) {
    let evaluation = MulticlassEvaluation(predicted: [], labels: [], labelCount: labelCount)
    #expect(evaluation.count == 0)
    #expect(evaluation.accuracy == nil && evaluation.accuracyInterval == nil && evaluation.macroF1 == nil)
  }
}
