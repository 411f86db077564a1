import Classification
import Training

extension Run {
  /// Measures the model on a test part that had no say in the training, and prints what came of it.
  func showTestAccuracy(threads: Int, isQuiet: Bool) throws {
    guard hasValidationPart else { return }
    var bar = ProgressBar(isQuiet: isQuiet)
    let evaluation = try testEvaluation(threads: threads) {
      bar.draw("Classifying the test texts", done: $0, details: [])
    }
    bar.clear()
    if let evaluation { printTestAccuracy(evaluation) }
  }
}

/// Prints how well a model does on the test part.
func printTestAccuracy(_ evaluation: MulticlassEvaluation) {
  guard let accuracy = evaluation.accuracy, let interval = evaluation.accuracyInterval else { return }
  let f1 = evaluation.macroF1.map { ", macro-F1 \(fixed($0, 4))" } ?? ""
  printProgress("Test - \(grouped(evaluation.count)) texts - accuracy: \(shown(accuracy, interval))\(f1)")
}
