import ArgumentParser
import Models
import Training

extension Train {
  /// Measures a learning curve, and prints a row for each point.
  func measureLearningCurve(
    _ start: Checkpoint, threads: Int, report: (Run.Preparation) -> Void
  ) throws -> [LearningCurve.Point] {
    var curve = LearningCurve(start)
    curve.threads = threads
    var table = FigureTable(["texts", "validation accuracy (95 % interval)", "macro-F1"], isQuiet: quiet)
    Interruption.listen()
    let points = try curve.run { event in
      switch event {
      case .preparation(let preparation): report(preparation)
      case .progress(let count, let share): table.draw("\(grouped(count)) texts", done: share)
      case .point(let point):
        table.print([grouped(point.textCount), shown(point.accuracy, point.accuracyInterval), shown(point.macroF1)])
      }
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    table.end()
    guard let points else { throw ExitCode(Interruption.exitCode ?? 1) }
    return points
  }
}
