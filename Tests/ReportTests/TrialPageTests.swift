import Fixtures
import Foundation
import Hyperparameters
import NGrams
import Report
import Testing

@testable import Training

@Suite("The page of a tuning") struct TrialPageTests {
  /// A trial of n-grams alone on two folds of a hundred texts.
  private static func trial(_ number: Int, cost: Double, longestCharacters: Int, correct: Int) -> Trial {
    var configuration = TrainingConfiguration()
    configuration.removeNetwork()
    configuration.wide = NGramSettings()
    (configuration.wide!.cost, configuration.wide!.longestCharacters) = (cost, longestCharacters)
    var trial = Trial(number: number, TuningCandidate(configuration: configuration, tokens: .words))
    let fold = Trial.Fold(
      confusion: [[50, 0], [100 - correct, correct - 50]], mistakes: [], lossSum: 1, rocArea: 0.5, seconds: 2,
      peakMemory: 7)
    trial.folds = [fold, fold]
    return trial
  }

  private static func page(_ trials: [Trial]) throws -> String {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder.path("trials"), withIntermediateDirectories: true)
      try folder.write("epoch,accuracy,loss,val_accuracy,val_loss\n", to: "history.csv")
      try folder.write("step,loss,accuracy\n", to: "steps.csv")
      for trial in trials {
        try folder.write(try JSONEncoder().encode(trial), to: "trials/0000\(trial.number).json")
      }
      let record = try RunRecord(contentsOf: folder.path)
      return ReportPage([.init(record: record, predictions: .failure(.noModel))]).html
    }
  }

  @Test("shows its trials, and first the setting that mattered most")
  func trials() throws {
    // Characters decide most, and C somewhat.
    let trials = (1...9).map { number in
      Self.trial(
        number, cost: [1, 8, 32][number % 3], longestCharacters: number % 2 == 0 ? 0 : 5,
        correct: (number % 2 == 0 ? 55 : 72) + 10 * (number % 3))
    }
    let html = try Self.page(trials)
    #expect(html.contains("<h2>Trials</h2>") && html.contains("9 trials; the best on the most folds: 0.9200"))
    #expect(html.contains("<title>trial 1, 2 folds: 0.8200, the defaults</title>"))
    #expect(html.contains("<title>trial 2, 2 folds: 0.7500, "))
    let heads = html.matches(of: #/<strong>([a-zA-Z -]+): [0-9.]+.%</strong>/#).map { String($0.1) }
    #expect(heads == ["characters of n-grams", "C of n-grams"], "\(heads)")
    #expect(html.contains(">none</text>") && html.contains(">3–5</text>"))
    #expect(html.ranges(of: "<svg class=\"small\"").count == heads.count)
  }

  @Test("says nothing of settings after a few trials, and nothing at all of a run")
  func few() throws {
    let html = try Self.page((1...3).map { Self.trial($0, cost: Double($0), longestCharacters: 5, correct: 60 + $0) })
    #expect(html.contains("No setting made a difference that stands out"))
    #expect(try !Self.page([]).contains("Trials"))
  }
}
