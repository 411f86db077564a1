#if HDF5
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

  /// Models of many shapes that Keras 2 and 3 saved, with what they predict (Scripts/golden/keras_models.py).
  @Suite struct KerasModelsTests {
    struct Values: Decodable, Sendable {
      var tokens: [[Int32]]
      var texts: [String]
      var models: [String: Model]

      struct Model: Decodable, Sendable {
        var probabilities: [Double]
        var nextParameters: [Double]?
      }
    }

    private static let values: Values = try! goldenValues("ModelsTests/Golden/keras_models.json")
    /// Without their padding, which is imagined.
    private static let reviews = LabeledSequences(
      sequences: TokenSequences(values.tokens.map { Array($0.drop { $0 == 0 }) }), labels: [1, 0, 1, 0, 0, 1])

    private func read(_ name: String) throws -> (model: Model, remarks: [String]) {
      let file = TemporaryFile(name)
      try file.write(KerasGolden.entry(name, of: "keras_models.zip"))
      var remarks: [String] = []
      let model = try Model(contentsOf: file.path) { remarks.append($0) }
      return (model, remarks)
    }

    private func expect(_ model: Model, predicts probabilities: [Double]) throws {
      let network = DataParallelNetwork(model.parameters.layout, maxLength: 4, threads: 1)
      let outcomes = try #require(network.outcomes(of: Self.reviews, parameters: model.parameters))
      for (own, theirs) in zip(outcomes, probabilities) { #expect(abs(Double(own.probability) - theirs) < 1e-6) }
    }

    @Test(arguments: values.models.keys.sorted()) func predictsAsKeras(name: String) throws {
      let model = try read(name).model
      if name.hasPrefix("texts") { return try expectTexts(model, Self.values.models[name]!.probabilities) }
      try expect(model, predicts: Self.values.models[name]!.probabilities)
      if !name.contains("weights") { #expect(model.configuration.maxLength == 4) }
    }

    /// The model has TextVectorization's words and rules.
    private func expectTexts(_ model: Model, _ probabilities: [Double]) throws {
      let coder = TextCoder(vocabulary: try #require(model.vocabulary), coding: model.coding)
      #expect((model.configuration.maxLength, model.coding.padding) == (6, .post))
      var sequences = TokenSequences(Self.values.texts.map { coder.tokens(of: $0) })
      sequences.truncate(to: 6, at: model.coding.truncation)
      sequences.pad(to: 6)
      let texts = LabeledSequences(sequences: sequences, labels: Self.values.texts.map { _ in 0 })
      let network = DataParallelNetwork(model.parameters.layout, maxLength: 6, threads: 1)
      let outcomes = try #require(network.outcomes(of: texts, parameters: model.parameters))
      for (own, theirs) in zip(outcomes, probabilities) { #expect(abs(Double(own.probability) - theirs) < 1e-6) }
    }

    /// Keras's next step is taken here, from its Adam's state.
    @Test(arguments: values.models.filter { $0.value.nextParameters != nil }.keys.sorted())
    func takesTheNextStep(name: String) throws {
      let model = try read(name).model
      var configuration = model.configuration
      (configuration.maxLength, configuration.batchSize, configuration.epochs) = (4, 6, 1)
      (configuration.shuffles, configuration.dropout) = (false, Dropout())
      let trainer = try Trainer(
        configuration, state: TrainingState(model.parameters, optimizer: #require(model.optimizer)),
        training: Self.reviews, validation: Self.reviews, threads: 1)
      _ = try trainer.run { _ in .goOn }
      #expect(trainer.state.adam.step == 3)
      for (own, theirs) in zip(trainer.state.parameters.values, Self.values.models[name]!.nextParameters!) {
        #expect(abs(Double(own) - theirs) < 1e-6)
      }
    }

    @Test(arguments: ["deep-3.keras", "deep-2.keras", "deep-3.h5", "deep-2.h5", "old-2.h5"])
    func keepsDropoutAsSettings(name: String) throws {
      let (model, remarks) = try read(name)
      #expect(
        model.architecture
          == Architecture(
            vocabularySize: 5, embeddingSize: 2, hiddenSize: 3, layerCount: 2, isBidirectional: true, masksPadding: true
          ))
      var dropout = Dropout()
      (dropout.words, dropout.embedding, dropout.recurrent, dropout.layers, dropout.output) = (0.1, 0.2, 0.3, 0.4, 0.5)
      #expect(model.configuration.dropout == dropout)
      #expect(
        remarks == ["“Dense” “answer” has no activation: its outputs are taken for logits, as the loss takes them"])
      #expect(model.optimizer?.learningRate == 0.002)
    }

    /// What is written for Keras has the dropout, too.
    @Test func dropoutComesBackFromWhatIsWritten() throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.keras")
        let model = try read("deep-3.keras").model
        try model.write(to: path)
        try KerasGolden.archive(path).write(to: URL(fileURLWithPath: path))
        let again = try Model(contentsOf: path)
        #expect(again.configuration.dropout == model.configuration.dropout)
        #expect(again.parameters == model.parameters && again.optimizer == model.optimizer)
      }
    }

    @Test(arguments: ["masked-3.keras", "masked-2.h5"]) func vectorsTellWhatIsMasked(name: String) throws {
      #expect(try read(name).model.architecture.masksPadding)
    }

    @Test func twoOutputsBecomeOne() throws {
      let (model, remarks) = try read("two-outputs-2.h5")
      #expect(model.architecture.logitCount == 1 && model.optimizer == nil)
      #expect(remarks.contains { $0.contains("of its two outputs the difference is taken") })
      #expect(remarks.contains("the optimizer's state is ignored: it is that of two outputs"))
    }

    @Test func biasesThatAreMissingAreZero() throws {
      let (model, remarks) = try read("one-hot-3.keras")
      #expect(model.architecture.embeddingSize == 0)
      #expect(model.parameters[model.parameters.layout.bias].allSatisfy { $0 == 0 })
      #expect(remarks.contains("“LSTM” “lstm_6” has no bias in Keras; here it is 0, and trained"), "\(remarks)")
    }

    @Test(arguments: ["both-3.weights.h5", "both-2.weights.h5", "weights-2.h5"])
    func saysWhatWeightsDoNot(name: String) throws {
      let (model, remarks) = try read(name)
      #expect(model.architecture.isBidirectional)
      #expect(
        remarks == [
          "the file doesn't mention activations, masking and pooling; assuming Keras's defaults and the last states"
        ])
    }

    // MARK: What is refused

    /// One thing changed in a configuration that Keras wrote: the file, a text, its replacement, what the refusal says.
    @Test(arguments: [
      (
        "deep-3.keras", #""merge_mode": "concat""#, #""merge_mode": "sum""#,
        "“Bidirectional” “lower”: merge_mode is “sum”"
      )
        as (String, String, String, String),
      (
        "deep-3.keras", #""class_name": "LSTM""#, #""class_name": "GRU""#,
        "“Bidirectional” “lower”: “GRU” “forward_lstm"
      ),
      (
        "deep-3.keras", #""class_name": "Dense""#, #""class_name": "Attention""#,
        "“Attention” “answer” can't be computed"
      ),
      (
        "deep-3.keras", #""from_logits": true"#, #""from_logits": false"#,
        "“Dense” “answer”: its outputs have no activation"
      ),
      (
        "deep-3.keras", #""keras_history": ["upper", 0, 0]"#, #""keras_history": ["lower", 0, 0]"#,
        "its only input must be the layer before it, “upper”"
      ),
      (
        "deep-3.keras", #""keras_history": ["not_equal", 0, 0]"#, #""keras_history": ["words", 0, 0]"#,
        "layer “lower”: it is called with mask"
      ),
      ("deep-3.keras", #""mask_zero": true"#, #""mask_zero": false"#, "“lower” is called with another mask"),
      ("deep-2.keras", #"["lower", 0, 0, {}]"#, #"["lower", 1, 0, {}]"#, "its only input must be the layer before it"),
      ("deep-2.keras", #"["lower", 0, 0, {}]"#, #"["lower", 0, 0, {"training": true}]"#, "is called with training"),
      ("masked-3.keras", #""mask_value": 0.0"#, #""mask_value": 2.0"#, "is called with another mask"),
      (
        "mean-3.keras", #""class_name": "GlobalAveragePooling1D""#, #""class_name": "GlobalMaxPooling1D""#,
        "includes the padding that the layers before it skip"
      ),
      (
        "texts-3.keras", #""standardize": "lower_and_strip_punctuation""#, #""standardize": "lower""#,
        "“TextVectorization” “text_vectorization”: standardize is “lower”"
      ),
      (
        "texts-3.keras", #""output_sequence_length": 6"#, #""output_sequence_length": null"#,
        "pads texts to the longest of a batch"
      ),
      (
        "last-step-3.keras", #"}}, -1, {"#, #"}}, 0, {"#,
        "“GetItem” “get_item” takes other outputs than those of the last step"
      ),
    ])
    func refusesWhatComputesSomethingElse(name: String, text: String, replacement: String, problem: String) throws {
      let source = TemporaryFile(name)
      try source.write(KerasGolden.entry(name, of: "keras_models.zip"))
      let file = TemporaryFile("keras")
      try file.write(KerasGolden.archive(source.path, replacing: text, with: replacement))
      refuses((any ActionableError).self, at: file.path, problem) { try Model(contentsOf: file.path) }
    }

    /// A vector of zeros that isn't padding's.
    @Test func refusesAMaskOfOtherTokens() throws {
      let name = "masked-2.h5"
      var bytes = try [UInt8](KerasGolden.entry(name, of: "keras_models.zip"))
      let weights = try read(name).model.parameters
      let table = weights[weights.layout.embedding].suffix(2).flatMap { withUnsafeBytes(of: $0) { Array($0) } }
      bytes = bytes.replacing(table, by: [UInt8](repeating: 0, count: 8))
      let file = TemporaryFile("h5")
      try file.write(Data(bytes))
      refuses(ModelError.self, at: file.path, "skips the tokens 0, 4, whose vectors are all 0.0") {
        try Model(contentsOf: file.path)
      }
    }

    /// Attributes that promise more than the file holds, and some that aren't JSON.
    @Test func refusesDamagedAttributes() throws {
      let bytes = try [UInt8](KerasGolden.entry("deep-2.h5", of: "keras_models.zip"))
      for (old, new, problem) in [
        (#"{"class_name": "Functional""#, #"["class_name": "Functional""#, "model_config: it isn't JSON"),
        (#""Functional""#, #""Functionel""#, "the model is “Functionel”"),
        ("recurrent_kernel:0", "recurrent_kernel:1", "there is no data set model_weights/"),
        ("layer_names", "layer_namez", "there is no data set layers/embedding/vars/0"),
      ] {
        let file = TemporaryFile("h5")
        try file.write(Data(bytes.replacing(old, by: new)))
        refuses((any ActionableError).self, at: file.path, problem) { try Model(contentsOf: file.path) }
      }
    }
  }
#endif
