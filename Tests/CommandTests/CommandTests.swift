import Fixtures
import Foundation
import Testing

@Suite struct CommandTests {
  @Test func versionSaysWhatTheKernelsAreFor() throws {
    let run = try LSTMProcess.run("--version")
    #expect(run.exitCode == 0)
    #expect(try /\d+\.\d+\.\d+ \(kernels for .+\)\n/.wholeMatch(in: run.output) != nil)
  }

  @Test func helpNamesEveryOptionAndDefault() throws {
    let help = try LSTMProcess.run("train", "--help").output.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    for option in [
      "--data", "--vocabulary-size", "--max-length", "--embedding-size", "--hidden-size", "--epochs", "--batch-size",
      "--learning-rate", "--seed", "--threads", "--limit", "--no-shuffle", "--initial-weights", "--word-index",
      "--quiet", "--output", "--overwrite", "--layers", "--bidirectional", "--pooling", "--mask-padding",
      "--dense-layers", "--dense-activation",
      "--dropout-words", "--dropout-embedding", "--dropout-recurrent", "--dropout-layers", "--dropout-output",
    ] {
      #expect(help.contains(option), "\(option)")
    }
    for value in ["1000", "400", "128", "0.001", "Data/run"] { #expect(help.contains("default: \(value)"), "\(value)") }
  }

  @Test func inspectShowsTheSample() throws {
    let run = try LSTMProcess.run("inspect", "Data/sample.npz", "--max-length", "60")
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    for text in ["training", "test", "50.0 %", "The first training text", "<start>", "padded in front to 60"] {
      #expect(run.output.contains(text), "\(text)")
    }
  }

  @Test func benchmarkPrintsATableAndWritesJSON() throws {
    let json = TemporaryFile("json")
    let run = try LSTMProcess.run(
      "benchmark", "--data", "Data/sample.npz", "--batches", "2", "--batch-size", "60", "--threads", "2", "--json",
      json.path)
    #expect(run.exitCode == 0)
    for row in [
      "| FMA peak", "| training batch, s |", "| evaluation batch, s |", "| peak memory, MB |", "| 1 thread |",
    ] {
      #expect(run.output.contains(row), "\(row)")
    }
    let figures = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes())) as? [String: Any])
    let series = try #require(figures["series"] as? [[String: Any]])
    #expect(series.map { $0["threads"] as? Int } == [2, 1])
    #expect((series[0]["trainingSeconds"] as? [Double])?.count == 2)
    #expect((figures["trainingLosses"] as? [Double])?.allSatisfy { (0.3...1).contains($0) } == true)
    #expect(try LSTMProcess.run("benchmark", "--data", "Data/sample.npz", "--batches", "0").exitCode == 64)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset"), "skipped: there is no taskset"))
  func threadsAreTheCoresThatTheProcessMayUse() throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/taskset")
    process.arguments = [
      "--cpu-list", "0", LSTMProcess.executable.path, "benchmark", "--data", "Data/sample.npz", "--batches", "1",
      "--batch-size", "6",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: LSTMProcess.package)
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(output.contains("|  | 1 thread | "), "\(output)")
  }

  @Test(arguments: [("/nowhere.npz", "no such file"), ("LICENSE", "LICENSE: ")])
  func inspectRefusesWhatIsNoArchive(path: String, message: String) throws {
    let run = try LSTMProcess.run("inspect", path)
    #expect(run.exitCode == 1)
    #expect(run.output == "")
    #expect(run.errors.contains(message), "\(run.errors)")
  }
}
