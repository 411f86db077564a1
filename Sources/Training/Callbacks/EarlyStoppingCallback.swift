import Hyperparameters

/// `EarlyStopping` at work.
final class EarlyStoppingCallback: TrainingCallback {
  let name = "early_stopping"
  let needsWeightsAfterSteps = false
  private let settings: EarlyStopping
  private var state = EarlyStopping.State()
  private(set) var finalParameters: [Float]?

  init(_ settings: EarlyStopping) { self.settings = settings }

  func handle(_ event: TrainingEvent, _ run: inout TrainingState) -> TrainingAnswer {
    guard case .epoch(let record) = event else { return .goOn }
    switch settings.epochEnded(record.epoch, value: settings.monitor.value(in: record), &state) {
    case .improved:
      if settings.restoresBestWeights { finalParameters = run.parameters.values }
      return .goOn
    case .goOn: return .goOn
    case .stop: return .stop
    }
  }

  func saved() throws -> CallbackState { try CallbackState(state, weights: finalParameters) }

  func restore(_ saved: CallbackState) throws {
    state = try saved.value()
    finalParameters = saved.weights
  }
}
