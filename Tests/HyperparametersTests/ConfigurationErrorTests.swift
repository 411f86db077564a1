import Fixtures
import Hyperparameters
import RecurrentNetwork
import Testing

@Suite struct ConfigurationErrorTests {
  private static let errors: [ConfigurationError] = [
    .notAnObject(path: "p"), .unknownSetting("epoch", path: "p"), .unknownRate("word", path: "p"),
    .wrongType(setting: "epochs", value: "1.5", example: "3", path: "p"),
    .invalid(withoutEpochs.invalidSetting!, path: "p"),
  ]

  private static var withoutEpochs: TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.epochs = 0
    return configuration
  }

  @Test(arguments: errors) func localizedDescriptionIsTheMessage(error: ConfigurationError) {
    expectMessage(error)
  }

  @Test(arguments: errors) func namesTheFile(error: ConfigurationError) {
    #expect(error.path == "p")
  }

  @Test(arguments: errors) func theAdviceNamesSettingsThatExist(error: ConfigurationError) {
    #expect(error.advice.contains("vocabularySize"))
    #expect(error.advice.contains("bestModel"))
  }
}
