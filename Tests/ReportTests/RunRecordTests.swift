import Files
import Foundation
import Hyperparameters
import Report
import Testing
import Training

@Suite struct RunRecordTests {
  static let history = "epoch,accuracy,loss,val_accuracy,val_loss\n"
  static let steps = "step,loss,accuracy\n"

  private func read(_ files: [String: String]) throws -> RunRecord {
    let folder = try RunForTest(files)
    defer { folder.remove() }
    return try RunRecord(contentsOf: folder.path)
  }

  @Test func readsWhatARunWrites() throws {
    let record = try read([
      "history.csv": Self.history + "0,0.5,0.7,0.625,0.6875\n1,0.75,0.5,0.8125,nan\n",
      "steps.csv": Self.steps + "1,0.7,0.5\n2,inf,0.75\n",
      "performance.csv": "step,seconds,memory_bytes\n1,0.5,1000000\n2,0.75,2000000\n",
      "run.json": RunForTest.settings(limit: "12"),
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
    // Even the header may be incomplete.
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
    ("run.json", "", "run.json: isn't the JSON of a run's settings"),
    ("run.json", "{\"version\":\"0.1.0\"}", "run.json: isn't the JSON"),
    ("run.json", String(repeating: "[", count: 100_000), "run.json: isn't the JSON"),
    ("run.json", RunForTest.settings(limit: "0"), "run.json: limit is 0"),
    ("run.json", RunForTest.settings(hiddenSize: "4611686018427387904"), "hiddenSize must be from 1"),
    ("run.json", RunForTest.settings(batchSize: "0"), "batchSize must be from 1 to 100000000, not 0"),
    ("model.safetensors", "nonsense", "model.safetensors: the header's length"),
  ])
  func refuses(name: String, contents: String, problem: String) throws {
    var files = ["history.csv": Self.history, "steps.csv": Self.steps]
    files[name] = contents
    #expect {
      try read(files)
    } throws: { error in
      error is any ActionableError && "\(error)".contains(problem)
    }
  }

  @Test func saysWhyAFolderHoldsNoRun() throws {
    #expect { try RunRecord(contentsOf: "/nowhere") } throws: { "\($0)".contains("/nowhere: no such folder") }
    #expect { try read(["steps.csv": Self.steps]) } throws: { "\($0)".contains("holds no run: history.csv is missing") }
    #expect { try read(["history.csv": Self.history]) } throws: { "\($0)".contains("steps.csv is missing") }
    let folder = try RunForTest(["history.csv": Self.history])
    defer { folder.remove() }
    // Opening a pipe that nobody writes to would block.
    mkfifo(folder.path + "/steps.csv", 0o644)
    #expect { try RunRecord(contentsOf: folder.path) } throws: { "\($0)".contains("steps.csv: is not a regular file") }
  }
}

/// A run's folder, with the given files.
struct RunForTest {
  let path: String

  init(_ files: [String: String] = [:], named name: String = "run") throws {
    path = NSTemporaryDirectory() + "report-\(UUID().uuidString)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(text, name) }
  }

  func write(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func remove() { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }

  /// A run.json with the tutorial's configuration, some of whose values are replaced.
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
