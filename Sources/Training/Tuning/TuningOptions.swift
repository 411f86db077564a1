/// What a tuning looks for, and how long.
public struct TuningOptions: Codable, Sendable, Equatable {
  /// By what settings are compared.
  public enum Metric: String, Codable, Sendable, CaseIterable {
    /// The share of right predictions.
    case accuracy
    /// The mean of the labels' F1.
    case f1
    /// The area under the ROC curve; only for two labels.
    case auc
    /// The mean cross-entropy.
    case loss
  }

  /// By what settings are compared.
  public var metric = Metric.accuracy
  /// How many settings are tried, the defaults among them; nil for as many as there is time for.
  public var trialLimit: Int?
  /// Seconds that the search may take, the training of the final model not counted; nil for as many as the trials need.
  public var seconds: Double?
  /// The number of parts of the training texts, each of which is held out in turn; 1 for the part that a run would hold
  /// out. Nil for 5, of which fewer are used where the defaults would need most of the time for them.
  public var folds: Int?
  /// The most bytes of the model's file; nil for any number.
  public var modelSizeLimit: Int?
  /// The fewest texts that the model has to classify in a second, their reading not counted; nil for any number.
  public var speedLimit: Double?
  /// How many networks with the best settings, trained from as many seeds, the model is an ensemble of. Nil for 3, or for
  /// 1 where the best settings have no network or a limit of size or speed leaves no room.
  public var seedCount: Int?
  /// Seeds the order of the trials, and each of them.
  public var seed: UInt64 = 0

  /// The defaults, which have no limit yet.
  public init() {}
}
