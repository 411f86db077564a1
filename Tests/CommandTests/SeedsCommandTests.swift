import Fixtures
import Foundation
import Testing

@Suite("lstm train --seeds") struct SeedsCommandTests {
  private static let table =
    "label,text\n"
    + (0..<90).map { "\(($0 % 3 == 0) != ($0 % 7 == 0) ? "yes" : "no"),\($0 % 3 == 0 ? "good" : "bad") n\($0 % 11)\n" }
    .joined()

  private static let settings = [
    "--preset", "tutorial", "--vocabulary-size", "20", "--max-length", "5", "--hidden-size", "3", "--embedding-size",
    "2",
    "--batch-size", "10", "--epochs", "4", "--learning-rate", "0.05", "--validation-split", "0.25", "--seed", "5",
    "--seeds", "4",
  ]

  @Test("prints a row for each, and goes on after it was killed")
  func table() throws {
    try withTemporaryFolder { folder in
      let arguments = try ["train", "--data", folder.write(Self.table, to: "table.csv")] + Self.settings
      let whole = try LSTMProcess.run(arguments + ["--output", folder.path("whole")])
      #expect(whole.exitCode == 0, "\(whole.errors)")
      let lines = whole.output.split(separator: "\n")
      #expect(lines.count == 7, "\(whole.output)")
      #expect(lines[0] == "  seed  validation accuracy  macro-F1  test accuracy (95 % interval)  macro-F1")
      #expect(lines[1].contains(#/^     5 +[01]\.\d{4} +\d\.\d{4} +\d\.\d{4} \(\d\.\d{4}–\d\.\d{4}\) +\d\.\d{4}$/#))
      #expect(lines[4].hasPrefix("     8  "))
      #expect(lines[5].hasPrefix("Mean ± standard deviation - validation accuracy: "))
      #expect(lines[6].contains(#/^Kept: seed [5-8], as none is better on the validation texts$/#))
      let killed = try LSTMProcess.start(
        arguments + ["--output", folder.path("parts")], output: folder.url("output"), errors: folder.url("errors"))
      let deadline = Date(timeIntervalSinceNow: 60)
      while killed.isRunning, !folder.contains("parts/seeds/6/checkpoints"), Date() < deadline { usleep(500) }
      kill(killed.processIdentifier, SIGKILL)
      killed.waitUntilExit()
      #expect(killed.terminationStatus == SIGKILL, "it ended too soon")
      let refused = try LSTMProcess.run("train", "--resume", folder.path("parts"), "--epochs", "9")
      #expect(refused.exitCode == 64 && refused.errors.contains("are under way (epochs"), "\(refused.errors)")
      let resumed = try LSTMProcess.run("train", "--resume", folder.path("parts"))
      #expect(resumed.exitCode == 0 && resumed.output == whole.output, "\(resumed.errors)")
      for file in ["model.safetensors", "history.csv", "steps.csv", "seeds.csv"] {
        #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
      }
      #expect(try LSTMProcess.run("train", "--resume", folder.path("parts")).errors.contains("this run is finished"))
    }
  }

  @Test("leaves an ensemble that answers")
  func ensemble() throws {
    try withTemporaryFolder { folder in
      let arguments = try ["train", "--data", folder.write(Self.table, to: "table.csv")] + Self.settings
      let run = try LSTMProcess.run(arguments + ["--ensemble", "--output", folder.path("a")])
      #expect(run.exitCode == 0, "\(run.errors)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.dropLast().last == "Kept: all 4, as one network")
      let last = try #require(lines.last)
      #expect(
        last.contains(#/^Test - 20 texts - accuracy: \d\.\d{4} \(\d\.\d{4}–\d\.\d{4}\), macro-F1 \d\.\d{4}$/#),
        "\(last)")
      let answer = try LSTMProcess.run("predict", "--model", folder.path("a"), "good n1")
      #expect(answer.exitCode == 0 && answer.output.contains("good n1"), "\(answer.errors)")
      #expect(try LSTMProcess.run("report", folder.path("a")).exitCode == 0)
    }
  }

  @Test(
    "refuses what can't be",
    arguments: [
      (["--seeds", "1"], "--seeds must be from 2 to 1,000, not 1"),
      (["--ensemble"], "--ensemble goes with --seeds"),
      (["--seeds", "3", "--folds", "3"], "--seeds can't be given with --folds"),
      (
        ["--seeds", "3", "--seed", "18446744073709551614", "--preset", "tutorial"], "--seed must leave room for 3 seeds"
      ),
    ])
  func refusals(arguments: [String], message: String) throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.table, to: "table.csv")
      // The usual folder may hold a run.
      let output = arguments.contains("--folds") ? [] : ["--output", folder.path("run")]
      let run = try LSTMProcess.run(["train", "--data", data] + arguments + output)
      #expect(run.exitCode == 64 && run.errors.contains(message), "\(run.exitCode) \(run.errors)")
    }
  }
}
