import Classification
import Corpus
import Models
import Training

/// What a run's model says of the test reviews: a section a run.
extension ReportPage {
  func predictionSection(_ index: Int) -> String {
    let run = runs[index]
    let title = isComparison ? "\(swatch(color: index))\(escaped(names[index])): test reviews" : "Test reviews"
    let body =
      switch run.predictions {
      case .failure(let omission):
        "<p>Confusion matrix, ROC curve, calibration and reviews are left out. \(escaped(omission.reason))</p>"
      case .success(let predictions):
        evaluation(predictions.evaluation, run.record.model?.labels ?? Dataset.defaultLabels(2), color: index)
          + wrongReviews(predictions, run.record.model)
      }
    return "<section class=\"run\">\n<h2>\(title)</h2>\n\(body)\n</section>"
  }

  private func evaluation(_ evaluation: BinaryEvaluation, _ labels: [String], color: Int) -> String {
    let right = evaluation.confusion.truePositives + evaluation.confusion.trueNegatives
    var figures = [
      figure(
        "\(decimal(Double(right), 0)) of \(decimal(Double(evaluation.count), 0)) right, \(percent(evaluation.accuracy))",
        "Answers to the \(labels[0]) and to the \(labels[1]) reviews, and their share of the row.",
        confusionMatrix(evaluation.confusion, labels.map(escaped)))
    ]
    let unit: [Double] = [0, 1]
    if let area = evaluation.rocArea {
      let title = "Area under the ROC curve \(decimal(area, 4))"
      figures.append(
        figure(
          title, "Share of \(labels[1]) found and of \(labels[0]) mistaken, at every threshold.",
          Chart(
            shape: .square, x: Axis("false positive rate", covering: unit),
            y: Axis("true positive rate", covering: unit),
            series: [
              .init(
                points: evaluation.rocCurve.map { .init(x: $0.falsePositiveRate, y: $0.truePositiveRate) }, color: color
              )
            ], hasDiagonal: true
          ).svg(title: title)))
    }
    let largest = Double(evaluation.calibration.map(\.count).max() ?? 1)
    let title = "Probabilities off by \(decimal(evaluation.calibrationError, 3)) on average"
    figures.append(
      figure(
        title, "Share of \(labels[1]) by tenths of the predicted probability; a dot's area is their number.",
        Chart(
          shape: .square, x: Axis("predicted probability", covering: unit),
          y: Axis("share of \(labels[1])", covering: unit),
          series: [
            .init(
              points: evaluation.calibration.map { bin in
                .init(
                  x: bin.meanProbability, y: bin.positiveShare,
                  note: "\(decimal(Double(bin.count), 0)) reviews: predicted \(decimal(bin.meanProbability, 3)), "
                    + "\(labels[1]) \(decimal(bin.positiveShare, 3))",
                  radius: max(1.5, 8 * (Double(bin.count) / largest).squareRoot()))
              }, color: color)
          ], hasDiagonal: true
        ).svg(title: title)))
    return "<div class=\"charts square\">\n\(figures.joined(separator: "\n"))\n</div>\n"
  }

  private func confusionMatrix(_ confusion: BinaryEvaluation.Confusion, _ labels: [String]) -> String {
    func cell(_ count: Int, of row: Int, isRight: Bool) -> String {
      let share = row == 0 ? 0 : Double(count) / Double(row)
      return "<td class=\"c\(isRight ? 0 : 1)\" style=\"--share:\(Int((100 * share).rounded()))%\">"
        + "<b>\(decimal(Double(count), 0))</b><span>\(row == 0 ? "–" : percent(share))</span></td>"
    }
    let negatives = confusion.trueNegatives + confusion.falsePositives
    let positives = confusion.truePositives + confusion.falseNegatives
    return """
      <table class="confusion">
      <thead><tr><td></td><th scope="col">says \(labels[0])</th><th scope="col">says \(labels[1])</th></tr></thead>
      <tr><th scope="row">is \(labels[0])</th>\(cell(confusion.trueNegatives, of: negatives, isRight: true))\
      \(cell(confusion.falsePositives, of: negatives, isRight: false))</tr>
      <tr><th scope="row">is \(labels[1])</th>\(cell(confusion.falseNegatives, of: positives, isRight: false))\
      \(cell(confusion.truePositives, of: positives, isRight: true))</tr>
      </table>
      """
  }

  // MARK: Reviews

  private func wrongReviews(_ predictions: Predictions, _ model: Model?) -> String {
    let reviews = predictions.mostConfidentlyWrong
    guard !reviews.isEmpty else { return "<h3>No review is told wrong</h3>\n" }
    let vocabulary = model?.vocabulary
    let labels = (model?.labels ?? Dataset.defaultLabels(2)).map(escaped)
    let note =
      "As the network reads them: <span class=\"unknown\">&lt;unk&gt;</span> stands for a word that it doesn't know, "
      + "and of long reviews only the end is shown, which counts most."
      + (vocabulary == nil ? " The model has no vocabulary, so tokens stand for words." : "")
    let items = reviews.map { review in
      """
      <li><p class="verdict"><b>Says \(labels[1 - Int(review.label)]), is \(labels[Int(review.label)])</b> probability of \(labels[1]) \
      \(decimal(Double(review.probability), 4)), test review \(decimal(Double(review.index), 0))</p>
      <p class="words">\(words(of: review.tokens, vocabulary))</p></li>
      """
    }
    return """
      <h3>The most confidently wrong</h3>
      <p>\(note)</p>
      <ol class="reviews">
      \(items.joined(separator: "\n"))
      </ol>

      """
  }

  private static let shownTokens = 80

  private func words(of tokens: [Int32], _ vocabulary: [String]?) -> String {
    // Keras's coding: 1 starts a review, 2 stands for what is out of the vocabulary.
    let tokens = tokens.first == 1 ? tokens.dropFirst() : tokens[...]
    let words = tokens.suffix(Self.shownTokens).map { token in
      if token == 2 { return "<span class=\"unknown\">&lt;unk&gt;</span>" }
      return escaped(vocabulary?[Int(token)] ?? "\(token)")
    }
    let left = tokens.count - words.count
    let ellipsis = "<span class=\"unknown\">… \(decimal(Double(left), 0)) words …</span> "
    return (left > 0 ? ellipsis : "") + words.joined(separator: " ")
  }
}
