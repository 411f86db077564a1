import Classification
import Files

/// What two models predict for the same texts.
package struct PairedPredictions: Sendable {
  /// What the models are called.
  package let names: [String]
  /// Which of them is right how often.
  package let comparison: PairedComparison

  /// - Parameters:
  ///   - first: a model's name, and its predictions.
  ///   - second: the other's.
  /// - Throws: `ReportError` where these aren't the same texts with the same labels, in any order.
  package init(_ first: (name: String, LabeledPredictions), _ second: (name: String, LabeledPredictions)) throws {
    names = [first.name, second.name]
    let (a, b) = (Self.sorted(first.1), Self.sorted(second.1))
    func fail(_ problem: String) -> ReportError {
      ReportError(
        .otherTexts, path: second.name, "holds predictions for other texts than \(first.name): \(problem)",
        advice: "give the predictions of two models for the same texts")
    }
    func shown(_ text: String) -> String { "“\(text.escapedForTerminal(limit: 60))”" }
    guard a.count == b.count else {
      throw fail("\(decimal(Double(b.count), 0)) here, \(decimal(Double(a.count), 0)) there")
    }
    for (a, b) in zip(a, b) where a.text != b.text || a.label != b.label {
      let place = "\(b.file.escapedForTerminal(limit: 60))\(b.line > 0 ? ", line \(b.line)" : "")"
      throw fail(
        a.text != b.text
          ? "\(place) is \(shown(b.text)) here, \(shown(a.text)) there"
          : "the label of \(place) is \(shown(b.label)) here, \(shown(a.label)) there")
    }
    comparison = PairedComparison(a.map { $0.label == $0.predicted }, b.map { $0.label == $0.predicted })
  }

  /// The rows in an order that doesn't depend on the file's.
  private static func sorted(_ predictions: LabeledPredictions) -> [LabeledPredictions.Row] {
    predictions.rows.sorted { ($0.file, $0.line, $0.text) < ($1.file, $1.line, $1.text) }
  }

  /// The share of right predictions of each, with its 95 % interval.
  package var accuracies: [(accuracy: Double, interval: ClosedRange<Double>)] {
    comparison.rightCounts.map { count in
      (Double(count) / Double(comparison.count), ClosedRange.wilson(count, of: comparison.count)!)
    }
  }

  /// Which of them is right more often.
  package var headline: String {
    let difference = comparison.onlyFirst - comparison.onlySecond
    if difference == 0 { return "\(names[0]) and \(names[1]) are right equally often" }
    let better = difference > 0 ? 0 : 1
    let texts = "\(decimal(Double(abs(difference)), 0)) text\(abs(difference) == 1 ? "" : "s")"
    return "\(names[better]) is right for \(texts) more than \(names[1 - better])"
  }

  /// The result of the test, in a sentence.
  package var verdict: String {
    let p = comparison.pValue
    return "McNemar's exact test: p \(p < 0.0001 ? "< 0.0001" : "= \(decimal(p, 4))")"
  }

  /// On how many texts which of them is right, in a sentence.
  package var counts: String {
    func number(_ count: Int) -> String { decimal(Double(count), 0) }
    return "\(number(comparison.count)) texts: both right for \(number(comparison.bothRight)), both wrong for "
      + "\(number(comparison.bothWrong)); \(names[0]) alone right for \(number(comparison.onlyFirst)), \(names[1]) for "
      + number(comparison.onlySecond)
  }
}
