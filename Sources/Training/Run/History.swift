import Files
import Hyperparameters
import Parallel

/// One training step.
public struct StepRecord: Sendable, Equatable {
  /// Counts from 1 over the whole run.
  public let step: Int
  /// Counts from 0.
  public let epoch: Int
  /// The batch's metrics, before the step.
  public let metrics: Metrics
  /// The epoch's metrics so far, each batch measured before its step.
  public let epochMetrics: Metrics

  package init(step: Int, epoch: Int, metrics: Metrics, epochMetrics: Metrics) {
    self.step = step
    self.epoch = epoch
    self.metrics = metrics
    self.epochMetrics = epochMetrics
  }

  /// The header of steps.csv; words have no accuracy.
  package static func header(ofWords: Bool) -> String { ofWords ? "step,loss" : "step,loss,accuracy" }
}

/// One epoch, by Keras's rules: means over the batches weighted by their samples, measured while the weights change,
/// and the validation after the last step.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// Counts from 0.
  public let epoch: Int
  /// Over the training batches.
  public let training: Metrics
  /// Over the validation texts, after the epoch.
  public let validation: Metrics
  /// Seconds that the steps alone took.
  public let trainingSeconds: Double
  /// Seconds that the whole epoch took, validation included.
  public let seconds: Double

  /// The learning rate of the epoch's last step, where a schedule or a plateau may change it.
  public var learningRate: Double?
  /// The mean of the labels' F1 on the validation texts, where something depends on it.
  public var validationF1: Double?
  /// Whether words are predicted, which have no accuracy; nil for no.
  var isOfWords: Bool?

  package init(epoch: Int, training: Metrics, validation: Metrics, trainingSeconds: Double, seconds: Double) {
    self.epoch = epoch
    self.training = training
    self.validation = validation
    self.trainingSeconds = trainingSeconds
    self.seconds = seconds
  }

  /// The header of history.csv.
  static func header(_ configuration: TrainingConfiguration) -> String {
    header(
      ofWords: configuration.wordPrediction != nil, withLearningRate: configuration.changesLearningRate,
      withF1: configuration.monitorsF1)
  }

  /// All headers that history.csv may have.
  package static var headers: [String] {
    let ofLabels = [false, true].flatMap { rate in
      [false, true].map { header(ofWords: false, withLearningRate: rate, withF1: $0) }
    }
    return ofLabels + [false, true].map { header(ofWords: true, withLearningRate: $0, withF1: false) }
  }

  private static func header(ofWords: Bool, withLearningRate: Bool, withF1: Bool) -> String {
    let rate = withLearningRate ? "learning_rate," : ""
    if ofWords { return "epoch,\(rate)loss,val_loss" }
    return "epoch,accuracy,\(rate)loss,val_accuracy,"
      + "\(withF1 ? "\(MonitoredQuantity.validationF1.rawValue)," : "")val_loss"
  }

  /// The row of history.csv.
  var row: String { "\(epoch)," + columns.map { $0.value.isNaN ? "nan" : "\($0.value)" }.joined(separator: ",") }

  /// The columns of history.csv, sorted as Keras's CSVLogger sorts them (keras/src/callbacks/csv_logger.py).
  fileprivate var columns: [(name: String, value: Float)] {
    let rate = learningRate.map { [("learning_rate", $0)] } ?? []
    let f1 = validationF1.map { [(MonitoredQuantity.validationF1.rawValue, $0)] } ?? []
    func accuracy(_ name: String, _ metrics: Metrics) -> [(String, Double)] {
      isOfWords == true ? [] : [(name, metrics.accuracy)]
    }
    return
      (accuracy("accuracy", training) + rate + [("loss", training.loss)] + accuracy("val_accuracy", validation) + f1
      + [("val_loss", validation.loss)])
      .map { ($0, Float($1)) }
  }
}

extension [EpochRecord] {
  /// JSON in the form of Keras's `History.history`: for each name a list with one item per epoch. The numbers are those
  /// of history.csv; NaN and infinity, which JSON can't express, become `null`.
  package func historyJSON() -> String {
    let names = first?.columns.map(\.name) ?? []
    let lists = names.enumerated().map { index, name in
      (name: name, value: OrderedJSON.array(map { .float($0.columns[index].value) }))
    }
    return OrderedJSON.object(lists).text(isSpaced: true)
  }
}
