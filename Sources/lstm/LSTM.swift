import ArgumentParser
import Corpus
import Distribution
import EngineSelection
import Foundation
import Training

/// The executable, which parses options and prints. The libraries do the rest.
@main
struct LSTM: ParsableCommand {
  static let version = Run.version

  static let configuration = CommandConfiguration(
    commandName: "lstm",
    abstract: "Trains LSTM text classifiers on the cores of this machine.",
    discussion: """
      To begin, with a table of texts and labels (or a folder, or an archive of either):

        lstm train --data reviews.csv --output reviews
        lstm predict --model reviews "a wonderful film"
        lstm evaluate --model reviews --data others.csv
        lstm report reviews

      Exit codes are 0 for success, 1 for an error that a message names, 64 for options that make no sense, 71 for too \
      little memory or too few files, and 130 or 143 for a run that Ctrl-C or SIGTERM has ended, and that can go on.
      """,
    version: "\(version) (kernels for \(Processor.kernels))",
    subcommands: [
      Train.self, Pretrain.self, Tune.self, Predict.self, Evaluate.self, ReportCommand.self, Inspect.self, Export.self,
      Import.self,
      Vectors.self, Serve.self, Benchmark.self, Probabilities.self,
    ])

  static func main() {
    openStandardStreams()
    // Beyond `ulimit -f`, writing fails with a reason instead.
    signal(SIGXFSZ, SIG_IGN)
    ProcessMemory.keepLargeArraysApart()
    endWithMessageOnShortageOfMemory()
    endWithMessageAtMemoryLimit()
    if let problem = unreadableArgument {
      printError("Error: \(problem)")
      exit(withError: ExitCode(EX_USAGE))
    }
    var files = rlimit()
    if getrlimit(fileLimit, &files) == 0, files.rlim_cur < fewestFiles {
      printError(
        "Error: only \(files.rlim_cur) files may be open at once; raise the limit with ulimit -n \(fewestFiles)")
      exit(withError: ExitCode(EX_OSERR))
    }
    if let problem = Engines.problem {
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
      if error.isShortageOfMemory {
        printError("Error: \(message(for: advised(error)))")
        exit(withError: ExitCode(EX_OSERR))
      }
      exit(withError: advised(error))
    }
  }

  /// With fewer, Dispatch would end the process when it makes its own.
  private static let fewestFiles: rlim_t = 32

  #if canImport(Darwin)
    private static let fileLimit = RLIMIT_NOFILE
  #else
    private static let fileLimit = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #endif

  /// What is wrong with an argument that isn't UTF-8. It can't be passed on as it is: a path would lead elsewhere.
  private static var unreadableArgument: String? {
    for (number, argument) in UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
      .enumerated()
    where number > 0 {
      guard let argument, String(validatingCString: argument) == nil else { continue }
      return
        "argument \(number), \(CorpusError.quoted(String(cString: argument))), is not UTF-8; rename the file, or give "
        + "the folder above it"
    }
    return nil
  }
}
