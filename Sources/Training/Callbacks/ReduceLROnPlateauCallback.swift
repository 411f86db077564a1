import Hyperparameters

/// `ReduceLROnPlateau` at work.
final class ReduceLROnPlateauCallback: TrainingCallback {
  let name = "reduce_lr_on_plateau"
  let needsWeightsAfterSteps = false
  private let settings: ReduceLROnPlateau
  private var state = ReduceLROnPlateau.State()

  init(_ settings: ReduceLROnPlateau) { self.settings = settings }

  func handle(_ event: TrainingEvent, _ run: inout TrainingState) -> TrainingAnswer {
    if case .epoch(let record) = event {
      run.learningRate = settings.epochEnded(
        value: settings.monitor.value(in: record), learningRate: run.learningRate, &state)
    }
    return .goOn
  }

  func saved() throws -> CallbackState { try CallbackState(state) }
  func restore(_ saved: CallbackState) throws { state = try saved.value() }
}
