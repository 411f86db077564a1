/// How well predicted labels agree with the true ones, of any number of labels.
///
/// Definitions are those of scikit-learn's `confusion_matrix` and `precision_recall_fscore_support`
/// (sklearn/metrics/_classification.py).
package struct MulticlassEvaluation: Sendable, Equatable {
  /// How often each label was answered: [true label][answer].
  package let confusion: [[Int]]

  /// - Parameters:
  ///   - predicted: [N], below `labelCount`.
  ///   - labels: [N], likewise.
  package init(predicted: [UInt8], labels: [UInt8], labelCount: Int) {
    precondition(predicted.count == labels.count, "predictions and labels differ in number")
    var confusion = [[Int]](repeating: .init(repeating: 0, count: labelCount), count: labelCount)
    for (answer, label) in zip(predicted, labels) { confusion[Int(label)][Int(answer)] += 1 }
    self.confusion = confusion
  }

  /// How many samples there are.
  package var count: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }
  private var rightCount: Int { confusion.indices.reduce(0) { $0 + confusion[$1][$1] } }
  /// The share of right answers.
  package var accuracy: Double { Double(rightCount) / Double(count) }
  /// 95 % of it, by Wilson's score.
  package var accuracyInterval: ClosedRange<Double>? { .wilson(rightCount, of: count) }
  /// The mean of the labels' F1, 0 for a label whose F1 is 0 / 0.
  package var macroF1: Double {
    confusion.indices.reduce(0) { $0 + (f1(of: $1) ?? 0) } / Double(confusion.count)
  }

  /// How many samples have a label.
  package func support(of label: Int) -> Int { confusion[label].reduce(0, +) }
  private func answers(of label: Int) -> Int { confusion.reduce(0) { $0 + $1[label] } }
  /// The share of right ones among a label's answers, nil where there are none.
  package func precision(of label: Int) -> Double? { share(confusion[label][label], of: answers(of: label)) }
  /// The share of a label's samples that were answered so, nil where there are none.
  package func recall(of label: Int) -> Double? { share(confusion[label][label], of: support(of: label)) }
  /// The harmonic mean of a label's precision and recall, nil where it is 0 / 0.
  package func f1(of label: Int) -> Double? {
    share(2 * confusion[label][label], of: answers(of: label) + support(of: label))
  }

  private func share(_ part: Int, of whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
}
