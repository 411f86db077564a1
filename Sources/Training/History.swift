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

  package init(step: Int, epoch: Int, metrics: Metrics, epochMetrics: Metrics) {
    self.step = step
    self.epoch = epoch
    self.metrics = metrics
    self.epochMetrics = epochMetrics
  }

  /// The header of steps.csv.
  static let header = "step,loss,accuracy"
  /// The row of steps.csv, with digits that read back to the same Float.
  var row: String { "\(step),\(Float(metrics.loss)),\(Float(metrics.accuracy))" }
}

/// One epoch, with Keras's rules: the means over the batches weighted by their samples, measured while the weights
/// move; the validation after the last step.
public struct EpochRecord: Sendable, Equatable {
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

  package init(epoch: Int, training: Metrics, validation: Metrics, trainingSeconds: Double, seconds: Double) {
    self.epoch = epoch
    self.training = training
    self.validation = validation
    self.trainingSeconds = trainingSeconds
    self.seconds = seconds
  }

  /// The header of history.csv, as Keras's CSVLogger writes it (keras/src/callbacks/csv_logger.py).
  static let header = "epoch,accuracy,loss,val_accuracy,val_loss"
  /// The row of history.csv.
  var row: String {
    let values = [training.accuracy, training.loss, validation.accuracy, validation.loss]
    return "\(epoch)," + values.map { "\(Float($0))" }.joined(separator: ",")
  }
}
