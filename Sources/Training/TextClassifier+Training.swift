import Classification
import Dispatch

extension TextClassifier {
  /// Trains a classifier on texts that are in memory, as `lstm train` does on a table of them: to the same bits.
  ///
  ///     let classifier = try await TextClassifier.train(texts: texts, labels: labels) { progress in
  ///       print(progress.fraction)
  ///     }
  ///     try classifier.write(to: url)
  ///
  /// The work is done on threads of its own, none of them Swift's. If the task is cancelled, training ends after the step
  /// in hand. See ``TextTraining`` for progress as a sequence.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - labels: the name of each one's label; there must be two or more.
  ///   - settings: what shall not follow from the texts.
  ///   - progress: told of each step and each epoch, by one thread at a time, which waits for it.
  /// - Throws: `CorpusError` if the texts have no two labels, or there are not as many labels as texts; `TrainingError` if
  ///   the settings are impossible or the loss isn't finite; `ModelError` if the network doesn't fit into memory;
  ///   `CancellationError` if the task is cancelled.
  public static func train(
    texts: [String], labels: [String], settings: TextTrainingSettings = TextTrainingSettings(),
    progress: @escaping @Sendable (TextTrainingProgress) -> Void = { _ in }
  ) async throws -> TextClassifier {
    let job = TextTrainingJob(texts: texts, labels: labels, settings: settings, report: progress)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // Training blocks its thread for seconds or hours, which Swift's few threads must not be.
        DispatchQueue(label: "TextClassifier.train").async { continuation.resume(with: Result { try job.run() }) }
      }
    } onCancel: {
      job.cancel()
    }
  }
}

/// The training of a classifier under way: its progress as a sequence, and in the end the classifier.
///
///     let training = TextTraining(texts: texts, labels: labels)
///     for await progress in training {
///       if case .epoch(let record) = progress.event { print(record.training.loss) }
///     }
///     let classifier = try await training.classifier
///
/// It begins at once, and is cancelled when a task is that iterates over it or waits for the classifier, or when nobody
/// has it any more. Who leaves the loop early can still wait for the classifier. Only one task can iterate.
public struct TextTraining: AsyncSequence, Sendable {
  /// A step, an epoch, or what else happens.
  public typealias Element = TextTrainingProgress

  private let events: AsyncStream<TextTrainingProgress>
  private let task: Task<TextClassifier, any Error>

  /// Begins to train; the parameters are those of `TextClassifier.train`.
  public init(texts: [String], labels: [String], settings: TextTrainingSettings = TextTrainingSettings()) {
    let (events, continuation) = AsyncStream.makeStream(of: TextTrainingProgress.self)
    let task = Task {
      defer { continuation.finish() }
      return try await TextClassifier.train(texts: texts, labels: labels, settings: settings) {
        continuation.yield($0)
      }
    }
    continuation.onTermination = { if case .cancelled = $0 { task.cancel() } }
    (self.events, self.task) = (events, task)
  }

  /// The classifier, when it is trained.
  ///
  /// - Throws: what `TextClassifier.train` throws.
  public var classifier: TextClassifier {
    get async throws {
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }

  /// Ends the training after the step in hand; the classifier is then a `CancellationError`.
  public func cancel() { task.cancel() }

  /// The events from the first that nobody has taken.
  public func makeAsyncIterator() -> AsyncStream<TextTrainingProgress>.Iterator { events.makeAsyncIterator() }
}
