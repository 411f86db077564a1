import Classification
import Corpus
import Foundation
import Models
import Training

/// What a run's model says of its validation reviews: the test reviews, or the part set apart for validation.
package struct Predictions: Sendable {
  /// A review whose label the model missed.
  package struct WrongReview: Sendable {
    /// Its place among the test reviews, in Keras's order; counts from 0.
    package var index: Int
    package var label: UInt8
    package var probability: Float
    /// What the network read.
    package var tokens: [Int32]
  }

  /// Why there are none.
  package struct Omission: Error {
    /// A sentence.
    package var reason: String
  }

  /// How many reviews were trained on.
  package var trainingCount: Int
  package var evaluation: BinaryEvaluation
  /// At most ten, the surest first.
  package var mostConfidentlyWrong: [WrongReview]
}

extension RunRecord {
  /// Has the model look at the test reviews.
  ///
  /// - Parameters:
  ///   - data: the archive; nil for the one that the run names.
  ///   - progress: told the share that is done.
  /// - Returns: the predictions, or why there can't be any.
  /// - Throws: `CorpusError` or `ModelError` where the archive can't be read or the model can't be used.
  package func predictions(
    data: String?, threads: Int, progress: (Double) -> Void
  ) throws -> Result<Predictions, Predictions.Omission> {
    guard let model else {
      return .failure(.init(reason: "There is no model.safetensors yet: a run writes it at its end."))
    }
    guard let archive = data ?? settings?.data else {
      return .failure(.init(reason: "The run doesn't say which archive it was trained on; --data FILE names one."))
    }
    guard data != nil || FileManager.default.fileExists(atPath: archive) else {
      return .failure(.init(reason: "The archive \(archive) isn't there; --data FILE names another."))
    }
    let configuration = model.configuration
    guard configuration.labelCount == 2 else {
      return .failure(
        .init(reason: "The run tells \(configuration.labelCount) labels apart; these figures are of two."))
    }
    let source = DataSource(
      path: archive, limit: settings?.limit, wordIndex: settings?.wordIndex, text: settings?.text)
    // Numbers need no words here: the model has them.
    let (training, test) = try source.load(configuration, as: model, threads: threads)
      .parts(validationSplit: configuration.validationSplit)
    guard test.count > 0 else { return .failure(.init(reason: "\(archive) has no test reviews.")) }

    let outcomes = try model.outcomes(
      of: test, threads: threads, path: path + "/" + RunFiles.model, progress: progress)
    // Probabilities end at 1; logits still tell the surer one.
    let wrong = outcomes.indices.filter { (outcomes[$0].probability > 0.5) != (test.labels[$0] == 1) }
      .sorted { (-abs(outcomes[$0].logit), $0) < (-abs(outcomes[$1].logit), $1) }
    return .success(
      Predictions(
        trainingCount: training.count,
        evaluation: BinaryEvaluation(probabilities: outcomes.map(\.probability), labels: test.labels),
        mostConfidentlyWrong: wrong.prefix(10).map { index in
          .init(
            index: index, label: test.labels[index], probability: outcomes[index].probability,
            tokens: Array(test.sequences[index]))
        }))
  }
}
