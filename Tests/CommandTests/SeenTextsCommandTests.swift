import Fixtures
import Foundation
import Models
import Testing

/// What `lstm evaluate` measures of texts that the model was trained on, and of others.
@Suite struct SeenTextsCommandTests {
  private static func rows(_ range: Range<Int>) -> String {
    range.map { "a \($0 % 2 == 0 ? "good" : "bad") film number \($0),\($0 % 2)\n" }.joined()
  }

  private static let header = "text,label\n"

  /// A run on 100 texts, of which 20 were set apart.
  private static let trained = Result {
    try TrainedRun(
      [
        "--preset", "tutorial", "--vocabulary-size", "50", "--max-length", "20", "--embedding-size", "4",
        "--hidden-size",
        "6", "--batch-size", "16", "--epochs", "1", "--quiet",
      ], data: Data((header + rows(0..<100)).utf8))
  }

  private struct Facts: Decodable {
    var samples, seenInTraining, leftOut: Int
    var loss: Double
  }

  private static func decoded(_ run: LSTMProcess) throws -> Facts {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Facts.self, from: Data(run.output.utf8))
  }

  /// Measures a table by that run's model.
  private func facts(_ table: String, _ options: String...) throws -> Facts {
    let run = try evaluate(table, options + ["--format", "json"])
    try #require(run.exitCode == 0, "\(run.errors)")
    return try Self.decoded(run)
  }

  private func evaluate(_ table: String, _ options: [String]) throws -> LSTMProcess {
    try withTemporaryFolder { folder in
      let model = try Self.trained.get().write(into: folder) + "/model.safetensors"
      let data = try folder.write(table, to: "table.csv")
      return try LSTMProcess.run(["evaluate", "--model", model, "--data", data] + options)
    }
  }

  @Test func textsThatWereSeenInTrainingAreLeftOut() throws {
    let facts = try facts(Self.header + Self.rows(0..<100))
    #expect((facts.samples, facts.seenInTraining, facts.leftOut) == (20, 0, 80))
    let text = try evaluate(Self.header + Self.rows(0..<100), [])
    #expect(text.output.contains("\n80 other texts were seen in training and left out"), "\(text.output)")
  }

  @Test func moreRowsMoveNone() throws {
    let before = try facts(Self.header + Self.rows(0..<100))
    // Twenty that are there already, in front.
    let after = try facts(Self.header + Self.rows(40..<60) + Self.rows(0..<100))
    let copies = after.samples + after.leftOut - 100
    #expect(copies == 20 && after.seenInTraining == 0)
    let more = try facts(Self.header + Self.rows(0..<101))
    #expect((more.samples, more.leftOut) == (before.samples + 1, 80))
  }

  @Test func anotherFileIsMeasuredWhole() throws {
    let facts = try facts(Self.header + Self.rows(200..<250))
    #expect((facts.samples, facts.seenInTraining, facts.leftOut) == (50, 0, 0))
  }

  @Test func whatIsMeasuredCanBeSaid() throws {
    let table = Self.header + Self.rows(0..<100)
    let all = try facts(table, "--include-seen")
    #expect((all.samples, all.seenInTraining, all.leftOut) == (100, 80, 0))
    #expect(try facts(table, "--part", "all").samples == 100)
    #expect(try facts(table, "--part", "train").samples == 80)
    #expect(try facts(table, "--limit", "7").samples == 7)
    #expect(try evaluate(table, ["--include-seen"]).output.contains("\n80 of these texts were seen in training"))
    let none = try evaluate(Self.header + Self.rows(200..<203), ["--part", "train"])
    #expect(none.exitCode == 1 && none.errors.contains("has no text that was seen in training; choose --part all"))
  }

  @Test func aModelThatHasSeenAllSaysSo() throws {
    let table = Self.header + Self.rows(0..<100)
    let origins = try withTemporaryFolder { folder in
      let seen = try evaluate(table, ["--part", "train", "--predictions", folder.path("p.csv")])
      #expect(seen.exitCode == 0, "\(seen.errors)")
      return try folder.text("p.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",")[2...3] }
    }
    let run = try evaluate(Self.header + origins.map { $0.joined(separator: ",") + "\n" }.joined(), [])
    #expect(run.exitCode == 1 && run.errors.contains("all texts were seen in training"), "\(run.errors)")
  }

  @Test func predictionsAreWrittenWithTheirPlaces() throws {
    try withTemporaryFolder { folder in
      let table = Self.header + Self.rows(200..<203)
      #expect(try evaluate(table, ["--predictions", folder.path("p.csv")]).exitCode == 0)
      let lines = try folder.text("p.csv").split(separator: "\n")
      #expect(lines.count == 4 && lines[0] == "file,line,text,label,predicted,probability_0,probability_1")
      #expect(lines.contains { $0.hasPrefix("table.csv,3,a bad film number 201,1,") }, "\(lines)")
      #expect(try evaluate(table, ["--predictions", folder.path("p.jsonl")]).exitCode == 0)
      struct Line: Decodable {
        var file, text, label, predicted: String
        var line: Int
        var probabilities: [String: Double]
      }
      for line in try folder.text("p.jsonl").split(separator: "\n") {
        let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        #expect(line.text == "a \(line.line % 2 == 0 ? "good" : "bad") film number \(198 + line.line)")
        #expect(abs(line.probabilities["0"]! + line.probabilities["1"]! - 1) < 1e-5)
        #expect(line.predicted == (line.probabilities["1"]! > 0.5 ? "1" : "0"))
      }
      let numbers = try EvaluateCommandTests.evaluate(["--predictions", folder.path("q.csv")])
      #expect(numbers.exitCode == 1 && numbers.errors.contains("holds numbers, not texts; leave out --predictions"))
    }
  }

  /// A test part is measured whole, as it always was.
  @Test func aTestPartIsMeasuredWhole() throws {
    try withTemporaryFolder { folder in
      let model = try Self.trained.get().write(into: folder) + "/model.safetensors"
      try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
      try folder.write(Self.header + Self.rows(0..<100), to: "data/train.csv")
      try folder.write(Self.header + Self.rows(0..<100), to: "data/test.csv")
      let arguments = ["evaluate", "--model", model, "--data", folder.path("data"), "--format", "json"]
      for (options, expected) in [([], [100, 80, 0]), (["--no-include-seen"], [20, 0, 80])] {
        let run = try LSTMProcess.run(arguments + options)
        let facts = try Self.decoded(run)
        #expect([facts.samples, facts.seenInTraining, facts.leftOut] == expected)
      }
    }
  }
}
