import Fixtures
import Foundation
import Hyperparameters
import RecurrentNetwork
import Testing

@Suite struct TrainingConfigurationTests {
  private func read(_ json: String) throws -> TrainingConfiguration {
    try withTemporaryFolder { folder in
      try TrainingConfiguration(contentsOf: folder.write(json, to: "settings.json"), over: .init())
    }
  }

  // MARK: Files

  private static let network = """
    {"embeddingSize": 0, "layerCount": 2, "isBidirectional": true, "pooling": "max", "masksPadding": true,
     "denseLayers": [{"size": 8, "activation": "relu"}, {"size": 4, "activation": "tanh"}],
     "labelCount": 3, "classWeights": [1, 2, 3], "dropout": {"words": 0.25, "layers": 0.5}}
    """

  private static var networkConfiguration: TrainingConfiguration {
    var expected = TrainingConfiguration()
    (expected.embeddingSize, expected.layerCount, expected.isBidirectional) = (0, 2, true)
    (expected.pooling, expected.masksPadding, expected.labelCount) = (.max, true, 3)
    expected.classWeights = [1, 2, 3]
    expected.denseLayers = [.init(8, .relu), .init(4, .tanh)]
    (expected.dropout.words, expected.dropout.layers) = (0.25, 0.5)
    return expected
  }

  @Test func readsANetwork() throws {
    #expect(try read(Self.network) == Self.networkConfiguration)
  }

  @Test func readsTheSettingsOfARun() throws {
    let run = String(decoding: try JSONEncoder().encode(["configuration": Self.networkConfiguration]), as: UTF8.self)
    #expect(try read(run) == Self.networkConfiguration)
  }

  @Test func readsBackFromJSON() throws {
    for preset in Preset.allCases {
      let json = try JSONEncoder().encode(preset.configuration)
      #expect(try JSONDecoder().decode(TrainingConfiguration.self, from: json) == preset.configuration)
    }
  }

  /// As before there were any.
  @Test func dontNameDenseLayersWhereThereAreNone() throws {
    var configuration = TrainingConfiguration()
    let json = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
    #expect(!json.contains("ense"))
    configuration.denseLayers = [.init(8, .relu)]
    #expect(
      configuration.differences(from: .init()) == [#"denseLayers: [{"activation":"relu","size":8}], none"#])
    configuration.denseLayers = []
    #expect(configuration == TrainingConfiguration())
  }

  @Test func takesOverAllOfAnArchitecture() {
    let architecture = Self.networkConfiguration.architecture
    var other = TrainingConfiguration()
    other.architecture = architecture
    #expect(other.architecture == architecture)
  }

  @Test func whatAnOlderFileDoesNotNameKeepsItsDefault() throws {
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
    (#"{"epochs": 1e999}"#, "byte 11: a number is too large"), (#"{"epochs": 3,}"#, "byte 13: expected a name"),
    (#"{"epochs": -01}"#, "byte 13: expected “,”"), (#"{"epochs": 1.0e+}"#, "byte 16: expected a value"),
    (#"{"\u001b]0;x\u0007": 1}"#, #"there is no setting \u{1B}]0;x\u{07}"#),
    (#"{"earlyStopping": {"quantity": "loss"}}"#, #"earlyStopping is {"quantity":"loss"}, expected a value like {"#),
    (#"{"classWeights": [0, 0]}"#, "classWeights must be two numbers"),
    (#"{"layerCount": 0}"#, "layerCount must be from 1 to 64, not 0"),
    (#"{"labelCount": 1}"#, "labelCount must be from 2 to 256, not 1"),
    (#"{"embeddingSize": -1}"#, "embeddingSize must be from 0 to 65536, not -1"),
    (#"{"classWeights": [1, 2, 3]}"#, "classWeights must be two numbers"),
    (#"{"labelCount": 3, "classWeights": [1, 2]}"#, "classWeights must be 3 numbers, one for each label"),
    (
      #"{"denseLayers": [64]}"#,
      #"denseLayers is [64], expected a value like [{"activation":"relu","size":64}]"#
    ),
    (
      #"{"denseLayers": [{"size": 8, "activation": "gelu"}]}"#,
      #"denseLayers is [{"activation":"gelu","size":8}], expected a value like"#
    ),
    (#"{"denseLayers": [{"size": 0, "activation": "relu"}]}"#, "denseLayers must be from 1 to 65536, not 0"),
  ])
  func refusesWhatNoNetworkHas(json: String, problem: String) {
    refuses(ConfigurationError.self, ": \(problem)") { try read(json) }
  }

  @Test func refusesWhatIsNoObject() throws {
    refuses(ConfigurationError.self, ": is not a JSON object") { try read("[]") }
  }

  @Test func refusesAFileThatIsNotThere() throws {
    refuses(.missing, at: "/nowhere/settings.json") {
      try TrainingConfiguration(contentsOf: "/nowhere/settings.json", over: .init())
    }
  }

  // MARK: What is possible

  @Test(arguments: Preset.allCases) func presetsArePossible(preset: Preset) {
    #expect(preset.configuration.invalidSetting == nil)
  }

  @Test func theTutorialsPresetIsTheDefault() {
    #expect(Preset.tutorial.configuration == TrainingConfiguration())
    #expect(Preset.accurate.configuration != TrainingConfiguration())
  }

  /// Each: the setting that is impossible, and the change that makes it so.
  @Test(arguments: impossible.indices) func namesTheSettingThatIsImpossible(index: Int) {
    let (name, change) = Self.impossible[index]
    var configuration = TrainingConfiguration()
    change(&configuration)
    #expect(configuration.invalidSetting?.name == name)
  }

  private static let impossible: [(name: String, change: @Sendable (inout TrainingConfiguration) -> Void)] = [
    ("maxLength", { $0.maxLength = 0 }),
    ("epochs", { $0.epochs = 0 }),
    ("batchSize", { $0.batchSize = 0 }),
    ("shards", { $0.shards = 0 }),
    ("frozenBodyEpochs", { $0.frozenBodyEpochs = -1 }),
    ("frozenEmbeddingEpochs", { $0.frozenEmbeddingEpochs = -1 }), ("embeddingRate", { $0.embeddingRate = -1 }),
    ("learningRate", { $0.learningRate = .nan }),
    ("validationSplit", { $0.validationSplit = 1 }),
    ("classWeights", { $0.classWeights = [1] }),
    ("classWeights", { $0.classWeights = [1, -.infinity] }),
    ("weightDecay", { $0.weightDecay = -1 }),
    ("epsilon", { $0.epsilon = 0 }),
    ("clipping", { $0.clipping = .norm(limit: 0) }),
    ("schedule", { $0.schedule = .stepDecay(factor: 0.5, everySteps: 0) }),
    ("schedule", { $0.schedule = .cosineDecay(warmupSteps: -1, alpha: 0) }),
    (
      "plateau",
      {
        $0.schedule = .stepDecay(factor: 0.5, everySteps: 3)
        $0.plateau = ReduceLROnPlateau()
      }
    ),
    (
      "plateau",
      {
        $0.plateau = ReduceLROnPlateau()
        $0.plateau?.factor = 1
      }
    ),
    (
      "earlyStopping",
      {
        $0.earlyStopping = EarlyStopping()
        $0.earlyStopping?.patience = -1
      }
    ),
  ]

  // MARK: Differences

  @Test func namesTheRatesThatDiffer() {
    var configuration = TrainingConfiguration()
    configuration.pooling = .mean
    configuration.dropout.output = 0.5
    #expect(
      configuration.differences(from: .init()) == ["dropout.output: 0.5, 0", #"pooling: "mean", "last""#])
  }

  /// What is of labels has no meaning where words are predicted.
  @Test func wordPredictionGoesWithNothingOfLabels() throws {
    var words = TrainingConfiguration.defaultsForWords
    #expect(words.invalidSetting == nil)
    words.dropout.words = 0.2
    (words.earlyStopping, words.plateau, words.schedule) = (EarlyStopping(), nil, .constant)
    words.earlyStopping?.monitor = .validationLoss
    #expect(words.invalidSetting == nil)
    let faults: [(inout TrainingConfiguration) -> Void] = [
      { $0.classWeights = [1, 2] }, { $0.wide = .init() }, { $0.threshold = .bestF1 }, { $0.dropout.output = 0.1 },
      { $0.bestModel = .validationAccuracy }, { $0.wordPrediction!.sampleCount = 33 },
      { $0.wordPrediction!.sampleCount = 0 }, { $0.wordPrediction!.samplingPower = -1 }, { $0.vocabularySize = 3 },
    ]
    for (number, fault) in faults.enumerated() {
      var settings = words
      fault(&settings)
      #expect(settings.invalidSetting?.name.hasPrefix("wordPrediction") == true, "\(number)")
    }
  }
}

extension TrainingConfiguration {
  fileprivate static var defaultsForWords: Self {
    var settings = Self()
    settings.wordPrediction = WordPrediction()
    return settings
  }
}
