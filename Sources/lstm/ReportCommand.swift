import ArgumentParser
import Classification
import Files
import Foundation
import Report
import Training

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a page about a run, or about several runs side by side; or compares predictions.",
    discussion: """
      The page is an HTML file that needs neither network nor scripts. It shows the configuration, the learning curves, \
      the confusion matrix, the ROC curve, the calibration, the most confidently wrong texts, speed and memory; of a \
      tuning also its trials. A run may still be in progress.

      Two files of predictions, as lstm evaluate --predictions and lstm train --folds 5 --predictions write them, or two \
      folders with a predictions.csv or predictions.jsonl, are compared text by text: both accuracies, and McNemar's exact \
      test of their difference. They must be about the same texts.
      """)

  @Argument(
    help: .init(
      "Folders of runs, at most \(ReportPage.maximumRuns); or two files of predictions.", valueName: "folder"))
  var folders: [String]

  @Option(
    help: .init(
      "The file to write (default: report.html in the first folder, or beside the first file).",
      valueName: "file"))
  var output: String?

  @Option(help: .init("The data with the test texts (default: those that each run was trained on).", valueName: "file"))
  var data: String?

  func validate() throws {
    guard folders.count <= ReportPage.maximumRuns else {
      throw ValidationError("Give at most \(ReportPage.maximumRuns) folders: more curves can't be told apart.")
    }
  }

  func run() throws {
    let pair = try pair
    // A folder may hold predictions alone.
    let records = try (pair == nil ? folders : folders.filter(RunRecord.isPresent(in:))).map {
      try RunRecord(contentsOf: $0)
    }
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
    if let pair { show(pair) }
    let folder = isFolder(folders[0]) ? folders[0] : (folders[0] as NSString).deletingLastPathComponent
    let output = output ?? (folder.isEmpty ? "" : folder + "/") + "report.html"
    try AtomicFile.write([Data(ReportPage(runs, pair: pair).html.utf8)], to: output)
    printLine(output)
  }

  // MARK: Predictions

  /// What two files say about the same texts; nil where folders of runs are to be shown alone.
  private var pair: PairedPredictions? {
    get throws {
      let files = folders.map { path in
        isFolder(path) ? ["csv", "jsonl"].map { "\(path)/predictions.\($0)" }.first(where: isThere) : path
      }
      let isAboutFiles = folders.contains { isThere($0) && !isFolder($0) }
      guard isAboutFiles || folders.count == 2 && !files.contains(nil) && folders.allSatisfy(isThere) else {
        return nil
      }
      guard folders.count == 2 else {
        throw ValidationError("Give two files of predictions, which are compared with each other.")
      }
      let read = try zip(folders, files).map { path, file in
        guard let file else {
          throw CommandError(
            path: path, "holds no predictions.csv",
            advice: "write one with lstm evaluate --predictions, or lstm train --folds 5 --predictions")
        }
        return (name: path, predictions: try LabeledPredictions(contentsOf: file))
      }
      return try PairedPredictions((read[0].name, read[0].predictions), (read[1].name, read[1].predictions))
    }
  }

  private func show(_ pair: PairedPredictions) {
    let width = pair.names.map(\.count).max()!
    for (name, (accuracy, interval)) in zip(pair.names, pair.accuracies) {
      printLine(
        name + String(repeating: " ", count: width - name.count) + "  accuracy \(shown(accuracy, interval))")
    }
    printLine(pair.counts)
    printLine(pair.verdict)
  }

  private func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
