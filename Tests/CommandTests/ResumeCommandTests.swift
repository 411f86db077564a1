import Foundation
import Testing

@Suite struct ResumeCommandTests {
  private let settings = [
    "train", "--data", "Data/sample.npz", "--limit", "60", "--vocabulary-size", "100", "--max-length", "20",
    "--embedding-size", "8", "--hidden-size", "8", "--batch-size", "20", "--quiet",
  ]

  private func lstm(_ folder: TemporaryFolder, _ arguments: [String]) throws -> (code: Int32, errors: String) {
    let process = try LSTMProcess.start(arguments, output: folder.url("output"), errors: folder.url("errors"))
    process.waitUntilExit()
    return (process.terminationStatus, try folder.text("errors"))
  }

  @Test func afterASignalItGoesOnToTheSameBytes() throws {
    try TemporaryFolder.with { folder in
      let whole = try lstm(folder, settings + ["--epochs", "300", "--output", folder.path + "/whole"])
      try #require(whole.code == 0, "\(whole.errors)")
      var arguments = settings + ["--epochs", "300", "--output", folder.path + "/run", "--threads", "2"]
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

  @Test func saysWhyItDoesNotGoOn() throws {
    try TemporaryFolder.with { folder in
      let run = folder.path + "/run"
      try #require(try lstm(folder, settings + ["--output", run]).code == 0)
      let model = try folder.bytes("run/model.safetensors")
      let finished = try lstm(folder, ["train", "--resume", run])
      #expect(finished.code == 0)
      #expect(finished.errors.contains("this run is finished"))
      #expect(try folder.bytes("run/model.safetensors") == model)
      for (arguments, code, message) in [
        (["--resume", run, "--hidden-size", "16"], 1, "hiddenSize: 16, 8"),
        (
          [
            "--resume", run, "--layers", "2", "--bidirectional", "--pooling", "mean", "--mask-padding",
            "--embedding-size", "0", "--dropout-words", "0.1", "--dropout-recurrent", "0.2", "--dropout-layers", "0.3",
            "--dropout-output", "0.4",
          ], 1,
          "dropout.layers: 0.3, 0; dropout.output: 0.4, 0; dropout.recurrent: 0.2, 0; dropout.words: 0.1, 0; "
            + "embeddingSize: 0, 8; isBidirectional: true, false; layerCount: 2, 1; masksPadding: true, false; "
            + #"pooling: "mean", "last""#
        ),
        (["--resume", run, "--dropout-embedding", "0.5"], 1, "dropout.embedding: 0.5, 0"),
        (["--resume", run, "--epochs", "2"], 1, "epochs: 2, 3"),
        (["--resume", run, "--limit", "5"], 64, "--limit can't be given with --resume"),
        (["--resume", run, "--epochs", "4", "--data", "Package.swift"], 1, "Package.swift: "),
        (["--resume", folder.path], 1, "there are no checkpoints in it"),
        ([], 64, "--data is missing"),
      ] as [([String], Int32, String)] {
        let outcome = try lstm(folder, ["train"] + arguments)
        #expect(outcome.code == code)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
      }
      let more = try lstm(folder, ["train", "--quiet", "--resume", run, "--epochs", "4"])
      #expect(more.code == 0, "\(more.errors)")
      #expect(try folder.text("run/history.csv").split(separator: "\n").count == 1 + 4)
    }
  }

  @Test func settingsComeFromAFile() throws {
    try TemporaryFolder.with { folder in
      let run = folder.path + "/run"
      try #require(try lstm(folder, settings + ["--output", run, "--seed", "5"]).code == 0)
      let again = try lstm(
        folder,
        [
          "train", "--data", "Data/sample.npz", "--limit", "60", "--quiet", "--configuration", run + "/run.json",
          "--output", folder.path + "/again",
        ])
      #expect(again.code == 0, "\(again.errors)")
      #expect(try folder.bytes("again/model.safetensors") == folder.bytes("run/model.safetensors"))
      for (text, message) in [
        ("[]", "is not a JSON object"), ("{\"epoch\": 3}", "there is no setting epoch"),
        ("{\"epochs\": \"3\"}", #"epochs is "3", expected a value like 3"#),
        ("{\"epochs\": 0}", "epochs must be from 1"),
      ] {
        try text.write(to: folder.url("settings.json"), atomically: true, encoding: .utf8)
        let refused = try lstm(
          folder, ["train", "--data", "Data/sample.npz", "--configuration", folder.path + "/settings.json"])
        #expect(refused.code != 0)
        #expect(refused.errors.contains(message), "\(refused.errors)")
      }
      for (path, message) in [("/dev/zero", "is not a regular file"), (folder.path + "/none", "no such file")] {
        let refused = try lstm(folder, ["train", "--data", "Data/sample.npz", "--configuration", path])
        #expect(refused.code != 0)
        #expect(refused.errors.contains(message), "\(refused.errors)")
      }
    }
  }
}
