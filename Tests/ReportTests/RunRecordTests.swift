import Files
import Fixtures
import Foundation
import Hyperparameters
import Report
import Testing
import Training

@Suite struct RunRecordTests {
  static let history = "epoch,accuracy,loss,val_accuracy,val_loss\n"
  static let steps = "step,loss,accuracy\n"

  private func read(_ files: [String: String]) throws -> RunRecord {
    try withTemporaryFolder { folder in try RunRecord(contentsOf: folder.run(files).path) }
  }

  @Test func readsWhatARunWrites() throws {
    let record = try read([
      "history.csv": Self.history + "0,0.5,0.7,0.625,0.6875\n1,0.75,0.5,0.8125,nan\n",
      "steps.csv": Self.steps + "1,0.7,0.5\n2,inf,0.75\n",
      "performance.csv": "step,seconds,memory_bytes\n1,0.5,1000000\n2,0.75,2000000\n",
      "run.json": TemporaryRun.settings(limit: "12"),
    ])
    let epoch = record.epochs[0]
    #expect(epoch.number == 1)
    #expect([epoch.loss, epoch.accuracy, epoch.validationLoss, epoch.validationAccuracy] == [0.7, 0.5, 0.6875, 0.625])
    #expect(epoch.learningRate == nil)
    #expect(record.epochs[1].number == 2)
    #expect(record.epochs[1].validationLoss.isNaN)
    #expect(record.steps.map(\.number) == [1, 2])
    #expect(record.steps.map(\.loss) == [0.7, .infinity])
    #expect(record.steps.map(\.accuracy) == [0.5, 0.75])
    #expect(record.performance.map(\.step) == [1, 2])
    #expect(record.performance.map(\.seconds) == [0.5, 0.75])
    #expect(record.performance.map(\.memoryBytes) == [1e6, 2e6])
    #expect(record.settings?.limit == 12)
    #expect(record.settings?.threads == 2)
    #expect(record.configuration == TrainingConfiguration())
    #expect(record.model == nil)
  }

  /// Each: what is monitored, the patience, the number of epochs asked for, and the epoch whose weights the model has.
  @Test(arguments: [
    (MonitoredQuantity.validationLoss, 5, 4, 2), (.validationAccuracy, 5, 4, 3), (.validationLoss, 2, 9, 2),
    // Stopped by its user.
    (.validationLoss, 5, 9, 4),
    // Not recorded.
    (.validationF1, 5, 4, 4),
  ]) func theModelHasTheWeightsThatWereRestored(
    monitor: MonitoredQuantity, patience: Int, epochs: Int, expected: Int
  ) throws {
    var configuration = TrainingConfiguration()
    configuration.epochs = epochs
    for restores in [true, false] {
      var stopping = EarlyStopping()
      (stopping.monitor, stopping.patience, stopping.restoresBestWeights) = (monitor, patience, restores)
      configuration.earlyStopping = stopping
      let json = String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self)
      let record = try read([
        "history.csv": Self.history + "0,0.5,0.7,0.6,0.6\n1,0.6,0.6,0.7,0.5\n2,0.7,0.5,0.8,0.55\n3,0.8,0.4,0.75,0.6\n",
        "steps.csv": Self.steps,
        "run.json": "{\"version\":\"0.1.0\",\"data\":\"/a\",\"threads\":2,\"configuration\":\(json)}",
      ])
      #expect(record.modelEpoch?.number == (restores ? expected : 4))
    }
  }

  @Test func readsASchedulesRates() throws {
    let record = try read([
      "history.csv": "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n0,0.5,0.25,0.7,0.6,0.65\n",
      "steps.csv": Self.steps,
    ])
    #expect(record.epochs.map(\.learningRate) == [0.25])
    #expect(record.epochs[0].loss == 0.7)
  }

  @Test func readsARunThatHasJustBegun() throws {
    let record = try read(["history.csv": Self.history, "steps.csv": Self.steps + "1,0.69,0.5\n2,0.6"])
    #expect(record.epochs == [])
    #expect(record.steps.map(\.number) == [1])
    #expect(record.performance == [])
    #expect(record.configuration == nil)
    // Not even the header is complete.
    #expect(try read(["history.csv": "epoch,acc", "steps.csv": ""]).steps == [])
  }

  @Test(arguments: [
    ("history.csv", "hello", "history.csv: line 1 is not a known header"),
    ("history.csv", "hello\n", "history.csv: line 1 is not a known header, expected epoch,accuracy"),
    ("history.csv", history + "0,0.5\n", "history.csv: line 2 has 2 fields, expected 5"),
    ("history.csv", history + "0,1,1,1,1\n\n", "history.csv: line 3 has 1 field, expected 5"),
    ("history.csv", history + "0,1,1,x,1\n", "line 2: val_accuracy is not a number"),
    ("history.csv", history + "0,1,1,1e300,1\n", "line 2: val_accuracy is not a number"),
    ("history.csv", history + "0,1,1,1,1\r\n", "line 2: val_loss is not a number"),
    (
      "history.csv", history + "0,1,1,1,1\n0,1,1,1,1\n",
      "line 3: epoch must be a whole number greater than that of the line before"
    ),
    ("steps.csv", steps + "1.5,1,1\n", "line 2: step must be a whole number"),
    ("steps.csv", steps + "-1,1,1\n", "line 2: step must be a whole number"),
    ("steps.csv", steps + "nan,1,1\n", "line 2: step must be a whole number"),
    ("steps.csv", steps + "1e30,1,1\n", "line 2: step must be a whole number"),
    (
      "performance.csv", "step,seconds,memory_bytes\n1,2,1\n2,1,1\n",
      "performance.csv: line 3: seconds must not decrease"
    ),
    ("performance.csv", "step,seconds,memory_bytes\n1,inf,1\n", "line 2: seconds must not decrease"),
    ("performance.csv", "step,seconds,memory_bytes\n1,1,-5\n", "bytes must not be negative"),
    ("run.json", "", "run.json: byte 0: expected a value"),
    ("run.json", #"{"version":"0.1.0","x":-01}"#, "run.json: byte 25: expected “,”"),
    ("run.json", #"{"version":"0.1.0",}"#, "run.json: byte 19: expected a name"),
    ("run.json", "{\"version\":\"0.1.0\"}", "run.json: isn't the JSON"),
    ("run.json", String(repeating: "[", count: 100_000), "run.json: byte 500: values are nested too deeply"),
    ("run.json", TemporaryRun.settings(limit: "0"), "run.json: limit is 0"),
    ("run.json", TemporaryRun.settings(hiddenSize: "4611686018427387904"), "hiddenSize must be from 0"),
    ("run.json", TemporaryRun.settings(batchSize: "0"), "batchSize must be from 1 to 100000000, not 0"),
    ("model.safetensors", "nonsense", "model.safetensors: the header's length"),
  ])
  func refusesADamagedFile(name: String, contents: String, problem: String) {
    var files = ["history.csv": Self.history, "steps.csv": Self.steps]
    files[name] = contents
    refuses((any ActionableError).self, problem) { try read(files) }
  }

  @Test func refusesAFolderThatIsNotThere() {
    refuses(ReportError.self, at: "/nowhere", "no such folder") { try RunRecord(contentsOf: "/nowhere") }
  }

  @Test(arguments: ["history.csv", "steps.csv"]) func refusesAFolderWithoutAHistory(missing: String) {
    var files = ["history.csv": Self.history, "steps.csv": Self.steps]
    files[missing] = nil
    refuses(ReportError.self, "holds no run: \(missing) is missing") { try read(files) }
  }

  /// A pipe without a writer would be waited for.
  @Test func refusesAPipe() throws {
    try withTemporaryFolder { folder in
      let run = try folder.run(["history.csv": Self.history])
      mkfifo(run.path + "/steps.csv", 0o644)
      refuses(.notRegular(isFolder: false), at: run.path + "/steps.csv") { try RunRecord(contentsOf: run.path) }
    }
  }
}

extension TemporaryFolder {
  /// A run's folder in it, made of given files.
  func run(_ files: [String: String] = [:], named name: String = "run") throws -> TemporaryRun {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    for (file, text) in files { try write(text, to: "\(name)/\(file)") }
    return TemporaryRun(folder: self, name: name)
  }
}

/// A run's folder.
struct TemporaryRun {
  let folder: TemporaryFolder
  let name: String

  var path: String { folder.path(name) }

  func write(_ text: String, _ file: String) throws { try folder.write(text, to: "\(name)/\(file)") }

  /// run.json with the tutorial's configuration, some values replaced.
  static func settings(
    data: String = "/nowhere/imdb.npz", limit: String = "null", hiddenSize: String = "128", batchSize: String = "1000"
  ) -> String {
    let configuration = String(decoding: try! JSONEncoder().encode(TrainingConfiguration()), as: UTF8.self)
      .replacing("\"hiddenSize\":128", with: "\"hiddenSize\":\(hiddenSize)")
      .replacing("\"batchSize\":1000", with: "\"batchSize\":\(batchSize)")
    return "{\"version\":\"0.1.0\",\"data\":\"\(data)\",\"threads\":2,\"limit\":\(limit),"
      + "\"configuration\":\(configuration)}"
  }
}
