import Classification
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Synchronization

/// Trains a classifier on texts in memory, on the thread that calls it, without a folder.
final class TextTrainingJob: Sendable {
  private let texts, labels: [String]
  private let settings: TextTrainingSettings
  private let report: @Sendable (TextTrainingProgress) -> Void
  private let isCancelled = Atomic(false)

  init(
    texts: [String], labels: [String], settings: TextTrainingSettings,
    report: @escaping @Sendable (TextTrainingProgress) -> Void
  ) {
    (self.texts, self.labels, self.settings, self.report) = (texts, labels, settings, report)
  }

  /// Lets `run` end after the step in hand; from any thread.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  private var answer: TrainingAnswer { isCancelled.load(ordering: .relaxed) ? .stop : .goOn }
  private func checkCancellation() throws { if answer == .stop { throw CancellationError() } }

  func run() throws -> TextClassifier {
    try checkCancellation()
    let threads = settings.threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount)
    guard threads > 0 else { throw TrainingError.invalidThreadCount(threads) }
    let (configuration, options) = try choose(threads)
    try checkCancellation()
    let data = try Dataset(
      texts: texts, labels: labels, options: options, vocabularySize: configuration.vocabularySize,
      maxLength: configuration.maxLength, keeping: configuration.wide == nil ? [] : .words, threads: threads)
    for note in data.notes { tell(.note(note)) }
    let model = try train(on: data, configuration, threads)
    let classifier = try TextClassifier(model, threads: threads)
    // Unless it had to serve for validation.
    if configuration.validationSplit != nil, data.test.count > 0 {
      let outcomes = try model.outcomes(of: data.test, threads: threads)
      tell(.test(Metrics(outcomes, data.test.labels)), 1)
    }
    return classifier
  }

  /// The settings, and how the texts become words.
  private func choose(_ threads: Int) throws -> (TrainingConfiguration, TextOptions) {
    var (configuration, options, automatic) = (TrainingConfiguration(), settings.options, AutomaticSettings?.none)
    if let own = settings.configuration {
      configuration = own
      configuration.labelCount = options.labelNames?.count ?? max(2, Set(labels).count)
    } else {
      let chosen = try AutomaticSettings(
        texts: texts, labels: labels, options: options, seed: settings.seed, hasNetwork: settings.hasNetwork,
        threads: threads)
      (configuration, automatic) = (chosen.configuration, chosen)
      options = chosen.source.text ?? options
    }
    settings.adjust(&configuration)
    if let setting = configuration.invalidSetting { throw TrainingError.invalid(setting) }
    let need = configuration.memoryNeed(threads: threads)
    guard need < ProcessInfo.processInfo.memoryLimit else {
      throw ModelError(
        .tooLarge, problem: "training the network needs about \(described(bytes: need)) of memory, more than there is",
        advice: "choose smaller sizes")
    }
    tell(.settings(configuration, reasons: automatic?.reasons(for: configuration) ?? []))
    return (configuration, options)
  }

  private func train(on data: Dataset, _ configuration: TrainingConfiguration, _ threads: Int) throws -> Model {
    let model = try data.train(configuration, threads: threads) { event, fraction in
      switch event {
      case .begin, .ngrams: break
      case .step(let record): tell(.step(record), fraction)
      case .validation(let done, let count): tell(.validation(done: done, count: count), fraction)
      case .epoch(let record): tell(.epoch(record), fraction)
      }
      return answer
    }
    // The last epoch ends the training, whatever the answer to it.
    guard let model, answer == .goOn else { throw CancellationError() }
    return model
  }

  private func tell(_ event: TextTrainingProgress.Event, _ fraction: Double = 0) {
    report(TextTrainingProgress(event: event, fraction: fraction))
  }
}
