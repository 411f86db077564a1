import Hyperparameters

extension MonitoredQuantity {
  /// The quantity's value in an epoch, rounded as Keras logs it and as history.csv has it.
  package func value(in record: EpochRecord) -> Float {
    switch self {
    case .loss: Float(record.training.loss)
    case .accuracy: Float(record.training.accuracy)
    case .validationLoss: Float(record.validation.loss)
    case .validationAccuracy: Float(record.validation.accuracy)
    case .validationF1: Float(record.validationF1 ?? .nan)
    }
  }
}
