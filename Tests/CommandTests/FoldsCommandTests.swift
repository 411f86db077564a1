import Fixtures
import Foundation
import Testing

@Suite("lstm train --folds") struct FoldsCommandTests {
  private static let table =
    "label,text\n"
    + (0..<60).map { "\($0 % 3 == 0 ? "yes" : "no"),\($0 % 3 == 0 ? "good" : "bad") n\($0)\n" }.joined()

  @Test("prints a row for each fold, and writes what is predicted for each text")
  func table() throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.table, to: "table.csv")
      let arguments = [
        "train", "--data", data, "--test-split", "0", "--folds", "3", "--hidden-size", "0", "--predictions",
      ]
      let run = try LSTMProcess.run(arguments + [folder.path("p.csv")])
      #expect(run.exitCode == 0, "\(run.errors)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 6, "\(run.output)")
      #expect(lines[0] == "  fold   texts  accuracy  macro-F1  seconds")
      #expect(lines[3].contains(#/^     3      19    1\.0000    1\.0000   +[0-9.]+$/#), "\(lines[3])")
      #expect(lines[4] == "Mean ± standard deviation - accuracy: 1.0000 ± 0.0000, macro-F1 1.0000 ± 0.0000")
      #expect(lines[5].hasPrefix("All 60 texts - accuracy: 1.0000 (0.93"), "\(lines[5])")
      #expect(run.errors.contains("No model is written"))
      let rows = try folder.text("p.csv").split(separator: "\n")
      #expect(rows.count == 61 && rows[0] == "file,line,text,label,predicted,probability_no,probability_yes")
      #expect(rows[1].hasPrefix("table.csv,2,good n0,yes,yes,0."))
      // Nothing else is written, and nothing is printed but the file.
      let quiet = try LSTMProcess.run(arguments + [folder.path("q.csv"), "--quiet"])
      #expect(quiet.exitCode == 0 && quiet.output + quiet.errors == "")
      #expect(try folder.bytes("q.csv") == folder.bytes("p.csv"))
      #expect(folder.names == ["p.csv", "q.csv", "table.csv"])
    }
  }

  @Test(
    "refuses what can't be, and says what to do",
    arguments: [
      (["--folds", "1"], 64, "--folds must be from 2 to 100, not 1"),
      (
        ["--folds", "31", "--hidden-size", "0"], 1, "48 training texts, too few for 31 folds; give more texts, or fewer"
      ),
      (["--folds", "3", "--output", "x"], 64, "--output can't be given with --folds"),
      (["--predictions", "p.csv"], 64, "--predictions goes with --folds; lstm evaluate has it"),
      (["--folds", "2", "--preset", "tutorial", "--early-stopping", "val_loss"], 1, "--validation-split"),
    ])
  func refusals(arguments: [String], code: Int, message: String) throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.table, to: "table.csv")
      let run = try LSTMProcess.run(["train", "--data", data] + arguments)
      #expect(run.exitCode == code && run.errors.contains(message), "\(run.exitCode) \(run.errors)")
    }
  }

  @Test("takes numbers, but can't write them as texts")
  func numbers() throws {
    try withTemporaryFolder { folder in
      let arguments = [
        "train", "--data", "Data/sample.npz", "--limit", "60", "--folds", "2", "--epochs", "1", "--hidden-size", "3",
        "--embedding-size", "2",
      ]
      let run = try LSTMProcess.run(arguments)
      #expect(run.exitCode == 0 && run.output.contains("All 60 texts - accuracy: "), "\(run.errors)")
      let refused = try LSTMProcess.run(arguments + ["--predictions", folder.path("p.csv")])
      #expect(refused.exitCode == 1 && refused.errors.contains("leave out --predictions"), "\(refused.errors)")
    }
  }
}
