import Corpus
import Files
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing
import Training

@Suite struct CheckpointTests {
  private let source = DataSource(path: "/data/a.npz", limit: 7, wordIndex: nil, fingerprint: "0123456789abcdef")
  private let training = smallReviews(200, seed: 1)
  private let validation = smallReviews(50, seed: 2)

  private func trainer(
    _ configuration: TrainingConfiguration = smallConfiguration, state: TrainingState? = nil, threads: Int = 1
  ) throws -> Trainer {
    try Trainer(configuration, state: state, training: training, validation: validation, threads: threads)
  }

  /// The state after some steps.
  private func state(afterSteps steps: Int) throws -> TrainingState {
    let trainer = try trainer()
    _ = try trainer.run { _ in trainer.state.adam.step == steps ? .stop : .goOn }
    return trainer.state
  }

  private func withoutTimes(_ state: TrainingState) throws -> String {
    // Everything but seconds, as bits.
    let epochs = state.epochs.map { "\($0.epoch) \($0.training) \($0.validation)" }
    return [
      "\(state.parameters.values.map(\.bitPattern))", "\(state.adam.firstMoment.map(\.bitPattern))",
      "\(state.adam.secondMoment.map(\.bitPattern))", "\(state.adam.step)", "\(state.epoch)", "\(state.position)",
      "\(state.epochMetrics)", "\(state.steps)", "\(epochs)", "\(state.isFinished)",
    ].joined(separator: "\n")
  }

  @Test(arguments: [0, 1, 6, 7, 8])
  func readsBackWhatItWrote(steps: Int) throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let state = steps == 0 ? try trainer().state : try state(afterSteps: steps)
      var output = OutputSettings()
      (output.checkpointEvery, output.tensorBoard) = (steps + 1, "/logs")
      let checkpoint = Checkpoint(state, configuration: smallConfiguration, source: source, output: output)
      try checkpoint.write(to: folder + "/c.safetensors")
      #expect(try Checkpoint(contentsOf: folder + "/c.safetensors") == checkpoint)
    }
  }

  @Test func holdsEveryNetwork() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let file = folder + "/c.safetensors"
      for (layers, isBidirectional, embeddingSize) in [(1, true, 6), (3, false, 6), (2, true, 0)] {
        for pooling in Architecture.Pooling.allCases {
          var configuration = smallConfiguration
          (configuration.layerCount, configuration.isBidirectional) = (layers, isBidirectional)
          (configuration.embeddingSize, configuration.pooling) = (embeddingSize, pooling)
          (configuration.masksPadding, configuration.labelCount) = (isBidirectional, layers + 1)
          if layers == 2 { configuration.denseLayers = [.init(5, .relu)] }
          configuration.dropout.words = 0.25
          let checkpoint = Checkpoint(TrainingState(configuration), configuration: configuration, source: source)
          try checkpoint.write(to: file)
          let read = try Checkpoint(contentsOf: file)
          #expect(read == checkpoint)
          #expect(read.state.parameters.architecture == configuration.architecture)

          // Of another network, whatever the checksum says.
          var forged = try Safetensors(contentsOf: file)
          forged.metadata["checksum"] = nil
          forged.metadata["configuration"] = forged.metadata["configuration"]?.replacingOccurrences(
            of: "\"layerCount\":\(layers)", with: "\"layerCount\":64")
          forged.metadata["checksum"] = forged.checksum
          try forged.write(to: file)
          refuses(.malformed, at: file, "it has no tensor parameters of ") { try Checkpoint(contentsOf: file) }
        }
      }
    }
  }

  /// The run is stopped after each single step, and now and then in the validation, and goes on from a file with
  /// another number of threads.
  @Test func aRunInPiecesEndsWithTheSameBits() throws {
    let whole = try trainer()
    #expect(try whole.run { _ in .goOn } == .completed)
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      var state: TrainingState?
      var pieces = 0
      while state?.isFinished != true {
        pieces += 1
        let trainer = try trainer(state: state, threads: 1 + pieces % 3)
        var stopsInValidation = pieces % 2 == 0
        _ = try trainer.run { event in
          if case .validation = event, stopsInValidation {
            stopsInValidation = false
            return .stop
          }
          if case .step = event { return .stop }
          return .goOn
        }
        let file = folder + "/\(pieces).safetensors"
        try Checkpoint(trainer.state, configuration: smallConfiguration, source: source).write(to: file)
        state = try Checkpoint(contentsOf: file).state
        try #require(pieces < 100)
      }
      #expect(pieces > 14)
      #expect(try withoutTimes(#require(state)) == withoutTimes(whole.state))
    }
  }

  @Test func moreEpochsGoOnFromTheEndOfFewer() throws {
    var more = smallConfiguration
    more.epochs = 3
    let whole = try trainer(more)
    _ = try whole.run { _ in .goOn }
    let first = try trainer()
    _ = try first.run { _ in .goOn }
    var state = first.state
    state.reopen()
    let second = try trainer(more, state: state)
    _ = try second.run { _ in .goOn }
    #expect(try withoutTimes(second.state) == withoutTimes(whole.state))
  }

  // MARK: An optimizer from elsewhere

  /// A run that begins with an optimizer of 14 steps, with settings that aren't the defaults, counts its own steps from
  /// 1, and ends with the same bits in pieces.
  @Test func aRunWithAnOptimizerFromElsewhereEndsWithTheSameBits() throws {
    let before = try trainer()
    _ = try before.run { _ in .goOn }
    var adam = before.state.adam
    (adam.beta1, adam.beta2, adam.epsilon, adam.learningRate) = (0.8, 0.99, 1e-5, 0.005)
    let first = try TrainingState(before.parameters, optimizer: adam)
    #expect(first.learningRate == 0.005 && first.steps.isEmpty && first.adam.step == 14)

    let whole = try trainer(state: first)
    var numbers: [Int] = []
    _ = try whole.run { event in
      if case .step(let record) = event { numbers.append(record.step) }
      return .goOn
    }
    #expect(numbers == Array(1...14))
    #expect(whole.state.adam.step == 28 && whole.state.lastLearningRate == 0.005)
    // With other settings the weights are others.
    let other = try trainer(state: TrainingState(before.parameters, learningRate: 0.005))
    _ = try other.run { _ in .goOn }
    #expect(other.parameters != whole.parameters)

    try withTemporaryFolder { temporary in
      let path = temporary.path
      let run = try folder(path)
      var state = first
      while !state.isFinished {
        let trainer = try trainer(state: state)
        _ = try trainer.run { event in
          if case .step = event { return .stop }
          return .goOn
        }
        try run.write(Checkpoint(trainer.state, configuration: smallConfiguration, source: source))
        state = try run.latestCheckpoint { Issue.record("damaged: \($0)") }.state
        try #require(state.steps.count <= 14)
      }
      #expect(state.adam == whole.state.adam)
      #expect(try withoutTimes(state) == withoutTimes(whole.state))
      #expect(try names(path).last == "step-00000014.safetensors")
    }
  }

  @Test func aScheduleCountsTheRunsOwnSteps() throws {
    var configuration = smallConfiguration
    configuration.schedule = .stepDecay(factor: 0.5, everySteps: 3)
    let before = try state(afterSteps: 9)
    let trainer = try trainer(configuration, state: TrainingState(before.parameters, optimizer: before.adam))
    var rates: [Double] = []
    _ = try trainer.run { event in
      if case .step = event { rates.append(trainer.state.lastLearningRate) }
      return rates.count == 4 ? .stop : .goOn
    }
    #expect(rates == [0.01, 0.01, 0.01, 0.005])
  }

  // MARK: Damage

  @Test func everyDamageIsNoticed() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let file = folder + "/c.safetensors"
      try Checkpoint(try state(afterSteps: 3), configuration: smallConfiguration, source: source).write(to: file)
      let whole = try Data(contentsOf: URL(fileURLWithPath: file))
      var generator = RandomGenerator(seed: 3)
      for round in 0..<4000 {
        var data = whole
        let place = Int(generator.uniform() * Double(round % 2 == 0 ? 1500 : data.count))
        switch round % 5 {
        case 0...2: data[place] ^= 1 << UInt8(generator.uniform() * 8)
        case 3: data.removeSubrange(place...)
        default: data.insert(UInt8(generator.uniform() * 256), at: place)
        }
        try data.write(to: URL(fileURLWithPath: file))
        do {
          let read = try Checkpoint(contentsOf: file)
          // A space of the header's end, where another space is as good.
          #expect(read.state.adam.step == 3 && read.source == source, "round \(round), byte \(place)")
        } catch let error as any ActionableError {
          #expect(error.path == file)
        }
      }
    }
  }

  /// A checksum proves nothing about who wrote it.
  @Test func refusesAStateThatContradictsItself() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let file = folder + "/c.safetensors"
      let state = try state(afterSteps: 9)
      try Checkpoint(state, configuration: smallConfiguration, source: source).write(to: file)
      for (text, replacement) in [
        ("\"position\":64", "\"position\":96"), ("\"position\":64", "\"position\":9223372036854775807"),
        ("\"position\":64", "\"position\":-1"), ("\"sampleCount\":64", "\"sampleCount\":9223372036854775807"),
        ("\"epoch\":1,", "\"epoch\":2,"),
      ] {
        var forged = try Safetensors(contentsOf: file)
        forged.metadata["checksum"] = nil
        let progress = try #require(forged.metadata["progress"])
        try #require(progress.contains(text), "\(progress)")
        forged.metadata["progress"] = progress.replacingOccurrences(of: text, with: replacement)
        forged.metadata["checksum"] = forged.checksum
        let other = folder + "/forged.safetensors"
        try forged.write(to: other)
        refuses((any ActionableError).self) { try trainer(state: Checkpoint(contentsOf: other).state) }
      }
      _ = try trainer(state: Checkpoint(contentsOf: file).state)
    }
  }

  @Test func refusesAModel() throws {
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let file = folder + "/model.safetensors"
      try Model(trainer().parameters, configuration: smallConfiguration).write(toSafetensors: file)
      refuses(ModelError.self, at: file, ": is not a checkpoint") { try Checkpoint(contentsOf: file) }
    }
  }

  // MARK: The folder

  private func folder(_ path: String) throws -> RunFolder {
    try RunFolder(beginning: path + "/run", smallConfiguration, overwrite: true)
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/run/checkpoints").sorted()
  }

  @Test func onlyTheNewestCheckpointsAreKept() throws {
    try withTemporaryFolder { temporary in
      let path = temporary.path
      let run = try folder(path)
      var output = OutputSettings()
      output.keep = 3
      for steps in 1...5 {
        let state = try state(afterSteps: steps)
        try run.write(Checkpoint(state, configuration: smallConfiguration, source: source, output: output))
      }
      #expect(try names(path) == [3, 4, 5].map { "step-0000000\($0).safetensors" })
    }
  }

  @Test func aDamagedCheckpointGivesWayToTheOneBefore() throws {
    try withTemporaryFolder { temporary in
      let path = temporary.path
      let run = try folder(path)
      for steps in 1...2 {
        try run.write(Checkpoint(try state(afterSteps: steps), configuration: smallConfiguration, source: source))
      }
      let newest = path + "/run/checkpoints/step-00000002.safetensors"
      var data = try Data(contentsOf: URL(fileURLWithPath: newest))
      data[data.count - 9] ^= 1
      try data.write(to: URL(fileURLWithPath: newest))
      var damaged: [String] = []
      #expect(try run.latestCheckpoint { damaged.append("\($0)") }.state.adam.step == 1)
      #expect(damaged.count == 1 && damaged[0].contains("checksum"))
    }
  }

  @Test func refusesAFolderOfDamagedCheckpoints() throws {
    try withTemporaryFolder { temporary in
      let path = temporary.path
      let run = try folder(path)
      try run.write(Checkpoint(try state(afterSteps: 1), configuration: smallConfiguration, source: source))
      try Data().write(to: URL(fileURLWithPath: path + "/run/checkpoints/step-00000001.safetensors"))
      #expect(throws: TrainingError.noWholeCheckpoint(path: path + "/run/checkpoints")) {
        try run.latestCheckpoint { _ in }
      }
    }
  }

  @Test func twoRunsCannotShareAFolder() throws {
    try withTemporaryFolder { temporary in
      let path = temporary.path
      var run: RunFolder? = try folder(path)
      try run?.write(Checkpoint(try state(afterSteps: 1), configuration: smallConfiguration, source: source))
      for second in [{ try folder(path) }, { try RunFolder(resuming: path + "/run") }] {
        #expect(throws: TrainingError.runInUse(path: path + "/run")) { try second() }
      }
      run = nil
      _ = try RunFolder(resuming: path + "/run")
    }
  }

  @Test func historiesAreCutWhereTheStateEnds() throws {
    try withTemporaryFolder { temporary in
      let path = temporary.path
      let state = try state(afterSteps: 9)
      let run = try folder(path)
      func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/run/" + name, encoding: .utf8) }
      try run.goOn(from: Checkpoint(state, configuration: smallConfiguration, source: source))
      let (history, steps) = (try text("history.csv"), try text("steps.csv"))
      #expect(history.split(separator: "\n").count == 1 + state.epochs.count)
      #expect(steps.split(separator: "\n").count == 1 + 9)
      for name in ["history.csv", "steps.csv", "performance.csv"] {
        try (text(name) + "77,0.5,0.5,0.5,0.5\n10,0.").write(
          toFile: path + "/run/" + name, atomically: true, encoding: .utf8)
      }
      try run.goOn(from: Checkpoint(state, configuration: smallConfiguration, source: source))
      #expect(try text("history.csv") == history)
      #expect(try text("steps.csv") == steps)
      #expect(try text("performance.csv") == "step,seconds,memory_bytes\n")
    }
  }

  // MARK: Faults

  /// Each call of a write fails in turn: the newest whole checkpoint is then the old one or the new one.
  @Test(arguments: [EIO, ENOSPC, EACCES]) func whateverFailsOneCheckpointIsWhole(code: Int32) throws {
    let (old, new) = (try state(afterSteps: 1), try state(afterSteps: 2))
    var calls = 0
    for failing in 0..<100 {
      try withTemporaryFolder { temporary in
        let path = temporary.path
        let run = try folder(path)
        try run.write(Checkpoint(old, configuration: smallConfiguration, source: source))
        let counter = Counter()
        var failure: (any Error)?
        do {
          try withFaults(below: path, { _ in counter.next() == failing ? code : nil }) {
            try run.write(Checkpoint(new, configuration: smallConfiguration, source: source))
          }
        } catch { failure = error }
        calls = counter.count
        let found = try run.latestCheckpoint { Issue.record("damaged: \($0)") }
        if failing < calls {
          #expect("\(try #require(failure))".contains(path + "/run/checkpoints/step-00000002.safetensors"))
          #expect([1, 2].contains(found.state.adam.step))
          #expect(try names(path).allSatisfy { $0.hasSuffix(".safetensors") })
          // The next write succeeds.
          try run.write(Checkpoint(new, configuration: smallConfiguration, source: source))
          #expect(try run.latestCheckpoint { _ in }.state.adam.step == 2)
        } else {
          #expect(failure == nil)
        }
      }
      if failing == calls { break }
    }
    // Open, seven writes, sync, close, rename, and the folder's two.
    #expect(calls >= 10)
  }

  private final class Counter: Sendable {
    private let lock = NSLock()
    /// Written under the lock; read when the calls are over.
    nonisolated(unsafe) private(set) var count = 0

    func next() -> Int {
      lock.withLock {
        count += 1
        return count - 1
      }
    }
  }
}
