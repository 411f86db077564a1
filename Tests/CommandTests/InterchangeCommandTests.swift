import Foundation
import Models
import RecurrentNetwork
import Testing
import Training

/// `lstm export`, `import`, `inspect` and `train --initial-weights` on a run of the sample.
@Suite struct InterchangeCommandTests {
  /// A folder with `run`: 4 steps an epoch, in the archive's order.
  private func withRun(epochs: Int = 1, _ body: (TemporaryFolder) throws -> Void) throws {
    try TemporaryFolder.with { folder in
      #expect(try train(folder, "--epochs", "\(epochs)", "--output", folder.path + "/run").exitCode == 0)
      try body(folder)
    }
  }

  private func train(_ folder: TemporaryFolder, _ arguments: String...) throws -> LSTMProcess {
    let network = ["--vocabulary-size", "100", "--embedding-size", "8", "--hidden-size", "12"]
    return try run(
      ["train", "--data", "Data/sample.npz", "--limit", "200", "--max-length", "40", "--batch-size", "50"]
        + ["--no-shuffle"] + (arguments.contains("--initial-weights") ? [] : network) + arguments, folder)
  }

  private func run(_ arguments: [String], _ folder: TemporaryFolder) throws -> LSTMProcess {
    let process = try LSTMProcess.start(arguments, output: folder.url("output"), errors: folder.url("errors"))
    process.waitUntilExit()
    return LSTMProcess(
      exitCode: process.terminationStatus, output: try folder.text("output"), errors: try folder.text("errors"))
  }

  @Test func exportsAndImportsTheSameBytes() throws {
    try withRun { folder in
      for ending in ["onnx", "npz", "safetensors"] {
        let (path, back) = (folder.path + "/model." + ending, folder.path + "/back-\(ending).safetensors")
        let exported = try run(["export", folder.path + "/run", "--to", path], folder)
        #expect(exported.exitCode == 0 && exported.output == "")
        #expect(
          exported.errors.hasPrefix(
            "\(path): Embedding(100, 8) → LSTM(12) → Dense(1, sigmoid), 1,821 parameters; this format can't hold Adam's "
              + "state, which is left out"))
        let imported = try run(["import", path, "--output", back], folder)
        #expect(imported.exitCode == 0 && imported.output == "")
        #expect(imported.errors == "\(back): Embedding(100, 8) → LSTM(12) → Dense(1, sigmoid), 1,821 parameters\n")
        #expect(try folder.bytes("back-\(ending).safetensors") == folder.bytes("run/model.safetensors"))
      }
      #expect(try folder.text("model.README.md").contains("onnxruntime.InferenceSession(\"model.onnx\")"))
      let keras = try run(
        ["export", folder.path + "/run", "--to", folder.path + "/model", "--format", "keras"], folder)
      #expect(keras.errors.hasSuffix("parameters, and Adam's state after 4 steps\n"), "\(keras.errors)")
    }
  }

  @Test func exportsSeveralAsTheirEnsemble() throws {
    try withRun { folder in
      let other = folder.path + "/other"
      try #require(try train(folder, "--seed", "1", "--epochs", "1", "--output", other).exitCode == 0)
      let path = folder.path + "/ensemble.safetensors"
      let exported = try run(["export", folder.path + "/run", other, "--to", path], folder)
      #expect(exported.errors == "\(path): Embedding(100, 16) → LSTM(24) → Dense(1, sigmoid), 5,561 parameters\n")
      let models = ["run", "other", "ensemble.safetensors"].map { folder.path + "/" + $0 }
      let logits = try models.map { model in
        let answer = try run(["predict", "--model", model, "--format", "jsonl", "some words"], folder)
        let probability = try #require(try /"probability":([\d.]+),/.firstMatch(in: answer.output)).1
        let p = try #require(Double(probability))
        return log(p / (1 - p))
      }
      #expect(abs((logits[0] + logits[1]) / 2 - logits[2]) < 1e-5)
      #expect(abs(logits[0] - logits[1]) > 1e-3)
      try #require(
        try train(folder, "--hidden-size", "9", "--epochs", "1", "--output", folder.path + "/third").exitCode == 0)
      let refused = try run(["export", other, folder.path + "/third", "--to", folder.path + "/no.onnx"], folder)
      #expect(refused.exitCode == 1 && refused.errors.contains("third: differs from \(other) in its network"))
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/no.onnx"))
    }
  }

  @Test func importGivesWhatTheFileLacks() throws {
    try withRun { folder in
      // As PyTorch would write it.
      var file = try Safetensors(contentsOf: folder.path + "/run/model.safetensors")
      file.metadata = [:]
      try file.write(to: folder.path + "/torch.safetensors")
      let arguments = ["import", folder.path + "/torch.safetensors", "--output", folder.path + "/m.safetensors"]
      #expect(try run(arguments, folder).errors.hasSuffix("; it has no words, which --word-index adds\n"))
      let named = try run(
        arguments + ["--overwrite", "--word-index", "Data/sample_word_index.json", "--max-length", "40"]
          + ["--labels", "bad, good"], folder)
      #expect(named.errors.hasSuffix("parameters\n"))
      let model = try Model(safetensors: folder.path + "/m.safetensors")
      let original = try Model(safetensors: folder.path + "/run/model.safetensors")
      #expect(model.vocabulary == original.vocabulary && model.vocabulary != nil)
      #expect(model.configuration.maxLength == 40)
      #expect(model.labels == ["bad", "good"])
    }
  }

  /// A network that no run is needed for: as PyTorch would write it, with what its file can't say.
  @Test func importsAndInspectsAnyNetwork() throws {
    try TemporaryFolder.with { folder in
      var architecture = Architecture(vocabularySize: 50, embeddingSize: 0, hiddenSize: 10)
      (architecture.layerCount, architecture.isBidirectional, architecture.labelCount) = (2, true, 3)
      try Model(Parameters(zeros: ParameterLayout(architecture))).write(to: folder.path + "/torch.safetensors")
      var file = try Safetensors(contentsOf: folder.path + "/torch.safetensors")
      file.metadata = [:]
      try file.write(to: folder.path + "/torch.safetensors")
      let (model, new) = (folder.path + "/torch.safetensors", folder.path + "/m.safetensors")
      let imported = try run(
        ["import", model, "--output", new, "--pooling", "max", "--mask-padding", "--labels", "bad, so-so, good"], folder
      )
      #expect(imported.exitCode == 0, "\(imported.errors)")
      #expect(imported.errors.hasPrefix("Note: \(model): the file doesn't mention pooling or masking"))
      let read = try Model(contentsOf: new)
      (architecture.pooling, architecture.masksPadding) = (.max, true)
      #expect(read.parameters.architecture == architecture && read.labels == ["bad", "so-so", "good"])

      let shown = try run(["inspect", new], folder)
      #expect(shown.exitCode == 0 && shown.errors == "")
      for line in [
        "one_hot (OneHot)                           (None, None, 50)                   0",
        "bidirectional (Bidirectional)              (None, None, 20)               4,880",
        "bidirectional_1 (Bidirectional)            (None, None, 20)               2,480",
        "global_max_pooling1d (GlobalMaxPooling1D)  (None, 20)                         0",
        "dense (Dense, softmax)                     (None, 3)                         63",
        "Network        padding is left out", "Labels         0 bad; 1 so-so; 2 good",
      ] { #expect(shown.output.split(separator: "\n").contains { $0 == line }, "\(line) in \(shown.output)") }

      for (arguments, message) in [
        (
          ["import", model, "--output", new, "--overwrite", "--labels", "a,b"],
          "has 3 labels, but --labels names 2"
        ),
        (["export", new, "--to", folder.path + "/m.keras"], "can't be written for Keras: Keras has no layer"),
      ] {
        let refused = try run(arguments, folder)
        #expect(refused.exitCode == 1 && refused.errors.contains(message), "\(refused.errors)")
      }
      #expect(!folder.names.contains("m.keras"))
      let exported = try run(["export", new, "--to", folder.path + "/m.onnx"], folder)
      #expect(exported.exitCode == 0)
      let readMe = try folder.text("m.README.md")
      #expect(readMe.contains("[batch, 3]: the probability of each label") && readMe.contains("Padding is masked"))
    }
  }

  @Test func refusesWhatMakesNoSense() throws {
    try withRun { folder in
      let (model, new) = (folder.path + "/run/model.safetensors", folder.path + "/new")
      try Data().write(to: folder.url("there.README.md"))
      for (arguments, exitCode, message) in [
        (["export", model, "--to", new + ".doc"], 64, "names no format; give one of .safetensors"),
        (["export", model, "--to", model], 1, "\(model): already exists; give another name, or --overwrite"),
        (
          ["export", model, "--to", folder.path + "/run", "--format", "npz"], 1,
          "/run: is a folder; give the name of a file"
        ),
        (["export", model, "--to", folder.path + "/there.onnx"], 1, "/there.README.md: already exists"),
        (
          ["export", "Data/sample.npz", "--to", new + ".npz"], 1,
          "Data/sample.npz: is an archive of reviews, not a model"
        ),
        (["export", "LICENSE", "--to", new + ".npz"], 1, "LICENSE: is not a model in any known format"),
        (["export", model, "--to", "/nowhere/x.onnx"], 1, "/nowhere/x.onnx: can't be written"),
        (["import", model, "--output", new + ".onnx"], 64, "use `lstm export` for .onnx"),
        (["import", model, "--output", new, "--labels", "a"], 64, "--labels must be two or more different names"),
        (["import", model, "--output", new, "--max-length", "0"], 64, "--max-length must be from 1"),
        (["import", model, "--output", new, "--word-index", "LICENSE"], 1, "LICENSE: expected JSON"),
        (["inspect", model, "--max-length", "3"], 64, "--max-length is for data"),
      ] as [([String], Int32, String)] {
        let result = try run(arguments, folder)
        #expect(result.exitCode == exitCode && result.output == "", "\(arguments)")
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(exitCode == 64 || result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      }
      #expect(!folder.names.contains { $0.hasPrefix("new") || $0 == "there.onnx" })
    }
  }

  @Test func inspectCountsAsKerasDoes() throws {
    try withRun { folder in
      let shown = try run(["inspect", folder.path + "/run"], folder)
      #expect(shown.exitCode == 0 && shown.errors == "")
      let lines: [Substring] = shown.output.split(separator: "\n")
      for line in [
        "folder of a run, after 4 steps, 1 of 1 epochs",
        "embedding (Embedding)     (None, None, 8)                  800",
        "lstm (LSTM)               (None, 12)                     1,008",
        "dense (Dense, sigmoid)    (None, 1)                         13",
        // 3 × 1,821 + 2, as Keras 3.15.1 shows it
        "Total params: 5,465 (21.35 KB)", "Trainable params: 1,821 (7.11 KB)", "Non-trainable params: 0 (0.00 B)",
        "Optimizer params: 3,644 (14.24 KB): Adam after 4 steps, learning rate 0.001",
        "Configuration  maxLength 40; batchSize 50 (default 1000); epochs 1 (default 3);",
        "               shuffles false (default true)",
        "Coding         A to Z become lower case; tags are words", "Labels         0 negative; 1 positive",
      ] { #expect(lines.contains { $0 == line }, "\(line) in \(shown.output)") }
      #expect(shown.output.contains("\nWords          100 tokens: <pad> <start> <oov> <3> "))
      #expect(lines.dropFirst().allSatisfy { $0.count <= 100 })
      for (ending, format) in [("onnx", "ONNX of lstm, IR 8, opset 17, "), ("npz", "npz archive of weights, ")] {
        _ = try run(["export", folder.path + "/run", "--to", folder.path + "/m." + ending], folder)
        let shown = try run(["inspect", folder.path + "/m." + ending], folder)
        #expect(shown.output.contains("/m.\(ending)\n\(format)"))
        #expect(shown.output.contains("Total params: 1,821 (7.11 KB)"))
      }
    }
  }

  /// Two epochs at once are one epoch, and another that goes on from its end with Adam's state.
  @Test func initialWeightsGoOnWithTheSameNextStep() throws {
    try withRun(epochs: 2) { folder in
      #expect(try train(folder, "--epochs", "1", "--output", folder.path + "/first").exitCode == 0)
      let second = try train(
        folder, "--epochs", "1", "--output", folder.path + "/second", "--initial-weights", folder.path + "/first")
      #expect(second.exitCode == 0)
      #expect(second.errors == "\(folder.path)/first: Adam continues with step 5, learning rate 0.001\n")
      let expected = try folder.text("run/steps.csv").split(separator: "\n").suffix(4)
      let steps = try folder.text("second/steps.csv").split(separator: "\n").dropFirst()
      #expect(steps.map { $0.drop { $0 != "," } } == expected.map { $0.drop { $0 != "," } })
      #expect(
        try Model(safetensors: folder.path + "/second/model.safetensors").parameters
          == Model(safetensors: folder.path + "/run/model.safetensors").parameters)

      // Weights alone: Adam begins anew, and the first step is another.
      let weights = folder.path + "/first/model.safetensors"
      let anew = try train(
        folder, "--epochs", "1", "--output", folder.path + "/anew", "--initial-weights", weights)
      #expect(anew.exitCode == 0 && anew.errors == "")
      #expect(try folder.text("anew/steps.csv") != folder.text("second/steps.csv"))

      let faster = try train(
        folder, "--epochs", "1", "--output", folder.path + "/faster", "--initial-weights", folder.path + "/first",
        "--learning-rate", "0.01", "--quiet")
      #expect(faster.errors == "")
      #expect(try Model(contentsOf: folder.path + "/faster").optimizer?.learningRate == 0.01)
    }
  }

  @Test func initialWeightsBringTheirSizes() throws {
    try withRun { folder in
      _ = try run(["export", folder.path + "/run", "--to", folder.path + "/m.npz"], folder)
      try Data(#"{"epochs": 1, "batchSize": 60}"#.utf8).write(to: folder.url("settings.json"))
      let trained = try train(
        folder, "--configuration", folder.path + "/settings.json", "--output", folder.path + "/new",
        "--initial-weights", folder.path + "/m.npz")
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let configuration = try Model(contentsOf: folder.path + "/new").configuration
      #expect(configuration.architecture == .init(vocabularySize: 100, embeddingSize: 8, hiddenSize: 12))
      #expect(configuration.epochs == 1)
      let refused = try train(
        folder, "--hidden-size", "13", "--output", folder.path + "/c", "--initial-weights", folder.path + "/m.npz")
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains(
          "m.npz: the weights are those of Embedding(100, 8) → LSTM(12) → Dense(1, sigmoid), expected Embedding(100, 8) "
            + "→ LSTM(13) → Dense(1, sigmoid); leave out --vocabulary-size"))
      #expect(!folder.names.contains("c"))
    }
  }
}
