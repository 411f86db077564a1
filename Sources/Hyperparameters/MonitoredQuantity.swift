/// The quantity by which an epoch is judged, with Keras's names.
public enum MonitoredQuantity: String, Codable, Sendable, CaseIterable {
  case loss, accuracy
  case validationLoss = "val_loss"
  case validationAccuracy = "val_accuracy"
  /// The mean of the labels' F1 on the validation texts (Keras's `F1Score(average="macro")`).
  case validationF1 = "val_f1_score"

  /// Whether it is measured on the validation texts.
  var isOfValidation: Bool { self != .loss && self != .accuracy }

  /// Whether smaller is better: Keras's `mode="auto"`.
  private var isMinimized: Bool { self == .loss || self == .validationLoss }

  /// Whether a value is better than the best before it by more than `minDelta`, whose sign doesn't matter; the first
  /// always is. NaN is never better, and nothing is better than a first NaN.
  ///
  /// As in Keras (keras/src/callbacks/monitor_callback.py), the difference is rounded before it is compared.
  package func isBetter(_ value: Float, than best: Float?, minDelta: Double = 0) -> Bool {
    guard let best else { return true }
    let delta = abs(minDelta)
    return isMinimized ? Float(Double(value) + delta) < best : Float(Double(value) - delta) > best
  }
}

/// The best value so far of a monitored quantity.
///
/// On its own, it decides when Keras's `ModelCheckpoint(save_best_only=True)` saves.
package struct BestValue: Codable, Sendable, Equatable {
  /// The value's bits: it may be NaN or infinite, which JSON can't express.
  private var bitPattern: UInt32?

  /// Nil before the first epoch.
  package var value: Float? { bitPattern.map(Float.init(bitPattern:)) }

  /// Before the first epoch.
  package init() {}

  /// Takes an epoch's value if it is the best so far, and says whether it was.
  package mutating func update(_ value: Float, of quantity: MonitoredQuantity, minDelta: Double = 0) -> Bool {
    guard quantity.isBetter(value, than: self.value, minDelta: minDelta) else { return false }
    bitPattern = value.bitPattern
    return true
  }
}
