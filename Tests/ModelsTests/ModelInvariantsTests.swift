import Fixtures
import Hyperparameters
import Models
import Testing

/// A model's parts always fit together.
@Suite struct ModelInvariantsTests {
  @Test(arguments: [["only"], ["a", "a"], ["a", "b", "c"], []])
  func refusesLabelsThatDoNotFitTheNetwork(names: [String]) {
    var model = SmallModel.model
    refuses(.mismatch) { try model.setLabels(names) }
    #expect(model == SmallModel.model)
  }

  @Test func refusesAVocabularyThatLacksTokens() {
    var model = SmallModel.model
    refuses(.mismatch) { try model.setVocabulary(["a", "b"]) }
    #expect(model == SmallModel.model)
  }

  @Test func refusesTheConfigurationOfAnotherNetwork() {
    refuses(.mismatch) { try Model(SmallModel.model.parameters, configuration: TrainingConfiguration()) }
  }
}
