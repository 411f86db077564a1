import Fixtures
import Foundation
import Hyperparameters
import RecurrentNetwork
import Testing
import Training

@Suite struct TrainingConfigurationTests {
  private func read(_ json: String, over base: TrainingConfiguration = .init()) throws -> TrainingConfiguration {
    try withTemporaryFolder { folder in
      let file = folder + "/settings.json"
      try json.write(toFile: file, atomically: true, encoding: .utf8)
      return try TrainingConfiguration(contentsOf: file, over: base)
    }
  }

  private func refusal(_ json: String) -> String {
    do { _ = try read(json) } catch { return "\(error)" }
    return "accepted"
  }

  @Test func presets() {
    #expect(Preset.tutorial.configuration == TrainingConfiguration())
    for preset in Preset.allCases { #expect(preset.configuration.invalidSetting == nil) }
  }

  @Test func readsANetwork() throws {
    var expected = TrainingConfiguration()
    expected.embeddingSize = 0
    expected.layerCount = 2
    expected.isBidirectional = true
    expected.pooling = .max
    expected.masksPadding = true
    expected.labelCount = 3
    expected.classWeights = [1, 2, 3]
    expected.dropout.words = 0.25
    expected.dropout.layers = 0.5
    let json = """
      {"embeddingSize": 0, "layerCount": 2, "isBidirectional": true, "pooling": "max", "masksPadding": true,
       "labelCount": 3, "classWeights": [1, 2, 3], "dropout": {"words": 0.25, "layers": 0.5}}
      """
    #expect(try read(json) == expected)
    #expect(expected.architecture.description.hasPrefix("OneHot(1000) masked → Bidirectional(LSTM(128)) → "))
    // As run.json has it.
    let whole = String(decoding: try JSONEncoder().encode(["configuration": expected]), as: UTF8.self)
    #expect(try read(whole) == expected)
    var other = TrainingConfiguration()
    other.architecture = expected.architecture
    #expect(other.architecture == expected.architecture)
  }

  @Test func whatAnOlderFileDoesNotNameIsTheTutorials() throws {
    let old = """
      {"vocabularySize": 100, "maxLength": 40, "embeddingSize": 8, "hiddenSize": 12, "epochs": 3, "batchSize": 50,
       "learningRate": 0.001, "seed": 0, "shuffles": true, "schedule": {"constant": {}}}
      """
    let configuration = try read(old)
    #expect(configuration.architecture == .init(vocabularySize: 100, embeddingSize: 8, hiddenSize: 12))
    #expect(configuration.dropout == Dropout())
  }

  @Test(arguments: [
    (
      #"{"dropout": {"word": 0.1}}"#,
      "there is no rate word of dropout, only words, embedding, recurrent, layers, output"
    ),
    (#"{"dropout": {"words": "0.1"}}"#, #"dropout is {"words":"0.1"}, expected a value like {"#),
    (#"{"dropout": 0.1}"#, "dropout is 0.1, expected a value like {"),
    (#"{"dropout": {"words": 1}}"#, "dropout.words must be a share from 0 to below 1, not 1.0"),
    (#"{"dropout": {"output": -0.1}}"#, "dropout.output must be a share from 0 to below 1, not -0.1"),
    (#"{"dropout": {"layers": 0.1}}"#, "dropout.layers needs two layers or more"),
    (#"{"embeddingSize": 0, "dropout": {"embedding": 0.1}}"#, "dropout.embedding needs an embedding"),
    (#"{"pooling": "median"}"#, #"pooling is "median", expected a value like "last""#),
    (#"{"isBidirectional": 2}"#, "isBidirectional is 2, expected a value like false"),
    (#"{"epochs": 1.5}"#, "epochs is 1.5, expected a value like 3"),
    (#"{"epochs": 1e999}"#, "epochs is "),
    (#"{"earlyStopping": {"quantity": "loss"}}"#, #"earlyStopping is {"quantity":"loss"}, expected a value like {"#),
    (#"{"classWeights": [0, 0]}"#, "classWeights must be two numbers"),
    (#"{"layerCount": 0}"#, "layerCount must be from 1 to 64, not 0"),
    (#"{"labelCount": 1}"#, "labelCount must be from 2 to 256, not 1"),
    (#"{"embeddingSize": -1}"#, "embeddingSize must be from 0 to 65536, not -1"),
    (#"{"classWeights": [1, 2, 3]}"#, "classWeights must be two numbers"),
    (#"{"labelCount": 3, "classWeights": [1, 2]}"#, "classWeights must be 3 numbers, one for each label"),
  ])
  func refusesWhatNoNetworkHas(json: String, problem: String) {
    let message = refusal(json)
    #expect(message.contains(": \(problem)") && !message.contains("\n"), "\(message)")
  }

  @Test func namesTheRatesThatDiffer() {
    var configuration = TrainingConfiguration()
    configuration.pooling = .mean
    configuration.dropout.output = 0.5
    #expect(
      configuration.differences(from: .init()) == ["dropout.output: 0.5, 0", #"pooling: "mean", "last""#])
    #expect("\(configuration.dropout)" == "output 0.5")
    #expect("\(Dropout())" == "")
  }
}
