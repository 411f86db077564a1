import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Testing

@testable import Training

@Suite("Predicting words") struct WordPredictionTrainingTests {
  /// Texts in which each word says what comes next: counting upward, from somewhere.
  private static func counting(_ count: Int, seed: UInt64) -> LabeledSequences {
    var generator = RandomGenerator(seed: seed)
    return LabeledSequences(
      (0..<count).map { _ in
        let (start, length) = (Int(generator.uniform() * 12), 1 + Int(generator.uniform() * 9))
        return ((0..<length).map { Int32(TextCoder.firstWord + (start + $0) % 12) }, 0)
      })
  }

  private static let configuration: TrainingConfiguration = {
    var settings = TrainingConfiguration.pretraining
    (settings.vocabularySize, settings.hiddenSize, settings.maxLength) = (16, 10, 9)
    (settings.batchSize, settings.epochs, settings.learningRate) = (20, 12, 0.03)
    settings.schedule = .cosineDecay(warmupSteps: 5, alpha: 0.05)
    settings.wordPrediction!.sampleCount = 32
    return settings
  }()

  private static func run(
    _ communicator: any Communicator = SingleRank(), threads: Int = 1, dropout: Double = 0
  ) throws -> TrainingState {
    var configuration = configuration
    configuration.dropout.words = dropout
    let trainer = try Trainer(
      configuration, training: counting(310, seed: 1), validation: counting(70, seed: 2), threads: threads,
      communicator: communicator)
    _ = try trainer.run { _ in .goOn }
    return trainer.state
  }

  @Test("learns what follows, and to within little: nothing is left to guess")
  func learning() throws {
    let losses = try Self.run().epochs.map(\.validation.loss)
    // Of twelve words that are as frequent, the frequencies alone give ln 12.
    #expect(losses.last! < log(12) / 4, "\(losses)")
  }

  @Test("gives the same bits on any number of threads and ranks", arguments: [0, 0.3])
  func bits(dropout: Double) throws {
    let alone = try Self.run(dropout: dropout)
    RanksTests.expectSame(try Self.run(threads: 3, dropout: dropout), alone)
    let shared = ThreadRank.run(3) { try Self.run($0, threads: 2, dropout: dropout) }
    for (rank, result) in shared.enumerated() {
      RanksTests.expectSame(try result.get(), alone, "rank \(rank)")
    }
  }

  @Test("draws words as often as they are to be, and corrects for it")
  func sampling() throws {
    let texts = TokenSequences([[Int32](repeating: 4, count: 16) + [6], [1, 2, 0]])
    let sampler = try #require(WordSampler(WordPrediction(), vocabularySize: 8, texts: texts, seed: 3))
    let steps = (0..<100).map { sampler.samples(step: $0) }
    #expect(steps[0].tokens != steps[1].tokens && steps[0].tokens == sampler.samples(step: 0).tokens)
    #expect(Set(steps.joined()) == [4, 6])
    // 16 to the power of 0.75 is 8.
    let share = Double(steps.joined().count { $0 == 4 }) / 25_600
    #expect(abs(share - 8.0 / 9) < 0.01)
    for (token, weight, frequency) in [(4, 8.0 / 9, 16.0 / 17), (6, 1.0 / 9, 1.0 / 17)] {
      #expect(abs(Double(steps[0].corrections[token]) - log(256 * weight / frequency)) < 1e-6)
    }
    for token in [0, 1, 2, 3, 5, 7] { #expect(steps[0].corrections[token] == -.infinity) }
    #expect(WordSampler(WordPrediction(), vocabularySize: 8, texts: TokenSequences([[1, 2]]), seed: 3) == nil)
  }

  @Test("cuts texts into pieces of about the same lengths")
  func pieces() {
    let texts = TokenSequences([[1, 2, 3, 4, 5, 6, 7], [], [8, 9, 10]])
    #expect(texts.pieces(ofAtMost: 3) == TokenSequences([[1, 2], [3, 4], [5, 6, 7], [], [8, 9, 10]]))
    #expect(texts.pieces(ofAtMost: 7) == texts)
  }
}

extension [WordSamples] {
  fileprivate func joined() -> [Int32] { flatMap(\.tokens) }
}

@Suite("Runs in two stages") struct PretrainingTests {
  private static func start(_ folder: TemporaryFolder) throws -> Checkpoint {
    let labeled = (0..<60).map { "\($0 % 2 == 0 ? "yes" : "no"),\($0 % 2 == 0 ? "good" : "bad") n\($0 % 7)\n" }
    let others = (0..<90).map { "n\($0 % 7) then n\(($0 + 1) % 7) m\($0 % 3)\n" }
    var settings = TrainingConfiguration()
    (settings.hiddenSize, settings.embeddingSize, settings.vocabularySize, settings.maxLength) = (4, 0, 16, 4)
    (settings.layerCount, settings.isBidirectional, settings.pooling, settings.masksPadding) = (2, true, .max, true)
    (settings.batchSize, settings.epochs, settings.learningRate) = (8, 2, 0.05)
    settings.validationSplit = 0.2
    var source = DataSource(path: try folder.write("label,text\n" + labeled.joined(), to: "labeled.csv"))
    source.unlabeledPath = try folder.write("text\n" + others.joined(), to: "others.csv")
    return try Checkpoint(configuration: settings, source: source)
  }

  /// Trains in both stages, and is killed after every `steps` steps.
  private static func train(
    _ folder: TemporaryFolder, _ name: String, stoppingEvery steps: Int = .max, threads: Int = 1
  ) throws {
    let path = folder.path(name)
    var options = Run.Options()
    options.threads = threads
    var (pretraining, stops) = (
      Optional(try Pretraining(beginning: path, of: start(folder), epochs: 2, options: options)), 0
    )
    func isStopped(_ run: Run) throws -> Bool {
      var count = 0
      let ending = try run.train { event in
        if case .step = event { count += 1 }
        return count == steps ? .stop : .goOn
      }
      if ending == .stopped { stops += 1 }
      return ending == .stopped
    }
    func stopsInFirstStage() throws -> Bool { try pretraining!.run.map(isStopped) ?? false }
    while try stopsInFirstStage() {
      #expect(Pretraining.isUnderWay(in: path))
      pretraining = nil
      pretraining = try Pretraining(resuming: path, options: options)
    }
    var run: Run? = try Run(beginning: path, from: pretraining!.secondStage(), options: options)
    try Pretraining.end(in: path)
    #expect(!Pretraining.isUnderWay(in: path))
    func stopsInSecondStage() throws -> Bool { try run.map(isStopped) ?? false }
    while try stopsInSecondStage() {
      run = nil
      run = try Run(resuming: path, options: options)
    }
    #expect(steps == .max ? stops == 0 : stops > 2)
  }

  @Test("end with the same bytes when they are stopped anywhere, on any number of threads")
  func resuming() throws {
    try withTemporaryFolder { folder in
      try Self.train(folder, "whole")
      try Self.train(folder, "parts", stoppingEvery: 4, threads: 3)
      for file in ["model.safetensors", "history.csv", "steps.csv"].flatMap({ [$0, "pretraining/\($0)"] }) {
        #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
      }
      #expect(try folder.text("whole/pretraining/steps.csv").hasPrefix("step,loss\n1,"))
      #expect(try folder.text("whole/pretraining/history.csv").hasPrefix("epoch,learning_rate,loss,val_loss\n0,"))
    }
  }

  @Test("begin their second stage with what the first has learned, and with its words")
  func secondStage() throws {
    try withTemporaryFolder { folder in
      let start = try Self.start(folder)
      let pretraining = try Pretraining(beginning: folder.path("run"), of: start, epochs: 1)
      try pretraining.run?.train()
      let learned = try Model(contentsOf: folder.path("run/pretraining"))
      let second = try pretraining.secondStage()
      let (own, other) = (second.state.parameters, learned.parameters)
      #expect(learned.architecture.layerCount == 1 && learned.configuration.wordPrediction != nil)
      for (mine, theirs) in zip(own.layout.recurrences[0], other.layout.recurrences[0]) {
        #expect(Array(own[mine.kernel]) == Array(other[theirs.kernel]))
        #expect(Array(own[mine.recurrentKernel]) == Array(other[theirs.recurrentKernel]))
        #expect(Array(own[mine.bias]) == Array(other[theirs.bias]))
        #expect(Array(own[mine.kernel]) != Array(start.state.parameters[mine.kernel]))
      }
      let last = own.layout.recurrences[1][0].kernel
      #expect(Array(own[last]) == Array(start.state.parameters[last]))
      // A word that only the texts without labels have.
      #expect(second.source.terms?.vocabulary.contains("then") == true)
      var wider = start
      wider.configuration.hiddenSize = 5
      wider = try Checkpoint(configuration: wider.configuration, source: start.source)
      #expect(throws: TrainingError.self) { try wider.stand(on: learned) }
    }
  }
}
