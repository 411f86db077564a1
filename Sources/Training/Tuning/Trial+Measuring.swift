import Classification
import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// What came of a fold, measured by this rank or another.
struct TrialMeasurement: Codable {
  enum Ending: Codable {
    case completed(Trial.Fold)
    /// The caller stopped it.
    case stopped
    /// It would have taken about so many seconds, more than there were.
    case tooLong(Double)
    /// The settings don't work.
    case failed(problem: String)
  }

  var ending: Ending
  /// Of the first fold: what the trial has under the same names.
  var modelSize: Int?
  var textsPerSecond: Double?
}

extension Trial {
  /// Trains on all but one part of the texts, and classifies that part.
  ///
  /// - Parameters:
  ///   - fold: the part.
  ///   - options: what the model will be compared by.
  ///   - limit: how many seconds the network may take; nil for any number.
  ///   - progress: told the share that is done.
  /// - Throws: what `progress` does. What training throws is the measurement's problem.
  func measure(
    fold: Int, of data: TuningData, _ options: TuningOptions, limit: Double?, threads: Int,
    progress: (Double) throws -> TrainingAnswer
  ) throws -> TrialMeasurement {
    guard try progress(0) == .goOn else { return TrialMeasurement(ending: .stopped) }
    var failure: (any Error)?
    do {
      return try train(without: fold, of: data, options, limit: limit, threads: threads) {
        do { return try progress($0) } catch {
          failure = error
          throw error
        }
      }
    } catch {
      if let failure { throw failure }
      return TrialMeasurement(ending: .failed(problem: (error as? any ActionableError)?.problem ?? "\(error)"))
    }
  }

  private func train(
    without fold: Int, of data: TuningData, _ options: TuningOptions, limit: Double?, threads: Int,
    progress: (Double) throws -> TrainingAnswer
  ) throws -> TrialMeasurement {
    let start = ContinuousClock.now
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
    ProcessMemory.resetPeak()
    let need = configuration.memoryNeed(threads: threads)
    guard need < ProcessInfo.processInfo.memoryLimit else {
      throw ModelError(
        .tooLarge, problem: "the network needs about \(described(bytes: need)) of memory, more than there is",
        advice: "use a machine with more memory")
    }
    let (dataset, training, validation) = try data.fold(fold, configuration)
    let wide = try WidePart(configuration, training: training, validation: validation, threads: threads)
    let trainer = try Trainer(
      configuration, training: training, validation: validation, wideLogits: wide?.validationLogits, threads: threads)
    let stepCount = trainer.stepsPerEpoch * configuration.epochs
    let secondsBefore = seconds
    var expected: Double?
    let ending = try trainer.run { event in
      guard case .step(let record) = event else { return .goOn }
      if let limit, record.step >= min(20, stepCount) {
        let total = secondsBefore + (seconds - secondsBefore) / Double(record.step) * Double(stepCount)
        if total > limit {
          expected = total
          return .stop
        }
      }
      return try progress(Double(record.step) / Double(stepCount))
    }
    if let expected { return TrialMeasurement(ending: .tooLong(expected)) }
    guard ending == .completed else { return TrialMeasurement(ending: .stopped) }
    let networkLogits = trainer.validationLogits()
    let logits = wide?.crossValidatedLogits(networkLogits: networkLogits) ?? networkLogits
    guard logits.allSatisfy(\.isFinite) else {
      throw TrainingError.notFinite(.loss, step: stepCount, learningRate: configuration.learningRate)
    }
    let outcomes = Outcome.outcomes(logits: logits, labels: validation.labels)
    var (modelSize, textsPerSecond): (Int?, Double?)
    if fold == 0 {
      let network = try dataset.model(trainer.parameters, configuration).safetensors().size
      let model = try dataset.model(trainer.parameters, configuration, wide)
      // The final model's n-grams are those of all texts.
      let grown = Double(try model.safetensors().size - network) * data.growth(from: training)
      modelSize = network + Int(grown)
      if options.speedLimit != nil {
        let start = ContinuousClock.now
        _ = try model.logits(of: validation, threads: threads)
        textsPerSecond = Double(validation.count) / ((ContinuousClock.now - start) / .seconds(1))
      }
    }
    let result = Fold(
      outcomes, predicted: outcomes.map(\.label), labels: validation.labels, labelCount: configuration.labelCount,
      seconds: seconds, peakMemory: ProcessMemory.peak)
    return TrialMeasurement(ending: .completed(result), modelSize: modelSize, textsPerSecond: textsPerSecond)
  }

  /// Takes what came of its next fold, and holds it against the limits that the model has to keep.
  mutating func add(_ fold: Fold, of measurement: TrialMeasurement, _ options: TuningOptions) {
    folds.append(fold)
    modelSize = measurement.modelSize ?? modelSize
    textsPerSecond = measurement.textsPerSecond ?? textsPerSecond
    if let limit = options.modelSizeLimit, let modelSize, modelSize > limit {
      problem = "the model's file has about \(modelSize) bytes"
    } else if let limit = options.speedLimit, let textsPerSecond, textsPerSecond < limit {
      problem = "the model classifies \(Int(textsPerSecond)) texts a second"
    }
  }
}
