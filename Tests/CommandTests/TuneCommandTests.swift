import Fixtures
import Foundation
import Models
import RecurrentNetwork
import Testing

@Suite("lstm tune") struct TuneCommandTests {
  /// Two labels that differ in one word among others, of which every tenth is wrong.
  private static let table: String = {
    var generator = RandomGenerator(seed: 5)
    let rows = (0..<150).map { number in
      let own = (number % 2 == 0) != (number % 10 == 3) ? "good" : "bad"
      let others = (0..<Int(generator.uniform() * 4)).map { _ in "w\(Int(generator.uniform() * 30))" }
      return "\(["yes", "no"][number % 2]),\((others + [own, "n\(number)"]).joined(separator: " "))"
    }
    return (["label,text"] + rows).joined(separator: "\n")
  }()

  private func withTable(_ body: (TemporaryFolder, String) throws -> Void) throws {
    try withTemporaryFolder { folder in try body(folder, folder.write(Self.table, to: "table.csv")) }
  }

  /// The columns of trials.csv that are the same whenever trials are: all but seconds and memory.
  private func table(_ folder: TemporaryFolder, _ name: String) throws -> [[Substring]] {
    try folder.text("\(name)/trials.csv").split(separator: "\n").map { row in
      let cells = row.split(separator: ",", omittingEmptySubsequences: false)
      return Array(cells[..<10] + cells[12...])
    }
  }

  @Test("prints a table, and leaves the best settings and a model")
  func table() throws {
    try withTable { folder, data in
      let tuned = try LSTMProcess.run([
        "tune", "--data", data, "--trials", "5", "--seeds", "1", "--output", folder.path("a"),
      ])
      #expect(tuned.exitCode == 0, "\(tuned.errors)")
      let lines = tuned.output.split(separator: "\n")
      #expect(lines[0].hasPrefix("trial  folds  accuracy"))
      let row = #/^    1      1    0\.\d{4} \(0\.\d{4}–\d\.\d{4}\) .* MB  .* MB  the defaults$/#
      #expect(lines[1].contains(row), "\(lines[1])")
      #expect(lines.contains { $0.contains("n-grams alone") })
      #expect(lines.contains { $0.hasPrefix("Best of 5: trial ") })
      #expect(lines.last!.hasPrefix("Test - 30 texts - accuracy: "), "\(lines.last!)")
      let best = try Model(contentsOf: folder.path("a"))
      // Its settings are those that another run can take.
      let trained = try LSTMProcess.run([
        "train", "--data", data, "--configuration", folder.path("a/run.json"), "--tokens", best.coding.tokens.rawValue,
        "--output", folder.path("b"), "--quiet",
      ])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(try folder.bytes("a/model.safetensors") == folder.bytes("b/model.safetensors"))
    }
  }

  @Test("leaves an ensemble of three networks")
  func ensemble() throws {
    try withTable { folder, data in
      let tuned = try LSTMProcess.run(["tune", "--data", data, "--trials", "1", "--output", folder.path("a")])
      #expect(tuned.exitCode == 0, "\(tuned.errors)")
      let lines = tuned.output.split(separator: "\n")
      #expect(lines.contains("Kept: all 3, as one network"))
      #expect(lines.last!.hasPrefix("Test - 30 texts - accuracy: "), "\(lines.last!)")
      #expect(try Model(contentsOf: folder.path("a")).architecture.hiddenSize == 3 * 64)
      #expect(try LSTMProcess.run("tune", "--resume", folder.path("a")).errors.contains("this tuning is finished"))
      #expect(try LSTMProcess.run("report", folder.path("a")).exitCode == 0)
    }
  }

  @Test("ends with the same table and weights when it was killed and interrupted")
  func resuming() throws {
    try withTable { folder, data in
      let arguments = ["tune", "--quiet", "--data", data, "--trials", "10", "--folds", "2", "--output"]
      let whole = try LSTMProcess.run(arguments + [folder.path("whole")])
      try #require(whole.exitCode == 0, "\(whole.errors)")
      var next = arguments + [folder.path("parts")]
      var interruptions = 0
      for signal in [SIGKILL, SIGINT, SIGKILL] {
        func count() -> Int { (try? folder.url("parts/trials").fileCount) ?? 0 }
        let process = try LSTMProcess.start(next, output: folder.url("output"), errors: folder.url("errors"))
        let before = count()
        let deadline = Date(timeIntervalSinceNow: 30)
        while process.isRunning, count() <= before, Date() < deadline { usleep(500) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        if process.terminationStatus == 0 { break }
        interruptions += 1
        next = ["tune", "--resume", folder.path("parts")]
      }
      #expect(interruptions > 0)
      let resumed = try LSTMProcess.run(next)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(try table(folder, "parts") == table(folder, "whole"))
      #expect(try folder.bytes("parts/model.safetensors") == folder.bytes("whole/model.safetensors"))
      let finished = try LSTMProcess.run(["tune", "--resume", folder.path("parts")])
      #expect(finished.exitCode == 0 && finished.errors.contains("this tuning is finished"), "\(finished.errors)")
    }
  }

  /// Each: the arguments, in which DATA is the table's path and OUT a folder's; the exit code; words of the message.
  @Test(
    "refuses what can't be, and says what to do",
    arguments: [
      (["--trials", "3"], 64, "--data is missing"),
      (["--data", "DATA", "--trials", "0"], 64, "--trials must be from 1"),
      (["--data", "DATA", "--minutes=-1"], 64, "--minutes must be above 0"),
      (["--data", "DATA", "--max-model-size", "5 apples"], 64, "--max-model-size"),
      (["--data", "DATA", "--trials", "3", "--folds", "90", "--output", "OUT"], 1, "fewer --folds"),
      (["--data", "Data/sample.npz", "--trials", "1", "--output", "OUT"], 1, "numbers, not texts"),
      (["--resume", "OUT", "--seed", "1"], 64, "--seed can't be given with --resume"),
      (["--resume", "OUT"], 1, "give --resume the --output folder of an earlier tuning"),
      (["--data", "DATA", "--trials", "1", "--max-model-size", "1KB", "--output", "OUT"], 1, "wider limits"),
    ])
  func refusals(arguments: [String], code: Int, message: String) throws {
    try withTable { folder, data in
      let run = try LSTMProcess.run(
        ["tune"] + arguments.map { $0 == "DATA" ? data : $0 == "OUT" ? folder.path("out") : $0 })
      #expect(run.exitCode == code && run.errors.contains(message), "\(run.exitCode) \(run.errors)")
    }
  }
}

extension URL {
  /// The number of files in a folder.
  fileprivate var fileCount: Int {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).count }
  }
}
