import Fixtures
import Foundation
import Hyperparameters
import Models
import Testing

/// `lstm train` on the sample that the repository ships.
@Suite struct TrainCommandTests {
  private static let small = [
    "--data", "Data/sample.npz", "--limit", "200", "--vocabulary-size", "100", "--max-length", "40",
    "--embedding-size", "8", "--hidden-size", "12", "--batch-size", "50", "--epochs", "2",
  ]

  private func train(_ arguments: String...) throws -> LSTMProcess {
    try LSTMProcess.run(["train"] + Self.small + arguments)
  }

  // MARK: What a run leaves

  private static let run = Result { try TrainedRun(small + ["--quiet"]) }

  private func text(_ name: String) throws -> [Substring] {
    String(decoding: try Self.run.get().bytes(name), as: UTF8.self).split(separator: "\n")
  }

  @Test func printsALineForEachEpoch() throws {
    try withTemporaryFolder { folder in
      let run = try train("--output", folder.path("run"))
      #expect(run.exitCode == 0)
      #expect(run.errors == "")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 2)
      let first =
        /Epoch 1\/2 - \d+\.\d s - loss: 0\.\d{4} - accuracy: 0\.\d{4} - val_loss: 0\.\d{4} - val_accuracy: 0\.\d{4}/
      #expect(try first.wholeMatch(in: lines[0]) != nil, "\(lines[0])")
    }
  }

  @Test func theHistoryHasARowForEachEpoch() throws {
    let history = try text("history.csv")
    #expect(history[0] == "epoch,accuracy,loss,val_accuracy,val_loss")
    #expect(history.dropFirst().map { $0.prefix(2) } == ["0,", "1,"])
  }

  /// Two epochs of 200 texts in batches of 50.
  @Test func theStepsHaveARowForEachStep() throws {
    let steps = try text("steps.csv")
    #expect(steps[0] == "step,loss,accuracy")
    #expect(steps.dropFirst().map { $0.prefix { $0 != "," } } == (1...8).map { "\($0)" })
  }

  @Test func theModelHasItsWeightsAndItsWords() throws {
    try withTemporaryFolder { folder in
      let model = try Safetensors(contentsOf: Self.run.get().write(into: folder) + "/model.safetensors")
      #expect(model.tensors["embedding.weight"]?.shape == [100, 8])
      let vocabulary = try JSONDecoder().decode(
        [String].self, from: Data(try #require(model.metadata["vocabulary"]).utf8))
      #expect(vocabulary.count == 100)
      #expect(vocabulary[..<3] == ["<pad>", "<start>", "<oov>"])
    }
  }

  // MARK: Settings

  @Test func optionsReplaceThoseOfAPreset() throws {
    try withTemporaryFolder { folder in
      let run = try train("--preset", "accurate", "--output", folder.path("run"), "--quiet")
      #expect(run.exitCode == 0, "\(run.errors)")
      var expected = Preset.accurate.configuration
      (expected.vocabularySize, expected.maxLength, expected.embeddingSize, expected.hiddenSize) = (100, 40, 8, 12)
      (expected.batchSize, expected.epochs) = (50, 2)
      #expect(try Model(contentsOf: folder.path("run/model.safetensors")).configuration == expected)
    }
  }

  /// In the model, and in what inspect shows of it.
  @Test func denseLayersAreTrained() throws {
    try withTemporaryFolder { folder in
      let run = try train(
        "--dense-layers", "6,4", "--dense-activation", "tanh", "--output", folder.path("run"), "--quiet")
      #expect(run.exitCode == 0, "\(run.errors)")
      let model = try Model(contentsOf: folder.path("run/model.safetensors"))
      #expect(model.architecture.denseLayers == [.init(6, .tanh), .init(4, .tanh)])
      let shown = try LSTMProcess.run("inspect", folder.path("run")).output
      for row in [
        /dense \(Dense, tanh\) +\(None, 6\) +78\n/, /dense_1 \(Dense, tanh\) +\(None, 4\) +28\n/,
        /dense_2 \(Dense, sigmoid\) +\(None, 1\) +5\n/,
      ] { #expect(shown.contains(row), "\(shown)") }
      let none = try train(
        "--configuration", folder.path("run/run.json"), "--dense-layers", "0", "--output", folder.path("none"),
        "--quiet")
      #expect(none.exitCode == 0, "\(none.errors)")
      #expect(try Model(contentsOf: folder.path("none")).architecture.denseLayers == [])
    }
  }

  @Test func anUnknownPresetIsRefusedWithTheNamesOfAll() throws {
    let refused = try train("--preset", "best")
    #expect(refused.exitCode != 0)
    for preset in Preset.allCases { #expect(refused.errors.contains(preset.rawValue), "\(refused.errors)") }
  }

  @Test func threadsDoNotChangeAByte() throws {
    try withTemporaryFolder { folder in
      for threads in ["1", "2", "3", "8"] {
        let run = try train("--threads", threads, "--output", folder.path + "/\(threads)")
        #expect(run.exitCode == 0)
      }
      for threads in ["2", "3", "8"] {
        for name in ["model.safetensors", "history.csv", "steps.csv"] {
          #expect(try folder.bytes("\(threads)/\(name)") == folder.bytes("1/\(name)"), "\(name), \(threads) threads")
        }
      }
    }
  }

  @Test func initialWeightsChangeTheFirstStep() throws {
    try withTemporaryFolder { folder in
      let first = try Self.run.get().write(into: folder, as: "a")
      let run = try train("--output", folder.path("b"), "--initial-weights", first + "/model.safetensors")
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(try folder.text("b/steps.csv") != folder.text("a/steps.csv"))
    }
  }

  @Test func initialWeightsOfAnotherNetworkAreRefused() throws {
    try withTemporaryFolder { folder in
      let first = try Self.run.get().write(into: folder, as: "a")
      let refused = try train(
        "--output", folder.path("c"), "--hidden-size", "13", "--initial-weights", first + "/model.safetensors")
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("a/model.safetensors: the weights are those of Embedding(100, 8) → LSTM(12)"))
      #expect(!folder.contains("c"))
    }
  }

  // MARK: A folder that holds a run

  @Test func aRunIsKeptUnlessToldToReplaceIt() throws {
    try withTemporaryFolder { folder in
      let path = try Self.run.get().write(into: folder)
      let refused = try train("--output", path, "--seed", "1")
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("\(path): holds a run already (model.safetensors)"))
      #expect(refused.errors.contains("--overwrite"))
      #expect(try folder.bytes("run/model.safetensors") == Self.run.get().bytes("model.safetensors"))
    }
  }

  @Test func aRunIsKeptWhereTheNewOneCannotBegin() throws {
    try withTemporaryFolder { folder in
      let path = try Self.run.get().write(into: folder)
      #expect(try train("--output", path, "--overwrite", "--data", "/nowhere.npz").exitCode == 1)
      #expect(try folder.bytes("run/model.safetensors") == Self.run.get().bytes("model.safetensors"))
    }
  }

  @Test func aRunIsReplacedWhereTold() throws {
    try withTemporaryFolder { folder in
      let path = try Self.run.get().write(into: folder)
      #expect(try train("--output", path, "--overwrite", "--seed", "1").exitCode == 0)
      #expect(try folder.bytes("run/model.safetensors") != Self.run.get().bytes("model.safetensors"))
    }
  }

  // MARK: Output

  @Test func quietPrintsNothing() throws {
    try withTemporaryFolder { folder in
      let run = try train("--quiet", "--output", folder.path("run"))
      #expect(run.exitCode == 0 && run.output == "" && run.errors == "")
    }
  }

  /// Each: arguments, exit code, words of the message.
  @Test(arguments: [
    (["--batch-size", "0"], 64, "--batch-size must be from 1"),
    (["--epochs", "0"], 64, "--epochs must be from 1"),
    (["--threads", "0"], 64, "--threads must be from 1"),
    (["--limit", "0"], 64, "--limit must be at least 1"),
    (["--max-length", "0"], 64, "--max-length must be from 1"),
    (["--hidden-size", "-3"], 64, "--hidden-size"),
    (["--vocabulary-size", "2"], 64, "--vocabulary-size must be from 3"),
    (["--learning-rate", "nan"], 64, "--learning-rate must be a number above 0"),
    (["--learning-rate", "-0.1"], 64, "--learning-rate"),
    (["--layers", "0"], 64, "--layers must be from 1 to 64, not 0."),
    (["--dense-layers", "64,"], 64, "The value '64,' is invalid for '--dense-layers <sizes>'"),
    (["--dense-layers", "64,0"], 64, "--dense-layers must be from 1 to 65536, not 0."),
    (["--dense-activation", "tanh"], 64, "--dense-activation goes with --dense-layers."),
    (["--dense-layers", "8", "--dense-activation", "gelu"], 64, "'relu' and 'tanh'"),
    (["--pooling", "median"], 64, "one of 'last', 'max', 'mean' or 'last-step'"),
    (["--dropout-words", "1"], 64, "--dropout-words must be a share from 0 to below 1, not 1.0."),
    (["--dropout-layers", "0.5"], 64, "--dropout-layers needs two layers or more"),
    (["--embedding-size", "0", "--dropout-embedding", "0.5"], 64, "--dropout-embedding needs an embedding"),
    (["--class-weights", "1,2,3"], 64, "--class-weights must be balanced, names with numbers"),
    (["--hidden-size", "60000", "--max-length", "1000000"], 64, "GB of memory"),
    (["--data", "/nowhere.npz"], 1, "/nowhere.npz: no such file"),
    (["--data", "Package.swift"], 1, "Package.swift: "),
    (["--data", "Tests/NGramsTests/Golden"], 1, "Golden/ngrams.json: line 1: expected a JSON object"),
    (["--word-index", "/nowhere.json"], 1, "/nowhere.json"),
    (["--initial-weights", "/nowhere.safetensors"], 1, "/nowhere.safetensors: no such file"),
    (["--output", "Package.swift"], 1, "Package.swift: is a file, not a folder"),
    (["--output", "Package.swift/run"], 1, "Package.swift/run: the folder can't be created"),
  ])
  func refusesWhatMakesNoSense(arguments: [String], exitCode: Int32, message: String) throws {
    try withTemporaryFolder { folder in
      let outputs = (folder.url("output"), folder.url("errors"))
      let process = try LSTMProcess.start(
        ["train"] + Self.small + ["--output", folder.path("run")] + arguments, output: outputs.0, errors: outputs.1)
      process.waitUntilExit()
      let errors = try folder.text("errors")
      #expect(process.terminationStatus == exitCode)
      #expect(errors.contains(message), "\(errors)")
      #expect(exitCode == 64 || errors.split(separator: "\n").count == 1, "\(errors)")
      #expect(try folder.text("output") == "")
      #expect(!folder.names.contains("run"))
    }
  }

  @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func aSignalEndsARunAfterItsBatch(signal: Int32, exitCode: Int32) throws {
    try withTemporaryFolder { folder in
      let process = try LSTMProcess.start(
        ["train"] + Self.small + ["--epochs", "1000000", "--output", folder.path("run")], output: folder.url("output"),
        errors: folder.url("errors"))
      // A first epoch, so that there is something to keep.
      let deadline = Date(timeIntervalSinceNow: 30)
      while try folder.text("output").isEmpty, Date() < deadline { usleep(20_000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == exitCode)
      #expect(
        try folder.text("errors").contains(
          "Stopped after the current batch. Continue with: lstm train --resume \(folder.path)/run"))
      _ = try Safetensors(contentsOf: folder.path + "/run/model.safetensors")
      #expect(try folder.text("run/steps.csv").hasSuffix("\n"))
    }
  }

  @Test(arguments: [60, 140]) func onATerminalThereIsAHeadingAndABar(columns: Int) throws {
    try withTemporaryFolder { folder in
      var (terminal, slave): (Int32, Int32) = (-1, -1)
      var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
      #expect(openpty(&terminal, &slave, nil, nil, &size) == 0)
      let process = Process()
      process.executableURL = LSTMProcess.executable
      process.currentDirectoryURL = URL(fileURLWithPath: LSTMProcess.package)
      process.arguments = ["train"] + Self.small + ["--output", folder.path("run")]
      process.environment = ["TERM": "xterm"]
      process.standardOutput = FileHandle(fileDescriptor: slave)
      process.standardError = FileHandle(fileDescriptor: slave)
      try process.run()
      close(slave)
      var shown = Data()
      var part = [UInt8](repeating: 0, count: 4096)
      // The read fails once the other end is closed.
      while case let count = read(terminal, &part, part.count), count > 0 { shown += part[..<count] }
      process.waitUntilExit()
      close(terminal)
      let text = String(decoding: shown, as: UTF8.self)
      #expect(
        text.contains(
          "Data/sample.npz: 200 training and 200 test texts; the last 40 tokens of each, 100 different ones"))
      #expect(text.contains("Embedding(100, 8) → LSTM(12) → Dense(1, sigmoid)"))
      #expect(text.contains("Epoch 1/2 - "))
      #expect(text.contains("━"))
      // The losses' curve, where there is room.
      #expect(text.contains { "▁▂▃▄▅▆▇█".contains($0) } == (columns > 100))
      // A bar never reaches the edge, where the terminal would break the line.
      for line in text.split(whereSeparator: { $0 == "\r" || $0 == "\n" || $0 == "\r\n" }) where line.contains("━") {
        #expect(line.replacingOccurrences(of: "\u{1B}[K", with: "").count < columns)
      }
    }
  }
}
