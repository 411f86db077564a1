import Files
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

/// A model's parts always fit together.
@Suite struct ModelInvariantsTests {
  @Test(arguments: [["only"], ["a", "a"], ["a", "b", "c"], []])
  func refusesLabelsThatDoNotFitTheNetwork(names: [String]) {
    var model = SmallModel.model
    #expect { try model.setLabels(names) } throws: { ($0 as? ModelError)?.kind == .mismatch }
    #expect(model == SmallModel.model)
  }

  @Test func refusesAVocabularyThatLacksTokens() {
    var model = SmallModel.model
    #expect { try model.setVocabulary(["a", "b"]) } throws: { ($0 as? ModelError)?.kind == .mismatch }
    #expect(model == SmallModel.model)
  }

  @Test func refusesTheConfigurationOfAnotherNetwork() {
    #expect {
      _ = try Model(SmallModel.model.parameters, configuration: TrainingConfiguration())
    } throws: {
      ($0 as? ModelError)?.kind == .mismatch
    }
  }

  @Test func localizedDescriptionIsTheMessage() {
    let error: any Error = ModelError(.mismatch, path: "m", problem: "is wrong", advice: "mend it")
    #expect(error.localizedDescription == "m: is wrong; mend it")
  }
}
