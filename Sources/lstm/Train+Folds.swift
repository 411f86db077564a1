import ArgumentParser
import Classification
import Models
import Training

extension Train {
  /// Cross-validates the settings, and prints a row for each fold.
  func crossValidate(_ start: Checkpoint, folds: Int, threads: Int, report: (Run.Preparation) -> Void) throws {
    if predictions != nil, try start.source.holdsNumbers {
      throw CommandError(path: data, "holds numbers, not texts", advice: "leave out --predictions, or give texts")
    }
    var validation = CrossValidation(start, folds: folds)
    validation.threads = threads
    var table = FigureTable(["fold", "texts", "accuracy", "macro-F1", "seconds"], isQuiet: quiet)
    Interruption.listen()
    let result = try validation.run { event in
      switch event {
      case .preparation(let preparation): report(preparation)
      case .progress(let fold, let share): table.draw("Fold \(fold) of \(folds)", done: share)
      case .fold(let number, let fold):
        table.print([
          "\(number)", grouped(fold.textCount), shown(fold.accuracy), shown(fold.macroF1), fixed(fold.seconds, 1),
        ])
      }
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    table.end()
    guard let result else { throw ExitCode(Interruption.exitCode ?? 1) }
    if let predictions { try result.predictions?.write(to: predictions) }
    if quiet { return }
    printProgress(
      "Mean ± standard deviation - accuracy: \(spread(result.folds.compactMap(\.accuracy))), "
        + "macro-F1 \(spread(result.folds.compactMap(\.macroF1)))")
    printProgress(
      "All \(grouped(result.textCount)) texts - accuracy: \(shown(result.accuracy, result.accuracyInterval)), "
        + "macro-F1 \(shown(result.macroF1, result.macroF1Interval))")
    printError("No model is written; without --folds, lstm train trains one on all training texts")
  }
}
