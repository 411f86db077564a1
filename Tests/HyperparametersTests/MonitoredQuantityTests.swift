import Foundation
import GoldenValues
import Hyperparameters
import Testing

@Suite struct MonitoredQuantityTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func theBestEpochsAreThoseThatModelCheckpointSaves(golden: SteeringGoldenValues.Callbacks) {
    var best = BestValue()
    let epochs = golden.values.enumerated().filter { best.update($0.element, of: golden.monitor) }.map(\.offset)
    #expect(epochs == golden.bestEpochs)
  }

  @Test(arguments: [nil, 0.1, .nan, .infinity, -0] as [Float?])
  func aBestValueReadsBackFromJSONWithItsBits(value: Float?) throws {
    var best = BestValue()
    if let value { _ = best.update(value, of: .loss) }
    let read = try JSONDecoder().decode(BestValue.self, from: JSONEncoder().encode(best))
    #expect(read.value?.bitPattern == value?.bitPattern)
  }
}
