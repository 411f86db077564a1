/// What has happened in training.
public enum TrainingEvent: Sendable {
  /// The run begins, or goes on.
  case begin
  /// A training step was taken.
  case step(StepRecord)
  /// So many of the validation texts are done.
  case validation(done: Int, count: Int)
  /// An epoch is complete, its validation too.
  case epoch(EpochRecord)
  /// Of the training of n-grams with which the run ends, about this share is done; no answer stops it.
  case ngrams(Double)
}

/// A caller's or a callback's answer to an event.
public enum TrainingAnswer: Sendable {
  case goOn
  /// No further step. A run that its caller stops can go on later; one that a callback stops is finished.
  case stop
}

/// How training ended.
public enum TrainingEnding: Sendable {
  /// It is finished.
  case completed
  /// The caller stopped it; it can go on.
  case stopped
}
