import Training

/// The table of a tuning's trials, printed row by row.
struct TrialTable {
  private let isQuiet: Bool
  private var bar: ProgressBar
  private var first: Trial?

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    bar = ProgressBar(isQuiet: isQuiet)
  }

  mutating func draw(trial: Int, fold: Int, share: Double) {
    bar.draw("Trial \(trial), fold \(fold + 1)", done: share, details: [])
  }

  mutating func end() { bar.clear() }

  /// Prints a row. The first trial is that of the defaults.
  mutating func print(_ trial: Trial) {
    bar.clear()
    if first == nil {
      if !isQuiet {
        printProgress(
          "trial  folds  accuracy (95 % interval)  macro-F1 (95 % interval)  seconds  memory    model  settings")
      }
      first = trial
    }
    if !isQuiet { printProgress(row(trial)) }
  }

  private func row(_ trial: Trial) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func figure(_ value: Double?, _ interval: ClosedRange<Double>?) -> String {
      interval == nil ? "" : shown(value, interval)
    }
    func megabytes(_ bytes: Int?, _ decimals: Int) -> String {
      bytes.map { "\(fixed(Double($0) / 1e6, decimals)) MB" } ?? ""
    }
    let cells = [
      padded("\(trial.number)", 5), padded("\(trial.folds.count)", 5),
      padded(figure(trial.accuracy, trial.accuracyInterval), 24),
      padded(figure(trial.macroF1, trial.macroF1Interval), 24),
      padded(fixed(trial.seconds, 1), 7), padded(megabytes(trial.peakMemory, 0), 7),
      padded(megabytes(trial.modelSize, 1), 7), settings(of: trial),
    ]
    return cells.joined(separator: "  ")
  }

  private func settings(of trial: Trial) -> String {
    let changes = trial.number == 1 ? ["the defaults"] : first.map { trial.changes(from: $0) } ?? []
    return changes.joined(separator: ", ") + (trial.problem.map { ": \($0)" } ?? "")
  }

  /// Prints which trial was the best.
  func printBest(_ tuning: Tuning) {
    if isQuiet { return }
    printProgress("Best of \(tuning.trials.count): trial \(tuning.best.number) (\(settings(of: tuning.best)))")
    if tuning.choice != tuning.best {
      printProgress("Its lead over the defaults may be luck, so the defaults are kept")
    }
  }
}
