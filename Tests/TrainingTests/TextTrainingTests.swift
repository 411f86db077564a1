import Classification
import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Synchronization
import Testing
import Training

@Suite("Training a classifier on texts in memory") struct TextTrainingTests {
  /// Texts that say what they are in one of their words, and their labels.
  private static let (texts, labels): ([String], [String]) = {
    var generator = RandomGenerator(seed: 1)
    func word(_ words: [String]) -> String { words[Int(generator.uniform() * Double(words.count))] }
    let pairs = (0..<60).map { index in
      let label = index % 3 == 0 ? "bad" : "good"
      let fill = (0..<4).map { _ in word(["film", "the", "of", "a", "long", "story", "it", "and"]) }
      let verdict = word(label == "bad" ? ["dull", "awful"] : ["fine", "lovely"])
      return ((fill + [verdict]).joined(separator: " "), label)
    }
    return (pairs.map(\.0), pairs.map(\.1))
  }()

  private static let short: TextTrainingSettings = {
    var settings = TextTrainingSettings()
    settings.adjust = {
      ($0.hiddenSize, $0.epochs) = (5, 2)
      $0.batchSize = 8
    }
    return settings
  }()

  private func train(
    _ settings: TextTrainingSettings = short,
    _ progress: @escaping @Sendable (TextTrainingProgress) -> Void = { _ in }
  ) async throws -> TextClassifier {
    try await TextClassifier.train(texts: Self.texts, labels: Self.labels, settings: settings, progress: progress)
  }

  /// What `lstm train` does with a table of the texts.
  private func model(ofTable folder: TemporaryFolder) throws -> Model {
    let rows = zip(Self.texts, Self.labels).map { "\($0),\($1)\n" }.joined()
    let source = DataSource(path: try folder.write("text,label\n" + rows, to: "texts.csv"))
    let automatic = try AutomaticSettings(for: source, threads: 2)
    let start = try Checkpoint(configuration: automatic.configuration, source: automatic.source)
    try Run(beginning: folder.path("run"), from: start).train()
    return try Model(contentsOf: folder.path("run/model.safetensors"))
  }

  @Test func equalsARunOnATableOfTheTexts() async throws {
    let classifier = try await train(TextTrainingSettings())
    try withTemporaryFolder { folder in
      let expected = try model(ofTable: folder)
      #expect(classifier.model == expected)
      try classifier.write(to: folder.url("model.safetensors"))
      #expect(try folder.bytes("model.safetensors") == folder.bytes("run/model.safetensors"))
      let text = "a lovely film"
      #expect(try classifier.classify(text) == TextClassifier(expected).classify(text))
      #expect(classifier.classify(text).label == "good")
    }
  }

  @Test func isTheSameOnAnyNumberOfThreads() async throws {
    var settings = Self.short
    settings.threads = 1
    let first = try await train(settings).model
    settings.threads = 3
    #expect(try await train(settings).model == first)
    settings.seed = 1
    #expect(try await train(settings).model != first)
  }

  @Test func takesSettings() async throws {
    var settings = TextTrainingSettings()
    settings.options.testSplit = 0
    settings.hasNetwork = false
    let ngrams = try await train(settings).model
    #expect(ngrams.configuration.hiddenSize == 0 && ngrams.configuration.wide != nil)
    settings.configuration = Preset.tutorial.configuration
    settings.configuration!.labelCount = 7
    settings.adjust = {
      ($0.vocabularySize, $0.hiddenSize, $0.epochs) = (9, 3, 1)
      $0.validationSplit = 0.5
    }
    let classifier = try await train(settings)
    #expect(classifier.labels == ["bad", "good"])
    #expect(classifier.model.configuration.hiddenSize == 3 && classifier.model.configuration.wide == nil)
    #expect(classifier.model.vocabulary?.count == 9)
  }

  @Test func reportsEverythingInOrder() async throws {
    let training = TextTraining(texts: Self.texts, labels: Self.labels, settings: Self.short)
    var (names, steps, fraction) = ([String](), [Int](), 0.0)
    for await progress in training {
      #expect(progress.fraction >= fraction && progress.fraction <= 1)
      fraction = progress.fraction
      let name: String
      switch progress.event {
      case .settings(let configuration, let reasons):
        #expect(configuration.hiddenSize == 5 && !reasons.isEmpty)
        name = "settings"
      case .note: name = "note"
      case .step(let record):
        steps.append(record.step)
        name = "step"
      case .validation: name = "validation"
      case .epoch: name = "epoch"
      case .test(let metrics):
        #expect(metrics.sampleCount == 12)
        name = "test"
      }
      if names.last != name { names.append(name) }
    }
    #expect(names == ["settings", "note", "step", "validation", "epoch", "step", "validation", "epoch", "test"])
    #expect(steps == Array(1...10) && fraction == 1)
    let model = try await train().model
    #expect(try await training.classifier.model == model)
  }

  @Test func goesOnWhenNobodyLooks() async throws {
    let training = TextTraining(texts: Self.texts, labels: Self.labels, settings: Self.short)
    for await _ in training { break }
    let model = try await train().model
    #expect(try await training.classifier.model == model)
  }

  // MARK: Cancellation

  @Test func endsAfterTheStepInHand() async throws {
    let steps = Mutex([Int]())
    let running = Mutex(Task<TextClassifier, any Error>?.none)
    let isKnown = DispatchSemaphore(value: 0)
    let task = Task {
      try await train { progress in
        guard case .step(let record) = progress.event else { return }
        steps.withLock { $0.append(record.step) }
        // In the middle of the first epoch's five.
        guard record.step == 2 else { return }
        isKnown.wait()
        running.withLock { $0?.cancel() }
      }
    }
    running.withLock { $0 = task }
    isKnown.signal()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.withLock { $0 } == [1, 2])
  }

  @Test func doesNotBeginWhenCancelledBefore() async throws {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await train { _ in Issue.record("it has begun") }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func aSequenceCanBeCancelled() async throws {
    var settings = Self.short
    settings.adjust = { ($0.hiddenSize, $0.epochs, $0.earlyStopping) = (5, 1_000_000, nil) }
    let training = TextTraining(texts: Self.texts, labels: Self.labels, settings: settings)
    for await progress in training {
      if case .epoch = progress.event { training.cancel() }
    }
    await #expect(throws: CancellationError.self) { try await training.classifier }
    // The task that iterates.
    let other = TextTraining(texts: Self.texts, labels: Self.labels, settings: settings)
    let reader = Task { for await _ in other { withUnsafeCurrentTask { $0?.cancel() } } }
    await reader.value
    await #expect(throws: CancellationError.self) { try await other.classifier }
  }

  /// More trainings than Swift has threads wait for a task, which would never run if they held those threads.
  @Test func leavesSwiftsThreadsAlone() async throws {
    let count = 2 * ProcessInfo.processInfo.activeProcessorCount + 1
    let (waiting, continuation) = AsyncStream.makeStream(of: Void.self)
    let free = DispatchSemaphore(value: 0)
    let tasks = (0..<count).map { _ in
      Task {
        try await train { progress in
          guard case .step(let record) = progress.event, record.step == 1 else { return }
          continuation.yield()
          // Not for ever, so that a failure is one of this test alone.
          #expect(free.wait(timeout: .now() + 30) == .success, "nothing else could run")
        }
      }
    }
    var waitingCount = 0
    for await _ in waiting {
      waitingCount += 1
      if waitingCount == count { break }
    }
    for _ in 0..<count { free.signal() }
    for task in tasks { _ = try await task.value }
  }

  // MARK: Errors

  @Test func refusesWhatCannotBeTrained() async throws {
    await #expect(throws: CorpusError.self) {
      try await TextClassifier.train(texts: ["a", "b"], labels: ["x"])
    }
    await #expect(throws: CorpusError.self) { try await TextClassifier.train(texts: [], labels: []) }
    await #expect(throws: CorpusError.self) {
      try await TextClassifier.train(texts: ["a", "b"], labels: ["x", "x"])
    }
    var settings = TextTrainingSettings()
    settings.adjust = { $0.batchSize = 0 }
    await #expect(throws: TrainingError.invalid(InvalidSetting("batchSize", 0, in: 1...100_000_000)!)) {
      try await train(settings)
    }
    settings.adjust = { ($0.vocabularySize, $0.embeddingSize) = (10_000_000, 65_536) }
    await #expect(throws: ModelError.self) { try await train(settings) }
    settings = TextTrainingSettings()
    settings.threads = 0
    await #expect(throws: TrainingError.invalidThreadCount(0)) { try await train(settings) }
  }

  @Test func writesFilesOnly() async throws {
    let classifier = try await train()
    refuses(.unsupported, at: "https://example.org/a.safetensors", "no file's address") {
      try classifier.write(to: #require(URL(string: "https://example.org/a.safetensors")))
    }
    refuses(.unsupported, "its extension isn't that of a model format") {
      try classifier.write(to: URL(filePath: "/tmp/a.txt"))
    }
  }
}
