import Fixtures
import Foundation
import Testing

@Suite struct ResumeCommandTests {
  private static let settings = [
    "--data", "Data/sample.npz", "--limit", "60", "--vocabulary-size", "100", "--max-length", "20",
    "--embedding-size", "8", "--hidden-size", "8", "--batch-size", "20", "--quiet",
  ]

  private func lstm(_ folder: TemporaryFolder, _ arguments: [String]) throws -> (code: Int32, errors: String) {
    let process = try LSTMProcess.start(arguments, output: folder.url("output"), errors: folder.url("errors"))
    process.waitUntilExit()
    return (process.terminationStatus, try folder.text("errors"))
  }

  @Test func aRunThatWasInterruptedEndsWithTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let whole = try lstm(folder, ["train"] + Self.settings + ["--epochs", "300", "--output", folder.path + "/whole"])
      try #require(whole.code == 0, "\(whole.errors)")
      var arguments =
        ["train"] + Self.settings + ["--epochs", "300", "--output", folder.path + "/run", "--threads", "2"]
      var interruptions = 0
      while true {
        let process = try LSTMProcess.start(arguments, output: folder.url("output"), errors: folder.url("errors"))
        // Not before there is a run to stop, and its signals are listened to.
        let deadline = Date(timeIntervalSinceNow: 30)
        let rows = (try? folder.text("run/steps.csv").count) ?? 0
        while process.isRunning, (try? folder.text("run/steps.csv").count) ?? 0 <= rows, Date() < deadline {
          usleep(1000)
        }
        if interruptions < 3 { kill(process.processIdentifier, SIGINT) }
        process.waitUntilExit()
        let errors = try folder.text("errors")
        if process.terminationStatus == 0 { break }
        try #require(process.terminationStatus == 130, "\(errors)")
        interruptions += 1
        arguments = ["train", "--quiet", "--resume", folder.path + "/run", "--threads", "\(interruptions)"]
      }
      #expect(interruptions > 0)
      for name in ["model.safetensors", "history.csv", "steps.csv"] {
        #expect(try folder.bytes("run/\(name)") == folder.bytes("whole/\(name)"), "\(name)")
      }
      #expect(try folder.text("run/performance.csv").split(separator: "\n").count == 1 + 900)
    }
  }

  // MARK: A finished run

  private static let finished = Result { try TrainedRun(settings) }

  @Test func aFinishedRunIsLeftAsItIs() throws {
    try withTemporaryFolder { folder in
      let run = try Self.finished.get().write(into: folder)
      let resumed = try lstm(folder, ["train", "--resume", run])
      #expect(resumed.code == 0)
      #expect(resumed.errors.contains("this run is finished"))
      #expect(try folder.bytes("run/model.safetensors") == Self.finished.get().bytes("model.safetensors"))
    }
  }

  @Test func moreEpochsContinueAFinishedRun() throws {
    try withTemporaryFolder { folder in
      let run = try Self.finished.get().write(into: folder)
      let more = try lstm(folder, ["train", "--quiet", "--resume", run, "--epochs", "4"])
      #expect(more.code == 0, "\(more.errors)")
      #expect(try folder.text("run/history.csv").split(separator: "\n").count == 1 + 4)
    }
  }

  /// Each: the arguments, in which RUN is the run's path; the exit code; words of the message.
  @Test(
    arguments: [
      (["--resume", "RUN", "--hidden-size", "16"], 1, "hiddenSize: 16, 8"),
      (
        [
          "--resume", "RUN", "--layers", "2", "--bidirectional", "--pooling", "mean", "--mask-padding",
          "--embedding-size", "0", "--dropout-words", "0.1", "--dropout-recurrent", "0.2", "--dropout-layers", "0.3",
          "--dropout-output", "0.4",
        ], 1,
        "dropout.layers: 0.3, 0; dropout.output: 0.4, 0; dropout.recurrent: 0.2, 0; dropout.words: 0.1, 0; "
          + "embeddingSize: 0, 8; isBidirectional: true, false; layerCount: 2, 1; masksPadding: true, false; "
          + #"pooling: "mean", "last""#
      ),
      (["--resume", "RUN", "--dropout-embedding", "0.5"], 1, "dropout.embedding: 0.5, 0"),
      (["--resume", "RUN", "--dense-layers", "9"], 1, #"denseLayers: [{"activation":"relu","size":9}], none"#),
      (["--resume", "RUN", "--epochs", "2"], 1, "epochs: 2, 3"),
      (["--resume", "RUN", "--limit", "5"], 64, "--limit can't be given with --resume"),
      (["--resume", "RUN", "--epochs", "4", "--data", "Package.swift"], 1, "Package.swift: "),
      (["--resume", "RUN/.."], 1, "there are no checkpoints in it"),
      ([], 64, "--data is missing"),
    ] as [([String], Int32, String)])
  func refusesToGoOnWithSomethingElse(arguments: [String], code: Int32, message: String) throws {
    try withTemporaryFolder { folder in
      let run = try Self.finished.get().write(into: folder)
      let refused = try lstm(folder, ["train"] + arguments.map { $0.replacing("RUN", with: run) })
      #expect(refused.code == code)
      #expect(refused.errors.contains(message), "\(refused.errors)")
      #expect(try folder.bytes("run/model.safetensors") == Self.finished.get().bytes("model.safetensors"))
    }
  }

  // MARK: Settings from a file

  @Test func theSettingsOfARunGiveTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let run = try Self.finished.get().write(into: folder)
      let again = try lstm(
        folder,
        [
          "train", "--data", "Data/sample.npz", "--limit", "60", "--quiet", "--configuration", run + "/run.json",
          "--output", folder.path("again"),
        ])
      #expect(again.code == 0, "\(again.errors)")
      #expect(try folder.bytes("again/model.safetensors") == folder.bytes("run/model.safetensors"))
    }
  }

  @Test(arguments: [
    ("[]", "is not a JSON object"), (#"{"epoch": 3}"#, "there is no setting epoch"),
    (#"{"epochs": "3"}"#, #"epochs is "3", expected a value like 3"#), (#"{"epochs": 0}"#, "epochs must be from 1"),
  ])
  func refusesSettingsThatMakeNoSense(json: String, message: String) throws {
    try withTemporaryFolder { folder in
      let settings = try folder.write(json, to: "settings.json")
      let refused = try lstm(folder, ["train", "--data", "Data/sample.npz", "--configuration", settings])
      #expect(refused.code != 0)
      #expect(refused.errors.contains(message), "\(refused.errors)")
    }
  }

  @Test(arguments: [("/dev/zero", "is not a regular file"), ("/nowhere/settings.json", "no such file")])
  func refusesSettingsThatAreNoFile(path: String, message: String) throws {
    try withTemporaryFolder { folder in
      let refused = try lstm(folder, ["train", "--data", "Data/sample.npz", "--configuration", path])
      #expect(refused.code != 0)
      #expect(refused.errors.contains(message), "\(refused.errors)")
    }
  }
}
