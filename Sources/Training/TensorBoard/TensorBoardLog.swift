import Foundation

/// Writes what TensorBoard shows: into `train` each step's and each epoch's figures, into `validation` each epoch's.
public final class TensorBoardLog: TrainingCallback {
  /// "tensorboard".
  public let name = "tensorboard"
  private let folder: String
  private var files: (train: EventFile, validation: EventFile)?

  /// - Parameter folder: TensorBoard's `--logdir`; made when the run begins.
  public init(folder: String) { self.folder = folder }

  /// Writes an event's figures.
  ///
  /// - Throws: `TrainingError` where the files can't be written.
  public func handle(_ event: TrainingEvent, _ run: inout TrainingState) throws -> TrainingAnswer {
    switch event {
    case .begin:
      // A run that goes on takes back what it had written after the state that it goes on from.
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
    case .validation: break
    }
    return .goOn
  }
}
