import ArgumentParser
import Corpus
import Training

extension Run {
  /// Trains, and shows how far it is and what came of it.
  ///
  /// - Parameters:
  ///   - ranks: share the work.
  ///   - data: what messages call the data.
  ///   - folder: the run's.
  ///   - command: goes on with a run in a folder.
  ///   - isQuiet: whether nothing but errors is printed.
  /// - Throws: what training does; `ExitCode` where a signal ends it.
  func train(on ranks: RankGroup, data: String, folder: String, command: String = "lstm train", isQuiet: Bool) throws {
    var progress = TrainingProgress(self, isQuiet: isQuiet || !ranks.isFirst)
    progress.begin(data: data, threads: ranks.threads)
    Interruption.listen()
    var traffic = StepTraffic(ranks.communicator)
    let ending = try train { event in
      traffic.record(event)
      progress.show(event)
      return Interruption.exitCode == nil ? .goOn : .stop
    }
    if ranks.isFirst { progress.end(ending, folder: folder, command: command) }
    if ranks.isFirst, !isQuiet, ending == .completed {
      if let chosen = threshold {
        let label = CorpusError.quoted(dataset.labels[1])
        printError(
          "\(label) is predicted above a probability of \(fixed(Double(chosen.threshold), 4)): on the validation texts, "
            + "precision \(fixed(chosen.precision, 4)), recall \(fixed(chosen.recall, 4)), F1 \(fixed(chosen.f1, 4))")
      }
      for warning in warnings { printError("Warning: \(warning)") }
      if ranks.count == 1, configuration.wordPrediction == nil {
        try showTestAccuracy(threads: ranks.threads, isQuiet: isQuiet)
      }
    }
    if let summary = try traffic.summary(), !isQuiet { printError(summary) }
    if ending == .stopped, let code = Interruption.exitCode { throw ExitCode(code) }
  }
}
