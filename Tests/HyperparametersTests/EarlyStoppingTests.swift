import Foundation
import GoldenValues
import Hyperparameters
import Testing

@Suite struct EarlyStoppingTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func stopsAfterTheEpochThatKerasDoes(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.earlyStopping {
      let epochs = judged(golden, expected)
      #expect(epochs.map { $0.decision == .stop } == expected.waits.indices.map { $0 == expected.stoppedEpoch })
      #expect(epochs.last?.state.stoppedEpoch == expected.stoppedEpoch)
    }
  }

  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func waitsAsManyEpochsAsKeras(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.earlyStopping {
      #expect(judged(golden, expected).map(\.state.wait) == expected.waits)
    }
  }

  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func remembersTheBestEpochAsKeras(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.earlyStopping {
      let epochs = judged(golden, expected)
      #expect(epochs.map(\.state.bestEpoch) == expected.bestEpochs)
      let best = epochs.last?.state.best.value
      #expect(best?.bitPattern == (expected.best.map { Float($0) } ?? .nan).bitPattern)
    }
  }

  /// Keras restores the best weights even of a run that wasn't stopped.
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func theLastImprovementIsTheEpochThatKerasRestores(golden: SteeringGoldenValues.Callbacks) {
    for expected in golden.earlyStopping {
      #expect(judged(golden, expected).lastIndex { $0.decision == .improved } == expected.restoredEpoch)
    }
  }

  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func aStateReadsBackFromJSON(golden: SteeringGoldenValues.Callbacks) throws {
    for (state, _) in golden.earlyStopping.flatMap({ judged(golden, $0) }) {
      let read = try JSONDecoder().decode(EarlyStopping.State.self, from: JSONEncoder().encode(state))
      #expect(read == state)
    }
  }

  @Test func theDefaultsAreThoseOfKeras() {
    let (defaults, expected) = (EarlyStopping(), SteeringGoldenValues.all.defaults.earlyStopping)
    #expect(defaults.monitor == expected.monitor)
    #expect(defaults.patience == expected.patience)
    #expect(defaults.minDelta == expected.minDelta)
    #expect(defaults.restoresBestWeights == expected.restoresBestWeights)
  }

  /// The state after each epoch of the history, as far as Keras went, and what was decided.
  private func judged(
    _ golden: SteeringGoldenValues.Callbacks, _ settings: SteeringGoldenValues.Callbacks.EarlyStopping
  ) -> [(state: EarlyStopping.State, decision: EarlyStopping.Decision)] {
    var earlyStopping = EarlyStopping()
    earlyStopping.monitor = golden.monitor
    earlyStopping.patience = settings.patience
    earlyStopping.minDelta = settings.minDelta
    var state = EarlyStopping.State()
    return golden.values.prefix(settings.waits.count).enumerated().map { epoch, value in
      let decision = earlyStopping.epochEnded(epoch, value: value, &state)
      return (state, decision)
    }
  }
}
