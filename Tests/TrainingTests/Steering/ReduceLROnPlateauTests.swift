import Foundation
import Hyperparameters
import Testing
import Training

@Suite struct ReduceLROnPlateauTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func ratesAreKeras(golden: SteeringGoldenValues.Callbacks) throws {
    for expected in golden.plateau {
      var plateau = ReduceLROnPlateau()
      plateau.monitor = golden.monitor
      plateau.factor = expected.factor
      plateau.patience = expected.patience
      plateau.minDelta = expected.minDelta
      plateau.cooldown = expected.cooldown
      plateau.minLearningRate = expected.minLearningRate
      var state = ReduceLROnPlateau.State()
      var rate = expected.learningRate
      for (epoch, value) in golden.values.enumerated() {
        let before = rate
        rate = plateau.epochEnded(value: value, learningRate: rate, &state)
        // A rate that isn't lowered isn't rounded either.
        #expect(rate == before || rate == Double(Float(rate)), "epoch \(epoch)")
        #expect(Float(rate) == Float(expected.rates[epoch]), "epoch \(epoch)")
        #expect(state.wait == expected.waits[epoch], "epoch \(epoch)")
        #expect(state.cooldownCounter == expected.cooldownCounters[epoch], "epoch \(epoch)")
        // As a checkpoint holds it.
        state = try JSONDecoder().decode(ReduceLROnPlateau.State.self, from: JSONEncoder().encode(state))
      }
    }
  }

  @Test func defaultsAreKeras() {
    let defaults = ReduceLROnPlateau()
    #expect(defaults.monitor == .validationLoss && defaults.factor == 0.1 && defaults.patience == 10)
    #expect(defaults.minDelta == 1e-4 && defaults.cooldown == 0 && defaults.minLearningRate == 0)
  }
}
