import GoldenValues
import Hyperparameters
import Parallel
import Testing
import Training

@Suite struct MonitoredQuantityValueTests {
  /// Four figures that are different: losses 6 / 4 and 9 / 4, accuracies 1 / 4 and 3 / 4.
  private let record = {
    var record = EpochRecord(
      epoch: 0, training: metrics(loss: 6, correctCount: 1), validation: metrics(loss: 9, correctCount: 3),
      trainingSeconds: 1, seconds: 2)
    record.validationF1 = 0.5
    return record
  }()

  private static func metrics(loss: Double, correctCount: Int) -> Metrics {
    var metrics = Metrics()
    (metrics.lossSum, metrics.correctCount, metrics.sampleCount) = (loss, correctCount, 4)
    return metrics
  }

  @Test(
    arguments: [
      (.loss, 1.5), (.accuracy, 0.25), (.validationLoss, 2.25), (.validationAccuracy, 0.75), (.validationF1, 0.5),
    ] as [(MonitoredQuantity, Float)])
  func aValueIsThatOfTheEpoch(quantity: MonitoredQuantity, expected: Float) {
    #expect(quantity.value(in: record) == expected)
  }

  @Test func namesAreThoseOfKerasHistory() throws {
    let golden: TensorBoardGolden = try goldenValues("TrainingTests/Golden/tensorboard.json")
    let always = MonitoredQuantity.allCases.filter { $0 != .validationF1 }
    #expect(always.map(\.rawValue).sorted() == golden.keras.historyNames)
  }
}
