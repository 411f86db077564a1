import Hyperparameters
import RecurrentNetwork

/// Hands on the weights of the best epoch so far, as Keras's `ModelCheckpoint(save_best_only=True)` does.
public final class BestModel: TrainingCallback {
  /// "best_model".
  public let name = "best_model"
  /// False.
  public let needsWeightsAfterSteps = false
  private let monitor: MonitoredQuantity
  private let write: (Parameters) throws -> Void
  private var best = BestValue()

  /// - Parameters:
  ///   - monitor: what makes an epoch better.
  ///   - write: called after each epoch that is better than all before.
  public init(monitor: MonitoredQuantity, write: @escaping (Parameters) throws -> Void) {
    self.monitor = monitor
    self.write = write
  }

  /// Judges an epoch.
  public func handle(_ event: TrainingEvent, _ run: inout TrainingState) throws -> TrainingAnswer {
    if case .epoch(let record) = event, best.update(monitor.value(in: record), of: monitor) {
      try write(run.parameters)
    }
    return .goOn
  }

  /// The best value.
  public func saved() throws -> CallbackState { try CallbackState(best) }
  /// Goes on from it.
  public func restore(_ saved: CallbackState) throws { best = try saved.value() }
}
