import ArgumentParser
import Training

extension ParsableCommand {
  /// Trains with several seeds, and prints a row for each.
  ///
  /// - Parameter command: what goes on where it is stopped, given --resume.
  func train(
    _ runs: SeedRuns, folder: String, command: String = "lstm train", isQuiet quiet: Bool,
    report: (Run.Preparation) -> Void
  ) throws {
    var (table, results) = (FigureTable([], isQuiet: quiet), [SeedRuns.Result]())
    Interruption.listen()
    let kept = try runs.train { event in
      switch event {
      case .preparation(let preparation): report(preparation)
      case .progress(let seed, let share):
        table.draw("Seed \(seed), \(results.count + 1) of \(runs.seeds.count)", done: share)
      case .warning(let warning):
        table.end()
        if !quiet { printError("Warning: \(warning)") }
      case .result(let result):
        let hasValidation = result.validationAccuracy != nil
        if results.isEmpty {
          table = FigureTable(
            ["seed"] + (hasValidation ? ["validation accuracy", "macro-F1"] : [])
              + (result.testAccuracy == nil ? [] : ["test accuracy (95 % interval)", "macro-F1"]), isQuiet: quiet)
        }
        results.append(result)
        table.print(
          ["\(result.seed!)"]
            + (hasValidation ? [shown(result.validationAccuracy), shown(result.validationMacroF1)] : [])
            + [shown(result.testAccuracy, result.testAccuracyInterval), shown(result.testMacroF1)])
      }
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    table.end()
    guard let kept else {
      if !quiet { printError("Stopped after the current batch. Continue with: \(command) --resume \(folder)") }
      throw ExitCode(Interruption.exitCode ?? 1)
    }
    if quiet { return }
    func line(_ part: String, _ accuracy: (SeedRuns.Result) -> Double?, _ f1: (SeedRuns.Result) -> Double?) -> String? {
      let accuracies = results.compactMap(accuracy)
      return accuracies.isEmpty
        ? nil : "\(part) accuracy: \(spread(accuracies)), macro-F1 \(spread(results.compactMap(f1)))"
    }
    let lines = [
      line("validation", \.validationAccuracy, \.validationMacroF1), line("test", \.testAccuracy, \.testMacroF1),
    ].compactMap(\.self)
    if !lines.isEmpty { printProgress("Mean ± standard deviation - \(lines.joined(separator: "; "))") }
    guard let seed = kept.seed else {
      printProgress("Kept: all \(results.count), as one network")
      if let test = kept.testEvaluation { printTestAccuracy(test) }
      return
    }
    printProgress(
      "Kept: seed \(seed), "
        + (kept.validationAccuracy == nil
          ? "the first, as there are no texts to validate on" : "as none is better on the validation texts"))
  }
}
