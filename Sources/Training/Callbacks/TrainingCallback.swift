import RecurrentNetwork

/// Sees a run begin, each of its steps and each of its epochs, and may steer it. The built-in callbacks are written with
/// it too.
public protocol TrainingCallback: AnyObject {
  /// Its key in checkpoints, different from all others of a run.
  var name: String { get }

  /// Sees an event and the state that it has led to, of which it may change the learning rate and the weights.
  ///
  /// - Returns: `.stop` where the run is to be over.
  func handle(_ event: TrainingEvent, _ state: inout TrainingState) throws -> TrainingAnswer

  /// Whether it reads or changes weights or the optimizer's moments after steps, and not after epochs alone. A run is
  /// faster where none does: it then need not bring the rows of all tokens up to date at each step.
  var needsWeightsAfterSteps: Bool { get }

  /// What a checkpoint must hold of it.
  func saved() throws -> CallbackState

  /// Goes on from what a checkpoint holds.
  ///
  /// - Throws: where that is not its own.
  func restore(_ saved: CallbackState) throws

  /// The weights that a finished run is to leave, where they aren't its last.
  var finalParameters: [Float]? { get }
}

extension TrainingCallback {
  /// True.
  public var needsWeightsAfterSteps: Bool { true }
  /// Nothing.
  public func saved() -> CallbackState { CallbackState() }
  /// Nothing to do.
  public func restore(_ saved: CallbackState) {}
  /// The last weights.
  public var finalParameters: [Float]? { nil }

  /// Whether weights must be up to date before it sees an event.
  func needsWeights(after event: TrainingEvent) -> Bool {
    if case .step = event { needsWeightsAfterSteps } else { true }
  }
}
