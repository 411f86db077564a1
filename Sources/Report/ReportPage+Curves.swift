import Foundation

/// The curves over time; those of all runs share the same charts.
extension ReportPage {
  /// Loss and accuracy by step and by epoch.
  var learningSection: String {
    guard runs.contains(where: { !$0.record.steps.isEmpty }) else {
      let hasNetwork = runs.contains { $0.record.model?.configuration.hasNetwork ?? true }
      return hasNetwork ? section("Learning", "<p>No step is complete yet.</p>") : ""
    }
    let keys =
      isComparison
      ? names.indices.map { key(names[$0], color: $0) } + [
        "<span class=\"key\">by epoch: validation solid, training dashed</span>"
      ]
      : [key("validation", color: 0), key("training", color: trainingColor(0))]
    let charts =
      charts(
        of: "loss", isHigherBetter: false, step: \.loss, training: \.loss, validation: \.validationLoss)
      + (runs.allSatisfy(\.record.predictsWords)
        ? []
        : charts(
          of: "accuracy", isHigherBetter: true, step: \.accuracy, training: \.accuracy,
          validation: \.validationAccuracy))
      + learningRateChart
    return section(
      "Learning",
      "<p class=\"legend\">\(keys.joined(separator: "\n"))</p>\n<div class=\"charts wide\">\n"
        + charts.joined(separator: "\n") + "\n</div>")
  }

  /// With one run, colors distinguish training from validation; with several, they distinguish the runs.
  private func trainingColor(_ run: Int) -> Int { isComparison ? run : 1 }

  private func key(_ name: String, color: Int) -> String {
    "<span class=\"key\">\(swatch(color: color))\(escaped(name))</span>"
  }

  private func section(_ title: String, _ body: String) -> String {
    "<section>\n<h2>\(title)</h2>\n\(body)\n</section>"
  }

  /// The charts of a quantity by step and by epoch, with the same scale.
  private func charts(
    of name: String, isHigherBetter: Bool, step: (RunRecord.Step) -> Double, training: (RunRecord.Epoch) -> Double,
    validation: (RunRecord.Epoch) -> Double
  ) -> [String] {
    let thinned = runs.map { run in
      run.record.steps.map { Chart.Point(x: Double($0.number), y: step($0)) }.thinned()
    }
    let stepSeries = thinned.enumerated().map { Chart.Series(points: $1.points, color: trainingColor($0)) }
    let epochSeries = runs.enumerated().flatMap { index, run in
      func series(_ kind: String, color: Int, isDashed: Bool, _ value: (RunRecord.Epoch) -> Double) -> Chart.Series {
        // More dots than this would run together.
        let isMarked = run.record.epochs.count <= 40
        let points = run.record.epochs.map { epoch in
          let note =
            "\(isComparison ? names[index] + ", " : "")epoch \(epoch.number): \(kind) \(decimal(value(epoch), 4))"
          return Chart.Point(x: Double(epoch.number), y: value(epoch), note: isMarked ? note : nil)
        }
        return Chart.Series(points: points, color: color, isDashed: isDashed)
      }
      return [
        series("training \(name)", color: trainingColor(index), isDashed: isComparison, training),
        series("validation \(name)", color: index, isDashed: false, validation),
      ]
    }
    let y = Axis(name, covering: (stepSeries + epochSeries).flatMap { $0.points.map(\.y) })
    let neighbors = thinned.map(\.neighbors).max()!
    var figures = [
      chart(
        stepTitle(name, isHigherBetter, step),
        neighbors > 1 ? "Each point is the mean of up to \(neighbors) steps." : "Each batch, before its step.",
        x: Axis("step", covering: [0] + stepSeries.flatMap { $0.points.map(\.x) }, endsAtTicks: false, isWhole: true),
        y, stepSeries)
    ]
    if runs.contains(where: { !$0.record.epochs.isEmpty }) {
      figures.append(
        chart(
          epochTitle(name, isHigherBetter, training, validation),
          "Training: the mean over the epoch. Validation: after the epoch.", x: epochAxis, y, epochSeries))
    }
    return figures
  }

  private var epochAxis: Axis {
    let numbers = runs.flatMap { $0.record.epochs.map { Double($0.number) } }
    let margin = 0.04 * ((numbers.max() ?? 1) - (numbers.min() ?? 1))
    return Axis(
      "epoch", covering: numbers.flatMap { [$0 - margin, $0 + margin] }, endsAtTicks: false, isWhole: true)
  }

  private func stepTitle(_ name: String, _ isHigherBetter: Bool, _ value: (RunRecord.Step) -> Double) -> String {
    let last = runs.map { $0.record.steps.last.map(value) }
    if !isComparison, let first = runs[0].record.steps.first {
      return "Training \(name) by step: from \(decimal(value(first), 4)) to \(decimal(last[0]!, 4))"
    }
    return "Training \(name) by step" + best(last, isHigherBetter) { decimal($0, 4) }
  }

  private func epochTitle(
    _ name: String, _ isHigherBetter: Bool, _ training: (RunRecord.Epoch) -> Double,
    _ validation: (RunRecord.Epoch) -> Double
  ) -> String {
    if !isComparison, let epoch = runs[0].record.modelEpoch {
      return "Validation \(name) \(decimal(validation(epoch), 4)) after epoch \(epoch.number), "
        + "training \(decimal(training(epoch), 4))"
    }
    return "Validation \(name) by epoch"
      + best(runs.map { $0.record.modelEpoch.map(validation) }, isHigherBetter, "in the model of") { decimal($0, 4) }
  }

  /// Such as ": highest at the end for RUN, 0.8447".
  private func best(
    _ values: [Double?], _ isHigherBetter: Bool, _ place: String = "at the end for", _ text: (Double) -> String
  ) -> String {
    guard let index = bestIndex(values, isHigherBetter: isHigherBetter) else { return "" }
    return ": \(isHigherBetter ? "highest" : "lowest") \(place) \(names[index]), \(text(values[index]!))"
  }

  private var learningRateChart: [String] {
    let series = runs.enumerated().map { index, run in
      Chart.Series(
        points: run.record.epochs.compactMap { epoch in
          epoch.learningRate.map { Chart.Point(x: Double(epoch.number), y: $0, note: "epoch \(epoch.number): \($0)") }
        }, color: trainingColor(index))
    }
    guard let last = series.compactMap(\.points.last).first else { return [] }
    return [
      chart(
        isComparison ? "Learning rate by epoch" : "Learning rate \(String(format: "%.3g", last.y)) at the end",
        "As the schedule set it.",
        x: epochAxis, Axis("learning rate", covering: [0] + series.flatMap { $0.points.map(\.y) }), series)
    ]
  }

  /// Texts/s and memory over the training time.
  var performanceSection: String {
    guard runs.contains(where: { !$0.record.performance.isEmpty }) else { return "" }
    func figure(_ label: String, _ title: String, _ points: [[Chart.Point]]) -> String {
      let thinned = points.map { $0.thinned() }
      let series = thinned.enumerated().map { Chart.Series(points: $1.points, color: $0) }
      let neighbors = thinned.map(\.neighbors).max()!
      let all = series.flatMap(\.points)
      return chart(
        title, neighbors > 1 ? "Each point is the mean of up to \(neighbors) steps." : "After each step.",
        x: Axis("training time, s", covering: [0] + all.map(\.x), endsAtTicks: false),
        Axis(label, covering: [0] + all.map(\.y)), series)
    }
    let speeds = runs.map(\.throughput)
    let medians = speeds.map { median($0.map(\.y)) }
    let memory = runs.map { $0.record.performance.map { Chart.Point(x: $0.seconds, y: $0.memoryBytes / 1e6) } }
    let peaks = memory.map { $0.map(\.y).max() }
    func title(_ name: String, _ values: [Double?], _ unit: String, isHigherBetter: Bool) -> String {
      guard let index = bestIndex(values, isHigherBetter: isHigherBetter) else { return name }
      let text = "\(decimal(values[index]!, 0)) \(unit)"
      return isComparison
        ? "\(name): \(isHigherBetter ? "highest" : "lowest") for \(names[index]), \(text)" : "\(name) \(text)"
    }
    let keys = isComparison ? names.indices.map { key(names[$0], color: $0) } : []
    return section(
      "Speed and memory",
      (keys.isEmpty ? "" : "<p class=\"legend\">\(keys.joined(separator: "\n"))</p>\n")
        + "<div class=\"charts wide\">\n"
        + figure("texts/s", title("Median speed", medians, "texts/s", isHigherBetter: true), speeds) + "\n"
        + figure("MB", title("Peak memory", peaks, "MB", isHigherBetter: false), memory) + "\n</div>")
  }

  private func chart(_ title: String, _ note: String, x: Axis, _ y: Axis, _ series: [Chart.Series]) -> String {
    figure(title, note, Chart(shape: .wide, x: x, y: y, series: series).svg(title: title))
  }
}
