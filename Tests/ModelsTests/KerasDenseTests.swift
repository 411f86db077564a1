import Corpus
import Files
import Fixtures
import Foundation
import GoldenValues
import Models
import Parallel
import RecurrentNetwork
import Testing
import Training

/// Dense layers below the last in Keras's files (Scripts/golden/keras_dense.py).
@Suite struct KerasDenseTests {
  private static let architecture = Architecture(
    vocabularySize: 5, embeddingSize: 2, hiddenSize: 3, denseLayers: [.init(6, .relu), .init(4, .tanh)])
  private static let golden: KerasGolden.Values.Model = try! goldenValues("ModelsTests/Golden/keras_dense.json")

  #if HDF5
    private func read() throws -> (model: Model, remarks: [String]) {
      var remarks: [String] = []
      let model = try Model(contentsOf: KerasGolden.path("dense.keras")) { remarks.append($0) }
      return (model, remarks)
    }

    @Test func readsWeightsAndPredictsAsKeras() throws {
      let (model, remarks) = try read()
      #expect(model.architecture == Self.architecture)
      #expect(model.parameters.values == Self.golden.parameters.map { Float($0) })
      #expect(remarks == ["“Dropout” “dropout” drops 0.5 in training, which is ignored here"])
      let network = DataParallelNetwork(model.parameters.layout, maxLength: 4, threads: 1)
      let outcomes = try #require(network.outcomes(of: KerasGolden.values.reviews, parameters: model.parameters))
      for (own, theirs) in zip(outcomes, Self.golden.probabilities) {
        #expect(abs(Double(own.probability) - theirs) < 1e-6)
      }
    }

    /// With moments for each of the dense layers' variables.
    @Test func takesKerassNextStep() throws {
      let model = try read().model
      let adam = try #require(model.optimizer)
      #expect(adam.step == 3 && adam.firstMoment == Self.golden.firstMoment?.map { Float($0) })
      var configuration = model.configuration
      (configuration.maxLength, configuration.batchSize, configuration.epochs) = (4, 6, 1)
      configuration.shuffles = false
      let reviews = KerasGolden.values.reviews
      let trainer = try Trainer(
        configuration, state: TrainingState(model.parameters, optimizer: adam), training: reviews,
        validation: reviews, threads: 1)
      var loss = 0.0
      _ = try trainer.run { event in
        if case .step(let record) = event { loss = record.metrics.loss }
        return .goOn
      }
      #expect(abs(loss - Self.golden.nextLoss!) < 1e-6)
      for (own, theirs) in zip(trainer.state.parameters.values, Self.golden.nextParameters!) {
        #expect(abs(Double(own) - theirs) < 1e-6)
      }
    }

    /// One thing changed in the configuration that Keras wrote.
    @Test(
      arguments: [
        (
          #""activation": "relu""#, #""activation": "gelu""#,
          "“Dense” “wide”: activation is “gelu”, expected “relu” or “tanh”"
        ),
        (#""activation": "relu""#, #""activation": "linear""#, "“Dense” “wide”: activation is “linear”"),
        (#""units": 6, "activation": "relu","#, #""units": 6,"#, "“Dense” “wide”: activation is “linear”"),
        (#""units": 6"#, #""units": 0"#, "“Dense” “wide”: units is 0"),
        (#""units": 6, "#, "", "“Dense” “wide”: there is no units"),
        (
          #""units": 6"#, #""units": 7"#,
          "layers/dense/vars/0 has shape [3, 6], expected [3, 7] according to config.json"
        ),
        (#""units": 6"#, #""units": 70000"#, "denseLayers must be from 1 to 65536, not 70000"),
        (
          #""activation": "relu", "use_bias": true"#, #""activation": "relu", "use_bias": false"#,
          "unexpected data set “layers/dense/vars/1”"
        ),
        (
          #""units": 1, "activation": "sigmoid""#, #""units": 1, "activation": "relu""#, "“Dense” “dense_1”: activation"
        ),
      ] as [(String, String, String)])
    func refusesAnotherNetwork(text: String, replacement: String, problem: String) throws {
      let file = TemporaryFile("keras")
      try file.write(KerasGolden.archive(KerasGolden.path("dense.keras"), replacing: text, with: replacement))
      refuses((any ActionableError).self, at: file.path, problem) { try Model(contentsOf: file.path) }
    }

    /// Weights alone have no activations.
    @Test func takesHiddenLayersOfWeightsAloneForReLU() throws {
      let file = TemporaryFile("weights.h5")
      try file.write(KerasGolden.entry("model.weights.h5", of: "dense.keras"))
      var remarks: [String] = []
      let model = try Model(contentsOf: file.path) { remarks.append($0) }
      #expect(model.architecture.denseLayers == [.init(6, .relu), .init(4, .relu)])
      #expect(model.parameters.values == Self.golden.parameters.map { Float($0) })
      #expect(
        remarks.contains("the file doesn't mention the activation of the dense layers below the last; assuming ReLU"))
    }

    /// What remains of a file of ours that Keras has saved anew.
    @Test func readsItsOwnLayersWithoutItsMetadata() throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.keras")
        let model = SmallModel.model(of: Self.architecture)
        try model.write(to: path)
        try KerasGolden.archive(path).write(to: URL(fileURLWithPath: path))
        #expect(try Model(contentsOf: path).parameters == model.parameters)
      }
    }
  #endif

  @Test(.enabled(if: KerasGolden.python != nil, "skipped: KERAS_PYTHON names no Python with keras"))
  func kerasLoadsThem() throws {
    let script = """
      import json, os, sys, warnings
      os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
      import keras, numpy as np
      warnings.simplefilter("error")
      model = keras.models.load_model(sys.argv[1])
      layers = [[layer.name, layer.units, layer.activation.__name__] for layer in model.layers[-3:]]
      print(json.dumps([layers, model.predict(np.array([[0, 1, 2]]), verbose=0)[0].tolist()]))
      """
    try withTemporaryFolder { folder in
      var generator = RandomGenerator(seed: 3)
      let model = Model(Parameters(kerasInitial: ParameterLayout(Self.architecture), using: &generator))
      try model.write(to: folder.path("model.keras"))
      let line = try #require(try KerasGolden.run(script, [folder.path("model.keras")]).last)
      #expect(
        line.hasPrefix(#"[[["dense", 6, "relu"], ["dense_1", 4, "tanh"], ["dense_2", 1, "sigmoid"]], ["#), "\(line)")
      let theirs = try #require(Double(line.split(separator: "[").last!.dropLast(2)))
      let network = DataParallelNetwork(model.parameters.layout, maxLength: 3, threads: 1)
      let reviews = LabeledSequences(sequences: TokenSequences([[0, 1, 2]]), labels: [0])
      let own = try #require(network.outcomes(of: reviews, parameters: model.parameters))[0].probability
      #expect(abs(Double(own) - theirs) < 1e-6)
    }
  }
}
