import Classification
import Corpus
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

extension Trial {
  /// How a measurement ended.
  enum MeasurementEnding {
    case completed
    /// The caller stopped it.
    case stopped
    /// It would have taken about so many seconds, more than there were.
    case tooLong(Double)
  }

  /// Trains on all but one part of the texts, classifies that part, and adds what came of it.
  ///
  /// - Parameters:
  ///   - options: the limits that the model has to keep.
  ///   - limit: how many seconds the network may take; nil for any number.
  ///   - progress: told the share that is done.
  /// - Throws: what training does, where the settings don't work.
  mutating func measureNextFold(
    of data: TuningData, _ options: TuningOptions, limit: Double?, threads: Int,
    progress: (Double) throws -> TrainingAnswer
  ) throws -> MeasurementEnding {
    let start = ContinuousClock.now
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
    ProcessMemory.resetPeak()
    let need = configuration.memoryNeed(threads: threads)
    guard need < Double(ProcessInfo.processInfo.physicalMemory) else {
      throw ModelError(
        .tooLarge, problem: "the network needs about \(Int(need / 1e9)) GB of memory, more than there is",
        advice: "use a machine with more memory")
    }
    let (dataset, training, validation) = try data.fold(folds.count, configuration)
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
    if let expected { return .tooLong(expected) }
    guard ending == .completed else { return .stopped }
    let networkLogits = trainer.validationLogits()
    let logits = wide?.crossValidatedLogits(networkLogits: networkLogits) ?? networkLogits
    guard logits.allSatisfy(\.isFinite) else {
      throw TrainingError.notFinite(.loss, step: stepCount, learningRate: configuration.learningRate)
    }
    let outcomes = Outcome.outcomes(logits: logits, labels: validation.labels)
    if folds.isEmpty {
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
    folds.append(
      Fold(
        outcomes, predicted: outcomes.map(\.label), labels: validation.labels, labelCount: configuration.labelCount,
        seconds: seconds, peakMemory: ProcessMemory.peak))
    if let limit = options.modelSizeLimit, let modelSize, modelSize > limit {
      problem = "the model's file has about \(modelSize) bytes"
    } else if let limit = options.speedLimit, let textsPerSecond, textsPerSecond < limit {
      problem = "the model classifies \(Int(textsPerSecond)) texts a second"
    }
    return .completed
  }
}
