import Fixtures
import Foundation
import GoldenValues
import Models
import RecurrentNetwork
import Testing

/// `lstm export`, `import`, `inspect` and `train --initial-weights` on a run of the sample.
@Suite struct InterchangeCommandTests {
  private static let data = [
    "--data", "Data/sample.npz", "--limit", "200", "--max-length", "40", "--batch-size", "50", "--no-shuffle",
  ]
  private static let network = ["--vocabulary-size", "100", "--embedding-size", "8", "--hidden-size", "12"]
  private static let description = "Embedding(100, 8) → LSTM(12) → Dense(1, sigmoid)"

  /// One epoch of four steps, in the archive's order.
  private static let run = Result { try TrainedRun(data + network + ["--epochs", "1"]) }
  /// The same from another seed.
  private static let other = Result { try TrainedRun(data + network + ["--epochs", "1", "--seed", "1"]) }
  /// An epoch that goes on from the end of `run`.
  private static let second = Result {
    try withTemporaryFolder { folder in
      try TrainedRun(data + ["--epochs", "1", "--initial-weights", run.get().write(into: folder)])
    }
  }

  private func withRun(_ body: (TemporaryFolder) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try Self.run.get().write(into: folder)
      try body(folder)
    }
  }

  private func train(_ arguments: String...) throws -> LSTMProcess {
    try LSTMProcess.run(["train"] + Self.data + arguments)
  }

  // MARK: Export and import

  @Test(arguments: ["onnx", "npz", "safetensors"]) func whatWasExportedIsImportedToTheSameBytes(ending: String) throws {
    try withRun { folder in
      let (path, back) = (folder.path("model." + ending), folder.path("back.safetensors"))
      let exported = try LSTMProcess.run("export", folder.path("run"), "--to", path)
      #expect(exported.exitCode == 0, "\(exported.errors)")
      let imported = try LSTMProcess.run("import", path, "--output", back)
      #expect(imported.exitCode == 0, "\(imported.errors)")
      #expect(try folder.bytes("back.safetensors") == folder.bytes("run/model.safetensors"))
    }
  }

  @Test func exportSaysWhatItWroteAndWhatItLeftOut() throws {
    try withRun { folder in
      let path = folder.path("model.npz")
      let exported = try LSTMProcess.run("export", folder.path("run"), "--to", path)
      #expect(exported.output == "")
      let line =
        "\(path): \(Self.description), 1,821 parameters; this format can't hold Adam's state, which is left out"
      #expect(exported.errors.hasPrefix(line), "\(exported.errors)")
    }
  }

  @Test func importSaysWhatItWrote() throws {
    try withRun { folder in
      let back = folder.path("back.safetensors")
      let imported = try LSTMProcess.run("import", folder.path("run/model.safetensors"), "--output", back)
      #expect(imported.output == "")
      #expect(imported.errors == "\(back): \(Self.description), 1,821 parameters\n")
    }
  }

  @Test func anONNXFileHasAREADMEBesideIt() throws {
    try withRun { folder in
      _ = try LSTMProcess.run("export", folder.path("run"), "--to", folder.path("model.onnx"))
      #expect(try folder.text("model.README.md").contains("onnxruntime.InferenceSession(\"model.onnx\")"))
    }
  }

  @Test func aKerasFileHasAdamsState() throws {
    try withRun { folder in
      let exported = try LSTMProcess.run(
        "export", folder.path("run"), "--to", folder.path("model"), "--format", "keras")
      #expect(exported.errors.hasSuffix("parameters, and Adam's state after 4 steps\n"), "\(exported.errors)")
    }
  }

  // MARK: Ensembles

  /// Writes the ensemble of both runs, and returns the paths of the members and of the ensemble.
  private func ensemble(_ folder: TemporaryFolder) throws -> (paths: [String], exported: LSTMProcess) {
    let members = [
      try Self.run.get().write(into: folder), try Self.other.get().write(into: folder, as: "other"),
    ]
    let path = folder.path("ensemble.safetensors")
    return (members + [path], try LSTMProcess.run(["export"] + members + ["--to", path]))
  }

  /// Of twice the sizes: 100 × 16 + (16 + 24 + 1) × 4 × 24 + 24 + 1.
  @Test func anEnsembleIsOneNetworkOfAllUnits() throws {
    try withTemporaryFolder { folder in
      let (paths, exported) = try ensemble(folder)
      #expect(exported.errors == "\(paths[2]): Embedding(100, 16) → LSTM(24) → Dense(1, sigmoid), 5,561 parameters\n")
    }
  }

  /// Within the seven digits of the printed probabilities.
  @Test func anEnsemblesLogitIsTheMeanOfItsMembers() throws {
    try withTemporaryFolder { folder in
      let logits = try ensemble(folder).paths.map { model in
        let answer = try LSTMProcess.run("predict", "--model", model, "--format", "jsonl", "some words")
        let probability = try #require(try /"probability":([\d.]+),/.firstMatch(in: answer.output)).1
        let p = try #require(Double(probability))
        return log(p / (1 - p))
      }
      #expect(abs((logits[0] + logits[1]) / 2 - logits[2]) < 2e-6)
      #expect(abs(logits[0] - logits[1]) > 1e-3, "the members must differ")
    }
  }

  @Test func anEnsembleOfOtherNetworksIsRefused() throws {
    try withRun { folder in
      var architecture = Architecture(vocabularySize: 100, embeddingSize: 8, hiddenSize: 9)
      architecture.labelCount = 2
      try Model(Parameters(zeros: ParameterLayout(architecture))).write(to: folder.path("other.safetensors"))
      let refused = try LSTMProcess.run(
        "export", folder.path("run"), folder.path("other.safetensors"), "--to", folder.path("no.onnx"))
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("other.safetensors: differs from \(folder.path("run")) in its network"))
      #expect(!folder.contains("no.onnx"))
    }
  }

  // MARK: Files from elsewhere

  /// The run's weights as PyTorch would write them.
  private func withoutMetadata(_ folder: TemporaryFolder) throws -> String {
    var file = try Safetensors(contentsOf: folder.path("run/model.safetensors"))
    file.metadata = [:]
    try file.write(to: folder.path("torch.safetensors"))
    return folder.path("torch.safetensors")
  }

  @Test func importSaysThatAModelLacksItsWords() throws {
    try withRun { folder in
      let imported = try LSTMProcess.run(
        "import", try withoutMetadata(folder), "--output", folder.path("m.safetensors"))
      #expect(imported.errors.hasSuffix("; it has no words, which --word-index adds\n"), "\(imported.errors)")
    }
  }

  @Test func importGivesWhatTheFileLacks() throws {
    try withRun { folder in
      let imported = try LSTMProcess.run(
        "import", try withoutMetadata(folder), "--output", folder.path("m.safetensors"), "--word-index",
        "Data/sample_word_index.json", "--index-from", "3", "--max-length", "40", "--labels", "bad, good")
      #expect(imported.errors.hasSuffix("parameters\n"), "\(imported.errors)")
      let model = try Model(safetensors: folder.path("m.safetensors"))
      let original = try Model(safetensors: folder.path("run/model.safetensors"))
      #expect(model.vocabulary == original.vocabulary && model.vocabulary != nil)
      #expect(model.configuration.maxLength == 40)
      #expect(model.labels == ["bad", "good"])
    }
  }

  @Test func importAsksHowWordsBecameTokens() throws {
    try withRun { folder in
      let file = try withoutMetadata(folder)
      let words = ["--word-index", "Data/sample_word_index.json"]
      let refused = try LSTMProcess.run(["import", file, "--output", folder.path("m.safetensors")] + words)
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains(
          "sample_word_index.json: the word index doesn't say how its numbers became the network's tokens; "
            + "write the words into the model by lstm import --word-index with --index-from 0"))
      #expect(!FileManager.default.fileExists(atPath: folder.path("m.safetensors")))
      let imported = try LSTMProcess.run(
        ["import", file, "--output", folder.path("m.safetensors"), "--index-from", "0", "--padding", "post"] + words)
      #expect(imported.exitCode == 0, "\(imported.errors)")
      let (model, original) = try (
        Model(contentsOf: folder.path("m.safetensors")), Model(contentsOf: file)
      )
      #expect(model.architecture.vocabularySize == original.architecture.vocabularySize + 3)
      #expect(!model.coding.hasStartToken && model.coding.skipsUnknownWords && model.coding.padding == .post)
    }
  }

  /// A network with everything that the tutorial's lacks.
  private static let stacked = Architecture(
    vocabularySize: 50, embeddingSize: 0, hiddenSize: 10, layerCount: 2, isBidirectional: true, pooling: .max,
    masksPadding: true, labelCount: 3)

  /// A model of it, whose three labels have names.
  private func writeStacked(_ folder: TemporaryFolder) throws -> String {
    var model = Model(Parameters(zeros: ParameterLayout(Self.stacked)))
    model.labels = ["bad", "so-so", "good"]
    try model.write(to: folder.path("m.safetensors"))
    return folder.path("m.safetensors")
  }

  /// Its tensors alone, which say nothing of pooling and masks.
  private func writeStackedTensors(_ folder: TemporaryFolder) throws -> String {
    var file = try Safetensors(contentsOf: writeStacked(folder))
    file.metadata = [:]
    try file.write(to: folder.path("torch.safetensors"))
    return folder.path("torch.safetensors")
  }

  @Test func importTakesTheNetworkFromOptionsWhereTheFileIsSilent() throws {
    try withTemporaryFolder { folder in
      let new = folder.path("new.safetensors")
      let imported = try LSTMProcess.run(
        "import", try writeStackedTensors(folder), "--output", new, "--pooling", "max", "--mask-padding", "--labels",
        "bad, so-so, good")
      #expect(imported.exitCode == 0, "\(imported.errors)")
      let read = try Model(contentsOf: new)
      #expect(read.parameters.architecture == Self.stacked)
      #expect(read.labels == ["bad", "so-so", "good"])
    }
  }

  @Test func importNotesWhatTheFileDoesNotSay() throws {
    try withTemporaryFolder { folder in
      let tensors = try writeStackedTensors(folder)
      let imported = try LSTMProcess.run("import", tensors, "--output", folder.path("new.safetensors"))
      #expect(imported.errors.hasPrefix("Note: \(tensors): the file doesn't mention pooling or masking"))
    }
  }

  @Test func importTakesTheActivationFromAnOption() throws {
    try withTemporaryFolder { folder in
      var architecture = Architecture(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3)
      for layers in [[], [.init(4, .tanh)]] as [[Architecture.DenseLayer]] {
        architecture.denseLayers = layers
        try Model(Parameters(zeros: ParameterLayout(architecture))).write(to: folder.path("m.safetensors"))
        var file = try Safetensors(contentsOf: folder.path("m.safetensors"))
        file.metadata = [:]
        try file.write(to: folder.path("m.safetensors"))
        let (old, new) = (folder.path("m.safetensors"), folder.path("new.safetensors"))
        let imported = try LSTMProcess.run("import", old, "--output", new, "--dense-activation", "tanh")
        if layers.isEmpty {
          #expect(imported.exitCode == 1)
          #expect(imported.errors.contains("has no dense layer below its last; leave out --dense-activation"))
        } else {
          #expect(imported.errors.contains("assuming ReLU; otherwise use `lstm import` with --dense-activation"))
          #expect(try Model(contentsOf: new).architecture == architecture)
        }
      }
    }
  }

  @Test func importRefusesLabelsOfAnotherNumber() throws {
    try withTemporaryFolder { folder in
      let refused = try LSTMProcess.run(
        "import", try writeStackedTensors(folder), "--output", folder.path("new.safetensors"), "--labels", "a,b")
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("has 3 labels, but --labels names 2"), "\(refused.errors)")
    }
  }

  @Test func exportRefusesWhatKerasCannotCompute() throws {
    try withTemporaryFolder { folder in
      let refused = try LSTMProcess.run("export", try writeStacked(folder), "--to", folder.path("m.keras"))
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("for Keras: Keras's CategoryEncoding has no mask"), "\(refused.errors)")
      #expect(!folder.contains("m.keras"))
    }
  }

  @Test func theREADMEIsAboutTheNetworkInTheFile() throws {
    try withTemporaryFolder { folder in
      #expect(try LSTMProcess.run("export", writeStacked(folder), "--to", folder.path("m.onnx")).exitCode == 0)
      let readMe = try folder.text("m.README.md")
      #expect(readMe.contains("[batch, 3]: the probability of each label"))
      #expect(readMe.contains("Padding is masked"))
    }
  }

  // MARK: Refusals

  /// Each: the arguments, in which RUN and FOLDER are paths; the exit code; words of the message.
  @Test(
    arguments: [
      (["export", "RUN/model.safetensors", "--to", "FOLDER/new.doc"], 64, "names no format; give one of .safetensors"),
      (
        ["export", "RUN/model.safetensors", "--to", "RUN/model.safetensors"], 1,
        "/run/model.safetensors: already exists; give another name, or --overwrite"
      ),
      (["export", "RUN", "--to", "RUN", "--format", "npz"], 1, "/run: is a folder; give the name of a file"),
      (["export", "RUN", "--to", "FOLDER/there.onnx"], 1, "/there.README.md: already exists"),
      (
        ["export", "Data/sample.npz", "--to", "FOLDER/new.npz"], 1,
        "Data/sample.npz: is an archive of reviews, not a model"
      ),
      (["export", "LICENSE", "--to", "FOLDER/new.npz"], 1, "LICENSE: is not a model in any known format"),
      (["export", "RUN", "--to", "/nowhere/x.onnx"], 1, "/nowhere/x.onnx: can't be written"),
      (["import", "RUN", "--output", "FOLDER/new.onnx"], 64, "use `lstm export` for .onnx"),
      (
        ["import", "RUN", "--output", "FOLDER/new", "--labels", "a"], 64, "--labels must be two or more different names"
      ),
      (["import", "RUN", "--output", "FOLDER/new", "--max-length", "0"], 64, "--max-length must be from 1"),
      (
        ["import", "RUN/model.safetensors", "--output", "FOLDER/new", "--word-index", "LICENSE"], 1,
        "LICENSE: byte 0: expected JSON"
      ),
      (["inspect", "RUN/model.safetensors", "--max-length", "3"], 64, "--max-length is for data"),
    ] as [([String], Int32, String)])
  func refusesWhatMakesNoSense(arguments: [String], exitCode: Int32, message: String) throws {
    try withRun { folder in
      try folder.write("", to: "there.README.md")
      let refused = try LSTMProcess.run(
        arguments.map { $0.replacing("RUN", with: folder.path("run")).replacing("FOLDER", with: folder.path) })
      #expect(refused.exitCode == exitCode)
      #expect(refused.output == "")
      #expect(refused.errors.contains(message), "\(refused.errors)")
      #expect(exitCode == 64 || refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
      #expect(folder.names == ["run", "there.README.md"])
    }
  }

  // MARK: Inspect

  /// Made by Scripts/golden/summary_keras.py.
  private struct Summary: Decodable {
    struct Network: Decodable {
      var layers: [[String]]
      var totals: [String]
    }
    var tutorial: Network
    var stacked: Network

    static let keras: Self = try! goldenValues("CommandTests/Golden/summary.json")
  }

  /// Expects rows with what Keras's have: a layer's name, shape and number of parameters. Ours name the activation too.
  private func expectLayers(
    _ output: String, _ layers: [[String]], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let rows = output.split(separator: "\n").map {
      $0.replacing(/(Dense), \w+\)/) { "\($0.1))" }.split(separator: #/ {2,}/#).map(String.init)
    }
    for layer in layers { #expect(rows.contains(layer), "\(layer) in \(output)", sourceLocation: sourceLocation) }
  }

  @Test func inspectShowsLayersAsKerasDoes() throws {
    try withRun { folder in
      let shown = try LSTMProcess.run("inspect", folder.path("run"))
      #expect(shown.exitCode == 0 && shown.errors == "")
      expectLayers(shown.output, Summary.keras.tutorial.layers)
    }
  }

  @Test func inspectShowsStackedLayersAsKerasDoes() throws {
    try withTemporaryFolder { folder in
      let architecture = Architecture(
        vocabularySize: 50, embeddingSize: 4, hiddenSize: 10, layerCount: 2, isBidirectional: true, pooling: .max,
        labelCount: 3)
      try Model(Parameters(zeros: ParameterLayout(architecture))).write(to: folder.path("m.npz"))
      let shown = try LSTMProcess.run("inspect", folder.path("m.npz"))
      expectLayers(shown.output, Summary.keras.stacked.layers)
      for line in Summary.keras.stacked.totals { #expect(shown.output.contains("\n\(line)\n"), "\(shown.output)") }
    }
  }

  /// Keras has no such layer; of each direction there are (50 + 10 + 1) × 4 × 10 parameters.
  @Test func inspectShowsALayerForOneHotTokens() throws {
    try withTemporaryFolder { folder in
      let shown = try LSTMProcess.run("inspect", try writeStacked(folder))
      expectLayers(
        shown.output,
        [
          ["one_hot (OneHot)", "(None, None, 50)", "0"],
          ["bidirectional (Bidirectional)", "(None, None, 20)", "4,880"],
        ])
    }
  }

  @Test func inspectCountsAsKerasDoes() throws {
    try withRun { folder in
      let shown = try LSTMProcess.run("inspect", folder.path("run")).output
      for line in Summary.keras.tutorial.totals { #expect(shown.contains("\n\(line)"), "\(line) in \(shown)") }
    }
  }

  @Test func inspectShowsWhereARunStands() throws {
    try withRun { folder in
      let shown = try LSTMProcess.run("inspect", folder.path("run")).output
      #expect(shown.contains("\nfolder of a run, after 4 steps, 1 of 1 epochs"), "\(shown)")
      #expect(shown.contains(": Adam after 4 steps, learning rate 0.001\n"), "\(shown)")
    }
  }

  @Test func inspectShowsWhatTheModelKnows() throws {
    try withTemporaryFolder { folder in
      let shown = try LSTMProcess.run("inspect", try writeStacked(folder)).output
      #expect(shown.contains("\nNetwork        padding is left out\n"), "\(shown)")
      #expect(shown.contains("\nLabels         0 bad; 1 so-so; 2 good\n"), "\(shown)")
    }
  }

  @Test func inspectShowsTheSettingsThatAreNotTheDefaults() throws {
    try withRun { folder in
      let shown = try LSTMProcess.run("inspect", folder.path("run")).output
      for lines in [
        "Configuration  maxLength 40; batchSize 50 (default 1000); epochs 1 (default 3);\n"
          + "               shuffles false (default true)\n",
        "Coding         A to Z become lower case; tags are words\n", "Labels         0 negative; 1 positive\n",
        "Words          100 tokens: <pad> <start> <oov> <3> ",
      ] { #expect(shown.contains("\n\(lines)"), "\(shown)") }
    }
  }

  @Test func inspectsLinesFitATerminal() throws {
    try withRun { folder in
      let lines = try LSTMProcess.run("inspect", folder.path("run")).output.split(separator: "\n")
      // The first is the path.
      #expect(lines.dropFirst().allSatisfy { $0.count <= 100 })
    }
  }

  @Test(arguments: [("onnx", "ONNX of lstm, IR 8, opset 17, "), ("npz", "npz archive of weights, ")])
  func inspectNamesTheFormat(ending: String, format: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.path("m." + ending)
      try Model(Parameters(zeros: ParameterLayout(Architecture(vocabularySize: 9, embeddingSize: 2, hiddenSize: 3))))
        .write(to: path)
      #expect(try LSTMProcess.run("inspect", path).output.hasPrefix("\(path)\n\(format)"))
    }
  }

  // MARK: Names

  @Test func importTakesOtherNames() throws {
    try withRun { folder in
      let path = folder.path("torch.safetensors")
      var file = try Safetensors(contentsOf: folder.path("run/model.safetensors"))
      let model = try Model(contentsOf: folder.path("run/model.safetensors"))
      file.metadata = [:]
      for (name, tensor) in file.tensors where name.hasPrefix("lstm.") {
        file.tensors[name] = nil
        file.tensors["module.rnn" + name.dropFirst(4)] = tensor
      }
      try file.write(to: path)
      let imported = folder.path("imported.safetensors")
      let found = try LSTMProcess.run("import", path, "--output", imported, "--readout", "last-step")
      #expect(found.exitCode == 0, "\(found.errors)")
      #expect(found.errors.contains("Note: \(path): the names are read without “module.”\n"), "\(found.errors)")
      #expect(found.errors.contains("Note: \(path): “rnn” is taken for lstm, by its shape\n"), "\(found.errors)")
      #expect(try Model(contentsOf: imported).parameters == model.parameters)
      let named = try LSTMProcess.run("import", path, "--output", imported, "--overwrite", "--map", "rnn = lstm")
      #expect(named.exitCode == 0 && !named.errors.contains("taken for"), "\(named.errors)")
      let unknown = try LSTMProcess.run("import", path, "--output", imported, "--overwrite", "--map", "gru=lstm")
      #expect(unknown.exitCode == 1)
      #expect(
        unknown.errors.contains("no module “gru” to rename; say which is which to lstm import, as in --map rnn=lstm"))
      for map in ["rnn", "=lstm", "a=b=c", "a=b,a=c", ""] {
        let refused = try LSTMProcess.run("import", path, "--output", imported, "--overwrite", "--map", map)
        #expect(refused.exitCode == 64 && refused.errors.contains("--map must be pairs"), "\(map): \(refused.errors)")
      }
    }
  }

  // MARK: Initial weights

  /// Two epochs at once are one epoch, and another that goes on from its end with Adam's state.
  @Test func initialWeightsOfARunGoOnWithItsNextStep() throws {
    let whole = try TrainedRun(Self.data + Self.network + ["--epochs", "2"])
    func steps(_ run: TrainedRun) throws -> [Substring] {
      // Without their numbers.
      String(decoding: try run.bytes("steps.csv"), as: UTF8.self).split(separator: "\n").suffix(4)
        .map { $0.drop { $0 != "," } }
    }
    #expect(try steps(Self.second.get()) == steps(whole))
    try withTemporaryFolder { folder in
      let parameters = try [whole, Self.second.get()].enumerated().map { index, run in
        try Model(safetensors: run.write(into: folder, as: "\(index)") + "/model.safetensors").parameters
      }
      #expect(parameters[0] == parameters[1])
    }
  }

  @Test func initialWeightsOfARunSayWhereAdamContinues() throws {
    try withRun { folder in
      let run = folder.path("run")
      let trained = try train("--epochs", "1", "--output", folder.path("second"), "--initial-weights", run)
      #expect(
        trained.errors.hasPrefix("\(run): Adam continues with step 5, learning rate 0.001\n"), "\(trained.errors)")
    }
  }

  /// The first step is another.
  @Test func initialWeightsWithoutAdamBeginItAnew() throws {
    try withRun { folder in
      let weights = folder.path("run/model.safetensors")
      let trained = try train("--epochs", "1", "--output", folder.path("anew"), "--initial-weights", weights)
      #expect(trained.exitCode == 0 && trained.errors == "")
      #expect(try folder.bytes("anew/steps.csv") != Self.second.get().bytes("steps.csv"))
    }
  }

  @Test func aGivenLearningRateReplacesThatOfTheOptimizer() throws {
    try withRun { folder in
      let trained = try train(
        "--epochs", "1", "--output", folder.path("faster"), "--initial-weights", folder.path("run"), "--learning-rate",
        "0.01", "--quiet")
      #expect(trained.errors == "")
      #expect(try Model(contentsOf: folder.path("faster")).optimizer?.learningRate == 0.01)
    }
  }

  @Test func initialWeightsBringTheirSizes() throws {
    try withRun { folder in
      let settings = try folder.write(#"{"epochs": 1, "batchSize": 60}"#, to: "settings.json")
      let trained = try train(
        "--configuration", settings, "--output", folder.path("new"), "--initial-weights",
        folder.path("run/model.safetensors"))
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let configuration = try Model(contentsOf: folder.path("new")).configuration
      #expect(configuration.architecture == .init(vocabularySize: 100, embeddingSize: 8, hiddenSize: 12))
      #expect(configuration.epochs == 1)
    }
  }

  @Test func otherSizesThanThoseOfTheInitialWeightsAreRefused() throws {
    try withRun { folder in
      let refused = try train(
        "--hidden-size", "13", "--output", folder.path("c"), "--initial-weights",
        folder.path("run/model.safetensors"))
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains(
          "the weights are those of \(Self.description), expected Embedding(100, 8) → LSTM(13) → Dense(1, sigmoid); "
            + "leave out --vocabulary-size"), "\(refused.errors)")
      #expect(!folder.contains("c"))
    }
  }
}
