import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

@testable import Training

@Suite("A tuner") struct TunerTests {
  /// Two labels that differ in one word among others, of which every tenth is wrong.
  private static let table: String = {
    var generator = RandomGenerator(seed: 5)
    let rows = (0..<150).map { number in
      let own = (number % 2 == 0) != (number % 10 == 3) ? "good" : "bad"
      let others = (0..<Int(generator.uniform() * 4)).map { _ in "w\(Int(generator.uniform() * 30))" }
      return "\(number % 2),\((others + [own, "n\(number)"]).joined(separator: " "))"
    }
    return (["label,text"] + rows).joined(separator: "\n")
  }()

  private static let options: TuningOptions = {
    var options = TuningOptions()
    (options.trialLimit, options.folds) = (8, 2)
    return options
  }()

  private func withTable(_ body: (TemporaryFolder, DataSource) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try body(folder, DataSource(path: folder.write(Data(Self.table.utf8), to: "table.csv")))
    }
  }

  /// What must be the same whenever trials are.
  private static func facts(_ trials: [Trial]) -> [String] {
    trials.map { trial in
      let folds = trial.folds.map { "\($0.confusion) \($0.lossSum) \($0.rocArea ?? 0)" }
      return "\(trial.number) \(trial.configuration) \(trial.tokens) \(folds) \(trial.modelSize ?? 0)"
    }
  }

  @Test("tries the defaults, then n-grams alone, then networks, with the same bits for any number of threads")
  func threads() throws {
    try withTable { folder, source in
      var found: [Tuning] = []
      for threads in [1, 3] {
        var tuner = Tuner(source, folder: folder.path("\(threads)"), options: Self.options)
        tuner.threads = threads
        found.append(try #require(try tuner.search()))
      }
      #expect(Self.facts(found[0].trials) == Self.facts(found[1].trials))
      #expect(found[0].best.number == found[1].best.number)
      let trials = found[0].trials
      #expect(trials.map(\.configuration.hasNetwork) == [true] + Array(repeating: false, count: 6) + [true])
      #expect(trials[0].folds.count == 2 && found[0].best.folds.count == 2)
      #expect(found[0].best.accuracy! >= trials[0].accuracy!)
      #expect([trials[0], found[0].best].contains(found[0].choice))
      #expect(found[0].start.configuration == found[0].choice.configuration)
      #expect(found[0].start.source.text?.tokens == found[0].choice.tokens)
      #expect(try folder.text("1/trials.csv").split(separator: "\n").count == 1 + 8)
    }
  }

  @Test("tries the same with the same bits on any number of ranks, and goes on with others")
  func ranks() throws {
    try withTable { folder, source in
      let expected = try #require(try Tuner(source, folder: folder.path("alone"), options: Self.options).search())
      /// The trials that ranks have found, or nil where they were stopped at the beginning of some fold.
      func search(_ ranks: Int, _ tuner: Tuner, stoppingAtFold stop: Int = .max) throws -> [String]? {
        let results = ThreadRank.run(ranks) { rank -> [String]? in
          if rank.rank > 0 {
            try Tuner.help(rank, threads: 1)
            return nil
          }
          var count = 0
          return try tuner.search(on: rank) { event in
            if case .progress(_, _, share: 0) = event { count += 1 }
            return count == stop ? .stop : .goOn
          }.map { Self.facts($0.trials) }
        }
        for result in results.dropFirst() { _ = try result.get() }
        return try results[0].get()
      }
      for ranks in [2, 3] {
        let tuner = Tuner(source, folder: folder.path("\(ranks)"), options: Self.options)
        #expect(try search(ranks, tuner) == Self.facts(expected.trials))
      }
      let tuner = Tuner(source, folder: folder.path("stopped"), options: Self.options)
      #expect(try search(3, tuner, stoppingAtFold: 4) == nil)
      #expect(try search(2, tuner.goingOn) == Self.facts(expected.trials))
      // Where rank 0 finds nothing to do, the others end as well.
      #expect(throws: TrainingError.self) { try search(2, tuner) }
    }
  }

  @Test("goes on where it was stopped, and ends with the same trials and weights")
  func resuming() throws {
    try withTable { folder, source in
      let whole = Tuner(source, folder: folder.path("whole"), options: Self.options)
      let expected = try #require(try whole.search())
      try #require(try whole.run(expected)).train()
      var tuner = Tuner(source, folder: folder.path("parts"), options: Self.options)
      var stops = 0
      var found: Tuning?
      while found == nil {
        var count = 0
        found = try tuner.search { event in
          if case .progress(_, _, share: 0) = event { count += 1 }
          return count == 5 ? .stop : .goOn
        }
        if found == nil { stops += 1 }
        tuner = tuner.goingOn
      }
      #expect(stops > 1)
      let tuning = try #require(found)
      #expect(Self.facts(tuning.trials) == Self.facts(expected.trials))
      #expect(tuning.best.number == expected.best.number)
      try #require(try tuner.run(tuning)).train()
      #expect(try folder.bytes("parts/model.safetensors") == folder.bytes("whole/model.safetensors"))
      // Nothing is left to do, even where there would be more time.
      let more = Tuner(resuming: folder.path("parts")) { $0.trialLimit = 20 }
      let again = try #require(try more.search())
      #expect(Self.facts(again.trials) == Self.facts(expected.trials))
      #expect(try more.run(again) == nil)
    }
  }

  @Test("leaves an ensemble of the best network, unless a limit leaves no room")
  func ensemble() throws {
    try withTable { folder, source in
      var options = Self.options
      options.seedCount = 2
      let tuner = Tuner(source, folder: folder.path("a"), options: options)
      let tuning = try #require(try tuner.search())
      #expect(tuning.seedCount == 2)
      #expect(try tuner.runs(tuning)?.train { _ in .stop } == nil)
      var again = try #require(try tuner.goingOn.search())
      let kept = try tuner.runs(again)?.train()
      #expect(kept != nil && kept?.seed == nil)
      again = try #require(try tuner.goingOn.search())
      #expect(try tuner.runs(again) == nil)
      let members = try (0..<2 as Range<UInt64>).map { seed in
        let path = folder.path("\(seed)")
        try Run(beginning: path, from: tuning.start.withSeed(tuning.start.configuration.seed + seed)).train()
        return try Model(contentsOf: path)
      }
      #expect(try Model(contentsOf: folder.path("a")) == Model(ensembleOf: members))
      func seedCount(_ change: (inout TuningOptions) -> Void) throws -> Int {
        options = Self.options
        // The defaults alone, which have a network.
        options.trialLimit = 1
        change(&options)
        return try #require(try Tuner(source, folder: folder.path("b"), options: options, overwrites: true).search())
          .seedCount
      }
      #expect(try seedCount { _ in } == 3)
      #expect(try seedCount { $0.speedLimit = 1 } == 1)
      #expect(try seedCount { $0.modelSizeLimit = 2 * tuning.trials[0].modelSize! } == 1)
      #expect(try seedCount { $0.modelSizeLimit = 3 * tuning.trials[0].modelSize! } == 3)
    }
  }

  @Test("tries more where its limit grows")
  func extending() throws {
    try withTable { folder, source in
      _ = try Tuner(source, folder: folder.path("a"), options: Self.options).search()
      let more = try #require(try Tuner(resuming: folder.path("a")) { $0.trialLimit = 11 }.search())
      #expect(more.trials.count == 11)
      #expect(throws: TrainingError.invalidTuning) {
        try Tuner(resuming: folder.path("a")) { $0.trialLimit = nil }.search()
      }
    }
  }

  @Test("shows a trial that diverges, and goes on")
  func divergence() throws {
    try withTable { folder, source in
      var options = Self.options
      options.trialLimit = 1
      let tuner = Tuner(source, folder: folder.path("a"), options: options)
      #expect(try tuner.search { _ in .stop } == nil)
      let record = try folder.text("a/tuning.json")
      try folder.write(record.replacing("\"learningRate\":0.006", with: "\"learningRate\":1e38"), to: "a/tuning.json")
      #expect(throws: TrainingError.self) { try tuner.goingOn.search() }
      let tuning = try #require(try Tuner(resuming: folder.path("a")) { $0.trialLimit = 4 }.search())
      #expect(tuning.trials[0].folds.isEmpty)
      #expect(try #require(tuning.trials[0].problem).contains("is not finite"))
      #expect(tuning.best.number > 1)
      #expect(try folder.text("a/trials.csv").contains("is not finite"))
    }
  }

  @Test("keeps to the model's size and speed")
  func limits() throws {
    try withTable { folder, source in
      var options = Self.options
      options.modelSizeLimit = 60_000
      let tuning = try #require(try Tuner(source, folder: folder.path("a"), options: options).search())
      #expect(try #require(tuning.trials[0].problem).contains("bytes"))
      #expect(tuning.best.modelSize! <= 60_000)
      options.speedLimit = 1e12
      #expect {
        try Tuner(source, folder: folder.path("b"), options: options).search()
      } throws: {
        guard case TrainingError.noUsableTrial(let problem) = $0 else { return false }
        return problem?.contains("texts a second") == true || problem?.contains("bytes") == true
      }
    }
  }

  @Test("refuses what can't be")
  func refusals() throws {
    try withTable { folder, source in
      func search(_ change: (inout TuningOptions) -> Void) throws {
        var options = Self.options
        change(&options)
        _ = try Tuner(source, folder: folder.path("a"), options: options).search()
      }
      #expect(throws: TrainingError.invalidTuning) { try search { $0.trialLimit = nil } }
      #expect(throws: TrainingError.invalidTuning) { try search { $0.folds = 0 } }
      #expect(throws: TrainingError.tooFewTexts(count: 120, folds: 100)) { try search { $0.folds = 100 } }
      #expect(throws: TrainingError.noTuning(path: folder.path("a"))) {
        try Tuner(resuming: folder.path("a")).search()
      }
      #expect(!folder.contains("a"))
      try search { $0.trialLimit = 1 }
      #expect(throws: TrainingError.runExists(path: folder.path("a"), file: "history.csv")) { try search { _ in } }
      try folder.write("{", to: "a/trials/00001.json")
      #expect(throws: TrainingError.unreadableTuning(path: folder.path("a/trials/00001.json"))) {
        try Tuner(resuming: folder.path("a")).search()
      }
      try folder.write(Self.table + "\n1,one more", to: "table.csv")
      #expect(throws: TrainingError.otherData(path: source.path)) {
        try FileManager.default.removeItem(atPath: folder.path("a/trials"))
        return try Tuner(resuming: folder.path("a")).search()
      }
    }
  }

  @Test("gives its trials one after the other")
  func sequence() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lstm-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: "table.csv").path
    try Data(Self.table.utf8).write(to: URL(fileURLWithPath: path))
    let tuner = Tuner(DataSource(path: path), folder: folder.appending(path: "a").path, options: Self.options)
    var numbers: [Int] = []
    for try await trial in tuner.trials { numbers.append(trial.number) }
    #expect(Set(numbers) == Set(1...8))
    #expect(Array(numbers.prefix(3)) == [1, 1, 2])
    await #expect(throws: TrainingError.self) { for try await _ in tuner.trials {} }
  }
}
