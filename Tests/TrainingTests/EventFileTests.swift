import Foundation
import GoldenValues
import Parallel
import RecurrentNetwork
import Testing
import Training

/// Made by Scripts/golden/tensorboard_keras.py.
struct TensorBoardGolden: Decodable {
  struct Keras: Decodable {
    /// By folder and tag.
    var steps: [String: [String: [Int]]]
    var historyNames: [String]
  }
  var wallTime: Double
  /// Whole files, in hexadecimal digits.
  var newFile: String
  var resumedFile: String
  var keras: Keras
}

private let tensorBoardPython = ProcessInfo.processInfo.environment["TENSORBOARD_PYTHON"]

@Suite final class EventFileTests {
  private let folder = NSTemporaryDirectory() + "events-\(UUID().uuidString)"

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The Events of a file, whose checksums must be right.
  private func events(of file: EventFile) throws -> [Data] {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
    func take(_ count: Int) throws -> Data {
      try #require(count <= bytes.count)
      defer { bytes = Data(bytes.dropFirst(count)) }
      return bytes.prefix(count)
    }
    func number(_ bytes: Data) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    func takeChecked(_ count: Int) throws -> Data {
      let content = try take(count)
      var crc = CRC32C()
      crc.update(content)
      let masked = (crc.value >> 15 | crc.value << 17) &+ 0xA282_EAD8
      #expect(try number(take(4)) == UInt64(masked))
      return content
    }
    var events: [Data] = []
    while !bytes.isEmpty { events.append(try takeChecked(Int(number(takeChecked(8))))) }
    return events
  }

  private func hexadecimal(_ bytes: Data) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

  @Test func bytesAreTensorBoards() throws {
    let golden: TensorBoardGolden = try goldenValues("TrainingTests/Golden/tensorboard.json")
    let start = Date(timeIntervalSince1970: golden.wallTime)
    func bytes(_ file: EventFile) throws -> String {
      hexadecimal(try Data(contentsOf: URL(fileURLWithPath: file.path)))
    }
    let file = try EventFile(folder: folder, startTime: start)
    try file.write([("epoch_loss", 0)], step: 0, wallTime: start)
    try file.write([("batch_accuracy", 0.5), ("batch_loss", 0.75)], step: 1, wallTime: start + 1)
    try file.write([("batch_loss", -1e-3)], step: 300, wallTime: start + 300)
    #expect(try bytes(file) == golden.newFile)
    let resumed = try EventFile(folder: folder, startTime: start, resumingAfterStep: 300)
    try resumed.write([("epoch_loss", .infinity)], step: 1 << 40, wallTime: start + TimeInterval(1 << 40))
    #expect(try bytes(resumed) == golden.resumedFile)
  }

  @Test func aWriteIsARecordThatIsThereAtOnce() throws {
    let start = Date(timeIntervalSince1970: 0)
    let file = try EventFile(folder: folder, startTime: start)
    #expect(
      try events(of: file).map(hexadecimal) == [
        "0900000000000000001a0d627261696e2e4576656e743a32", "0900000000000000003a020801",
      ])
    for step in 1...3 {
      let tag = String(repeating: "é", count: 50 * step)
      try file.write([(tag, 1)], step: Int64(-step), wallTime: start)
      let events = try events(of: file)
      #expect(events.count == step + 2)
      #expect(events.last?.suffix(5) == Data([0x15, 0, 0, 0x80, 0x3F]))
      #expect(events.last?.range(of: Data(tag.utf8)) != nil)
    }
  }

  @Test func aLaterFileComesAfterWhatTheFolderHas() throws {
    let start = Date(timeIntervalSince1970: 1_700_000_000)
    func name(_ file: EventFile) -> String { (file.path as NSString).lastPathComponent }
    let first = try EventFile(folder: folder, startTime: start)
    #expect(name(first).hasPrefix("events.out.tfevents.1700000000."))
    #expect(name(first).hasSuffix(".swift-lstm"))
    #expect(try name(EventFile(folder: folder, startTime: start)).hasPrefix("events.out.tfevents.1700000001."))
    // A clock that went back, on another machine; and names that only look like it.
    for other in ["events.out.tfevents.1800000000.host", "events.out.tfevents.99999999999", "events.out.tfevents.x"] {
      try Data().write(to: URL(fileURLWithPath: folder + "/" + other))
    }
    #expect(try name(EventFile(folder: folder, startTime: start)).hasPrefix("events.out.tfevents.1800000001."))
  }

  @Test func saysWhyThereCanBeNoFile() throws {
    try Data().write(to: URL(fileURLWithPath: folder))
    #expect {
      try EventFile(folder: folder + "/train", startTime: Date())
    } throws: {
      "\($0)".contains("\(folder)/train: the folder can't be created")
    }
  }

  // MARK: Tags

  private func metrics(_ loss: Double, _ correctCount: Int) -> Metrics {
    var metrics = Metrics()
    metrics.lossSum = loss
    metrics.correctCount = correctCount
    metrics.sampleCount = 4
    return metrics
  }

  private var step: StepRecord { StepRecord(step: 1, epoch: 0, metrics: metrics(1, 1), epochMetrics: metrics(2, 2)) }
  private var epoch: EpochRecord {
    EpochRecord(epoch: 0, training: metrics(2, 2), validation: metrics(3, 3), trainingSeconds: 1, seconds: 2)
  }

  /// Keras has more, `evaluation_loss_vs_iterations` and the like.
  @Test func tagsAndStepsAreThoseOfKeras() throws {
    let golden: TensorBoardGolden = try goldenValues("TrainingTests/Golden/tensorboard.json")
    for (scalars, folder, firstStep) in [
      (step.scalars, "train", step.step), (epoch.trainingScalars(learningRate: 0.1), "train", epoch.epoch),
      (epoch.validationScalars, "validation", epoch.epoch),
    ] {
      for scalar in scalars { #expect(golden.keras.steps[folder]?[scalar.tag]?.first == firstStep, "\(scalar.tag)") }
    }
  }

  @Test func scalarsAreThoseOfTheRecords() {
    func dictionary(_ scalars: [EventFile.Scalar]) -> [String: Float] {
      Dictionary(uniqueKeysWithValues: scalars.map { ($0.tag, $0.value) })
    }
    #expect(dictionary(step.scalars) == ["batch_loss": 0.25, "batch_accuracy": 0.25])
    #expect(
      dictionary(epoch.trainingScalars(learningRate: 0.1)) == [
        "epoch_loss": 0.5, "epoch_accuracy": 0.5, "epoch_learning_rate": 0.1,
      ])
    #expect(dictionary(epoch.validationScalars) == ["epoch_loss": 0.75, "epoch_accuracy": 0.75])
  }

  // MARK: TensorBoard itself

  /// What it reads from the folder, sorted: a tag, a step and a value a line.
  private func tensorBoardLines() throws -> [String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(tensorBoardPython))
    process.arguments = [root.appendingPathComponent("Scripts/check-events.py").path, folder]
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try output.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let value = try #require(Float(words[2]))
      return "\(words[0]) \(words[1]) \(value)"
    }.sorted()
  }

  @Test(.enabled(if: tensorBoardPython != nil, "skipped: TENSORBOARD_PYTHON names no Python that has tensorboard"))
  func tensorBoardReadsARunThatWasKilledAndResumed() throws {
    let start = Date()
    var file = try EventFile(folder: folder, startTime: start)
    try file.write(epoch.validationScalars, step: 0, wallTime: start)
    for step in 1...400 as ClosedRange<Int64> {
      try file.write([("batch_loss", 1 / Float(step)), ("batch_accuracy", 0.1)], step: step, wallTime: Date())
    }
    // The last record is cut short, as by a kill or a full disk.
    #expect(truncate(file.path, try Data(contentsOf: URL(fileURLWithPath: file.path)).count - 3) == 0)
    var expected = (1..<400).flatMap { ["batch_loss \($0) \(1 / Float($0))", "batch_accuracy \($0) 0.1"] }
    expected += ["epoch_loss 0 0.75", "epoch_accuracy 0 0.75"]
    #expect(try tensorBoardLines() == expected.sorted())

    file = try EventFile(folder: folder, startTime: start, resumingAfterStep: 250)
    expected.removeAll { $0.hasPrefix("batch") && Int($0.split(separator: " ")[1])! > 250 }
    #expect(try tensorBoardLines() == expected.sorted())
    try file.write([("batch_loss", 2)], step: 251, wallTime: Date())
    #expect(try tensorBoardLines() == (expected + ["batch_loss 251 2.0"]).sorted())
  }
}
