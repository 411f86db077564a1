import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

@testable import Training

@Suite("Runs with several seeds") struct SeedRunsTests {
  /// Sixty texts, of which some have the other label.
  private static let table: String = {
    var generator = RandomGenerator(seed: 7)
    return "label,text\n"
      + (0..<60).map { number in
        let label = (number % 2 == 0) != (generator.uniform() < 0.3)
        return "\(label ? "yes" : "no"),\(number % 2 == 0 ? "good" : "bad") n\(number) n\(number % 7)\n"
      }.joined()
  }()

  /// A small network, which is validated on a part of the training texts.
  private static func start(
    _ folder: TemporaryFolder, validationSplit: Double? = 0.3, seed: UInt64 = 3
  ) throws -> Checkpoint {
    var settings = TrainingConfiguration()
    (settings.hiddenSize, settings.embeddingSize, settings.vocabularySize, settings.maxLength) = (3, 2, 12, 4)
    (settings.batchSize, settings.epochs, settings.learningRate) = (8, 3, 0.05)
    (settings.validationSplit, settings.seed) = (validationSplit, seed)
    return try Checkpoint(
      configuration: settings, source: DataSource(path: folder.write(table, to: "table.csv")))
  }

  private static let files = ["model.safetensors", "history.csv", "history.json", "steps.csv"]

  @Test("leave the run that is best on the validation texts, as if it had been alone")
  func kept() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder)
      var results: [SeedRuns.Result] = []
      // The folder is locked for as long as they are there.
      let kept = try #require(
        try SeedRuns(beginning: folder.path("a"), from: start, count: 4).train {
          if case .result(let result) = $0 { results.append(result) }
          return .goOn
        })
      #expect(results.map(\.seed) == [3, 4, 5, 6] && Set(results.map(\.validationAccuracy)).count > 1)
      #expect(kept.validationAccuracy == results.compactMap(\.validationAccuracy).max())
      #expect(results.first { $0.validationAccuracy == kept.validationAccuracy }?.validationMacroF1 != nil)
      for result in results {
        let run = try Run(beginning: folder.path("\(result.seed)"), from: start.withSeed(result.seed))
        try run.train()
        #expect(run.trainer.state.epochs.last?.validation.accuracy == result.validationAccuracy)
        let model = try Model(contentsOf: folder.path("\(result.seed)"))
        let right = try model.outcomes(of: run.dataset.test, threads: 1).map(\.label)
        #expect(zip(right, run.dataset.test.labels).count { $0 == $1 } == Int((result.testAccuracy! * 12).rounded()))
      }
      for file in Self.files {
        #expect(try folder.bytes("a/\(file)") == folder.bytes("\(kept.seed)/\(file)"), "\(file)")
      }
      let rows = try folder.text("a/seeds.csv").split(separator: "\n")
      #expect(rows.count == 5 && rows[0].hasPrefix("seed,validation_accuracy,"))
      #expect(rows.filter { $0.hasSuffix(",true") }.map { $0.prefix { $0 != "," } } == ["\(kept.seed)"])
      #expect(!folder.contains("a/seeds") && folder.contains("a/checkpoints") && folder.contains("a/run.json"))
      // It is a run like any other.
      #expect(try Run(resuming: folder.path("a")) == nil)
    }
  }

  @Test("leave the same files when they are stopped anywhere")
  func resuming() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder)
      _ = try SeedRuns(beginning: folder.path("whole"), from: start, count: 3).train()
      var runs: SeedRuns? = try SeedRuns(beginning: folder.path("parts"), from: start, count: 3)
      var stops = 0
      while true {
        var count = 0
        let kept = try runs!.train { event in
          if case .result = event { return .goOn }
          count += 1
          return count == 17 ? .stop : .goOn
        }
        if kept != nil { break }
        stops += 1
        #expect(SeedRuns.areUnderWay(in: folder.path("parts")))
        runs = nil
        runs = try SeedRuns(resuming: folder.path("parts"))
      }
      #expect(stops > 1)
      for file in Self.files + ["seeds.csv"] {
        #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
      }
      #expect(!SeedRuns.areUnderWay(in: folder.path("parts")))
    }
  }

  @Test("begin a seed anew that was killed before its first checkpoint, or after its last")
  func edges() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder)
      _ = try SeedRuns(beginning: folder.path("whole"), from: start, count: 2).train()
      let stopped = try SeedRuns(beginning: folder.path("parts"), from: start, count: 2).train {
        if case .progress(seed: 4, _) = $0 { return .stop }
        return .goOn
      }
      #expect(stopped == nil)
      let record = try folder.text("parts/seeds/seeds.json")
      let checkpoints = folder.path("parts/seeds/4/checkpoints")
      for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints) {
        try FileManager.default.removeItem(atPath: checkpoints + "/" + name)
      }
      // The other run is complete, and its result isn't known.
      let results = try #require(record.firstRange(of: #/\[\{.*\}\]/#))
      try folder.write(record.replacingCharacters(in: results, with: "[]"), to: "parts/seeds/seeds.json")
      #expect(try SeedRuns(resuming: folder.path("parts")).train() != nil)
      for file in Self.files + ["seeds.csv"] {
        #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
      }
    }
  }

  @Test("leave the first run where only the test texts could choose")
  func noValidation() throws {
    try withTemporaryFolder { folder in
      var tests: [Double] = []
      let runs = try SeedRuns(
        beginning: folder.path("a"), from: Self.start(folder, validationSplit: nil, seed: 4), count: 4)
      let kept = try runs.train {
        if case .result(let result) = $0 { tests.append(result.testAccuracy!) }
        return .goOn
      }
      #expect(tests.max()! > tests[0], "the test is of no use: \(tests)")
      #expect(kept?.seed == 4 && kept?.validationAccuracy == nil)
    }
  }

  @Test("differ in what the seed decides, and keep weights from elsewhere")
  func seeds() throws {
    try withTemporaryFolder { folder in
      var start = try Self.start(folder)
      #expect(start.withSeed(9) == (try Self.start(folder, seed: 9)))
      let vectors = start.state.parameters.layout.embedding.range
      for index in vectors { start.state.parameters.values[index] = 0.5 }
      let other = start.withSeed(9).state.parameters.values
      #expect(vectors.allSatisfy { other[$0] == 0.5 } && other != start.state.parameters.values)
    }
  }

  @Test("aren't written over other runs, and don't go on with other texts")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder)
      let path = folder.path("a")
      #expect(throws: TrainingError.noCheckpoints(path: path)) { try SeedRuns(resuming: path) }
      #expect(try SeedRuns(beginning: path, from: start, count: 2).train { _ in .stop } == nil)
      #expect(throws: TrainingError.runExists(path: path, file: "history.csv")) {
        try SeedRuns(beginning: path, from: start, count: 2)
      }
      try folder.write(Self.table + "yes,more\n", to: "table.csv")
      #expect(throws: TrainingError.otherData(path: start.source.path)) { try SeedRuns(resuming: path).train() }
    }
  }
}
