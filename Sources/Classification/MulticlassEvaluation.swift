/// How well predicted labels agree with the true ones, for any number of labels.
///
/// The definitions are those of scikit-learn's `confusion_matrix` and `precision_recall_fscore_support`
/// (sklearn/metrics/_classification.py).
package struct MulticlassEvaluation: Sendable, Equatable {
  /// How often each label was predicted for each true label: [true label][predicted label].
  package let confusion: [[Int]]

  /// Evaluates samples, of which there may be none.
  ///
  /// - Parameters:
  ///   - predicted: the predicted labels, [N].
  ///   - labels: the true labels, [N].
  ///   - labelCount: the number of labels.
  /// - Precondition: there are as many predictions as labels, and all are below `labelCount`.
  package init(predicted: [UInt8], labels: [UInt8], labelCount: Int) {
    precondition(predicted.count == labels.count, "predictions and labels differ in number")
    var confusion = [[Int]](repeating: .init(repeating: 0, count: labelCount), count: labelCount)
    for (prediction, label) in zip(predicted, labels) { confusion[Int(label)][Int(prediction)] += 1 }
    self.confusion = confusion
  }

  /// The number of samples.
  package var count: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }
  private var correctCount: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }
  /// The share of correct predictions; nil if there are no samples.
  package var accuracy: Double? { share(correctCount, of: count) }
  /// The accuracy's 95 % interval, by Wilson's score; nil if there are no samples.
  package var accuracyInterval: ClosedRange<Double>? { .wilson(correctCount, of: count) }
  /// The mean of the labels' F1, where an F1 of 0 / 0 counts as 0; nil if there are no samples.
  package var macroF1: Double? {
    if count == 0 { return nil }
    return confusion.indices.reduce(0) { $0 + (f1(of: $1) ?? 0) } / Double(confusion.count)
  }

  /// The number of samples with a label.
  package func support(of label: Int) -> Int { confusion[label].reduce(0, +) }
  private func predictionCount(of label: Int) -> Int { confusion.reduce(0) { $0 + $1[label] } }
  /// The share of correct ones among a label's predictions; nil if there are none.
  package func precision(of label: Int) -> Double? { share(confusion[label][label], of: predictionCount(of: label)) }
  /// The share of a label's samples for which it was predicted; nil if there are none.
  package func recall(of label: Int) -> Double? { share(confusion[label][label], of: support(of: label)) }
  /// The harmonic mean of a label's precision and recall; nil if it is 0 / 0.
  package func f1(of label: Int) -> Double? {
    share(2 * confusion[label][label], of: predictionCount(of: label) + support(of: label))
  }

  private func share(_ part: Int, of whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
}
