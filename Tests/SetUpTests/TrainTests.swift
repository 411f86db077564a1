import Foundation
import Testing

@Suite("Scripts/train.sh")
struct TrainTests {
  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.fake("lstm", #"printf '%s\n' "$@" > "$HERE/arguments"; exit "${CODE:-0}""#)
  }

  func train(_ environment: [String: String] = [:]) throws -> Workspace.Outcome {
    let offline = ["LSTM": workspace.path("fakes/lstm"), "LSTM_DATA_ADDRESS": try LoopbackServer.deadAddress()]
    return try workspace.run("Scripts/train.sh", environment: offline.merging(environment) { $1 })
  }

  /// What `lstm` was called with.
  func arguments() throws -> [String] { try workspace.read("arguments").split(separator: "\n").map(String.init) }

  @Test("An archive of the user's, with its word index, epochs and threads")
  func archive() throws {
    try workspace.write("", to: "my data/imdb.npz")
    try workspace.write("", to: "my data/imdb_word_index.json")
    let outcome = try train([
      "DATA": workspace.path("my data/imdb.npz"), "EPOCHS": "5", "THREADS": "2", "OUTPUT": workspace.path("my run"),
    ])
    #expect(outcome.code == 0)
    #expect(
      try arguments() == [
        "train", "--data", workspace.path("my data/imdb.npz"), "--word-index",
        workspace.path("my data/imdb_word_index.json"), "--epochs", "5", "--threads", "2", "--output",
        workspace.path("my run"),
      ])
  }

  @Test("Data/imdb.npz is used as it lies there, with the tutorial's settings")
  func imdb() throws {
    try workspace.write("", to: "Data/imdb.npz")
    let outcome = try train()
    #expect(outcome.said == "")
    #expect(
      try arguments() == ["train", "--data", workspace.path("Data/imdb.npz"), "--output", workspace.path("Data/run")])
  }

  @Test("A preset")
  func preset() throws {
    try workspace.write("", to: "Data/imdb.npz")
    #expect(try train(["PRESET": "accurate"]).code == 0)
    #expect(
      try arguments() == [
        "train", "--data", workspace.path("Data/imdb.npz"), "--preset", "accurate", "--output",
        workspace.path("Data/run"),
      ])
  }

  @Test("An archive that is not there")
  func missingArchive() throws {
    let outcome = try train(["DATA": "nowhere.npz"])
    #expect(outcome.code == 66)
    #expect(outcome.said.contains("DATA=nowhere.npz is no file"))
    #expect(!workspace.exists("arguments"))
  }

  @Test("Without a network the sample is trained on, with its settings, and both are said")
  func sample() throws {
    let outcome = try train()
    #expect(outcome.code == 0)
    #expect(outcome.said.contains("no network"))
    #expect(outcome.said.contains("the generated sample. Its figures are not those of IMDB"))
    let settings = try workspace.read("Data/sample.options").split(separator: "\n").filter { $0.hasPrefix("--") }
    #expect(settings.count >= 6)
    let given = try arguments()
    #expect(given.prefix(3) == ["train", "--data", workspace.path("Data/sample.npz")])
    #expect(given.joined(separator: " ").contains("--word-index \(workspace.path("Data/sample_word_index.json"))"))
    for setting in settings {
      #expect(given.joined(separator: " ").contains(setting))
      #expect(outcome.said.contains(setting))
    }
  }

  @Test("EPOCHS outdoes the sample's setting")
  func sampleEpochs() throws {
    _ = try train(["EPOCHS": "2"])
    let given = try arguments()
    #expect(given.filter { $0 == "--epochs" }.count == 1)
    #expect(given.joined(separator: " ").contains("--epochs 2"))
  }

  @Test("The exit code is handed on")
  func exitCode() throws {
    #expect(try train(["CODE": "7"]).code == 7)
  }

  @Test("A signal reaches lstm, and its answer is handed on")
  func signal() throws {
    try workspace.fake("lstm", #"trap 'exit 9' TERM; touch "$HERE/started"; for _ in {1..200}; do sleep 0.05; done"#)
    try workspace.write("", to: "Data/imdb.npz")
    let running = try workspace.start("Scripts/train.sh", environment: ["LSTM": workspace.path("fakes/lstm")])
    while !workspace.exists("started") && running.process.isRunning { usleep(10_000) }
    running.process.terminate()
    #expect(try running.outcome().code == 9)
  }

  @Test("Older runs are moved aside under their own time, and none is overwritten")
  func olderRun() throws {
    let time = Date(timeIntervalSince1970: 1_772_420_645)  // 2026-03-02 03:04:05 UTC
    for run in ["first", "second"] {
      try workspace.write(run, to: "Data/run/model.safetensors")
      try FileManager.default.setAttributes(
        [.modificationDate: time], ofItemAtPath: workspace.path("Data/run/model.safetensors"))
      let outcome = try train()
      #expect(outcome.said.contains("The run that was in \(workspace.path("Data/run")) is in"))
      #expect(!workspace.exists("Data/run"))
    }
    #expect(try workspace.read("Data/run-2026-03-02T03-04-05/model.safetensors") == "first")
    #expect(try workspace.read("Data/run-2026-03-02T03-04-05-2/model.safetensors") == "second")
  }

  @Test("An empty folder is used as it is")
  func emptyRun() throws {
    try FileManager.default.createDirectory(
      at: workspace.root.appending(path: "Data/run"), withIntermediateDirectories: true)
    #expect(try !train().said.contains("The run that was"))
    #expect(workspace.exists("Data/run"))
  }

  @Test("A folder of the user's that holds no run is not moved")
  func foreignFolder() throws {
    try workspace.write("dear diary", to: "letters/diary.txt")
    _ = try train(["OUTPUT": workspace.path("letters")])
    #expect(try workspace.names(in: "letters") == ["diary.txt"])
  }

  @Test("A run in OUTPUT is moved aside too")
  func runInOutput() throws {
    try workspace.write("model", to: "mine/model.safetensors")
    let outcome = try train(["OUTPUT": workspace.path("mine") + "/"])
    #expect(outcome.said.contains("The run that was in"))
    #expect(!workspace.exists("mine"))
  }
}
