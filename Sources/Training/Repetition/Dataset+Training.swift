import Corpus
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

extension Dataset {
  /// Trains as a run does, but without a folder.
  ///
  /// - Parameters:
  ///   - state: what to begin with; nil for what the seed says.
  ///   - report: told of each event, and of the share of the steps that have been taken.
  /// - Returns: the model that a run would leave; nil where `report` stops it.
  /// - Throws: what `Trainer` does, and what `report` throws.
  func train(
    _ configuration: TrainingConfiguration, from state: TrainingState? = nil, threads: Int,
    report: (TrainingEvent, Double) throws -> TrainingAnswer
  ) throws -> Model? {
    let (training, validation) = try parts(validationSplit: configuration.validationSplit)
    let wide = try WidePart(configuration, training: training, validation: validation, threads: threads)
    let trainer = try Trainer(
      configuration, state: state, training: training, validation: validation.count > 0 ? validation : nil,
      wideLogits: wide?.validationLogits, threads: threads)
    let ending = try trainer.run { try report($0, trainer.shareOfSteps) }
    guard ending == .completed else { return nil }
    let weighsParts = wide != nil && validation.count > 0
    let logits = weighsParts || configuration.threshold != nil ? trainer.validationLogits() : nil
    return try finishedModel(
      trainer.parameters, configuration, wide, networkLogits: logits, weighsParts: weighsParts,
      validationLabels: validation.labels
    ).model
  }
}
