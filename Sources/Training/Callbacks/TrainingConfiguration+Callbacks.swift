import Hyperparameters

extension TrainingConfiguration {
  /// The settings that work as callbacks.
  func callbacks(stepsPerEpoch: Int) -> [any TrainingCallback] {
    var callbacks: [any TrainingCallback] = []
    if schedule != .constant {
      callbacks.append(
        LearningRateScheduleCallback(schedule, learningRate: learningRate, stepCount: stepsPerEpoch * epochs))
    }
    if let plateau { callbacks.append(ReduceLROnPlateauCallback(plateau)) }
    if let earlyStopping { callbacks.append(EarlyStoppingCallback(earlyStopping)) }
    return callbacks
  }
}
