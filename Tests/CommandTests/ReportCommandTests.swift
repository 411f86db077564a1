import Foundation
import Testing

/// `lstm report` on a run of `lstm train`.
@Suite struct ReportCommandTests {
  @Test func writesAPage() throws {
    try TemporaryFolder.with { folder in
      let run = folder.path + "/run"
      let trained = try LSTMProcess.run(
        "train", "--data", "Data/sample.npz", "--limit", "200", "--vocabulary-size", "100", "--max-length", "40",
        "--embedding-size", "8", "--hidden-size", "12", "--batch-size", "50", "--epochs", "2", "--output", run)
      #expect(trained.exitCode == 0)
      let report = try LSTMProcess.run("report", run, "--data", "Data/sample.npz")
      #expect(report.exitCode == 0)
      #expect(report.output == run + "/report.html\n")
      #expect(report.errors == "")
      let html = try folder.text("run/report.html")
      #expect(html.contains("<th scope=\"row\">batch size</th><td>50</td>"))
      #expect(html.contains("Area under the ROC curve"))

      let both = try LSTMProcess.run(
        "report", run, run, "--data", "Data/sample.npz", "--output", folder.path + "/both.html")
      #expect(both.exitCode == 0)
      #expect(both.output == folder.path + "/both.html\n")
      #expect(try folder.text("both.html").contains("of 2 runs"))
    }
  }

  @Test func saysWhatIsWrong() throws {
    let missing = try LSTMProcess.run("report", "/nowhere")
    #expect(missing.exitCode == 1)
    #expect(missing.errors.contains("/nowhere: no such folder"))
    let other = try LSTMProcess.run("report", "Data")
    #expect(other.exitCode == 1)
    #expect(other.errors.contains("Data: holds no run: history.csv is missing"))
    let many = try LSTMProcess.run("report", "a", "b", "c", "d", "e", "f", "g")
    #expect(many.exitCode == 64)
    #expect(many.errors.contains("Give at most 6 folders"))
  }
}
