import Hyperparameters

/// `LearningRateSchedule` at work: before each step it sets that step's rate.
final class LearningRateScheduleCallback: TrainingCallback {
  let name = "learning_rate_schedule"
  let needsWeightsAfterSteps = false
  private let schedule: LearningRateSchedule
  private let learningRate: Double
  private let stepCount: Int

  init(_ schedule: LearningRateSchedule, learningRate: Double, stepCount: Int) {
    self.schedule = schedule
    self.learningRate = learningRate
    self.stepCount = stepCount
  }

  func handle(_ event: TrainingEvent, _ run: inout TrainingState) -> TrainingAnswer {
    switch event {
    case .begin, .step:
      run.learningRate = schedule.rate(atStep: run.steps.count, of: stepCount, learningRate: learningRate)
    case .validation, .epoch, .ngrams: break
    }
    return .goOn
  }
}
