import Fixtures
import Foundation
import Testing

@Suite("lstm train --learning-curve") struct CurveCommandTests {
  private static let table =
    "label,text\n" + (0..<100).map { "\($0 % 3 == 0 ? "yes" : "no"),\($0 % 3 == 0 ? "good" : "bad") n\($0)\n" }.joined()

  @Test("prints a row for each part of the texts, trains as without it, and is reported")
  func curve() throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.table, to: "table.csv")
      let arguments = ["train", "--data", data, "--hidden-size", "0", "--output"]
      let run = try LSTMProcess.run(arguments + [folder.path("a"), "--learning-curve"])
      #expect(run.exitCode == 0, "\(run.errors)")
      let lines = run.output.split(separator: "\n")
      #expect(lines[0] == " texts  validation accuracy (95 % interval)  macro-F1")
      let last = try #require(lines.last { $0.hasPrefix("    64") })
      #expect(last.contains(#/^    64 +1\.0000 \(0\.\d{4}–1\.0000\) +1\.0000$/#), "\(run.output)")
      #expect(try LSTMProcess.run(arguments + [folder.path("b")]).exitCode == 0)
      #expect(try folder.bytes("a/model.safetensors") == folder.bytes("b/model.safetensors"))
      let rows = try folder.text("a/learning_curve.csv").split(separator: "\n")
      #expect(rows.count > 3 && rows.last!.hasPrefix("64,1.0,0."))
      #expect(!folder.contains("b/learning_curve.csv"))
      #expect(try LSTMProcess.run("report", folder.path("a")).exitCode == 0)
      let page = try folder.text("a/report.html")
      #expect(page.contains("Accuracy 1.0000 after 64 texts") && page.contains(">64</text>"))
      let again = try LSTMProcess.run(arguments + [folder.path("a"), "--learning-curve"])
      #expect(again.exitCode == 1 && again.errors.contains("holds a run already"), "\(again.errors)")
    }
  }

  @Test(
    "refuses what can't be",
    arguments: [
      (["--learning-curve", "--folds", "3"], 64, "can't be given with --folds"),
      (["--learning-curve", "--seeds", "3"], 64, "--learning-curve can't be given with --seeds"),
      (["--learning-curve", "--preset", "tutorial"], 1, "--validation-split"),
    ])
  func refusals(arguments: [String], code: Int, message: String) throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.table, to: "table.csv")
      let run = try LSTMProcess.run(["train", "--data", data, "--output", folder.path("a")] + arguments)
      #expect(run.exitCode == code && run.errors.contains(message), "\(run.exitCode) \(run.errors)")
      #expect(!folder.contains("a"))
    }
  }
}
