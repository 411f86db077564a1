import Foundation
import Hyperparameters
import Testing
import Training

@Suite struct EarlyStoppingTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func decisionsAreKeras(golden: SteeringGoldenValues.Callbacks) throws {
    for expected in golden.earlyStopping {
      var earlyStopping = EarlyStopping()
      earlyStopping.monitor = golden.monitor
      earlyStopping.patience = expected.patience
      earlyStopping.minDelta = expected.minDelta
      var state = EarlyStopping.State()
      var keptEpoch: Int?
      for (epoch, value) in golden.values.prefix(expected.waits.count).enumerated() {
        let decision = earlyStopping.epochEnded(epoch, value: value, &state)
        if decision == .improved { keptEpoch = epoch }
        #expect((decision == .stop) == (epoch == expected.stoppedEpoch), "epoch \(epoch)")
        #expect(state.wait == expected.waits[epoch], "epoch \(epoch)")
        #expect(state.bestEpoch == expected.bestEpochs[epoch], "epoch \(epoch)")
        // As a checkpoint holds it.
        state = try JSONDecoder().decode(EarlyStopping.State.self, from: JSONEncoder().encode(state))
      }
      #expect(state.stoppedEpoch == expected.stoppedEpoch)
      // Keras leaves a restored model also where it wasn't stopped.
      #expect(keptEpoch == expected.restoredEpoch)
      #expect(state.best.value?.bitPattern == (expected.best.map { Float($0) } ?? .nan).bitPattern)
    }
  }

  @Test func defaultsAreKeras() {
    let defaults = EarlyStopping()
    #expect(defaults.monitor == .validationLoss && defaults.patience == 0 && defaults.minDelta == 0)
    #expect(!defaults.restoresBestWeights)
  }
}
