import Foundation
import GoldenValues
import Hyperparameters
import Testing

@Suite struct ReduceLROnPlateauTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func lowersTheRateAsKeras(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.plateau {
      #expect(judged(golden, expected).map { Float($0.rate) } == expected.rates.map { Float($0) })
    }
  }

  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func waitsAsManyEpochsAsKeras(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.plateau {
      let epochs = judged(golden, expected)
      #expect(epochs.map(\.state.wait) == expected.waits)
      #expect(epochs.map(\.state.cooldownCounter) == expected.cooldownCounters)
    }
  }

  /// 0.1 is no float32.
  @Test func aRateThatIsNotLoweredKeepsItsBits() {
    var state = ReduceLROnPlateau.State()
    #expect(ReduceLROnPlateau().epochEnded(value: 1, learningRate: 0.1, &state) == 0.1)
  }

  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func aStateReadsBackFromJSON(golden: SteeringGoldenValues.Callbacks) throws {
    for (state, _) in golden.plateau.flatMap({ judged(golden, $0) }) {
      let read = try JSONDecoder().decode(ReduceLROnPlateau.State.self, from: JSONEncoder().encode(state))
      #expect(read == state)
    }
  }

  @Test func theDefaultsAreThoseOfKeras() {
    let (defaults, expected) = (ReduceLROnPlateau(), SteeringGoldenValues.all.defaults.plateau)
    #expect(defaults.monitor == expected.monitor)
    #expect(defaults.factor == expected.factor)
    #expect(defaults.patience == expected.patience)
    #expect(defaults.minDelta == expected.minDelta)
    #expect(defaults.cooldown == expected.cooldown)
    #expect(defaults.minLearningRate == expected.minLearningRate)
  }

  /// The state after each epoch of the history, and the rate to go on with.
  private func judged(
    _ golden: SteeringGoldenValues.Callbacks, _ settings: SteeringGoldenValues.Callbacks.Plateau
  ) -> [(state: ReduceLROnPlateau.State, rate: Double)] {
    var plateau = ReduceLROnPlateau()
    plateau.monitor = golden.monitor
    plateau.factor = settings.factor
    plateau.patience = settings.patience
    plateau.minDelta = settings.minDelta
    plateau.cooldown = settings.cooldown
    plateau.minLearningRate = settings.minLearningRate
    var (state, rate) = (ReduceLROnPlateau.State(), settings.learningRate)
    return golden.values.map { value in
      rate = plateau.epochEnded(value: value, learningRate: rate, &state)
      return (state, rate)
    }
  }
}
