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

  /// The header of history.csv, as Keras's CSVLogger writes it (keras/src/callbacks/csv_logger.py).
  static let header = "epoch,accuracy,loss,val_accuracy,val_loss"
  /// The row of history.csv.
  var row: String {
    let values = [training.accuracy, training.loss, validation.accuracy, validation.loss]
    return "\(epoch)," + values.map { "\(Float($0))" }.joined(separator: ",")
  }
}
