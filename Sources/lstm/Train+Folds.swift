import ArgumentParser
import Classification
import Models
import Training

extension Train {
  /// Cross-validates the settings, and prints a row for each fold.
  func crossValidate(_ start: Checkpoint, folds: Int, threads: Int, report: (Run.Preparation) -> Void) throws {
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
    if let predictions {
      guard let texts = result.predictions else {
        throw CommandError(path: data, "holds numbers, not texts", advice: "leave out --predictions, or give texts")
      }
      try texts.write(to: predictions)
    }
    if quiet { return }
    printProgress(
      "Mean ± standard deviation - accuracy: \(spread(result.folds.compactMap(\.accuracy))), "
        + "macro-F1 \(spread(result.folds.compactMap(\.macroF1)))")
    printProgress(
      "All \(grouped(result.textCount)) texts - accuracy: \(shown(result.accuracy, result.accuracyInterval)), "
        + "macro-F1 \(shown(result.macroF1, result.macroF1Interval))")
    printError("No model is written: without --folds, one is trained on all training texts")
  }
}

/// A table of figures, printed row by row.
struct FigureTable {
  private let isQuiet: Bool
  private var bar: ProgressBar
  private var header: [String]?
  private let widths: [Int]

  init(_ columns: [String], isQuiet: Bool) {
    self.isQuiet = isQuiet
    bar = ProgressBar(isQuiet: isQuiet)
    header = columns
    widths = columns.map { max($0.count, 6) }
  }

  mutating func draw(_ title: String, done: Double) { bar.draw(title, done: done, details: []) }

  mutating func end() { bar.clear() }

  mutating func print(_ cells: [String]) {
    bar.clear()
    if isQuiet { return }
    if let header { printProgress(line(header)) }
    header = nil
    printProgress(line(cells))
  }

  private func line(_ cells: [String]) -> String {
    zip(cells, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined(separator: "  ")
  }
}

/// A figure with its interval.
func shown(_ value: Double?, _ interval: ClosedRange<Double>? = nil) -> String {
  guard let value else { return "–" }
  return fixed(value, 4)
    + (interval.map { " (\(fixed($0.lowerBound, 4))–\(fixed($0.upperBound, 4)))" } ?? "")
}

/// The mean of some figures and their standard deviation.
func spread(_ values: [Double]) -> String {
  guard let spread = Spread(values) else { return "–" }
  return fixed(spread.mean, 4) + (spread.deviation.map { " ± \(fixed($0, 4))" } ?? "")
}
