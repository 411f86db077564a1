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

/// Files that the real Keras saved, with what is in them (Scripts/golden/keras_files.py).
enum KerasGolden {
  struct Values: Decodable, Sendable {
    var tokens: [[Int32]]
    var labels: [UInt8]
    var models: [String: Values.Model]

    struct Model: Decodable, Sendable {
      var parameters: [Double]
      var probabilities: [Double]
      var iterations: Int?
      var firstMoment: [Double]?
      var secondMoment: [Double]?
      var nextLoss: Double?
      var nextParameters: [Double]?
    }

    var reviews: LabeledSequences { LabeledSequences(sequences: TokenSequences(tokens), labels: labels) }
  }

  static let values: Values = try! goldenValues("ModelsTests/Golden/keras_files.json")

  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Golden/" + name
  }

  /// The bytes of an entry of one of the files.
  static func entry(_ name: String, of file: String) throws -> Data {
    try ZipArchive(path: path(file)).read(name) { try Data($0.bytes($0.remaining)) }
  }

  /// What Keras reads of a `.keras` file, without our metadata: an archive with another text in its configuration, or with
  /// the same.
  static func archive(_ path: String, replacing text: String? = nil, with replacement: String = "") throws -> Data {
    let archive = try ZipArchive(path: path)
    func contents(_ name: String) throws -> Data { try archive.read(name) { try Data($0.bytes($0.remaining)) } }
    var config = try contents("config.json")
    if let text {
      let json = String(decoding: config, as: UTF8.self)
      try #require(json.contains(text), "\(json)")
      config = Data(json.replacingOccurrences(of: text, with: replacement).utf8)
    }
    return try ZipWriter.archive([("config.json", config), ("model.weights.h5", contents("model.weights.h5"))])
  }

  // MARK: Keras itself

  /// A Python with Keras; nil where the environment names none.
  static let python = ProcessInfo.processInfo.environment["KERAS_PYTHON"]

  /// Runs a script with Keras, and returns the lines that it prints.
  static func run(_ script: String, _ paths: [String]) throws -> [Substring] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = ["-c", script] + paths
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return text.split(separator: "\n")
  }
}

#if HDF5
  @Suite struct KerasReadingTests {
    private static let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

    private func read(_ name: String) throws -> (model: Model, remarks: [String]) {
      var remarks: [String] = []
      let model = try Model(contentsOf: KerasGolden.path(name)) { remarks.append($0) }
      return (model, remarks)
    }

    @Test(arguments: KerasGolden.values.models.keys.sorted())
    func readsWeightsAndPredictsAsKeras(name: String) throws {
      let (model, _) = try read(name + ".keras")
      let golden = KerasGolden.values.models[name]!
      #expect(model.parameters.values == golden.parameters.map { Float($0) })
      #expect(model.configuration.architecture == Self.layout.architecture)
      let reviews = KerasGolden.values.reviews
      let network = DataParallelNetwork(Self.layout, maxLength: 4, threads: 1)
      let outcomes = try #require(network.outcomes(of: reviews, parameters: model.parameters))
      // Keras computes in the weights' own type.
      let tolerance = ["float16": 2e-3, "bfloat16": 2e-2][name] ?? 1e-6
      for (own, theirs) in zip(outcomes, golden.probabilities) {
        #expect(abs(Double(own.probability) - theirs) < tolerance)
      }
    }

    @Test func readsAdam() throws {
      let (model, remarks) = try read("adam.keras")
      let golden = KerasGolden.values.models["adam"]!
      let adam = try #require(model.optimizer)
      #expect(remarks == [])
      #expect(adam.step == 3 && golden.iterations == 3)
      #expect(adam.firstMoment == golden.firstMoment?.map { Float($0) })
      #expect(adam.secondMoment == golden.secondMoment?.map { Float($0) })
      #expect((adam.learningRate, adam.beta1, adam.beta2) == (0.001, 0.9, 0.999))
      #expect(adam.epsilon == 1e-7 && adam.weightDecay == nil)
      #expect(model.configuration.clipping == nil)
    }

    @Test func readsAdamW() throws {
      let (model, remarks) = try read("adamw.keras")
      let adam = try #require(model.optimizer)
      #expect(remarks == [])
      #expect((adam.learningRate, adam.beta1, adam.beta2) == (0.002, 0.8, 0.99))
      #expect(adam.epsilon == 1e-6 && adam.weightDecay == 0.01)
      #expect(model.configuration.learningRate == 0.002 && model.configuration.weightDecay == 0.01)
      #expect(model.configuration.epsilon == 1e-6)
      #expect(model.configuration.clipping == .globalNorm(limit: 0.1))
    }

    /// A run begun in Keras goes on here with the step that Keras would take.
    @Test(arguments: ["adam", "adamw"])
    func takesKerassNextStep(name: String) throws {
      let (model, _) = try read(name + ".keras")
      let golden = KerasGolden.values.models[name]!
      var configuration = model.configuration
      (configuration.maxLength, configuration.batchSize, configuration.epochs) = (4, 6, 1)
      configuration.shuffles = false
      let reviews = KerasGolden.values.reviews
      let trainer = try Trainer(
        configuration, state: TrainingState(model.parameters, optimizer: #require(model.optimizer)),
        training: reviews, validation: reviews, threads: 1)
      var loss = 0.0
      _ = try trainer.run { event in
        if case .step(let record) = event {
          loss = record.metrics.loss
          #expect(record.step == 1)
        }
        return .goOn
      }
      #expect(trainer.state.adam.step == 4)
      #expect(abs(loss - golden.nextLoss!) < 1e-6)
      for (own, theirs) in zip(trainer.state.parameters.values, golden.nextParameters!) {
        #expect(abs(Double(own) - theirs) < 1e-6)
      }
    }

    @Test func aNewModelHasAnOptimizerThatHasDoneNothing() throws {
      let model = try read("new.keras").model
      var expected = Adam(parameterCount: Self.layout.count)
      expected.learningRate = 0.001
      #expect(model.optimizer == expected)
      #expect(model.configuration.clipping == .value(limit: 0.5))
    }

    @Test func readsAFunctionalModel() throws {
      let (model, remarks) = try read("functional.keras")
      #expect(model.configuration.maxLength == 4)
      #expect(model.optimizer == nil && remarks == [])
    }

    @Test func saysWhatMattersForTraining() throws {
      let (model, remarks) = try read("dropout.keras")
      #expect(model.optimizer == nil && model.configuration.dropout.output == 0.5)
      #expect(
        remarks == [
          "“SpatialDropout1D” “spatial_dropout1d” drops 0.1 in training, which is ignored here",
          "“LSTM” “lstm_3”: dropout 0.25 is ignored, as it only matters for training",
          "the optimizer's state is ignored: it is “RMSprop”, expected Adam or AdamW",
        ])
      #expect(
        try read("float16.keras").remarks.contains { $0.hasSuffix("computes in float16 in Keras, here in float32") })
    }

    @Test func readsWeightsAlone() throws {
      let (model, remarks) = try read("weights.weights.h5")
      #expect(try model.parameters == read("adam.keras").model.parameters)
      #expect(model.optimizer == nil)
      #expect(remarks.count == 2 && remarks[1].hasPrefix("the optimizer's state is ignored"))
    }

    @Test func readsALegacyFile() throws {
      let (model, remarks) = try read("keras2.h5")
      #expect(try model == read("adam.keras").model)
      #expect(model.optimizer?.step == 3 && remarks == [])
    }

    // MARK: config.json

    /// One thing changed in the configuration that Keras wrote: text, its replacement, and what the refusal says.
    @Test(arguments: [
      (
        #""class_name": "LSTM""#, #""class_name": "GRU""#,
        "“GRU” “lstm” can't be computed: there are no gated recurrent units here"
      )
        as (String, String, String),
      (
        #""class_name": "LSTM""#, #""class_name": "Bidirectional""#,
        "“Bidirectional” “lstm”: activation is “tanh”, an unknown field"
      ),
      (#""class_name": "Sequential""#, #""class_name": "MyModel""#, "the model is “MyModel”"),
      (
        #""module": "keras.layers", "class_name": "LSTM""#, #""module": "mine", "class_name": "LSTM""#,
        "“LSTM” “lstm” is registered as null of “mine”, not as Keras's"
      ),
      (#""go_backwards": false"#, #""go_backwards": true"#, "“LSTM” “lstm”: go_backwards is true, expected false"),
      (#""return_sequences": false"#, #""return_sequences": true"#, "“Dense” “dense” can't stand behind “LSTM” “lstm”"),
      (#""stateful": false"#, #""stateful": true"#, "stateful is true"),
      (#""activation": "tanh""#, #""activation": "relu""#, "activation is “relu”, expected “tanh”"),
      (#""recurrent_activation": "sigmoid""#, #""recurrent_activation": "hard_sigmoid""#, "is “hard_sigmoid”"),
      (#""units": 1, "activation": "sigmoid""#, #""units": 1, "activation": "softmax""#, "“Dense” “dense”: activation"),
      (
        #""units": 1, "activation": "sigmoid""#, #""units": 1, "activation": "linear""#,
        "“Dense” “dense”: its outputs have no activation, and the loss, “binary_crossentropy”, doesn't take them for logits"
      ),
      (#""units": 1, "activation": "sigmoid","#, #""units": 1,"#, "“Dense” “dense”: its outputs have no activation"),
      (#""units": 1, "#, #""units": 2, "#, "“Dense” “dense”: activation is “sigmoid”, expected “softmax”"),
      (
        #""units": 3, "#, #""units": 4, "#,
        "layers/lstm/cell/vars/0 has shape [2, 12], expected [2, 16] according to config.json"
      ),
      (#""units": 3, "#, #""units": 3.5, "#, "“LSTM” “lstm”: units is 3.5"),
      (#""units": 3, "#, #""units": 1e300, "#, "“LSTM” “lstm”: units is 1e+300"),
      (#""units": 3, "#, #""units": 9007199254740992, "#, "hiddenSize must be from 0 to 65536"),
      (#""units": 3, "#, #""units": true, "#, "“LSTM” “lstm”: units is true"),
      (#""input_dim": 5"#, #""input_dim": 10000000"#, "has shape [5, 2], expected [10000000, 2]"),
      (#""input_dim": 5, "#, "", "“Embedding” “embedding”: there is no input_dim"),
      (
        #""use_bias": true, "kernel_initializer": {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null, "input_axes": null, "output_axes": null}, "registered_name": null}, "bias_init"#,
        #""use_bias": false, "bias_init"#, "there is an unexpected data set “layers/dense/vars/1”"
      ),
      (#""unroll": false"#, #""peephole": true"#, "“LSTM” “lstm”: peephole is true, an unknown field"),
      (
        #""quantization_config": null"#, #""quantization_config": {"class_name": "Int8"}"#,
        "quantization_config is “Int8”"
      ),
      (
        #"{"name": "float32"}, "registered_name": null}, "input_dim""#,
        #"{"name": "int8_from_float32"}, "registered_name": null}, "input_dim""#,
        "“Embedding” “embedding”: dtype is “DTypePolicy”"
      ),
      (#""batch_shape": [null, null]"#, #""batch_shape": [null, null, 3]"#, "batch_shape must have two dimensions"),
      (
        #""module": "keras", "class_name": "Sequential""#, #""module": "#,
        "config.json: it isn't JSON as Keras writes it"
      ),
    ])
    func refusesAnotherNetwork(text: String, replacement: String, problem: String) throws {
      try withAltered(text, replacement) { path in
        refuses((any ActionableError).self, at: path, problem) { try Model(contentsOf: path) }
      }
    }

    @Test func aLayerMayHaveAnyName() throws {
      try withAltered(#""name": "lstm""#, #""name": "ls\u001b[31m\ntm""#) { path in
        let model = try Model(contentsOf: path)
        #expect(try model.parameters == read("adam.keras").model.parameters)
      }
    }

    /// Lends the path of an adam.keras with something else in its configuration.
    private func withAltered(_ text: String, _ replacement: String, _ body: (String) throws -> Void) throws {
      let file = TemporaryFile("keras")
      try file.write(KerasGolden.archive(KerasGolden.path("adam.keras"), replacing: text, with: replacement))
      try body(file.path)
    }

    /// What makes no other network of it, but is not what training does here.
    @Test(arguments: [
      (#""amsgrad": false"#, #""amsgrad": true"#, "its amsgrad is true, which is not supported")
        as (String, String, String),
      (#""use_ema": false"#, #""use_ema": true"#, "its use_ema is true"),
      (#""gradient_accumulation_steps": null"#, #""gradient_accumulation_steps": 2"#, "is 2, which is not supported"),
      (
        #""learning_rate": 0.0010000000474974513"#, #""learning_rate": {"class_name": "CosineDecay"}"#,
        "learning_rate is “CosineDecay”"
      ),
      (#""beta_1": 0.9"#, #""beta_1": 1.0"#, "its beta_1 is 1"),
      (#""epsilon": 1e-07"#, #""epsilon": 1e-300"#, "its epsilon is 1e-300"),
      (#""clipnorm": null"#, #""clipnorm": -1"#, "its clipnorm is -1"),
      (#""class_name": "Adam""#, #""class_name": "Adamax""#, "it is “Adamax”, expected Adam or AdamW"),
      (
        #""loss": "binary_crossentropy""#, #""loss": "mse""#,
        "the loss is “mse”, but training here continues with “binary_crossentropy”"
      ),
      (
        #""kernel_regularizer": null"#, #""kernel_regularizer": {"class_name": "L2"}"#,
        "kernel_regularizer “L2” is ignored"
      ),
      (#""name": "lstm", "trainable": true"#, #""name": "lstm", "trainable": false"#, "is not trainable in Keras"),
    ])
    func saysWhatIsLeftOut(text: String, replacement: String, remark: String) throws {
      var remarks: [String] = []
      try withAltered(text, replacement) { path in _ = try Model(contentsOf: path) { remarks.append($0) } }
      #expect(remarks.contains { $0.contains(remark) }, "\(remarks)")
    }

    @Test func refusesAnotherKerasAndOtherArchives() throws {
      let config = try KerasGolden.entry("config.json", of: "adam.keras")
      let weights = try KerasGolden.entry("model.weights.h5", of: "adam.keras")
      for (entries, problem) in [
        (
          [("metadata.json", Data(#"{"keras_version": "1.2.0"}"#.utf8)), ("config.json", config)],
          "keras_version is “1.2.0”"
        ),
        ([("metadata.json", Data("[]".utf8)), ("config.json", config)], "metadata.json: it isn't JSON"),
        ([("config.json", config)], "expected an entry “model.weights.h5”"),
        ([("model.weights.h5", weights)], "expected an entry “config.json”"),
        (
          [("config.json", config), ("model.weights.h5", Data("no HDF5".utf8))], "it isn't an HDF5 file, or is damaged"
        ),
        ([("config.json", config), ("model.weights.h5", weights.prefix(9000))], "model.weights.h5: "),
        ([("config.json", config), ("model.weights.h5", Data())], "it isn't an HDF5 file"),
      ] as [([(name: String, data: Data)], String)] {
        let file = TemporaryFile("keras")
        try file.write(ZipWriter.archive(entries))
        refuses((any ActionableError).self, file.path, problem) { try Model(contentsOf: file.path) }
      }
    }

    /// 200 MB of zeros in a file of 200 kB.
    @Test func refusesAZipBomb() throws {
      let file = TemporaryFile("keras")
      try file.write(
        ZipWriter.archive(
          [
            ("config.json", try KerasGolden.entry("config.json", of: "adam.keras")),
            ("model.weights.h5", Data(count: 200_000_000)),
          ], isDeflated: true))
      refuses((any ActionableError).self, at: file.path, "200000000 declared") { try Model(contentsOf: file.path) }
    }

    // MARK: HDF5

    @Test(arguments: [
      ("soft link", "layers/dense/vars/0: it is a soft or external link"),
      ("external link", "layers/dense/vars/0: it is a soft or external link"),
      ("external storage", "layers/dense/vars/0: the data set's data are in another file"),
      ("virtual", "layers/dense/vars/0: the data set is chunked, compressed or virtual"),
      ("chunked", "layers/dense/vars/0: the data set is chunked, compressed or virtual"),
      ("compressed", "layers/dense/vars/0: the data set is chunked, compressed or virtual"),
      ("bomb", "layers/dense/vars/0: the data set is chunked, compressed or virtual"),
      ("unwritten", "layers/dense/vars/0: the data set's data are not in the file"),
      ("larger than the file", "layers/dense/vars/0: the data set's shape is larger than the file"),
      ("missing", "there is no data set layers/dense/vars/0"),
      ("extra", "layers/dense_1/vars/0 has shape [3, 1], expected [1, 1]"),
      ("cycle", "groups are nested too deeply"),
      ("deep", "groups are nested too deeply"),
      ("many", "the file has too many objects"),
      ("type", "layers/dense/vars/0: it is neither a group nor a data set"),
      ("text", "the data set's elements are not of float16"),
      ("bytes", "the data set's elements are not of float16"),
      ("complex", "elements are not of float16"),
      ("opaque", "the data set's elements are not of float16"),
      ("integers", "layers/dense/vars/0 has integers, expected floats"),
      ("empty", "layers/dense/vars/0: the data set has no elements"),
      ("scalar", "layers/dense/vars/0 has shape [], expected a matrix"),
      ("other shape", "layers/dense/vars/0 has shape [1, 3], expected [3, 3]"),
      ("nan", "element 0 of layers/dense/vars/0 is nan"),
      ("too large for a float", "element 0 of layers/dense/vars/0 is inf"),
    ])
    func refusesHostileHDF5(name: String, problem: String) throws {
      let file = TemporaryFile("weights.h5")
      try file.write(KerasGolden.entry(name, of: "hostile.zip"))
      refuses((any ActionableError).self, at: file.path, problem) { try Model(contentsOf: file.path) }
    }

    @Test func readsTheOtherByteOrder() throws {
      let file = TemporaryFile("weights.h5")
      try file.write(KerasGolden.entry("big-endian", of: "hostile.zip"))
      #expect(try Model(contentsOf: file.path).parameters[Self.layout.denseKernel] == [0.5, 0.5, 0.5])
    }

    @Test func readsOnManyThreadsAtOnce() throws {
      let expected = try read("adam.keras").model
      try withTemporaryFolder { folder in
        let path = try folder.write(KerasGolden.entry("cycle", of: "hostile.zip"), to: "damaged.weights.h5")
        DispatchQueue.concurrentPerform(iterations: 24) { index in
          if index % 3 == 0 {
            refuses(ModelError.self, at: path, "too deeply") { try Model(contentsOf: path) }
          } else {
            #expect((try? Model(contentsOf: KerasGolden.path("adam.keras"))) == expected)
          }
        }
      }
    }
  }
#else
  @Suite struct KerasReadingTests {
    @Test(arguments: ["adam.keras", "weights.weights.h5"])
    func saysHowToGetAReader(name: String) {
      refuses(ModelError.self, "run `make deps-interop`, then `make build`") {
        try Model(contentsOf: KerasGolden.path(name))
      }
    }
  }
#endif
