/// Ends a run when a quantity has stopped improving (keras/src/callbacks/early_stopping.py, Keras's defaults).
public struct EarlyStopping: Codable, Sendable, Equatable {
  /// What should improve.
  public var monitor = MonitoredQuantity.validationLoss
  /// How many epochs in a row may pass without improvement; the last of them ends the run (0 and 1 are the same).
  public var patience = 0
  /// A smaller improvement doesn't count.
  public var minDelta = 0.0
  /// Whether the run leaves the weights of its best epoch, however it ends, rather than its last.
  public var restoresBestWeights = false

  /// Keras's defaults.
  public init() {}

  /// What has been seen so far.
  package struct State: Codable, Sendable, Equatable {
    /// Epochs since the best.
    package fileprivate(set) var wait = 0
    /// The best value.
    package fileprivate(set) var best = BestValue()
    /// Its epoch.
    package fileprivate(set) var bestEpoch = 0
    /// The epoch after which the run was ended.
    package fileprivate(set) var stoppedEpoch: Int?

    /// Before the first epoch.
    package init() {}
  }

  /// What an epoch means for the run.
  package enum Decision: String, Sendable {
    /// The best epoch so far: its weights must be kept if they may be restored.
    case improved
    case goOn
    case stop
  }

  /// Judges an epoch, counted from 0, by the monitored quantity's value.
  package func epochEnded(_ epoch: Int, value: Float, _ state: inout State) -> Decision {
    if state.best.update(value, of: monitor, minDelta: minDelta) {
      state.bestEpoch = epoch
      state.wait = 0
      return .improved
    }
    state.wait &+= 1  // A state read from a file may hold any number.
    // Keras's further condition, epoch > 0, always holds: the first epoch is the best so far.
    guard state.wait >= patience else { return .goOn }
    state.stoppedEpoch = epoch
    return .stop
  }
}
