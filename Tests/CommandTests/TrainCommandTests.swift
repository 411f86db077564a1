import Foundation
import Hyperparameters
import Models
import Testing
import Training

/// `lstm train` on the sample that the repository ships.
@Suite struct TrainCommandTests {
  private let data = "Data/sample.npz"
  private let small = [
    "--data", "Data/sample.npz", "--limit", "200", "--vocabulary-size", "100", "--max-length", "40",
    "--embedding-size", "8", "--hidden-size", "12", "--batch-size", "50", "--epochs", "2",
  ]

  private func train(_ folder: TemporaryFolder, _ arguments: String...) throws -> LSTMProcess {
    let outputs = (folder.url("output"), folder.url("errors"))
    let process = try LSTMProcess.start(["train"] + small + arguments, output: outputs.0, errors: outputs.1)
    process.waitUntilExit()
    return LSTMProcess(
      exitCode: process.terminationStatus, output: try folder.text("output"), errors: try folder.text("errors"))
  }

  @Test func writesModelAndHistories() throws {
    try TemporaryFolder.with { folder in
      let run = try train(folder, "--output", folder.path + "/run")
      #expect(run.exitCode == 0)
      #expect(run.errors == "")
      let lines = run.output.split(separator: "\n")
      #expect(lines.count == 2)
      #expect(
        try /Epoch 1\/2 - \d+\.\d s - loss: 0\.\d{4} - accuracy: 0\.\d{4} - val_loss: 0\.\d{4} - val_accuracy: 0\.\d{4}/
          .wholeMatch(in: lines[0]) != nil)
      let history = try folder.text("run/history.csv").split(separator: "\n")
      #expect(history[0] == "epoch,accuracy,loss,val_accuracy,val_loss")
      #expect(history.dropFirst().map { $0.prefix(2) } == ["0,", "1,"])
      let steps = try folder.text("run/steps.csv").split(separator: "\n")
      #expect(steps[0] == "step,loss,accuracy")
      #expect(steps.count == 1 + 2 * 4)
      #expect(steps[8].hasPrefix("8,"))
      let model = try Safetensors(contentsOf: folder.path + "/run/model.safetensors")
      #expect(model.tensors["embedding.weight"]?.shape == [100, 8])
      let vocabulary = try JSONDecoder().decode(
        [String].self, from: Data(try #require(model.metadata["vocabulary"]).utf8))
      #expect(vocabulary.count == 100)
      #expect(vocabulary[..<3] == ["<pad>", "<start>", "<oov>"])
    }
  }

  @Test func optionsGoOverAPreset() throws {
    try TemporaryFolder.with { folder in
      let run = try train(folder, "--preset", "accurate", "--output", folder.path + "/run", "--quiet")
      #expect(run.exitCode == 0, "\(run.errors)")
      var expected = Preset.accurate.configuration
      (expected.vocabularySize, expected.maxLength, expected.embeddingSize, expected.hiddenSize) = (100, 40, 8, 12)
      (expected.batchSize, expected.epochs) = (50, 2)
      #expect(try Model(contentsOf: folder.path + "/run/model.safetensors").configuration == expected)
      let refused = try train(folder, "--preset", "best")
      #expect(refused.exitCode != 0)
      #expect(refused.errors.contains("tutorial"))
    }
  }

  @Test func threadsDoNotChangeAByte() throws {
    try TemporaryFolder.with { folder in
      for threads in ["1", "2", "3", "8"] {
        let run = try train(folder, "--threads", threads, "--output", folder.path + "/\(threads)")
        #expect(run.exitCode == 0)
      }
      for threads in ["2", "3", "8"] {
        for name in ["model.safetensors", "history.csv", "steps.csv"] {
          #expect(try folder.bytes("\(threads)/\(name)") == folder.bytes("1/\(name)"), "\(name), \(threads) threads")
        }
      }
    }
  }

  @Test func goesOnFromInitialWeights() throws {
    try TemporaryFolder.with { folder in
      _ = try train(folder, "--output", folder.path + "/a", "--no-shuffle")
      let run = try train(
        folder, "--output", folder.path + "/b", "--no-shuffle", "--initial-weights",
        folder.path + "/a/model.safetensors")
      #expect(run.exitCode == 0)
      let (first, second) = (try folder.text("a/steps.csv"), try folder.text("b/steps.csv"))
      #expect(first != second)
      let refused = try train(
        folder, "--output", folder.path + "/c", "--hidden-size", "13", "--initial-weights",
        folder.path + "/a/model.safetensors")
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("a/model.safetensors: the weights are those of Embedding(100, 8) → LSTM(12)"))
      #expect(!folder.names.contains("c"))
    }
  }

  @Test func keepsARunUnlessToldToReplaceIt() throws {
    try TemporaryFolder.with { folder in
      #expect(try train(folder, "--output", folder.path + "/run").exitCode == 0)
      let model = try folder.bytes("run/model.safetensors")
      let refused = try train(folder, "--output", folder.path + "/run", "--seed", "1")
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("\(folder.path)/run: holds a run already (model.safetensors)"))
      #expect(refused.errors.contains("--overwrite"))
      #expect(try folder.bytes("run/model.safetensors") == model)
      // Bad data, and the old run is as it was, though it may be overwritten.
      let failed = try train(folder, "--output", folder.path + "/run", "--overwrite", "--data", "/nowhere.npz")
      #expect(failed.exitCode == 1)
      #expect(try folder.bytes("run/model.safetensors") == model)
      #expect(try train(folder, "--output", folder.path + "/run", "--overwrite", "--seed", "1").exitCode == 0)
      #expect(try folder.bytes("run/model.safetensors") != model)
    }
  }

  @Test func quietPrintsNothing() throws {
    try TemporaryFolder.with { folder in
      let run = try train(folder, "--quiet", "--output", folder.path + "/run")
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
    (["--pooling", "median"], 64, "one of 'last', 'max' or 'mean'"),
    (["--dropout-words", "1"], 64, "--dropout-words must be a share from 0 to below 1, not 1.0."),
    (["--dropout-layers", "0.5"], 64, "--dropout-layers needs two layers or more"),
    (["--embedding-size", "0", "--dropout-embedding", "0.5"], 64, "--dropout-embedding needs an embedding"),
    (["--class-weights", "1,2,3"], 64, "--class-weights must be a number for each label"),
    (["--hidden-size", "60000", "--max-length", "1000000"], 64, "GB of memory"),
    (["--data", "/nowhere.npz"], 1, "/nowhere.npz: no such file"),
    (["--data", "Package.swift"], 1, "Package.swift: "),
    (["--data", "Data"], 1, "Data: "),
    (["--word-index", "/nowhere.json"], 1, "/nowhere.json"),
    (["--initial-weights", "/nowhere.safetensors"], 1, "/nowhere.safetensors: no such file"),
    (["--output", "Package.swift"], 1, "Package.swift: is a file, not a folder"),
    (["--output", "Package.swift/run"], 1, "Package.swift/run: the folder can't be created"),
  ])
  func refusesWhatMakesNoSense(arguments: [String], exitCode: Int32, message: String) throws {
    try TemporaryFolder.with { folder in
      let outputs = (folder.url("output"), folder.url("errors"))
      let process = try LSTMProcess.start(
        ["train"] + small + ["--output", folder.path + "/run"] + arguments, output: outputs.0, errors: outputs.1)
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
  func aSignalEndsItAfterTheCurrentBatch(signal: Int32, exitCode: Int32) throws {
    try TemporaryFolder.with { folder in
      let process = try LSTMProcess.start(
        ["train"] + small + ["--epochs", "1000000", "--output", folder.path + "/run"], output: folder.url("output"),
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
    try TemporaryFolder.with { folder in
      var (terminal, slave): (Int32, Int32) = (-1, -1)
      var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
      #expect(openpty(&terminal, &slave, nil, nil, &size) == 0)
      let process = Process()
      process.executableURL = LSTMProcess.executable
      process.currentDirectoryURL = URL(fileURLWithPath: LSTMProcess.package)
      process.arguments = ["train"] + small + ["--output", folder.path + "/run"]
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

@Suite struct CommandTests {
  @Test func versionSaysWhatTheKernelsAreFor() throws {
    let run = try LSTMProcess.run("--version")
    #expect(run.exitCode == 0)
    #expect(try /\d+\.\d+\.\d+ \(kernels for .+\)\n/.wholeMatch(in: run.output) != nil)
  }

  @Test func helpNamesEveryOptionAndDefault() throws {
    let help = try LSTMProcess.run("train", "--help").output.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    for option in [
      "--data", "--vocabulary-size", "--max-length", "--embedding-size", "--hidden-size", "--epochs", "--batch-size",
      "--learning-rate", "--seed", "--threads", "--limit", "--no-shuffle", "--initial-weights", "--word-index",
      "--quiet", "--output", "--overwrite", "--layers", "--bidirectional", "--pooling", "--mask-padding",
      "--dropout-words", "--dropout-embedding", "--dropout-recurrent", "--dropout-layers", "--dropout-output",
    ] {
      #expect(help.contains(option), "\(option)")
    }
    for value in ["1000", "400", "128", "0.001", "Data/run"] { #expect(help.contains("default: \(value)"), "\(value)") }
  }

  @Test func inspectShowsTheSample() throws {
    let run = try LSTMProcess.run("inspect", "Data/sample.npz", "--max-length", "60")
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    for text in ["training", "test", "50.0 %", "The first training text", "<start>", "padded in front to 60"] {
      #expect(run.output.contains(text), "\(text)")
    }
  }

  @Test func benchmarkPrintsATableAndWritesJSON() throws {
    let json = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: json) }
    let run = try LSTMProcess.run(
      "benchmark", "--data", "Data/sample.npz", "--batches", "2", "--batch-size", "60", "--threads", "2", "--json",
      json.path)
    #expect(run.exitCode == 0)
    for row in [
      "| FMA peak", "| training batch, s |", "| evaluation batch, s |", "| peak memory, MB |", "| 1 thread |",
    ] {
      #expect(run.output.contains(row), "\(row)")
    }
    let figures = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: json)) as? [String: Any])
    let series = try #require(figures["series"] as? [[String: Any]])
    #expect(series.map { $0["threads"] as? Int } == [2, 1])
    #expect((series[0]["trainingSeconds"] as? [Double])?.count == 2)
    #expect((figures["trainingLosses"] as? [Double])?.allSatisfy { (0.3...1).contains($0) } == true)
    #expect(try LSTMProcess.run("benchmark", "--data", "Data/sample.npz", "--batches", "0").exitCode == 64)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset"), "skipped: there is no taskset"))
  func threadsAreTheCoresThatTheProcessMayUse() throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/taskset")
    process.arguments = [
      "--cpu-list", "0", LSTMProcess.executable.path, "benchmark", "--data", "Data/sample.npz", "--batches", "1",
      "--batch-size", "6",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: LSTMProcess.package)
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(output.contains("|  | 1 thread | "), "\(output)")
  }

  @Test func inspectSaysWhatIsWrong() throws {
    for (archive, message) in [("/nowhere.npz", "no such file"), ("LICENSE", "LICENSE: ")] {
      let run = try LSTMProcess.run("inspect", archive)
      #expect(run.exitCode == 1)
      #expect(run.output == "")
      #expect(run.errors.contains(message), "\(run.errors)")
    }
  }
}
