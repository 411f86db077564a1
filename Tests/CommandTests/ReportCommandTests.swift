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

  @Test func comparesPredictionsOfTheSameTexts() throws {
    try withTemporaryFolder { folder in
      func predictions(_ name: String, wrong: ClosedRange<Int>, count: Int = 30) throws -> String {
        let rows = (1...count).map { "f,\($0),text \($0),a,\(wrong.contains($0) ? "b" : "a")\n" }
        return try folder.write("file,line,text,label,predicted\n" + rows.joined(), to: name)
      }
      let (a, b) = (try predictions("a.csv", wrong: 1...10), try predictions("b.csv", wrong: 9...12))
      let run = try LSTMProcess.run("report", a, b)
      #expect(run.exitCode == 0 && run.errors == "", "\(run.errors)")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 5)
      #expect(lines[0].hasPrefix("\(a)  accuracy 0.6667 (0."), "\(lines[0])")
      #expect(lines[1].hasPrefix("\(b)  accuracy 0.8667 (0."), "\(lines[1])")
      #expect(lines[2].hasPrefix("30 texts: both right for 18, both wrong for 2; "), "\(lines[2])")
      // 2 · (1 + 10 + 45) / 2¹⁰.
      #expect(lines[3] == "McNemar's exact test: p = 0.1094")
      #expect(lines[4] == "\(folder.path("report.html"))")
      #expect(try folder.text("report.html").contains("p = 0.1094"))
      let other = try LSTMProcess.run("report", a, try predictions("c.csv", wrong: 1...1, count: 29))
      #expect(other.exitCode == 1 && other.errors.contains("29 here, 30 there; give the"), "\(other.errors)")
      let single = try LSTMProcess.run("report", a)
      #expect(single.exitCode == 64 && single.errors.contains("Give two files of predictions"), "\(single.errors)")
      // In folders, one of which is a run's.
      let training = try Self.trained.get().write(into: folder)
      let missing = try LSTMProcess.run("report", a, training)
      #expect(missing.exitCode == 1 && missing.errors.contains("holds no predictions.csv; write one"))
      _ = try predictions("run/predictions.csv", wrong: 1...3)
      let both = try LSTMProcess.run("report", training, training, "--output", folder.path("both.html"))
      #expect(both.output.contains("p = 1.0000") && both.output.contains("both.html"), "\(both.errors)")
      #expect(try folder.text("both.html").contains("Final figures"))
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
