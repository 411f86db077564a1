import ArgumentParser
import Distribution
import Foundation
import Training

/// The executable, which parses options and prints. The libraries do the rest.
@main
struct LSTM: ParsableCommand {
  static let version = Run.version

  static let configuration = CommandConfiguration(
    commandName: "lstm",
    abstract: "Trains LSTM text classifiers on the cores of this machine.",
    version: "\(version) (kernels for \(Processor.kernels))",
    subcommands: [
      Train.self, Predict.self, Evaluate.self, ReportCommand.self, Inspect.self, Export.self, Import.self,
      Serve.self, Benchmark.self, Probabilities.self,
    ])

  static func main() {
    openStandardStreams()
    // The kernels would crash with an illegal instruction.
    if let problem = Processor.problem {
      printError("Error: \(problem)")
      exit(withError: ExitCode(1))
    }
    // Without a named time zone, the C library looks for its file each time libzip reads the date of an entry.
    setenv("TZ", ":/etc/localtime", 0)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // A wrong option is wrong on every rank.
      if !(error is ExitCode), MPI.launchedRank ?? 0 > 0 { RankGroup.waitForFirstRanksMessage() }
      exit(withError: advised(error))
    }
  }
}
