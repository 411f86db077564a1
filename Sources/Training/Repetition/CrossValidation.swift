import Classification
import Corpus
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// Cross-validation: holds out each part of the training texts in turn, and classifies it with a model that was trained on
/// the others, so that every text is classified by a model that hasn't seen it.
///
///     let start = try Checkpoint(configuration: settings, source: DataSource(path: "reviews.csv"))
///     if let result = try CrossValidation(start, folds: 5).run() { print(result.accuracy ?? 0) }
///
/// Each model is trained as a run on those texts alone: what a run sets apart for validation is set apart from these. The
/// vocabulary is that of all training texts. The test part isn't touched. Each label's texts are spread over the parts
/// evenly, and equal texts are in the same one; the parts follow from the texts and the seed.
public struct CrossValidation: Sendable {
  /// What each model begins with.
  public let start: Checkpoint
  /// The number of parts.
  public let folds: Int
  /// How many threads share the work; the result is the same for any number.
  public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)

  /// - Precondition: there are at least 2 parts.
  public init(_ start: Checkpoint, folds: Int = 5) {
    precondition(folds > 1, "cross-validation needs at least 2 parts")
    (self.start, self.folds) = (start, folds)
  }

  /// What has happened.
  public enum Event: Sendable {
    /// What happens before the first fold.
    case preparation(Run.Preparation)
    /// Of a fold, which counts from 1, this share is done.
    case progress(fold: Int, share: Double)
    /// A fold, which counts from 1, is complete.
    case fold(Int, Trial.Fold)
  }

  /// Trains and classifies fold by fold, until `report` answers `.stop`.
  ///
  /// - Returns: nil where it was stopped.
  /// - Throws: `TrainingError`, `CorpusError`, `ModelError`, and what `report` throws.
  public func run(_ report: (Event) throws -> TrainingAnswer = { _ in .goOn }) throws -> CrossValidationResult? {
    let configuration = start.configuration
    let dataset = try start.source.load(configuration, keepsOriginals: true, threads: threads) {
      _ = try? report(.preparation(.reading($0)))
    }
    for note in dataset.notes { _ = try report(.preparation(.note(note))) }
    let texts = dataset.training
    let data = TuningData(dataset, folds: folds, seed: configuration.seed)
    // Equal texts may leave none for a part.
    guard texts.count >= 2 * folds, (0..<folds).allSatisfy({ !data.places(in: $0).isEmpty }) else {
      throw TrainingError.tooFewTexts(count: texts.count, folds: folds)
    }
    let width = configuration.architecture.logitCount
    var logits = [Float](repeating: 0, count: texts.count * width)
    var predicted = [UInt8](repeating: 0, count: texts.count)
    var results: [Trial.Fold] = []
    for fold in 0..<folds {
      let begin = ContinuousClock.now
      ProcessMemory.resetPeak()
      let places = data.places(in: fold)
      var (part, training, heldOut) = try data.fold(fold, configuration)
      part.training = training
      let model = try part.train(configuration, from: start.state, threads: threads) {
        try report(.progress(fold: fold + 1, share: $1))
      }
      guard let model else { return nil }
      let own = try model.logits(of: heldOut, threads: threads)
      let outcomes = Outcome.outcomes(logits: own, labels: heldOut.labels)
      for (index, place) in places.enumerated() {
        predicted[place] = model.predictedLabel(outcomes[index])
        for logit in 0..<width { logits[place * width + logit] = own[index * width + logit] }
      }
      let result = Trial.Fold(
        outcomes, predicted: places.map { predicted[$0] }, labels: heldOut.labels,
        labelCount: configuration.labelCount, seconds: (ContinuousClock.now - begin) / .seconds(1),
        peakMemory: ProcessMemory.peak)
      results.append(result)
      if try report(.fold(fold + 1, result)) == .stop, fold + 1 < folds { return nil }
    }
    // Files and lines count up; what is read is in an order of its own.
    let order = texts.origins.map { origins in
      origins.indices.sorted { (origins[$0].file, origins[$0].line, $0) < (origins[$1].file, origins[$1].line, $1) }
    }
    return CrossValidationResult(
      folds: results,
      predictions: order.flatMap { order in
        LabeledPredictions(
          texts.selecting(order), logits: order.flatMap { logits[$0 * width..<($0 + 1) * width] },
          predicted: order.map { predicted[$0] }, labels: dataset.labels, fileNames: dataset.fileNames,
          dataPath: start.source.path)
      })
  }
}

/// What came of a cross-validation.
public struct CrossValidationResult: Sendable {
  /// What the models made of each part.
  public let folds: [Trial.Fold]
  /// What is predicted for each text by the model that hasn't seen it, in the order of the files and their lines; nil
  /// where the data are numbers.
  public let predictions: LabeledPredictions?

  private var evaluation: MulticlassEvaluation? { folds.evaluation }
  /// The number of texts.
  public var textCount: Int { evaluation?.count ?? 0 }
  /// The share of right predictions among all texts.
  public var accuracy: Double? { evaluation?.accuracy }
  /// The accuracy's 95 % interval.
  public var accuracyInterval: ClosedRange<Double>? { evaluation?.accuracyInterval }
  /// The mean of the labels' F1, from the predictions of all texts.
  public var macroF1: Double? { evaluation?.macroF1 }
  /// The macro-F1's 95 % interval.
  public var macroF1Interval: ClosedRange<Double>? { evaluation?.macroF1Interval }
}
