import Foundation
import GoldenValues
import Parallel
import Testing
import Training

@Suite struct HistoryTests {
  private func record(_ epoch: Int, loss: Double) -> EpochRecord {
    var metrics = Metrics()
    metrics.lossSum = loss
    metrics.correctCount = 1
    metrics.sampleCount = 3
    return EpochRecord(epoch: epoch, training: metrics, validation: Metrics(), trainingSeconds: 1, seconds: 2)
  }

  @Test func jsonHasKerasNamesAndShortestDigits() throws {
    #expect([EpochRecord]().historyJSON() == "{}")
    let json = [record(0, loss: 2), record(1, loss: 3e-7), record(2, loss: .infinity)].historyJSON()
    #expect(
      json == """
        {"accuracy": [0.33333334, 0.33333334, 0.33333334], "loss": [0.6666667, 1e-07, null], \
        "val_accuracy": [null, null, null], "val_loss": [null, null, null]}
        """)
    let lists = try JSONDecoder().decode([String: [Float?]].self, from: Data(json.utf8))
    #expect(lists["loss"] == [Float(2.0 / 3), 1e-7, nil])
    let golden: TensorBoardGolden = try goldenValues("TrainingTests/Golden/tensorboard.json")
    #expect(lists.keys.sorted() == golden.keras.historyNames)
  }
}
