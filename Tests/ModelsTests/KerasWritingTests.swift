import Corpus
import Fixtures
import Foundation
import GoldenValues
import Models
import Parallel
import RecurrentNetwork
import Testing

@Suite struct KerasWritingTests {
  private static let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  /// Models with all that can be in one, from nothing to everything.
  static let models: [Model] = {
    var generator = RandomGenerator(seed: 1)
    let plain = Model(Parameters(kerasInitial: layout, using: &generator))
    var trained = plain
    var moments = { (0..<layout.count).map { _ in Float(generator.uniform()) } }
    trained.optimizer = Adam(learningRate: 0.1 / 3, step: 25, firstMoment: moments(), secondMoment: moments())
    var full = trained
    full.configuration.maxLength = 17
    full.configuration.learningRate = 1.0 / 7
    full.configuration.weightDecay = 0.004
    full.configuration.clipping = .norm(limit: 0.3)
    full.configuration.schedule = .cosineDecay(warmupSteps: 3, alpha: 0.1)
    full.configuration.seed = .max
    full.vocabulary = ["<pad>", "<start>", "<oov>", "“é”", "a/b\u{1}"]
    full.coding.stripsHTML = true
    full.labels = ["ham", "spam"]
    full.optimizer?.weightDecay = 0.004
    full.optimizer?.beta1 = 0.87
    full.optimizer?.beta2 = 0.99
    full.optimizer?.epsilon = 1.2345e-6
    var clipped = plain
    clipped.configuration.weightDecay = 0
    clipped.configuration.clipping = .globalNorm(limit: 2)
    return [plain, trained, full, clipped]
  }()

  @Test func theSameModelGivesTheSameBytes() throws {
    for model in Self.models {
      let files = try (0..<2).map { _ -> [UInt8] in
        let file = TemporaryFile("keras")
        try model.write(to: file.path)
        return try file.bytes()
      }
      #expect(files[0] == files[1])
    }
  }

  /// What Keras has no layers for.
  @Test(arguments: [
    (SmallModel.architectures[5], "Keras's CategoryEncoding has no mask for padding"),
    (SmallModel.architectures[6], "Keras has no layer that takes the outputs of the last step alone"),
    (
      SmallModel.architecture(layers: 1, .max, masksPadding: true),
      "Keras's GlobalMaxPooling1D includes padding, whatever the mask"
    ),
  ])
  func refusesWhatKerasCannotCompute(architecture: Architecture, problem: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.path("model.keras")
      let line = "\(architecture) can't be written for Keras: \(problem); write safetensors, npz or ONNX instead"
      refuses(ModelError.self, at: path, line) { try SmallModel.model(of: architecture).write(to: path) }
      #expect(folder.names == [])
    }
  }

  /// Those that Keras has layers for.
  static let networks =
    SmallModel.architectures.filter { $0.pooling != .lastStep && !($0.pooling == .max && $0.masksPadding) }
    + [SmallModel.architecture(layers: 2, .max, labels: 3), SmallModel.architecture(layers: 1, .mean)]

  #if HDF5
    @Test(arguments: networks) func readsBackEveryNetwork(architecture: Architecture) throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.keras")
        var model = SmallModel.model(of: architecture)
        let moments = model.parameters.values.map { $0 / 2 }
        model.optimizer = Adam(learningRate: 0.1 / 3, step: 25, firstMoment: moments, secondMoment: moments.reversed())
        try model.write(to: path)
        var remarks: [String] = []
        #expect(try Model(contentsOf: path) { remarks.append($0) } == model)
        #expect(remarks == [])

        let archive = try ZipArchive(path: path)
        let entries = try archive.entryNames.map { name in
          (name, try archive.read(name) { try Data($0.bytes($0.remaining)) })
        }
        // A file of ours whose layers are others.
        for (name, old, new, problem) in [
          ("config.json", #""units":3"#, #""units":4"#, "according to config.json"),
          ("metadata.json", #""hiddenSize":3"#, #""hiddenSize":4"#, "metadata.json describes "),
        ] {
          let changed = try entries.map { entry in
            guard entry.0 == name else { return entry }
            let json = String(decoding: entry.1, as: UTF8.self)
            try #require(json.contains(old))
            return (name, Data(json.replacingOccurrences(of: old, with: new).utf8))
          }
          try ZipWriter.archive(changed).write(to: URL(fileURLWithPath: path))
          refuses(ModelError.self, at: path, problem) { try Model(contentsOf: path) }
        }

        // Without our metadata it is one from elsewhere.
        try ZipWriter.archive(entries.filter { $0.0 != "metadata.json" }).write(to: URL(fileURLWithPath: path))
        let other = try Model(contentsOf: path)
        #expect(other.parameters == model.parameters)
        #expect(other.configuration.dropout == model.configuration.dropout)
      }
    }

    @Test(arguments: models.indices)
    func readsBackWhatItWrote(index: Int) throws {
      try withTemporaryFolder { folder in
        let path = folder.path("model.keras")
        try Self.models[index].write(to: path)
        var remarks: [String] = []
        let model = try Model(contentsOf: path) { remarks.append($0) }
        #expect(model == Self.models[index])
        #expect(model.parameters.values.map(\.bitPattern) == Self.models[index].parameters.values.map(\.bitPattern))
        #expect(remarks == [])
      }
    }

    /// What Keras would be given where it saves our model anew: our metadata are gone, the rest is the same.
    @Test func readsItWithoutItsMetadata() throws {
      let full = Self.models[2]
      try withTemporaryFolder { folder in
        let path = folder.path("model.keras")
        try full.write(to: path)
        try KerasGolden.archive(path).write(to: URL(fileURLWithPath: path))
        let model = try Model(contentsOf: path)
        #expect(model.parameters == full.parameters)
        #expect(model.vocabulary == nil)
        #expect(model.configuration.clipping == .norm(limit: 0.3))
        var adam = full.optimizer
        // Keras's own is a float32, of which the fewest digits count: 0.1 / 3 = 0.0333333333…
        adam?.learningRate = 0.033333335
        #expect(model.optimizer == adam)
      }
    }

    @Test func refusesMetadataOfAnotherModel() throws {
      for (text, replacement, problem) in [
        (#""hiddenSize":3"#, #""hiddenSize":4"#, "metadata.json describes Embedding(5, 2) → LSTM(4)"),
        (#""maxLength":17"#, #""maxLength":0"#, "maxLength must be from 1"),
        (#""<start>","#, "", "the vocabulary is not a list of 5 words"),
        (#""spam""#, #""ham""#, "the labels are not two different names"),
        (#""swift_lstm":{"#, #""swift_lstm":{"labels":3,"#, "metadata.json: it isn't JSON as Keras writes it"),
      ] {
        try withTemporaryFolder { folder in
          let path = folder.path("model.keras")
          try Self.models[2].write(to: path)
          let archive = try ZipArchive(path: path)
          let entries = try archive.entryNames.map { name in
            let data = try archive.read(name) { try Data($0.bytes($0.remaining)) }
            guard name == "metadata.json" else { return (name, data) }
            let json = String(decoding: data, as: UTF8.self)
            try #require(json.contains(text), "\(json)")
            return (name, Data(json.replacingOccurrences(of: text, with: replacement).utf8))
          }
          try ZipWriter.archive(entries).write(to: URL(fileURLWithPath: path))
          refuses(ModelError.self, at: path, problem) { try Model(contentsOf: path) }
        }
      }
    }
  #endif

  // MARK: Keras itself

  /// The real Keras loads each of them without a warning, and trains it.
  @Test(.enabled(if: KerasGolden.python != nil, "skipped: KERAS_PYTHON names no Python with keras"))
  func kerasLoadsAndTrains() throws {
    let script = """
      import json, os, sys, warnings
      os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
      import keras, numpy as np
      warnings.simplefilter("error")
      for path in sys.argv[1:]:
          model = keras.models.load_model(path)
          o = model.optimizer
          facts = [type(o).__name__, int(o.iterations), o.weight_decay, o.clipnorm, o.global_clipnorm, float(o.beta_1)]
          x = np.array([[0, 1, 2], [3, 4, 0]])
          before = float(model.predict(x, verbose=0)[0, 0])
          with warnings.catch_warnings():
              warnings.simplefilter("default")
              history = model.fit(x, np.array([0, 1]), verbose=0).history
          print(json.dumps(facts + [before, sorted(history)]))
      """
    try withTemporaryFolder { folder in
      let paths = try Self.models.enumerated().map { index, model in
        let path = folder.path("\(index).keras")
        try model.write(to: path)
        return path
      }
      let lines = try KerasGolden.run(script, paths)
      let network = DataParallelNetwork(Self.layout, maxLength: 3, threads: 1)
      let reviews = LabeledSequences(sequences: TokenSequences([[0, 1, 2]]), labels: [0])
      for ((line, facts), model) in zip(
        zip(
          lines.suffix(4),
          [
            #"["Adam", 0, null, null, null, 0.9"#, #"["Adam", 25, null, null, null, 0.9"#,
            #"["AdamW", 25, 0.004, 0.3, null, 0.87"#, #"["AdamW", 0, 0"#,
          ]), Self.models)
      {
        #expect(line.hasPrefix(facts), "\(line)")
        #expect(line.hasSuffix(#"["accuracy", "loss"]]"#), "\(line)")
        let probability = try #require(network.outcomes(of: reviews, parameters: model.parameters)).first!.probability
        let theirs = try #require(Double(line.split(separator: ", ").dropLast(2).last!))
        #expect(abs(Double(probability) - theirs) < 1e-6)
      }
    }
  }
}
