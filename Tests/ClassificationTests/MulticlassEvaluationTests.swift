import Classification
import Testing

@testable import Classification

@Suite struct MulticlassEvaluationTests {
  private let labels: [UInt8] = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3]
  private let predicted: [UInt8] = [0, 2, 0, 1, 2, 2, 2, 0, 2, 2]

  /// What scikit-learn 1.9.1 says with `labels=[0, 1, 2, 3], zero_division=0`.
  @Test func equalsScikitLearn() throws {
    let evaluation = MulticlassEvaluation(predicted: predicted, labels: labels, labelCount: 4)
    #expect(evaluation.confusion == [[2, 0, 1, 0], [0, 1, 1, 0], [1, 0, 3, 0], [0, 0, 1, 0]])
    #expect(evaluation.count == 10 && evaluation.accuracy == 0.6)
    #expect(evaluation.accuracyInterval == .wilson(6, of: 10))
    #expect((0..<4).map(evaluation.support) == [3, 2, 4, 1])
    #expect((0..<4).map(evaluation.precision) == [2.0 / 3, 1, 0.5, nil])
    #expect((0..<4).map(evaluation.recall) == [2.0 / 3, 0.5, 0.75, 0])
    #expect((0..<4).map(evaluation.f1) == [2.0 / 3, 2.0 / 3, 0.6, 0])
    #expect(abs(try #require(evaluation.macroF1) - 0.48333333333333334) < 1e-15)
  }

  @Test func nothingIsKnownAboutALabelThatNeverOccurs() {
    let evaluation = MulticlassEvaluation(predicted: [0, 0], labels: [0, 0], labelCount: 3)
    #expect(evaluation.precision(of: 1) == nil && evaluation.recall(of: 1) == nil && evaluation.f1(of: 1) == nil)
    #expect(evaluation.macroF1 == 1.0 / 3)
  }

  @Test(arguments: [0, 3]) func withoutSamplesNothingIsKnown(labelCount: Int) {
    let evaluation = MulticlassEvaluation(predicted: [], labels: [], labelCount: labelCount)
    #expect(evaluation.count == 0)
    #expect(evaluation.accuracy == nil && evaluation.accuracyInterval == nil && evaluation.macroF1 == nil)
  }
}
