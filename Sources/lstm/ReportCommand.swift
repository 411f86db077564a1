import ArgumentParser
import Files
import Foundation
import Report
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a page about a run, or about several side by side.",
    discussion: """
      One HTML file that needs neither network nor script: configuration, curves, confusion matrix, ROC curve, \
      calibration, the most confidently wrong reviews, speed and memory. A run may still be on.
      """)

  @Argument(help: .init("Folders that `lstm train` wrote, at most \(ReportPage.maximumRuns).", valueName: "folder"))
  var folders: [String]

  @Option(help: .init("Where the page goes (default: report.html in the first folder).", valueName: "file"))
  var output: String?

  @Option(help: .init("The archive with the test reviews (default: the one a run was trained on).", valueName: "file"))
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
        bar.draw("Reading reviews", done: done, details: [record.path])
      }
      bar.clear()
      if case .failure(let omission) = predictions {
        printError("\(record.path): the page goes without predictions. \(omission.reason)")
      }
      return ReportPage.Run(record: record, predictions: predictions)
    }
    let output = output ?? folders[0] + "/report.html"
    try AtomicFile.write([Data(ReportPage(runs).html.utf8)], to: output)
    printLine(output)
  }
}
