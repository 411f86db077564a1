import Files
import Fixtures
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

@Suite struct EventFileTests {
  private let golden: TensorBoardGolden

  init() throws { golden = try goldenValues("TrainingTests/Golden/tensorboard.json") }

  private func hexadecimal(_ bytes: Data) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

  private var start: Date { Date(timeIntervalSince1970: golden.wallTime) }

  @Test func aNewFileHasTheBytesOfTensorBoards() throws {
    try withTemporaryFolder { folder in
      let file = try EventFile(folder: folder.path, startTime: start)
      try file.write([("epoch_loss", 0)], step: 0, wallTime: start)
      try file.write([("batch_accuracy", 0.5), ("batch_loss", 0.75)], step: 1, wallTime: start + 1)
      try file.write([("batch_loss", -1e-3)], step: 300, wallTime: start + 300)
      #expect(hexadecimal(try Data(contentsOf: URL(fileURLWithPath: file.path))) == golden.newFile)
    }
  }

  @Test func aResumedFileHasTheBytesOfTensorBoards() throws {
    try withTemporaryFolder { folder in
      let file = try EventFile(folder: folder.path, startTime: start, resumingAfterStep: 300)
      try file.write([("epoch_loss", .infinity)], step: 1 << 40, wallTime: start + TimeInterval(1 << 40))
      #expect(hexadecimal(try Data(contentsOf: URL(fileURLWithPath: file.path))) == golden.resumedFile)
    }
  }

  /// A record is 8 bytes of its length, 4 of their checksum, the content, and 4 of its checksum.
  @Test func eachWriteIsOneWholeRecordThatIsThereAtOnce() throws {
    try withTemporaryFolder { folder in
      let file = try EventFile(folder: folder.path, startTime: start)
      for step in 1...3 {
        let before = try Data(contentsOf: URL(fileURLWithPath: file.path))
        let tag = String(repeating: "é", count: 50 * step)
        try file.write([(tag, 1)], step: Int64(-step), wallTime: start)
        let after = try Data(contentsOf: URL(fileURLWithPath: file.path))
        #expect(after.starts(with: before))
        let record = Data(after.dropFirst(before.count))
        let length = record.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(record.count == 12 + length + 4)
        // The value is the content's end: field 2 (a float, so tag 0x15), 1.0 in little-endian order.
        #expect(record.dropLast(4).suffix(5) == Data([0x15, 0, 0, 0x80, 0x3F]))
        #expect(record.range(of: Data(tag.utf8)) != nil)
      }
    }
  }

  // MARK: Names

  private func name(of file: EventFile) -> String { (file.path as NSString).lastPathComponent }

  private let second = Date(timeIntervalSince1970: 1_700_000_000)

  @Test func aNameHasTheSecondOfTheStart() throws {
    try withTemporaryFolder { folder in
      let name = name(of: try EventFile(folder: folder.path, startTime: second))
      #expect(name.hasPrefix("events.out.tfevents.1700000000."))
      #expect(name.hasSuffix(".swift-lstm"))
    }
  }

  @Test func aSecondFileOfTheSameSecondComesAfterTheFirst() throws {
    try withTemporaryFolder { folder in
      _ = try EventFile(folder: folder.path, startTime: second)
      let name = name(of: try EventFile(folder: folder.path, startTime: second))
      #expect(name.hasPrefix("events.out.tfevents.1700000001."))
    }
  }

  @Test func aFileComesAfterThoseOfAClockThatWasAhead() throws {
    try withTemporaryFolder { folder in
      try folder.write("", to: "events.out.tfevents.1800000000.host")
      let name = name(of: try EventFile(folder: folder.path, startTime: second))
      #expect(name.hasPrefix("events.out.tfevents.1800000001."))
    }
  }

  @Test func namesThatOnlyLookLikeItDoNotCount() throws {
    try withTemporaryFolder { folder in
      for other in ["events.out.tfevents.99999999999", "events.out.tfevents.x"] { try folder.write("", to: other) }
      let name = name(of: try EventFile(folder: folder.path, startTime: second))
      #expect(name.hasPrefix("events.out.tfevents.1700000000."))
    }
  }

  @Test func refusesAFolderThatCannotBeMade() throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("", to: "file") + "/train"
      refuses(FileError.self, at: path, "the folder can't be created") {
        try EventFile(folder: path, startTime: Date())
      }
    }
  }

  // MARK: Tags

  /// Of four samples.
  private func metrics(lossSum: Double, correctCount: Int) -> Metrics {
    var metrics = Metrics()
    (metrics.lossSum, metrics.correctCount, metrics.sampleCount) = (lossSum, correctCount, 4)
    return metrics
  }

  private var step: StepRecord {
    StepRecord(
      step: 1, epoch: 0, metrics: metrics(lossSum: 5, correctCount: 1),
      epochMetrics: metrics(lossSum: 8, correctCount: 4))
  }

  private var epoch: EpochRecord {
    EpochRecord(
      epoch: 0, training: metrics(lossSum: 6, correctCount: 2), validation: metrics(lossSum: 7, correctCount: 3),
      trainingSeconds: 1, seconds: 2)
  }

  /// Keras has more, `evaluation_loss_vs_iterations` and the like.
  @Test func tagsAndStepsAreThoseOfKeras() {
    for (scalars, folder, firstStep) in [
      (step.scalars, "train", step.step), (epoch.trainingScalars(learningRate: 0.1), "train", epoch.epoch),
      (epoch.validationScalars, "validation", epoch.epoch),
    ] {
      for scalar in scalars { #expect(golden.keras.steps[folder]?[scalar.tag]?.first == firstStep, "\(scalar.tag)") }
    }
  }

  private func dictionary(_ scalars: [EventFile.Scalar]) -> [String: Float] {
    Dictionary(uniqueKeysWithValues: scalars.map { ($0.tag, $0.value) })
  }

  /// 5 / 4 and 1 / 4: the batch's own, not the epoch's so far.
  @Test func aStepHasTheFiguresOfItsBatch() {
    #expect(dictionary(step.scalars) == ["batch_loss": 1.25, "batch_accuracy": 0.25])
  }

  /// 6 / 4 and 2 / 4.
  @Test func anEpochHasItsTrainingFiguresAndItsRate() {
    #expect(
      dictionary(epoch.trainingScalars(learningRate: 0.1)) == [
        "epoch_loss": 1.5, "epoch_accuracy": 0.5, "epoch_learning_rate": 0.1,
      ])
  }

  /// 7 / 4 and 3 / 4.
  @Test func anEpochHasItsValidationFigures() {
    #expect(dictionary(epoch.validationScalars) == ["epoch_loss": 1.75, "epoch_accuracy": 0.75])
  }

  // MARK: TensorBoard itself

  /// What it reads from the folder, sorted: a tag, a step and a value a line.
  private func tensorBoardLines(_ folder: String) throws -> [String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
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
    try withTemporaryFolder { temporary in
      let folder = temporary.path
      let start = Date()
      var file = try EventFile(folder: folder, startTime: start)
      try file.write(epoch.validationScalars, step: 0, wallTime: start)
      for step in 1...400 as ClosedRange<Int64> {
        try file.write([("batch_loss", 1 / Float(step)), ("batch_accuracy", 0.1)], step: step, wallTime: Date())
      }
      // The last record is cut short, as by a kill or a full disk.
      #expect(truncate(file.path, try Data(contentsOf: URL(fileURLWithPath: file.path)).count - 3) == 0)
      var expected = (1..<400).flatMap { ["batch_loss \($0) \(1 / Float($0))", "batch_accuracy \($0) 0.1"] }
      expected += ["epoch_loss 0 1.75", "epoch_accuracy 0 0.75"]
      #expect(try tensorBoardLines(folder) == expected.sorted())

      file = try EventFile(folder: folder, startTime: start, resumingAfterStep: 250)
      expected.removeAll { $0.hasPrefix("batch") && Int($0.split(separator: " ")[1])! > 250 }
      #expect(try tensorBoardLines(folder) == expected.sorted())
      try file.write([("batch_loss", 2)], step: 251, wallTime: Date())
      #expect(try tensorBoardLines(folder) == (expected + ["batch_loss 251 2.0"]).sorted())
    }
  }
}
