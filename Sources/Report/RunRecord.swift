import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Training

/// The contents of a run's folder. The run may still be in progress.
package struct RunRecord: Sendable {
  /// A row of history.csv.
  package struct Epoch: Sendable, Equatable {
    /// Counts from 1.
    package var number: Int
    package var loss: Double
    /// NaN where words are predicted.
    package var accuracy: Double
    package var validationLoss: Double
    package var validationAccuracy: Double
    /// The mean of the labels' F1; nil if the run doesn't record it.
    package var validationF1: Double?
    /// The learning rate after the epoch; nil if the run doesn't record it.
    package var learningRate: Double?
  }

  /// A row of steps.csv.
  package struct Step: Sendable, Equatable {
    package var number: Int
    package var loss: Double
    package var accuracy: Double
  }

  /// A row of performance.csv.
  package struct Performance: Sendable, Equatable {
    package var step: Int
    /// Seconds of training so far.
    package var seconds: Double
    package var memoryBytes: Double
  }

  /// A row of learning_curve.csv.
  package struct CurvePoint: Sendable, Equatable {
    /// The number of training texts.
    package var textCount: Double
    package var accuracy: Double
    /// The ends of its interval.
    package var lowerBound, upperBound: Double
  }

  /// run.json.
  package struct Settings: Sendable, Decodable {
    package var version: String
    /// The path of the data.
    package var data: String
    package var threads: Int
    /// The number of texts taken from each part; nil for all.
    package var limit: Int?
    package var wordIndex: String?
    /// How texts are read; nil for the defaults.
    package var text: TextOptions?
    /// The paths of data to validate and to test on, where they lie elsewhere.
    package var validationData: String?
    package var testData: String?
    package var configuration: TrainingConfiguration
  }

  /// The folder's path, as it was given.
  package let path: String
  package let epochs: [Epoch]
  package let steps: [Step]
  /// Whether words are predicted, and not labels; their histories have no accuracies.
  package let predictsWords: Bool
  /// Empty if the run didn't measure it.
  package let performance: [Performance]
  /// Nil if there is no run.json, which early versions didn't write.
  package let settings: Settings?
  /// The model in model.safetensors; nil until the run writes it.
  package let model: Model?

  /// How the accuracy grows with the texts; empty where it wasn't measured.
  package let learningCurve: [CurvePoint]
  /// What a tuning in this folder has tried; none where there was none.
  package let trials: [Trial]

  /// The model's configuration, or else that of run.json; nil if there is neither.
  package var configuration: TrainingConfiguration? { model?.configuration ?? settings?.configuration }

  /// The epoch whose weights the run's model has: the best one where early stopping restores that, and otherwise the
  /// last; nil if none is complete.
  package var modelEpoch: Epoch? {
    guard let last = epochs.last, let configuration, let stopping = configuration.earlyStopping,
      stopping.restoresBestWeights
    else { return epochs.last }
    var (best, restored) = (BestValue(), last)
    for epoch in epochs {
      guard let value = epoch.value(of: stopping.monitor) else { return last }
      if best.update(Float(value), of: stopping.monitor, minDelta: stopping.minDelta) { restored = epoch }
    }
    // A run that was stopped by its user has its last weights.
    let isFinished =
      last.number == configuration.epochs || last.number - restored.number >= max(stopping.patience, 1)
    return isFinished ? restored : last
  }

  /// Whether a folder holds a run.
  package static func isPresent(in path: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + RunFiles.history)
  }

  /// Reads a folder.
  ///
  /// - Throws: `ReportError` if the folder holds no run, or if a file's contents aren't what a run writes; `FileError` or
  ///   `ModelError` if a file can't be read.
  package init(contentsOf path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw ReportError(.noFolder, path: path, "no such folder", advice: "give the folder of a run")
    }
    self.path = path
    func table(_ name: String, _ headers: [String]) throws -> CSVTable {
      guard let table = try CSVTable.read(path + "/" + name, headers: headers) else {
        throw ReportError(
          .noRun, path: path, "holds no run: \(name) is missing", advice: "give the folder of a run")
      }
      return table
    }
    let history = try table(RunFiles.history, EpochRecord.headers)
    epochs = (0..<history.rowCount).map { row in
      Epoch(
        number: Int(history["epoch"]![row]) + 1, loss: history["loss"]![row],
        accuracy: history["accuracy"]?[row] ?? .nan, validationLoss: history["val_loss"]![row],
        validationAccuracy: history["val_accuracy"]?[row] ?? .nan,
        validationF1: history[MonitoredQuantity.validationF1.rawValue]?[row],
        learningRate: history["learning_rate"]?[row])
    }
    let steps = try table(RunFiles.steps, [false, true].map(StepRecord.header(ofWords:)))
    self.steps = (0..<steps.rowCount).map { row in
      Step(number: Int(steps["step"]![row]), loss: steps["loss"]![row], accuracy: steps["accuracy"]?[row] ?? .nan)
    }
    predictsWords = steps.rowCount > 0 && steps["accuracy"] == nil
    performance = try Self.performance(path + "/" + RunFiles.performance)
    settings = try Self.settings(path + "/" + RunFiles.description)
    let curve = try CSVTable.read(path + "/" + RunFiles.learningCurve, headers: [RunFolder.curveHeader])
    learningCurve = (0..<(curve?.rowCount ?? 0)).map { row in
      CurvePoint(
        textCount: curve!["texts"]![row], accuracy: curve!["accuracy"]![row], lowerBound: curve!["accuracy_from"]![row],
        upperBound: curve!["accuracy_to"]![row])
    }
    trials = try Tuner.trials(in: path)
    let modelPath = path + "/" + RunFiles.model
    model =
      try FileManager.default.fileExists(atPath: modelPath)
      ? Model(safetensors: modelPath) : nil
  }

  private static func performance(_ path: String) throws -> [Performance] {
    guard let table = try CSVTable.read(path, headers: [RunFolder.performanceHeader]) else { return [] }
    let rows = (0..<table.rowCount).map { row in
      Performance(
        step: Int(table["step"]![row]), seconds: table["seconds"]![row], memoryBytes: table["memory_bytes"]![row])
    }
    var previous = 0.0
    for (index, row) in rows.enumerated() {
      guard row.seconds.isFinite, row.seconds >= previous, row.memoryBytes.isFinite, row.memoryBytes >= 0 else {
        throw ReportError(
          .malformed, path: path, "line \(index + 2): seconds must not decrease, and bytes must not be negative",
          advice: "remove the file for a report without speed and memory")
      }
      previous = row.seconds
    }
    return rows
  }

  private static func settings(_ path: String) throws -> Settings? {
    guard let data = try boundedContents(of: path, limit: 1 << 20, advice: runAdvice) else { return nil }
    func fail(_ problem: String) -> ReportError {
      ReportError(.malformed, path: path, problem, advice: "remove the file, and name the data yourself")
    }
    do { try JSONSyntax.check(data) } catch { throw fail("byte \(error.offset): \(error.text)") }
    guard let settings = try? JSONDecoder().decode(Settings.self, from: data) else {
      throw fail("isn't the JSON of a run's settings")
    }
    if let setting = settings.configuration.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    if let limit = settings.limit, limit < 1 { throw fail("limit is \(limit), expected at least 1") }
    return settings
  }
}

extension RunRecord.Epoch {
  /// A quantity by which epochs are judged; nil if the run doesn't record it.
  fileprivate func value(of quantity: MonitoredQuantity) -> Double? {
    switch quantity {
    case .loss: loss
    case .accuracy: accuracy
    case .validationLoss: validationLoss
    case .validationAccuracy: validationAccuracy
    case .validationF1: validationF1
    }
  }
}

extension RunRecord.Settings {
  /// Whether a run was trained on other data, or on other parts of them.
  func hasOtherData(than other: Self) -> Bool {
    data != other.data || limit != other.limit || text != other.text || validationData != other.validationData
      || testData != other.testData || configuration.validationSplit != other.configuration.validationSplit
  }
}
