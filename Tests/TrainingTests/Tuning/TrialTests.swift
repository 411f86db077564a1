import Hyperparameters
import NGrams
import Testing

@testable import Training

extension Trial {
  /// A trial of n-grams alone, on each of whose folds so many of ten texts were classified correctly.
  static func made(_ number: Int, correct: [Int], loss: Double = 1, hiddenSize: Int = 0) -> Trial {
    var configuration = TrainingConfiguration()
    configuration.wide = NGramSettings()
    if hiddenSize > 0 { configuration.hiddenSize = hiddenSize } else { configuration.removeNetwork() }
    var trial = Trial(number: number, TuningCandidate(configuration: configuration, tokens: .words))
    trial.folds = correct.map {
      Trial.Fold(
        confusion: [[5, 0], [10 - $0, $0 - 5]], mistakes: Array($0..<10), lossSum: loss, rocArea: 0.5, seconds: 2,
        peakMemory: 7)
    }
    return trial
  }
}

@Suite("A trial") struct TrialTests {
  @Test("adds up what its folds say")
  func figures() throws {
    let trial = Trial.made(1, correct: [7, 9], loss: 3)
    #expect(trial.accuracy == 0.8)
    #expect(trial.loss == 0.3)
    #expect(trial.rocArea == 0.5)
    #expect(trial.seconds == 4)
    #expect(trial.peakMemory == 7)
    #expect(try #require(trial.accuracyInterval).contains(0.8))
    // Label 0: 10 right, 4 wrongly predicted; label 1: 6 right, 4 missed.
    let macroF1 = (20.0 / 24 + 12.0 / 16) / 2
    #expect(abs(try #require(trial.macroF1) - macroF1) < 1e-12)
    #expect(Trial.made(1, correct: []).accuracy == nil)
  }

  @Test("is better by the metric on the first folds, then by its loss, then by its number")
  func comparison() {
    let (first, second) = (Trial.made(1, correct: [8, 6]), Trial.made(2, correct: [7, 10], loss: 0.5))
    #expect(first.isBetter(than: second, by: .accuracy, folds: 1))
    #expect(second.isBetter(than: first, by: .accuracy, folds: 2))
    #expect(second.isBetter(than: first, by: .f1, folds: 2))
    #expect(second.isBetter(than: first, by: .loss, folds: 1))
    #expect(second.isBetter(than: first, by: .auc, folds: 1))
    #expect(first.isBetter(than: Trial.made(3, correct: [8, 6]), by: .auc, folds: 2))
    #expect(first.isBetter(than: Trial.made(0, correct: [8, 6], loss: .nan), by: .loss, folds: 2))
  }

  @Test("says what it changes")
  func changes() {
    let (defaults, trial) = (Trial.made(1, correct: [], hiddenSize: 8), Trial.made(2, correct: []))
    #expect(trial.changes(from: defaults) == ["n-grams alone"])
    var candidate = trial.candidate
    (candidate.configuration.wide!.cost, candidate.tokens) = (2, .keras)
    #expect(Trial(number: 3, candidate).changes(from: defaults) == ["n-grams alone", "tokens keras", "wide.cost 2"])
  }

  @Test("is a row of the table, with its problem")
  func table() {
    var failed = Trial.made(2, correct: [])
    failed.problem = "says \"no\", and ends"
    let lines = [Trial.made(1, correct: [7, 9]), failed].csv.split(separator: "\n")
    #expect(lines[0].hasPrefix("trial,folds,accuracy,"))
    #expect(lines[1].hasPrefix("1,2,0.8,"))
    #expect(lines[1].hasSuffix(",3,2,3,5,8.0,"))
    #expect(lines[2].hasSuffix(",8.0,\"says \"\"no\"\", and ends\""))
    #expect(lines[..<2].allSatisfy { $0.count { $0 == "," } == 29 })
  }
}
