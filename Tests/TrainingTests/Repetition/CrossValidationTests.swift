import Corpus
import Fixtures
import Foundation
import Hyperparameters
import NGrams
import RecurrentNetwork
import Testing
import Training

@Suite("A cross-validation") struct CrossValidationTests {
  /// Texts whose labels follow from one word, or from nothing: then each has a word of its own.
  private static func table(_ count: Int, hasRule: Bool) -> String {
    var generator = RandomGenerator(seed: 3)
    let rows = (0..<count).map { number in
      let label = generator.uniform() < 0.5
      return "\(label ? "yes" : "no"),\(hasRule ? (label ? "good" : "bad") : "own\(number)") n\(number)"
    }
    return (["label,text"] + rows).joined(separator: "\n")
  }

  /// N-grams alone, of words.
  private static var settings: TrainingConfiguration {
    var settings = TrainingConfiguration()
    settings.removeNetwork()
    settings.wide = NGramSettings()
    (settings.wide!.minimumCount, settings.wide!.longestCharacters) = (1, 0)
    return settings
  }

  private static func result(
    _ table: String, folds: Int = 4, seed: UInt64 = 0, threads: Int = 2,
    _ change: (inout TrainingConfiguration) -> Void = { _ in },
    report: (CrossValidation.Event) throws -> TrainingAnswer = { _ in .goOn }
  ) throws -> CrossValidationResult? {
    try withTemporaryFolder { folder in
      var (settings, options) = (settings, TextOptions())
      change(&settings)
      (settings.seed, options.testSplit) = (seed, 0)
      let source = DataSource(path: try folder.write(table, to: "table.csv"), text: options)
      var validation = CrossValidation(try Checkpoint(configuration: settings, source: source), folds: folds)
      validation.threads = threads
      return try validation.run(report)
    }
  }

  @Test("classifies every text once, in the order of the file, by a model that hasn't seen it")
  func heldOut() throws {
    let known = try #require(try Self.result(Self.table(80, hasRule: true)))
    #expect(known.accuracy == 1 && known.macroF1 == 1)
    #expect(known.folds.map(\.textCount).reduce(0, +) == 80 && known.folds.allSatisfy { (18...22) ~= $0.textCount })
    #expect(try #require(known.accuracyInterval).lowerBound < 1)
    let rows = try #require(known.predictions).rows
    #expect(rows.map(\.line) == Array(2...81))
    #expect(rows.map { $0.text.split(separator: " ").last! } == (0..<80).map { "n\($0)" })
    #expect(rows.allSatisfy { $0.label == $0.predicted && $0.file == "table.csv" })
    // What was trained on these texts, too, would know them all.
    let unknown = try #require(try Self.result(Self.table(200, hasRule: false)))
    #expect(0.3...0.7 ~= unknown.accuracy!)
    let right = unknown.predictions!.rows.count { $0.label == $0.predicted }
    #expect(unknown.accuracy == Double(right) / 200)
  }

  @Test("follows from the seed, on any number of threads, with a network too")
  func seeds() throws {
    func result(seed: UInt64, threads: Int) throws -> CrossValidationResult {
      try #require(
        try Self.result(Self.table(40, hasRule: false), folds: 2, seed: seed, threads: threads) {
          ($0.hiddenSize, $0.vocabularySize, $0.embeddingSize, $0.batchSize, $0.epochs) = (3, 20, 2, 8, 1)
          ($0.wide, $0.maxLength, $0.validationSplit) = (nil, 8, 0.2)
        })
    }
    let first = try result(seed: 1, threads: 1)
    #expect(try result(seed: 1, threads: 3).predictions == first.predictions)
    #expect(try result(seed: 2, threads: 1).predictions != first.predictions)
  }

  @Test("ends when it is told to")
  func stopping() throws {
    let table = Self.table(40, hasRule: true)
    var folds: [Int] = []
    #expect(
      try Self.result(
        table,
        report: {
          guard case .fold(let number, _) = $0 else { return .goOn }
          folds.append(number)
          return number == 2 ? .stop : .goOn
        }) == nil)
    #expect(folds == [1, 2])
  }

  @Test("refuses too few texts, and early stopping without texts to validate on")
  func refusals() throws {
    let table = Self.table(12, hasRule: true)
    #expect(throws: TrainingError.tooFewTexts(count: 12, folds: 7)) { try Self.result(table, folds: 7) }
    let same = "label,text\n" + (0..<12).map { "\($0 % 2),the same\($0 % 2)\n" }.joined()
    #expect(throws: TrainingError.tooFewTexts(count: 12, folds: 3)) { try Self.result(same, folds: 3) }
    #expect(throws: TrainingError.noData(.validation)) {
      try Self.result(table, folds: 2) { $0.earlyStopping = EarlyStopping() }
    }
  }
}
