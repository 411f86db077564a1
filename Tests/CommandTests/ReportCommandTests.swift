import Fixtures
import Foundation
import Testing

/// `lstm report` on a run of `lstm train`.
@Suite struct ReportCommandTests {
  /// Three labels, of which some texts have another's, in a table; and the report on a run on it.
  @Test func aReportShowsEachOfManyLabelsAndWhereTextsStand() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<150).map { row in
        "\(["goal", "court", "paint"][row % 3]) number \(row),\(["sport", "law", "<art>"][(row + (row % 5 == 4 ? 1 : 0)) % 3])"
      }
      let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "topics.csv")
      let trained = try LSTMProcess.run(
        "train", "--data", data, "--output", folder.path("run"), "--hidden-size", "0", "--quiet")
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let reported = try LSTMProcess.run("report", folder.path("run"))
      #expect(reported.exitCode == 0 && reported.errors == "", "\(reported.errors)")
      let page = try folder.text("run/report.html")
      #expect(page.contains("<th scope=\"col\">predicted &lt;art&gt;</th>") && page.contains("actually sport"))
      #expect(page.contains(/of 30 correct, [0-9.]+.%; macro-F1 0\.[0-9]{4}<\/h3>/))
      #expect(page.contains(/, test text [0-9]+ \(line [0-9]+\)<\/p>/))
      #expect(!page.contains("also trained on"))
    }
  }

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
