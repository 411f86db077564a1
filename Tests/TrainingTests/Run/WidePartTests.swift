import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import NGrams
import Parallel
import RecurrentNetwork
import Testing

@testable import Training

@Suite("A run with a wide part")
struct WidePartTests {
  /// Two labels that differ in one word among others, in texts of up to nine words.
  private static let table: String = {
    var generator = RandomGenerator(seed: 5)
    let rows = (0..<300).map { number in
      let own = number % 2 == 0 ? "good" : "bad"
      let others = (0..<Int(generator.uniform() * 8)).map { _ in "w\(Int(generator.uniform() * 30))" }
      return "\(own),\((others + [own]).joined(separator: " "))"
    }
    return (["label,text"] + rows).joined(separator: "\n")
  }()

  private static let configuration: TrainingConfiguration = {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (40, 4, 5)
    (configuration.maxLength, configuration.batchSize, configuration.epochs) = (9, 32, 2)
    configuration.validationSplit = 0.2
    configuration.wide = NGramSettings()
    return configuration
  }()

  private func withTable(_ body: (TemporaryFolder, DataSource) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try body(folder, DataSource(path: folder.write(Data(Self.table.utf8), to: "table.csv")))
    }
  }

  private func start(_ source: DataSource) throws -> Checkpoint {
    try Checkpoint(configuration: Self.configuration, source: source)
  }

  private func options(threads: Int, _ communicator: any Communicator = SingleRank()) -> Run.Options {
    var options = Run.Options()
    (options.threads, options.communicator) = (threads, communicator)
    return options
  }

  @Test("leaves a model that has it, with the same bits for any number of threads")
  func threads() throws {
    try withTable { folder, source in
      var files: [Data] = []
      for threads in [1, 3] {
        var (before, after) = (0.0, 0.0)
        let run = try Run(
          beginning: folder.path("run\(threads)"), from: start(source), options: options(threads: threads)
        ) { if case .ngrams(let share) = $0 { before = share } }
        let ending = try run.train {
          if case .ngrams(let share) = $0 { after = share }
          return .goOn
        }
        #expect(ending == .completed && before == 1 && after == 1)
        files.append(try folder.bytes("run\(threads)/model.safetensors"))
        #expect(run.wideMetrics?.accuracy == 1)
        #expect(run.warnings == [] && !run.leavesNetworkOut)
      }
      #expect(files[0] == files[1])
      let model = try Model(contentsOf: folder.path("run1"))
      #expect(model.wide != nil)
      #expect(model.configuration == Self.configuration)
    }
  }

  @Test("is known after the run as it was before, although the model has another")
  func training() throws {
    try withTable { folder, source in
      let run = try Run(beginning: folder.path("run"), from: start(source), options: options(threads: 2))
      let before = try run.model.wide
      try run.train()
      #expect(try run.model.wide == before)
      #expect(try Model(contentsOf: folder.path("run")).wide != before)
    }
  }

  @Test("goes on with the same bits after it was stopped")
  func resuming() throws {
    try withTable { folder, source in
      let whole = try Run(beginning: folder.path("whole"), from: start(source), options: options(threads: 2))
      try whole.train()
      do {
        let run = try Run(beginning: folder.path("run"), from: start(source), options: options(threads: 2))
        var steps = 0
        try run.train { event in
          if case .step = event { steps += 1 }
          return steps == 4 ? .stop : .goOn
        }
      }
      let resumed = try #require(try Run(resuming: folder.path("run"), options: options(threads: 1)))
      try resumed.train()
      #expect(try folder.bytes("run/model.safetensors") == folder.bytes("whole/model.safetensors"))
      #expect(try folder.bytes("run/history.csv") == folder.bytes("whole/history.csv"))
    }
  }

  @Test("has the same bits on several ranks")
  func ranks() throws {
    try withTable { folder, source in
      let alone = try Run(beginning: folder.path("alone"), from: start(source), options: options(threads: 1))
      try alone.train()
      let start = try start(source)
      let path = folder.path("ranks")
      let results = ThreadRank.run(3) { communicator in
        try Run(beginning: path, from: start, options: options(threads: 1, communicator)).train()
      }
      for result in results { #expect(try result.get() == .completed) }
      #expect(try folder.bytes("ranks/model.safetensors") == folder.bytes("alone/model.safetensors"))
      #expect(try folder.bytes("ranks/history.csv") == folder.bytes("alone/history.csv"))
    }
  }

  @Test("refuses data that are numbers")
  func numbers() throws {
    let data = smallReviews(20, seed: 1)
    #expect(throws: TrainingError.numbersInsteadOfTexts) {
      try WidePart(Self.configuration, training: data, validation: data, threads: 1)
    }
    var without = Self.configuration
    without.wide = nil
    #expect(try WidePart(without, training: data, validation: data, threads: 1) == nil)
  }

  @Test("leaves a network out that was no help, and says no more of it")
  func weighing() throws {
    try withTable { folder, source in
      var configuration = Self.configuration
      (configuration.learningRate, configuration.epochs) = (1e-9, 1)
      var start = try Checkpoint(configuration: configuration, source: source)
      // It is sure of label 1, whatever it reads.
      start.state.parameters[start.state.parameters.layout.denseBias] = [20]
      let run = try Run(beginning: folder.path("run"), from: start, options: options(threads: 1))
      try run.train()
      try #require(run.trainer.state.epochs[0].validation.accuracy < 1)
      #expect(run.wideMetrics?.accuracy == 1)
      #expect(run.warnings == [] && run.leavesNetworkOut && run.configuration == configuration)
      let model = try Model(contentsOf: folder.path("run"))
      #expect(model.architecture.hiddenSize == 0 && model.wide != nil)
      #expect(try model.outcomes(of: run.dataset.test, threads: 1).allSatisfy { $0.loss.isFinite })
      #expect(try model.evaluation(of: run.dataset.training, threads: 1).accuracy == 1)
    }
  }

  @Test("says when a model is no better than a constant")
  func warnings() throws {
    try withTable { folder, source in
      var configuration = Self.configuration
      (configuration.wide, configuration.learningRate, configuration.epochs) = (nil, 1e-9, 1)
      let run = try Run(
        beginning: folder.path("run"), from: Checkpoint(configuration: configuration, source: source),
        options: options(threads: 1))
      try run.train()
      let accuracy = run.trainer.state.epochs[0].validation.accuracy
      #expect(run.warnings.contains { $0.contains("no better than answering") } == (accuracy <= 0.5))
    }
  }
}

@Suite("The shares of two classifiers")
struct LogitSharesTests {
  /// Σ -log p of the labels under shares, with the prior, in plain loops.
  private func loss(_ shares: [Double], _ first: [Float], _ second: [Float], _ labels: [UInt8]) -> Double {
    let width = first.count / labels.count
    var sum = 5 * ((shares[0] - 0.5) * (shares[0] - 0.5) + (shares[1] - 0.5) * (shares[1] - 0.5))
    for (sample, label) in labels.enumerated() {
      var logits = (0..<width).map {
        shares[0] * Double(first[sample * width + $0]) + shares[1] * Double(second[sample * width + $0])
      }
      if width == 1 { logits.insert(0, at: 0) }
      sum += log(logits.reduce(0) { $0 + exp($1) }) - logits[Int(label)]
    }
    return sum
  }

  @Test("make the labels the most likely", arguments: [2, 4])
  func minimum(labelCount: Int) {
    var generator = RandomGenerator(seed: UInt64(labelCount))
    let labels = (0..<60).map { _ in UInt8(generator.uniform() * Double(labelCount)) }
    let width = labelCount == 2 ? 1 : labelCount
    func logits(strength: Double) -> [Float] {
      labels.flatMap { label in
        (0..<width).map { logit in
          let isRight = width == 1 ? label == 1 : Int(label) == logit
          return Float(strength * (isRight ? 1 : -1) + 4 * (generator.uniform() - 0.5))
        }
      }
    }
    let (first, second) = (logits(strength: 1), logits(strength: 0.5))
    let shares = LogitShares(wide: first, network: second, labels: labels)
    let best = loss([shares.wide, shares.network], first, second, labels)
    for (a, b) in [(0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01), (0.01, -0.01)] {
      #expect(loss([shares.wide + a, shares.network + b], first, second, labels) > best)
    }
    #expect(shares.wide > shares.network)
  }

  @Test("stay at the mean without samples, and leave out what is always wrong")
  func limits() {
    #expect(LogitShares(wide: [], network: [], labels: []) == LogitShares())
    let labels = (0..<40).map { UInt8($0 % 2) }
    let right = labels.map { Float($0 == 1 ? 3 : -3) }
    #expect(LogitShares(wide: right.map { -$0 }, network: right, labels: labels).wide == 0)
  }
}
