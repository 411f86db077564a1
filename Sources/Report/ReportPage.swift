import Classification
import Foundation
import Hyperparameters
import RecurrentNetwork
import Training

/// A page about one run, or about several side by side: HTML that needs no other file, no network and no script.
package struct ReportPage {
  /// A run, and its model's predictions for the validation texts.
  package struct Run {
    package var record: RunRecord
    package var predictions: Result<Predictions, Predictions.Omission>

    package init(record: RunRecord, predictions: Result<Predictions, Predictions.Omission>) {
      self.record = record
      self.predictions = predictions
    }
  }

  /// The largest number of runs on a page: that of the curves that a color-blind reader can tell apart.
  package static let maximumRuns = 6

  let runs: [Run]
  /// Two models on the same texts.
  private let pair: PairedPredictions?
  /// The folders' names, or their paths if some names are equal.
  let names: [String]

  /// - Parameters:
  ///   - runs: the runs; none if the page is about predictions alone.
  ///   - pair: what two models predict for the same texts.
  /// - Precondition: there are at most `maximumRuns` runs, and one or a pair.
  package init(_ runs: [Run], pair: PairedPredictions? = nil) {
    precondition(runs.count <= Self.maximumRuns, "a page shows at most \(Self.maximumRuns) runs")
    precondition(!runs.isEmpty || pair != nil, "there is nothing to show")
    (self.runs, self.pair) = (runs, pair)
    if let pair, runs.isEmpty {
      self.names = pair.names
      return
    }
    let names = runs.map { URL(fileURLWithPath: $0.record.path).standardizedFileURL.lastPathComponent }
    self.names = Set(names).count == names.count ? names : runs.map(\.record.path)
  }

  var isComparison: Bool { runs.count > 1 }

  /// The whole document.
  package var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(escaped(names.joined(separator: ", "))): \(escaped(headline))</title>
    <style>
    \(Self.styleSheet)
    </style>
    </head>
    <body>
    <main>
    <header>
    <p class="eyebrow">\(escaped(names.joined(separator: " · ")))</p>
    <h1>\(escaped(headline))</h1>
    \(isComparison && haveDifferentData ? "<p>Figures on different texts say nothing about which settings are better.</p>" : "")
    </header>
    \(pair.map(comparisonSection) ?? "")
    \(runs.isEmpty ? "" : runSections)
    </main>
    </body>
    </html>

    """
  }

  private var runSections: String {
    """
    <div class="tables\(runs.count > 2 ? " stacked" : "")">
    \(runTable("Final figures", figures, marksDifferences: false))
    \(runTable("Configuration and data", settings, marksDifferences: true))
    </div>
    \(learningSection)
    \(performanceSection)
    \(runs.map(learningCurveSection).joined())
    \(runs.map(trialSection).joined())
    \(runs.indices.map(predictionSection).joined(separator: "\n"))
    """
  }

  /// What is to be said of runs of which none has completed an epoch: n-grams alone have none.
  private var headlineWithoutEpochs: String {
    guard !isComparison, runs[0].record.model?.configuration.hasNetwork == false,
      let predictions = try? runs[0].predictions.get(), let accuracy = predictions.accuracy
    else { return "No epoch is complete yet" }
    let count = predictions.labelEvaluation.count
    return "N-grams alone: accuracy \(decimal(accuracy, 4)) on \(decimal(Double(count), 0)) \(predictions.part) texts"
  }

  /// The most important result, in a line.
  private var headline: String {
    if runs.isEmpty, let pair { return pair.headline }
    if !isComparison, runs[0].record.predictsWords, let last = runs[0].record.epochs.last {
      let loss = last.validationLoss.isNaN ? last.loss : last.validationLoss
      return "Predicts words: \(last.validationLoss.isNaN ? "" : "validation ")loss \(decimal(loss, 4)) after "
        + "\(last.number) epoch\(last.number == 1 ? "" : "s")"
    }
    let accuracies = runs.map { $0.record.modelEpoch?.validationAccuracy }
    guard let best = bestIndex(accuracies, isHigherBetter: true) else { return headlineWithoutEpochs }
    let value = decimal(accuracies[best]!, 4)
    guard isComparison else {
      let (count, own) = (runs[0].record.epochs.last!.number, runs[0].record.modelEpoch!.number)
      return own < count
        ? "Validation accuracy \(value), the best of \(count) epochs"
        : "Validation accuracy \(value) after \(count) epoch\(count == 1 ? "" : "s")"
    }
    return "\(names[best]) has the highest validation accuracy of \(runs.count) runs"
      + (haveDifferentData ? " on different data" : "") + ", \(value)"
  }

  /// Whether not all runs were trained and validated on the same texts.
  private var haveDifferentData: Bool {
    let settings = runs.compactMap(\.record.settings)
    let counts = Set(runs.compactMap { try? $0.predictions.get().labelEvaluation.count })
    return counts.count > 1 || settings.contains { $0.hasOtherData(than: settings[0]) }
  }

  /// The index of the best of some numbers; nil if none is finite.
  func bestIndex(_ values: [Double?], isHigherBetter: Bool) -> Int? {
    values.indices.filter { values[$0]?.isFinite == true }
      .min { isHigherBetter ? values[$0]! > values[$1]! : values[$0]! < values[$1]! }
  }

  // MARK: Tables

  /// A table with a column for each run.
  ///
  /// - Parameters:
  ///   - title: the heading.
  ///   - rows: the rows, with a value for each run.
  ///   - marksDifferences: whether to highlight the rows in which the runs differ.
  private func runTable(
    _ title: String, _ rows: [(name: String, values: [String])], marksDifferences: Bool
  ) -> String {
    var table = "<section><h2>\(title)</h2><div class=\"scroll\"><table class=\"runs\">\n"
    if isComparison {
      let heads = names.indices.map { "<th scope=\"col\">\(swatch(color: $0))\(escaped(names[$0]))</th>" }
      table += "<thead><tr><td></td>\(heads.joined())</tr></thead>\n"
    }
    for row in rows {
      let differs = marksDifferences && Set(row.values).count > 1
      table += "<tr\(differs ? " class=\"differs\"" : "")><th scope=\"row\">\(escaped(row.name))</th>"
      table += row.values.map { "<td>\(escaped($0).replacing("/", with: "/<wbr>"))</td>" }.joined() + "</tr>\n"
    }
    return table + "</table></div></section>"
  }

  private func row(_ name: String, _ value: (Run) -> String?) -> (name: String, values: [String]) {
    (name, runs.map { value($0) ?? "–" })
  }

  /// An accuracy; nil where there is none.
  private func shown(_ accuracy: Double?) -> String? { accuracy.flatMap { $0.isNaN ? nil : decimal($0, 4) } }

  private var figures: [(name: String, values: [String])] {
    [
      row("epochs complete") { run in
        let count = run.record.epochs.last?.number ?? 0
        return "\(count)" + (run.record.configuration.map { " of \($0.epochs)" } ?? "")
      },
      row("epoch of the model") { $0.record.modelEpoch.map { "\($0.number)" } },
      row("steps") { decimal(Double($0.record.steps.last?.number ?? 0), 0) },
      row("validation accuracy") { shown($0.record.modelEpoch?.validationAccuracy) },
      row("validation loss") { $0.record.modelEpoch.map { decimal($0.validationLoss, 4) } },
      row("training accuracy") { shown($0.record.modelEpoch?.accuracy) },
      row("training loss") { $0.record.modelEpoch.map { decimal($0.loss, 4) } },
      row("area under the ROC curve") { $0.evaluation?.rocArea.map { decimal($0, 4) } },
      row("calibration error") { $0.evaluation?.calibrationError.map { decimal($0, 4) } },
      row("training time") { $0.record.performance.last.map { decimal($0.seconds, 1) + " s" } },
      row("median texts/s") { median($0.throughput.map(\.y)).map { decimal($0, 0) } },
      row("peak memory") { $0.record.performance.map(\.memoryBytes).max().map { decimal($0 / 1e6, 0) + " MB" } },
    ]
  }

  private var settings: [(name: String, values: [String])] {
    var rows = [
      row("data") { $0.record.settings?.data },
      row("training texts") { $0.trainingCount.map { decimal(Double($0), 0) } },
      row("validation texts") { run in
        (try? run.predictions.get()).map { decimal(Double($0.labelEvaluation.count), 0) }
      },
      row("parameters") { run in
        run.record.configuration.map { decimal(Double(ParameterLayout($0.architecture).count), 0) }
      },
    ]
    // Taken from the configuration's own properties, so that none is forgotten.
    let settings = runs.map { $0.record.configuration.map { Array(Mirror(reflecting: $0).children) } }
    for (index, setting) in (settings.compactMap(\.self).first ?? []).enumerated() {
      let texts = settings.map { $0.map { settingText($0[index].value) } ?? "–" }
      // A setting that no run uses would only take up space.
      if texts.contains(where: { $0 != "none" }) { rows.append((words(setting.label ?? ""), texts)) }
    }
    rows.append(row("threads") { $0.record.settings.map { "\($0.threads)" } })
    rows.append(row("lstm version") { $0.record.settings?.version })
    return rows
  }

  /// "batchSize" → "batch size".
  private func words(_ name: String) -> String {
    name.reduce("") { $0 + ($1.isUppercase ? " \($1.lowercased())" : String($1)) }
  }

  private func settingText(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    func members(_ mirror: Mirror) -> String {
      mirror.children.map { child in
        (child.label.map { $0.hasPrefix(".") ? "" : words($0) + " " } ?? "") + settingText(child.value)
      }.joined(separator: ", ")
    }
    switch (value, mirror.displayStyle) {
    case (let number as Int, _): return decimal(Double(number), 0)
    case (let flag as Bool, _): return flag ? "yes" : "no"
    case (let quantity as MonitoredQuantity, _): return quantity.rawValue
    case (_, .optional): return mirror.children.first.map { settingText($0.value) } ?? "none"
    case (_, .struct), (_, .tuple), (_, .collection): return members(mirror)
    case (_, .enum):
      guard let payload = mirror.children.first else { return "\(value)" }
      let inner = Mirror(reflecting: payload.value)
      return words(payload.label ?? "") + ": " + (inner.displayStyle == .tuple ? members(inner) : "\(payload.value)")
    default: return "\(value)"
    }
  }

  func swatch(color: Int, isDashed: Bool = false) -> String {
    "<svg class=\"swatch c\(color)\" viewBox=\"0 0 20 8\" aria-hidden=\"true\">"
      + "<path class=\"line\(isDashed ? " dashed" : "")\" d=\"M0 4H20\"/></svg>"
  }

  func figure(_ title: String, _ note: String, _ body: String) -> String {
    """
    <figure>
    <figcaption><strong>\(escaped(title))</strong> \(escaped(note))</figcaption>
    \(body)
    </figure>
    """
  }
}

extension ReportPage.Run {
  var evaluation: BinaryEvaluation? { try? predictions.get().evaluation }

  /// The number of training texts; nil if the data weren't read.
  var trainingCount: Int? { try? predictions.get().trainingCount }

  /// The texts/s of each step, by seconds of training.
  var throughput: [Chart.Point] {
    guard let configuration = record.configuration else { return [] }
    let batchSize = Double(configuration.batchSize)
    // If the data weren't read, each batch is assumed to be full, although an epoch's last one may not be.
    let textCount = Double(trainingCount ?? record.settings?.limit ?? .max)
    let stepsPerEpoch = (textCount / batchSize).rounded(.up)
    var previous = RunRecord.Performance(step: 0, seconds: 0, memoryBytes: 0)
    return record.performance.compactMap { row in
      defer { previous = row }
      guard row.step == previous.step + 1, row.seconds > previous.seconds else { return nil }
      let isLast = Double(row.step).truncatingRemainder(dividingBy: stepsPerEpoch) == 0
      let count = isLast ? textCount - (stepsPerEpoch - 1) * batchSize : batchSize
      return Chart.Point(x: row.seconds, y: count / (row.seconds - previous.seconds))
    }
  }
}

func median(_ values: [Double]) -> Double? {
  let sorted = values.sorted()
  return sorted.isEmpty ? nil : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
