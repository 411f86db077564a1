import Classification
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// How the accuracy on the validation texts grows with the number of training texts, which tells whether more of them
/// would help.
///
///     let start = try Checkpoint(configuration: settings, source: DataSource(path: "reviews.csv"))
///     for point in try LearningCurve(start).run() ?? [] { print(point.textCount, point.accuracy) }
///
/// All models have the same settings, the same vocabulary, that of all training texts, and the same validation texts. The
/// texts of a smaller part are among those of a larger one. The test part isn't touched.
public struct LearningCurve: Sendable {
  /// What each model begins with.
  public let start: Checkpoint
  /// How many threads share the work; the result is the same for any number.
  public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)

  /// The curve of a run that would begin like this.
  public init(_ start: Checkpoint) { self.start = start }

  /// A model that was trained on a part of the texts.
  public struct Point: Sendable, Equatable {
    /// The number of texts that it was trained on.
    public let textCount: Int
    /// The share of validation texts whose label is predicted.
    public let accuracy: Double
    /// Its 95 % interval.
    public let accuracyInterval: ClosedRange<Double>
    /// The mean of the labels' F1 on the validation texts.
    public let macroF1: Double
  }

  /// What has happened.
  public enum Event: Sendable {
    /// What happens before the first model.
    case preparation(Run.Preparation)
    /// Of the training on so many texts, this share is done.
    case progress(textCount: Int, share: Double)
    /// A model is complete.
    case point(Point)
  }

  /// The parts of the texts: 1/16, 1/8, … all.
  private static let divisors = [16, 8, 4, 2, 1]

  /// Trains on ever more texts, until `report` answers `.stop`.
  ///
  /// - Returns: nil where it was stopped.
  /// - Throws: `TrainingError`, where there are no validation texts too; `CorpusError`, `ModelError`, and what `report`
  ///   throws.
  public func run(_ report: (Event) throws -> TrainingAnswer = { _ in .goOn }) throws -> [Point]? {
    var configuration = start.configuration
    var dataset = try start.source.load(configuration, threads: threads) {
      _ = try? report(.preparation(.reading($0)))
    }
    for note in dataset.notes { _ = try report(.preparation(.note(note))) }
    guard configuration.validationSplit != nil || dataset.validation != nil else {
      throw TrainingError.noData(.validation)
    }
    let (training, validation) = try dataset.parts(validationSplit: configuration.validationSplit)
    configuration.validationSplit = nil
    (dataset.validation, dataset.test) = (validation, dataset.test.prefix(0))
    var points: [Point] = []
    for divisor in Self.divisors {
      dataset.training = training.prefix((training.count + divisor - 1) / divisor)
      let count = dataset.training.count
      // Too few to learn from, or no more than before.
      guard count > points.last?.textCount ?? 1, Set(dataset.training.labels).count > 1 else { continue }
      let model = try dataset.train(configuration, from: start.state, threads: threads) {
        try report(.progress(textCount: count, share: $1))
      }
      guard let model else { return nil }
      let evaluation = try model.evaluation(of: validation, threads: threads)
      guard let accuracy = evaluation.accuracy, let interval = evaluation.accuracyInterval,
        let macroF1 = evaluation.macroF1
      else { throw TrainingError.noData(.validation) }
      let point = Point(textCount: count, accuracy: accuracy, accuracyInterval: interval, macroF1: macroF1)
      points.append(point)
      if try report(.point(point)) == .stop, divisor > 1 { return nil }
    }
    return points
  }
}

extension Run {
  /// Writes a learning curve beside the histories, for its report.
  ///
  /// - Throws: `FileError`.
  public func write(_ curve: [LearningCurve.Point]) throws { try folder?.write(curve) }
}

extension RunFolder {
  package static let curveHeader = "texts,accuracy,accuracy_from,accuracy_to,macro_f1"

  func write(_ curve: [LearningCurve.Point]) throws {
    let rows = curve.map {
      "\($0.textCount),\($0.accuracy),\($0.accuracyInterval.lowerBound),\($0.accuracyInterval.upperBound),\($0.macroF1)"
    }
    let text = ([Self.curveHeader] + rows).joined(separator: "\n") + "\n"
    try AtomicFile.write([Data(text.utf8)], to: path + "/" + RunFiles.learningCurve)
  }
}
