import Corpus
import Fixtures
import Foundation
import Hyperparameters
import NGrams
import Testing
import Training

@Suite("A learning curve") struct LearningCurveTests {
  /// Texts of one of forty words, each of which has its label: who knows more texts knows more words.
  private static let table =
    "label,text\n" + (0..<200).map { "\($0 * 7 % 40 % 3 == 0 ? "yes" : "no"),w\($0 * 7 % 40) n\($0)\n" }.joined()

  private static func start(_ folder: TemporaryFolder, validationSplit: Double?) throws -> Checkpoint {
    var (settings, options) = (TrainingConfiguration(), TextOptions())
    settings.removeNetwork()
    settings.wide = NGramSettings()
    (settings.wide!.minimumCount, settings.wide!.longestCharacters, settings.wide!.order) = (1, 0, 1)
    (settings.validationSplit, options.testSplit) = (validationSplit, 0.2)
    return try Checkpoint(
      configuration: settings, source: DataSource(path: folder.write(table, to: "table.csv"), text: options))
  }

  @Test("grows with the texts, the smaller part of which are among the larger")
  func growth() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder, validationSplit: 0.2)
      var curve = LearningCurve(start)
      let points = try #require(try curve.run())
      // Of 160 texts that are no test texts, 128 are trained on.
      #expect(points.map(\.textCount) == [8, 16, 32, 64, 128])
      #expect(points[0].accuracy < points[2].accuracy && points[2].accuracy < points[4].accuracy, "\(points)")
      #expect(points.allSatisfy { $0.accuracyInterval.contains($0.accuracy) })
      curve.threads = 1
      #expect(try curve.run() == points)
      #expect(try curve.run { if case .point = $0 { .stop } else { .goOn } } == nil)
      // The whole is what a run is validated by.
      let run = try Run(beginning: folder.path("run"), from: start)
      #expect(run.wideMetrics?.accuracy == points[4].accuracy)
    }
  }

  @Test("needs texts to validate on, other than the test part")
  func noValidation() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder, validationSplit: nil)
      #expect(throws: TrainingError.noData(.validation)) { try LearningCurve(start).run() }
    }
  }
}
