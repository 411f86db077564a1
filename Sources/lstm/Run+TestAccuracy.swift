import Classification
import Models
import Training

extension Run {
  /// Measures the model on a test part that had no say in the training, and prints what came of it.
  ///
  /// - Parameter folder: the run's.
  func showTestAccuracy(folder: String, threads: Int, isQuiet: Bool) throws {
    let test = dataset.test
    guard configuration.validationSplit != nil || dataset.validation != nil, test.count > 0 else { return }
    let path = folder + "/model.safetensors"
    var bar = ProgressBar(isQuiet: isQuiet)
    let model = try Model(contentsOf: path)
    let outcomes = try model.outcomes(of: test, threads: threads, path: path) {
      bar.draw("Classifying the test texts", done: $0, details: [])
    }
    bar.clear()
    let evaluation = MulticlassEvaluation(
      predicted: outcomes.map(model.predictedLabel), labels: test.labels, labelCount: configuration.labelCount)
    guard let accuracy = evaluation.accuracy, let interval = evaluation.accuracyInterval else { return }
    let f1 = evaluation.macroF1.map { ", macro-F1 \(fixed($0, 4))" } ?? ""
    printProgress(
      "Test - \(grouped(test.count)) texts - accuracy: \(fixed(accuracy, 4)) "
        + "(\(fixed(interval.lowerBound, 4))–\(fixed(interval.upperBound, 4)))\(f1)")
  }
}
