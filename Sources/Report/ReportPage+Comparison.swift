/// Two models on the same texts.
extension ReportPage {
  func comparisonSection(_ pair: PairedPredictions) -> String {
    let comparison = pair.comparison
    let rows = zip(pair.names, pair.accuracies).enumerated().map { index, row in
      let (name, (accuracy, interval)) = row
      return "<tr><th scope=\"row\">\(swatch(color: index))\(escaped(name))</th><td>\(decimal(accuracy, 4))</td>"
        + "<td>\(decimal(interval.lowerBound, 4))–\(decimal(interval.upperBound, 4))</td></tr>"
    }
    func cell(_ count: Int, color: Int?) -> String {
      let share = Int((100 * Double(count) / Double(comparison.count)).rounded())
      return "<td class=\"c\(color ?? 2)\" style=\"--share:\(share)%\"><b>\(decimal(Double(count), 0))</b></td>"
    }
    let names = pair.names.map(escaped)
    return """
      <section>
      <h2>The same \(decimal(Double(comparison.count), 0)) texts</h2>
      <p>\(escaped(pair.verdict)). That is how probable a difference as large as this one, or larger, is between two models \
      that are equally often right. It counts the texts for which one of them alone is right.</p>
      <div class="tables">
      <div class="scroll"><table class="runs">
      <thead><tr><td></td><th scope="col">accuracy</th><th scope="col">95 % interval</th></tr></thead>
      \(rows.joined(separator: "\n"))
      </table></div>
      <table class="confusion many">
      <thead><tr><td></td><th scope="col">\(names[1]) right</th><th scope="col">\(names[1]) wrong</th></tr></thead>
      <tr><th scope="row">\(names[0]) right</th>\(cell(comparison.bothRight, color: nil))\
      \(cell(comparison.onlyFirst, color: 0))</tr>
      <tr><th scope="row">\(names[0]) wrong</th>\(cell(comparison.onlySecond, color: 1))\
      \(cell(comparison.bothWrong, color: nil))</tr>
      </table>
      </div>
      </section>
      """
  }
}
