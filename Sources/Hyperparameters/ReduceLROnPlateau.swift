/// Lowers the learning rate when a quantity has stopped improving (keras/src/callbacks/reduce_lr_on_plateau.py,
/// Keras's defaults).
///
/// As in Keras, it can't be combined with a schedule, which would overwrite its rate.
public struct ReduceLROnPlateau: Codable, Sendable, Equatable {
  /// What should improve.
  public var monitor = MonitoredQuantity.validationLoss
  /// The rate is multiplied by this, less than 1.
  public var factor = 0.1
  /// After how many epochs in a row without improvement (0 and 1 are the same).
  public var patience = 10
  /// A smaller improvement doesn't count.
  public var minDelta = 1e-4
  /// How many epochs after a reduction don't count.
  public var cooldown = 0
  /// The lowest rate.
  public var minLearningRate = 0.0

  /// Keras's defaults.
  public init() {}

  /// What has been seen so far.
  package struct State: Codable, Sendable, Equatable {
    /// Epochs since the best or the last reduction.
    package fileprivate(set) var wait = 0
    /// The best value.
    package fileprivate(set) var best = BestValue()
    /// Epochs that still don't count.
    package fileprivate(set) var cooldownCounter = 0

    /// Before the first epoch.
    package init() {}
  }

  /// Judges an epoch by the monitored quantity's value.
  ///
  /// - Returns: the rate to continue with: the given one, or a lower one, which is a float32 as Keras stores it.
  package func epochEnded(value: Float, learningRate: Double, _ state: inout State) -> Double {
    if state.cooldownCounter > 0 {
      state.cooldownCounter -= 1
      state.wait = 0
    }
    if state.best.update(value, of: monitor, minDelta: minDelta) {
      state.wait = 0
      return learningRate
    }
    guard state.cooldownCounter <= 0 else { return learningRate }
    state.wait &+= 1  // A state read from a file may hold any number.
    guard state.wait >= patience, Float(learningRate) > Float(minLearningRate) else { return learningRate }
    state.cooldownCounter = cooldown
    state.wait = 0
    return Double(Float(max(Double(Float(learningRate)) * factor, minLearningRate)))
  }
}
