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
  /// Nothing.
  public func saved() -> CallbackState { CallbackState() }
  /// Nothing to do.
  public func restore(_ saved: CallbackState) {}
  /// The last weights.
  public var finalParameters: [Float]? { nil }
}
