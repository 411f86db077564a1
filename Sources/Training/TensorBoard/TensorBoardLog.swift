import Foundation

/// Writes metrics for TensorBoard: those of each step and epoch into `train`, those of each validation into `validation`.
public final class TensorBoardLog: TrainingCallback {
  /// "tensorboard".
  public let name = "tensorboard"
  /// False.
  public let needsWeightsAfterSteps = false
  private let folder: String
  private var files: (train: EventFile, validation: EventFile)?

  /// Creates the callback.
  ///
  /// - Parameter folder: the folder for TensorBoard's `--logdir`, which is created when the run begins.
  public init(folder: String) { self.folder = folder }

  /// Writes the metrics of an event.
  ///
  /// - Throws: `FileError` if the files can't be written.
  public func handle(_ event: TrainingEvent, _ run: inout TrainingState) throws -> TrainingAnswer {
    switch event {
    case .begin:
      // A resumed run drops the points that it had written after the state it resumes from.
      let isNew = run.steps.isEmpty
      files = (
        try EventFile(
          folder: folder + "/train", startTime: Date(), resumingAfterStep: isNew ? nil : Int64(run.steps.count)),
        try EventFile(
          folder: folder + "/validation", startTime: Date(), resumingAfterStep: isNew ? nil : Int64(run.epoch) - 1)
      )
    case .step(let record): try files?.train.write(record.scalars, step: Int64(record.step), wallTime: Date())
    case .epoch(let record):
      let rate = run.lastLearningRate
      try files?.train.write(record.trainingScalars(learningRate: rate), step: Int64(record.epoch), wallTime: Date())
      try files?.validation.write(record.validationScalars, step: Int64(record.epoch), wallTime: Date())
    case .validation, .ngrams: break
    }
    return .goOn
  }
}
