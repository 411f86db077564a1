import ArgumentParser
import Files
import Foundation
import Report
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a page about a run, or about several runs side by side.",
    discussion: """
      The page is an HTML file that needs neither network nor scripts. It shows the configuration, the learning curves, \
      the confusion matrix, the ROC curve, the calibration, the most confidently wrong texts, speed and memory. A run may \
      still be in progress.
      """)

  @Argument(help: .init("Folders of runs, at most \(ReportPage.maximumRuns).", valueName: "folder"))
  var folders: [String]

  @Option(help: .init("The file to write (default: report.html in the first folder).", valueName: "file"))
  var output: String?

  @Option(help: .init("The data with the test texts (default: those that each run was trained on).", valueName: "file"))
  var data: String?

  func validate() throws {
    guard folders.count <= ReportPage.maximumRuns else {
      throw ValidationError("Give at most \(ReportPage.maximumRuns) folders: more curves can't be told apart.")
    }
  }

  func run() throws {
    let records = try folders.map { try RunRecord(contentsOf: $0) }
    var bar = ProgressBar(isQuiet: false)
    let runs = try records.map { record in
      let predictions = try record.predictions(data: data, threads: Processor.availableCores) { done in
        bar.draw("Classifying texts", done: done, details: [record.path])
      }
      bar.clear()
      if case .failure(let omission) = predictions {
        let advice = omission.optionAdvice.map { " " + $0 } ?? ""
        printError("\(record.path): the page has no predictions. \(omission.reason)\(advice)")
      }
      return ReportPage.Run(record: record, predictions: predictions)
    }
    let output = output ?? folders[0] + "/report.html"
    try AtomicFile.write([Data(ReportPage(runs).html.utf8)], to: output)
    printLine(output)
  }
}
