import Fixtures
import Foundation
import Testing

/// `lstm report` on a run of `lstm train`.
@Suite struct ReportCommandTests {
  private static let trained = Result {
    try TrainedRun([
      "--data", "Data/sample.npz", "--limit", "200", "--vocabulary-size", "100", "--max-length", "40",
      "--embedding-size", "8", "--hidden-size", "12", "--batch-size", "50", "--epochs", "2",
    ])
  }

  @Test func writesAPageIntoTheRunsFolder() throws {
    try withTemporaryFolder { folder in
      let run = try Self.trained.get().write(into: folder)
      let report = try LSTMProcess.run("report", run, "--data", "Data/sample.npz")
      #expect(report.exitCode == 0)
      #expect(report.output == run + "/report.html\n")
      #expect(report.errors == "")
      let html = try folder.text("run/report.html")
      #expect(html.contains("<th scope=\"row\">batch size</th><td>50</td>"))
      #expect(html.contains("Area under the ROC curve"))
    }
  }

  @Test func writesOnePageAboutSeveralRuns() throws {
    try withTemporaryFolder { folder in
      let run = try Self.trained.get().write(into: folder)
      let page = folder.path("both.html")
      let report = try LSTMProcess.run("report", run, run, "--data", "Data/sample.npz", "--output", page)
      #expect(report.exitCode == 0)
      #expect(report.output == page + "\n")
      #expect(try folder.text("both.html").contains("of 2 runs"))
    }
  }

  @Test(
    arguments: [
      (["/nowhere"], 1, "/nowhere: no such folder"), (["Data"], 1, "Data: holds no run: history.csv is missing"),
      (["a", "b", "c", "d", "e", "f", "g"], 64, "Give at most 6 folders"),
    ] as [([String], Int32, String)])
  func refusesWhatIsNoRun(folders: [String], exitCode: Int32, message: String) throws {
    let refused = try LSTMProcess.run(["report"] + folders)
    #expect(refused.exitCode == exitCode)
    #expect(refused.errors.contains(message), "\(refused.errors)")
  }
}
