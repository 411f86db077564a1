/// A learning curve.
extension ReportPage {
  /// The accuracy by the number of training texts; nothing where it wasn't measured.
  func learningCurveSection(_ run: Run) -> String {
    let points = run.record.learningCurve
    guard let last = points.last else { return "" }
    func series(_ value: (RunRecord.CurvePoint) -> Double, isDashed: Bool) -> Chart.Series {
      Chart.Series(
        points: points.enumerated().map { place, point in
          let note = "\(decimal(point.textCount, 0)) texts: accuracy \(decimal(point.accuracy, 4))"
          return Chart.Point(x: Double(place), y: value(point), note: isDashed ? nil : note)
        }, color: 0, isDashed: isDashed)
    }
    let title = "Accuracy \(decimal(last.accuracy, 4)) after \(decimal(last.textCount, 0)) texts"
    let svg = Chart(
      shape: .wide, x: Axis("training texts", categories: points.map { decimal($0.textCount, 0) }),
      y: Axis("accuracy", covering: points.flatMap { [$0.lowerBound, $0.upperBound] }),
      series: [
        series(\.accuracy, isDashed: false), series(\.lowerBound, isDashed: true), series(\.upperBound, isDashed: true),
      ]
    ).svg(title: title)
    return """
      <section>
      <h2>Learning curve</h2>
      <div class="charts wide">
      \(figure(title, "On the validation texts, with the 95 % interval.", svg))
      </div>
      </section>
      """
  }
}
