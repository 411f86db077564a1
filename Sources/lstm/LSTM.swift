import ArgumentParser
import Distribution
import Foundation
import Training

/// The executable: it parses options, prints, and leaves the rest to the libraries.
@main
struct LSTM: ParsableCommand {
  static let version = Run.version

  static let configuration = CommandConfiguration(
    commandName: "lstm",
    abstract: "Trains LSTM text classifiers on the cores of this machine.",
    version: "\(version) (kernels for \(Processor.kernels))",
    subcommands: [
      Train.self, Predict.self, Evaluate.self, ReportCommand.self, Inspect.self, Export.self, Import.self,
      Benchmark.self, Probabilities.self,
    ])

  static func main() {
    openStandardStreams()
    // Before anything else: the kernels would end in an illegal instruction.
    if let problem = Processor.problem {
      printError("Error: \(problem)")
      exit(withError: ExitCode(1))
    }
    // Where the zone isn't named, the C library looks for its file whenever libzip reads an entry's date.
    setenv("TZ", ":/etc/localtime", 0)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // An option that is wrong is wrong on every rank.
      if !(error is ExitCode), MPI.launchedRank ?? 0 > 0 { RankGroup.letTheFirstSpeak() }
      exit(withError: advised(error))
    }
  }
}
