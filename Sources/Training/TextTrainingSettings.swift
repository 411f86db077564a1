import Corpus
import Hyperparameters
import Parallel

/// How `TextClassifier.train` trains. By default everything follows from the texts, as in ``AutomaticSettings``.
///
///     var settings = TextTrainingSettings()
///     settings.options.testSplit = 0
///     settings.adjust = { $0.epochs = 5 }
public struct TextTrainingSettings: Sendable {
  /// How texts become words, which labels there are, and the share of the texts that is set apart for testing: a fifth,
  /// unless it is 0. What concerns tables makes no difference.
  public var options = TextOptions()
  /// Seeds the initial weights, the order of the texts and the dropout of automatic settings.
  public var seed: UInt64 = 0
  /// How many threads share the work; nil for one per core. The result is the same for any number.
  public var threads: Int?
  /// Whether automatic settings have a network, or n-grams alone.
  public var hasNetwork = true
  /// Settings instead of automatic ones; the number of labels is always that of the texts.
  public var configuration: TrainingConfiguration?
  /// Changes single settings, automatic or not, before training begins.
  public var adjust: @Sendable (inout TrainingConfiguration) -> Void = { _ in }

  /// Settings that follow from the texts.
  public init() {}
}

/// How far `TextClassifier.train` has come.
public struct TextTrainingProgress: Sendable {
  /// What has happened.
  public enum Event: Sendable {
    /// The settings are chosen, and why, in sentences.
    case settings(TrainingConfiguration, reasons: [String])
    /// Something was chosen or left out in taking the texts, in a sentence.
    case note(String)
    /// A training step was taken.
    case step(StepRecord)
    /// So many of the validation texts are done.
    case validation(done: Int, count: Int)
    /// An epoch is complete, its validation too.
    case epoch(EpochRecord)
    /// The model is ready; its figures on the texts that were set apart for testing and had no say in the training.
    case test(Metrics)
  }

  /// What has happened.
  public let event: Event
  /// The share of the steps that have been taken, from 0 to 1; a run that stops early doesn't come to 1.
  public let fraction: Double
}
