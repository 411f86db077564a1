import Foundation
import GoldenValues
import Parallel
import Testing
import Training

@Suite struct HistoryTests {
  /// One of three samples is right.
  private func record(_ epoch: Int, loss: Double) -> EpochRecord {
    var metrics = Metrics()
    (metrics.lossSum, metrics.correctCount, metrics.sampleCount) = (3 * loss, 1, 3)
    return EpochRecord(epoch: epoch, training: metrics, validation: Metrics(), trainingSeconds: 1, seconds: 2)
  }

  private func lists(_ records: [EpochRecord]) throws -> [String: [Float?]] {
    try JSONDecoder().decode([String: [Float?]].self, from: Data(records.historyJSON().utf8))
  }

  @Test func aHistoryHasTheNamesOfKerasHistory() throws {
    let golden: TensorBoardGolden = try goldenValues("TrainingTests/Golden/tensorboard.json")
    #expect(try lists([record(0, loss: 2)]).keys.sorted() == golden.keras.historyNames)
  }

  @Test func aListHasAnItemForEachEpoch() throws {
    #expect(try lists([record(0, loss: 2), record(1, loss: 1e-7)])["loss"] == [2, 1e-7])
  }

  @Test func whatJSONCannotExpressIsNull() throws {
    let lists = try lists([record(0, loss: .infinity), record(1, loss: .nan)])
    #expect(lists["loss"] == [nil, nil])
  }

  /// The float32 nearest to 1 / 3 is 11184811 / 2^25 = 0.3333333432…, and eight digits tell it from its neighbors, which
  /// are 2^-25 = 0.00000003 away.
  @Test func aNumberHasTheFewestDigitsThatReadBackAsItsFloat() {
    #expect([record(0, loss: 2)].historyJSON().hasPrefix(#"{"accuracy": [0.33333334], "loss": [2.0], "#))
  }

  @Test func noEpochsAreAnEmptyObject() {
    #expect([EpochRecord]().historyJSON() == "{}")
  }
}
