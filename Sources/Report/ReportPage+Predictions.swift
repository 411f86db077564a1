import Classification
import Corpus
import Models
import Training

/// The predictions of the runs' models, in a section for each run.
extension ReportPage {
  func predictionSection(_ index: Int) -> String {
    let run = runs[index]
    let title = isComparison ? "\(swatch(color: index))\(escaped(names[index])): predictions" : "Predictions"
    let body =
      switch run.predictions {
      case .failure(let omission):
        "<p>The predictions for the validation texts are missing. \(escaped(omission.reason))</p>"
      case .success(let predictions):
        seenTexts(predictions) + figures(predictions, run.record.model, color: index)
          + wrongTexts(predictions, run.record.model)
      }
    return "<section class=\"run\">\n<h2>\(title)</h2>\n\(body)\n</section>"
  }

  private func figures(_ predictions: Predictions, _ model: Model?, color: Int) -> String {
    let labels = model?.labels ?? Dataset.defaultLabels(predictions.labelEvaluation.confusion.count)
    return labels.count == 2
      ? evaluation(
        predictions.evaluation, predictions.precisionRecallCurve, threshold: model?.threshold ?? 0.5, labels,
        color: color)
      : evaluation(predictions.labelEvaluation, labels.map(escaped))
  }

  private func seenTexts(_ predictions: Predictions) -> String {
    guard let count = predictions.seenCount, count > 0 else { return "" }
    return
      "<p>\(decimal(Double(count), 0)) of these texts were also trained on, which makes the figures too good.</p>\n"
  }

  // MARK: More than two labels

  /// The most labels for which the confusion matrix is shown.
  private static let matrixLimit = 20

  private func evaluation(_ evaluation: MulticlassEvaluation, _ labels: [String]) -> String {
    let correct = labels.indices.reduce(0) { $0 + evaluation.confusion[$1][$1] }
    let rows = labels.indices.map { label in
      let figures = [evaluation.precision(of: label), evaluation.recall(of: label), evaluation.f1(of: label)]
      return "<tr><th scope=\"row\">\(labels[label])</th>"
        + figures.map { "<td>\($0.map { decimal($0, 4) } ?? "–")</td>" }.joined()
        + "<td>\(decimal(Double(evaluation.support(of: label)), 0))</td></tr>"
    }
    let head = ["precision", "recall", "F1", "texts"].map { "<th scope=\"col\">\($0)</th>" }.joined()
    return """
      <h3>\(decimal(Double(correct), 0)) of \(decimal(Double(evaluation.count), 0)) correct, \
      \(evaluation.accuracy.map(percent) ?? "–"); macro-F1 \(evaluation.macroF1.map { decimal($0, 4) } ?? "–")</h3>
      \(labels.count <= Self.matrixLimit ? confusionMatrix(evaluation, labels) : "")
      <div class="scroll"><table class="runs">
      <thead><tr><td></td>\(head)</tr></thead>
      \(rows.joined(separator: "\n"))
      </table></div>

      """
  }

  private func confusionMatrix(_ evaluation: MulticlassEvaluation, _ labels: [String]) -> String {
    let rows = labels.indices.map { label in
      let cells = labels.indices.map { predicted in
        let count = evaluation.confusion[label][predicted]
        let share = Double(count) / Double(max(1, evaluation.support(of: label)))
        return "<td class=\"c\(label == predicted ? 0 : 1)\" style=\"--share:\(Int((100 * share).rounded()))%\">"
          + "<b>\(decimal(Double(count), 0))</b></td>"
      }
      return "<tr><th scope=\"row\">actually \(labels[label])</th>\(cells.joined())</tr>"
    }
    let head = labels.map { "<th scope=\"col\">predicted \($0)</th>" }.joined()
    return """
      <div class="scroll"><table class="confusion many">
      <thead><tr><td></td>\(head)</tr></thead>
      \(rows.joined(separator: "\n"))
      </table></div>
      """
  }

  // MARK: Two labels

  private func evaluation(
    _ evaluation: BinaryEvaluation, _ curve: PrecisionRecallCurve, threshold: Float, _ labels: [String], color: Int
  ) -> String {
    let correct = evaluation.confusion.truePositives + evaluation.confusion.trueNegatives
    let accuracy = evaluation.accuracy.map(percent) ?? "–"
    var figures = [
      figure(
        "\(decimal(Double(correct), 0)) of \(decimal(Double(evaluation.count), 0)) correct, \(accuracy)",
        "The predictions for the \(labels[0]) and for the \(labels[1]) texts, with their shares of the row"
          + (threshold == 0.5 ? "." : "; \(labels[1]) is predicted above \(decimal(Double(threshold), 4))."),
        confusionMatrix(evaluation.confusion, labels.map(escaped)))
    ]
    let unit: [Double] = [0, 1]
    if let area = evaluation.rocArea {
      let title = "Area under the ROC curve \(decimal(area, 4))"
      figures.append(
        figure(
          title,
          "The share of \(labels[1]) texts found and of \(labels[0]) texts mistaken for them, at every threshold.",
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
    if let average = curve.averagePrecision {
      let title = "Average precision of \(labels[1]) \(decimal(average, 4))"
      let own = zip([evaluation.recall], [evaluation.precision]).compactMap { recall, precision in
        recall.flatMap { recall in
          precision.map { precision in
            Chart.Point(
              x: recall, y: precision,
              note: "threshold \(decimal(Double(threshold), 4)): precision \(decimal(precision, 3)), recall "
                + decimal(recall, 3), radius: 5)
          }
        }
      }
      figures.append(
        figure(
          title,
          "The share of \(labels[1]) among the texts that are taken for it, by the share of \(labels[1]) texts found. The "
            + "dot is the model's threshold, \(decimal(Double(threshold), 4)).",
          Chart(
            shape: .square, x: Axis("recall", covering: unit), y: Axis("precision", covering: unit),
            series: [
              .init(points: curve.points.map { .init(x: $0.recall, y: $0.precision) }, color: color),
              .init(points: own, color: color),
            ]
          ).svg(title: title)))
    }
    let largest = Double(evaluation.calibration.map(\.count).max() ?? 1)
    let title = "Probabilities off by \(evaluation.calibrationError.map { decimal($0, 3) } ?? "–") on average"
    figures.append(
      figure(
        title, "The share of \(labels[1]) by predicted probability, in tenths. A dot's area is the number of texts.",
        Chart(
          shape: .square, x: Axis("predicted probability", covering: unit),
          y: Axis("share of \(labels[1])", covering: unit),
          series: [
            .init(
              points: evaluation.calibration.map { bin in
                .init(
                  x: bin.meanProbability, y: bin.positiveShare,
                  note: "\(decimal(Double(bin.count), 0)) texts: predicted \(decimal(bin.meanProbability, 3)), "
                    + "\(labels[1]) \(decimal(bin.positiveShare, 3))",
                  radius: max(1.5, 8 * (Double(bin.count) / largest).squareRoot()))
              }, color: color)
          ], hasDiagonal: true
        ).svg(title: title)))
    return "<div class=\"charts square\">\n\(figures.joined(separator: "\n"))\n</div>\n"
  }

  private func confusionMatrix(_ confusion: BinaryEvaluation.Confusion, _ labels: [String]) -> String {
    func cell(_ count: Int, of row: Int, isCorrect: Bool) -> String {
      let share = row == 0 ? 0 : Double(count) / Double(row)
      return "<td class=\"c\(isCorrect ? 0 : 1)\" style=\"--share:\(Int((100 * share).rounded()))%\">"
        + "<b>\(decimal(Double(count), 0))</b><span>\(row == 0 ? "–" : percent(share))</span></td>"
    }
    let negatives = confusion.trueNegatives + confusion.falsePositives
    let positives = confusion.truePositives + confusion.falseNegatives
    return """
      <table class="confusion">
      <thead><tr><td></td><th scope="col">predicted \(labels[0])</th><th scope="col">predicted \(labels[1])</th></tr></thead>
      <tr><th scope="row">actually \(labels[0])</th>\(cell(confusion.trueNegatives, of: negatives, isCorrect: true))\
      \(cell(confusion.falsePositives, of: negatives, isCorrect: false))</tr>
      <tr><th scope="row">actually \(labels[1])</th>\(cell(confusion.falseNegatives, of: positives, isCorrect: false))\
      \(cell(confusion.truePositives, of: positives, isCorrect: true))</tr>
      </table>
      """
  }

  // MARK: Texts

  private func wrongTexts(_ predictions: Predictions, _ model: Model?) -> String {
    let texts = predictions.mostConfidentlyWrong
    guard !texts.isEmpty else { return "<h3>No text is misclassified</h3>\n" }
    let vocabulary = model?.vocabulary
    let coder = vocabulary.map { TextCoder(vocabulary: $0, coding: model!.coding) }
    let hasTexts = coder != nil && texts[0].text != nil
    let labels = (model?.labels ?? Dataset.defaultLabels(predictions.labelEvaluation.confusion.count)).map(escaped)
    let note =
      (hasTexts
        ? "Words that the network doesn't know are <span class=\"unknown\">gray</span>. "
        : "The texts as the network reads them: <span class=\"unknown\">&lt;unk&gt;</span> stands for a word that it "
          + "doesn't know. ")
      + "Only the end of a long text is shown, which counts most."
      + (vocabulary == nil ? " The model has no vocabulary, so tokens are shown instead of words." : "")
    let items = texts.map { text in
      """
      <li><p class="verdict"><b>Predicted \(labels[Int(text.predicted)]), actually \(labels[Int(text.label)])</b> probability of \
      \(labels[labels.count == 2 ? 1 : Int(text.predicted)]) \(decimal(Double(text.probability), 4)), \
      \(predictions.part) text \(decimal(Double(text.index), 0))\(text.place.map { " (\(escaped($0)))" } ?? "")</p>
      <p class="words">\(hasTexts ? words(of: text.text!, coder!) : words(of: text.tokens, vocabulary))</p></li>
      """
    }
    return """
      <h3>Most confidently wrong</h3>
      <p>\(note)</p>
      <ol class="texts">
      \(items.joined(separator: "\n"))
      </ol>

      """
  }

  private static let shownTokens = 80

  private func words(of tokens: [Int32], _ vocabulary: [String]?) -> String {
    // Keras's tokens: 1 starts a text, and 2 stands for a word outside the vocabulary.
    let tokens = tokens.first == 1 ? tokens.dropFirst() : tokens[...]
    let words = tokens.suffix(Self.shownTokens).map { token in
      if token == 2 { return "<span class=\"unknown\">&lt;unk&gt;</span>" }
      return escaped(vocabulary?[Int(token)] ?? "\(token)")
    }
    return ellipsis(tokens.count - words.count) + words.joined(separator: " ")
  }

  /// The end of a text as it is, its unknown words marked.
  private func words(of text: String, _ coder: TextCoder) -> String {
    let words = coder.words(of: text)
    let shown = words.suffix(Self.shownTokens)
    var (html, place) = ("", words.count > shown.count ? shown[shown.startIndex].range.lowerBound : text.startIndex)
    for word in shown where word.token == TextCoder.unknownToken {
      html += escaped(String(text[place..<word.range.lowerBound]))
      html += "<span class=\"unknown\">\(escaped(String(text[word.range])))</span>"
      place = word.range.upperBound
    }
    return ellipsis(words.count - shown.count) + html + escaped(String(text[place...]))
  }

  private func ellipsis(_ omitted: Int) -> String {
    omitted > 0 ? "<span class=\"unknown\">… \(decimal(Double(omitted), 0)) words …</span> " : ""
  }
}
