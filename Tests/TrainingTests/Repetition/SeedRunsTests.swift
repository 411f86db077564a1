import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import NGrams
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
        let run = try Run(beginning: folder.path("\(result.seed!)"), from: start.withSeed(result.seed!))
        try run.train()
        #expect(run.trainer.state.epochs.last?.validation.accuracy == result.validationAccuracy)
        let model = try Model(contentsOf: folder.path("\(result.seed!)"))
        let right = try model.outcomes(of: run.dataset.test, threads: 1).map(\.label)
        #expect(zip(right, run.dataset.test.labels).count { $0 == $1 } == Int((result.testAccuracy! * 12).rounded()))
      }
      for file in Self.files {
        #expect(try folder.bytes("a/\(file)") == folder.bytes("\(kept.seed!)/\(file)"), "\(file)")
      }
      let rows = try folder.text("a/seeds.csv").split(separator: "\n")
      #expect(rows.count == 5 && rows[0].hasPrefix("seed,validation_accuracy,"))
      #expect(rows.filter { $0.hasSuffix(",true") }.map { $0.prefix { $0 != "," } } == ["\(kept.seed!)"])
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

  /// A network of which the n-grams are a part.
  private static func wideStart(_ folder: TemporaryFolder) throws -> Checkpoint {
    var start = try start(folder)
    start.configuration.wide = NGramSettings()
    return start
  }

  @Test("leave an ensemble with the mean of all models' logits")
  func ensemble() throws {
    try withTemporaryFolder { folder in
      let start = try Self.wideStart(folder)
      let kept = try #require(
        try SeedRuns(beginning: folder.path("a"), from: start, count: 3, makesEnsemble: true).train())
      let model = try Model(contentsOf: folder.path("a/model.safetensors"))
      #expect(kept.seed == nil && model.architecture.hiddenSize == 9)
      let run = try Run(beginning: folder.path("3"), from: start)
      try run.train()
      let test = run.dataset.test
      var sums = try Model(contentsOf: folder.path("3/model.safetensors")).logits(of: test, threads: 1)
      for seed in [4, 5] as [UInt64] {
        try Run(beginning: folder.path("\(seed)"), from: start.withSeed(seed)).train()
        let own = try Model(contentsOf: folder.path("\(seed)/model.safetensors")).logits(of: test, threads: 1)
        for index in sums.indices { sums[index] += own[index] }
      }
      let logits = try model.logits(of: test, threads: 1)
      #expect(zip(logits, sums).allSatisfy { abs($0 - $1 / 3) < 1e-5 })
      let right = zip(logits, test.labels).count { ($0 > 0) == ($1 == 1) }
      #expect(abs(kept.testAccuracy! - Double(right) / Double(test.count)) < 1e-12)
      let rows = try folder.text("a/seeds.csv").split(separator: "\n")
      #expect(rows.count == 5 && rows[4].hasPrefix("all,,,0.") && rows[4].hasSuffix(",true"))
      #expect(rows[1..<4].allSatisfy { $0.hasSuffix(",false") })
      #expect(!folder.contains("a/seeds") && !folder.contains("a/checkpoints") && folder.contains("a/history.csv"))
    }
  }

  @Test("leave the same ensemble when they are killed as it is put into its place")
  func killedEnsemble() throws {
    try withTemporaryFolder { folder in
      let start = try Self.wideStart(folder)
      _ = try SeedRuns(beginning: folder.path("whole"), from: start, count: 2, makesEnsemble: true).train()
      for isMoved in [false, true] {
        let name = "parts-\(isMoved)"
        var accuracies: [Double] = []
        #expect(throws: CancellationError.self) {
          try SeedRuns(beginning: folder.path(name), from: start, count: 2, makesEnsemble: true).train {
            guard case .result(let result) = $0 else { return .goOn }
            accuracies.append(result.validationAccuracy!)
            if accuracies.count == 2 { throw CancellationError() }
            return .goOn
          }
        }
        if isMoved {
          try folder.write(folder.bytes("whole/model.safetensors"), to: "\(name)/model.safetensors")
          let (best, other) = accuracies[1] > accuracies[0] ? (4, 3) : (3, 4)
          for file in Self.files.dropFirst() {
            try folder.write(folder.bytes("\(name)/seeds/\(best)/\(file)"), to: "\(name)/\(file)")
            try FileManager.default.removeItem(atPath: folder.path("\(name)/seeds/\(best)/\(file)"))
          }
          try FileManager.default.removeItem(atPath: folder.path("\(name)/seeds/\(other)"))
        }
        #expect(try SeedRuns(resuming: folder.path(name)).train()?.seed == nil)
        for file in Self.files + ["seeds.csv"] {
          #expect(try folder.bytes("\(name)/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
        }
        #expect(!folder.contains("\(name)/seeds"))
      }
    }
  }

  @Test("refuse an ensemble that is too large before they train")
  func largeEnsemble() throws {
    try withTemporaryFolder { folder in
      var start = try Self.start(folder)
      start.configuration.hiddenSize = 4000
      #expect(throws: ModelError.self) {
        try SeedRuns(beginning: folder.path("a"), from: start, count: 1000, makesEnsemble: true)
      }
      #expect(!folder.contains("a"))
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
