import Classification
import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import Parallel
import Testing
import Training

/// A run in a folder, as a program uses it.
@Suite struct RunTests {
  /// Sixty short texts, half of which have the word "good".
  private static func writeTexts(_ path: String, replacing word: String = "good") throws {
    let rows = (0..<60).map { row in
      "film number \(row % 7) is \(row.isMultiple(of: 2) ? word : "bad") in its way,\(row.isMultiple(of: 2) ? 1 : 0)"
    }
    try (["text,label"] + rows).joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static let configuration: TrainingConfiguration = {
    var configuration = smallConfiguration
    (configuration.vocabularySize, configuration.batchSize) = (30, 10)
    return configuration
  }()

  private static func start(_ folder: String) throws -> Checkpoint {
    try writeTexts(folder + "/texts.csv")
    var source = DataSource(path: folder + "/texts.csv")
    source.text = TextOptions()
    return try Checkpoint(configuration: configuration, source: source)
  }

  /// The weights that a run leaves when nothing interrupts it.
  private static func wholeRun() throws -> Model {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Run(beginning: folder + "/run", from: start(folder)).train()
      return try Model(contentsOf: folder + "/run/model.safetensors")
    }
  }

  @Test func writesTheModelThatItHolds() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let run = try Run(beginning: folder + "/run", from: Self.start(folder))
      #expect(try run.train() == .completed)
      #expect(try Model(contentsOf: folder + "/run/model.safetensors") == run.model)
    }
  }

  @Test func choosesTheThresholdOnTheValidationTexts() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      var start = try Self.start(folder)
      var configuration = start.configuration
      (configuration.threshold, configuration.validationSplit) = (.bestF1, 0.3)
      start = try Checkpoint(configuration: configuration, source: start.source)
      let run = try Run(beginning: folder + "/run", from: start)
      try run.train()
      let model = try Model(contentsOf: folder + "/run/model.safetensors")
      let validation = try #require(run.dataset.validation)
      let outcomes = try model.outcomes(of: validation, threads: 1)
      let curve = PrecisionRecallCurve(probabilities: outcomes.map(\.probability), labels: validation.labels)
      #expect(curve.bestF1 != nil && run.threshold == curve.bestF1)
      #expect(model.threshold == run.threshold?.threshold)
    }
  }

  @Test(arguments: [1, 4, 7]) func aResumedRunEndsWithTheSameBits(stopAfter: Int) throws {
    let whole = try Self.wholeRun()
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Self.stop(inFolder: folder, after: stopAfter)
      let resumed = try #require(try Run(resuming: folder + "/run"))
      #expect(try resumed.train() == .completed)
      #expect(try resumed.model == whole)
    }
  }

  @Test func aStoppedRunGoesOnInTheSameProcess() throws {
    let whole = try Self.wholeRun()
    try withTemporaryFolder { temporary in
      let run = try Run(beginning: temporary.path + "/run", from: Self.start(temporary.path))
      #expect(try run.train { if case .step(let record) = $0, record.step == 4 { .stop } else { .goOn } } == .stopped)
      #expect(try run.train() == .completed)
      #expect(try run.model == whole)
    }
  }

  /// Begins a run, and stops it after a step.
  private static func stop(inFolder folder: String, after step: Int) throws {
    let run = try Run(beginning: folder + "/run", from: start(folder))
    let ending = try run.train { event in
      if case .step(let record) = event, record.step == step { return .stop }
      return .goOn
    }
    #expect(ending == .stopped)
  }

  @Test func aFinishedRunIsNotResumed() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Run(beginning: folder + "/run", from: Self.start(folder)).train()
      #expect(try Run(resuming: folder + "/run") == nil)
    }
  }

  @Test func moreEpochsReopenAFinishedRun() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Run(beginning: folder + "/run", from: Self.start(folder)).train()
      var more = Self.configuration
      more.epochs += 1
      let run = try #require(
        try Run(resuming: folder + "/run", change: { try $0.extend(to: more, path: folder + "/run") }))
      try run.train()
      #expect(run.trainer.state.epochs.count == Self.configuration.epochs + 1)
    }
  }

  @Test func refusesOtherSettings() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Self.stop(inFolder: folder, after: 1)
      var other = Self.configuration
      other.seed = 7
      #expect(throws: TrainingError.otherSettings(path: folder, changes: ["seed: 7, 0"])) {
        _ = try Run(resuming: folder + "/run", change: { try $0.extend(to: other, path: folder) })
      }
    }
  }

  @Test func refusesOtherData() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Self.stop(inFolder: folder, after: 1)
      try Self.writeTexts(folder + "/texts.csv", replacing: "good and long")
      #expect(throws: TrainingError.otherData(path: folder + "/texts.csv")) {
        _ = try Run(resuming: folder + "/run")
      }
    }
  }

  @Test func refusesAFolderThatHoldsARun() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Self.stop(inFolder: folder, after: 1)
      let start = try Self.start(folder)
      refuses(TrainingError.self, at: folder + "/run", "holds a run already") {
        try Run(beginning: folder + "/run", from: start)
      }
    }
  }

  @Test func overwritesARunIfTold() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      try Self.stop(inFolder: folder, after: 1)
      let start = try Self.start(folder)
      var options = Run.Options()
      options.overwrites = true
      #expect(throws: Never.self) { try Run(beginning: folder + "/run", from: start, options: options) }
    }
  }

  @Test func aFolderIsMadeOnlyForDataThatCanBeRead() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      var start = try Self.start(folder)
      start.source.path = folder + "/nothing.csv"
      #expect(throws: CorpusError.self) { try Run(beginning: folder + "/run", from: start) }
      #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
    }
  }

  @Test func refusesToStartFromAModelOfAnotherNetwork() throws {
    var other = Self.configuration
    other.hiddenSize += 1
    let model = Model(TrainingState(other).parameters)
    #expect(
      throws: TrainingError.otherNetwork(
        path: nil, found: other.architecture, expected: Self.configuration.architecture)
    ) {
      try Checkpoint(model: model, configuration: Self.configuration, source: DataSource(path: "texts.csv"))
    }
  }

  @Test func ranksShareARunToTheSameBits() throws {
    let whole = try Self.wholeRun()
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let start = try Self.start(folder)
      let results = ThreadRank.run(3) { rank in
        var options = Run.Options()
        (options.threads, options.communicator) = (1, rank)
        let run = try Run(beginning: folder + "/run", from: start, options: options)
        try run.train()
        return try run.model
      }
      for result in results { #expect(try result.get() == whole) }
      #expect(try Model(contentsOf: folder + "/run/model.safetensors") == whole)
    }
  }

  @Test func oneRankThatCannotBeginEndsAllOfThem() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let start = try Self.start(folder)
      let results = ThreadRank.run(2) { rank in
        var options = Run.Options()
        (options.threads, options.communicator) = (1, rank)
        if rank.rank == 1 { options.dataPath = folder + "/elsewhere.csv" }
        _ = try Run(beginning: folder + "/run", from: start, options: options)
      }
      for (rank, result) in results.enumerated() {
        #expect { try result.get() } throws: { error in
          let reason = (error as? RankFailure)?.reason as? RankError
          return rank == 0 ? reason?.problem.hasPrefix("rank 1 can't begin") == true : error is RankFailure
        }
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
    }
  }
}
