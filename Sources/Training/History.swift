/// One training step.
public struct StepRecord: Sendable, Equatable {
  /// Counts from 1 over the whole run.
  public let step: Int
  /// Counts from 0.
  public let epoch: Int
  /// The batch's own, before the step.
  public let metrics: Metrics
  /// Of the epoch so far, each batch as it was before its step.
  public let epochMetrics: Metrics

  /// The header of steps.csv.
  static let header = "step,loss,accuracy"
  /// The row of steps.csv.
  var row: String { StepResult(metrics).row(step) }
}

/// One epoch, with Keras's rules: the means over the batches weighted by their samples, measured while the weights
/// move; the validation after the last step.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// Counts from 0.
  public let epoch: Int
  /// Over the training batches.
  public let training: Metrics
  /// Over the validation reviews, after the epoch.
  public let validation: Metrics
  /// Time of the steps alone.
  public let trainingSeconds: Double
  /// Time of the whole epoch.
  public let seconds: Double

  /// The rate of the epoch's last step, where a schedule or a plateau may change it.
  public var learningRate: Double?

  /// The columns of history.csv, sorted as Keras's CSVLogger sorts them (keras/src/callbacks/csv_logger.py).
  var columns: [(name: String, value: Double)] {
    [("accuracy", training.accuracy)] + (learningRate.map { [("learning_rate", $0)] } ?? [])
      + [("loss", training.loss), ("val_accuracy", validation.accuracy), ("val_loss", validation.loss)]
  }

  /// The header of history.csv.
  static func header(withLearningRate: Bool) -> String {
    "epoch,accuracy,\(withLearningRate ? "learning_rate," : "")loss,val_accuracy,val_loss"
  }

  /// The row of history.csv.
  var row: String { "\(epoch)," + columns.map { "\(Float($0.value))" }.joined(separator: ",") }
}
