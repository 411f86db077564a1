import Classification
import Fixtures
import Foundation
import Testing

/// `lstm predict` on tables, with all that an answer can hold.
@Suite struct TableAnswersCommandTests {
  private static let table = "id,text,label\n1,a good film,x\n2,bad,y,z\n3,\"bad, unknown\",\n"

  private func predict(_ arguments: String..., input: String = "") throws -> LSTMProcess {
    try PredictCommandTests.predict(arguments: arguments, input: Data(input.utf8))
  }

  private static func probabilities(_ texts: String...) throws -> [[Float]] {
    try TextClassifier(PredictCommandTests.model).classify(texts).map(\.probabilities)
  }

  @Test func theMostProbableLabelsAreShown() throws {
    let probabilities = try Self.probabilities("a good film")[0]
    let sorted = zip(probabilities, ["negative", "positive"]).sorted { $0.0 > $1.0 }
    let text = try predict("--top", "2", "a good film").output
    #expect(text == sorted.map { String(format: "%.4f ", $0.0) + $0.1 }.joined(separator: ", ") + "  a good film\n")
    let json = try predict("--top", "1", "--format", "jsonl", "a good film").output
    #expect(json.contains("\"top\":[{\"label\":\"\(sorted[0].1)\",\"probability\":\(sorted[0].0)}]"), "\(json)")
    #expect(json.contains("\"probabilities\":{\"negative\":\(probabilities[0]),\"positive\":\(probabilities[1])}"))
    #expect(json.contains("\"known_words\":3"), "\(json)")
  }

  @Test func tablesCanHaveAllProbabilities() throws {
    let probabilities = try Self.probabilities("bad", "zzz")
    let lines = try predict("--format", "csv", "--probabilities", "bad", "zzz").output.split(separator: "\n")
    #expect(lines[0] == "text,probability,label,known_words,probability_negative,probability_positive")
    #expect(lines[1].hasSuffix(",1,\(probabilities[0][0]),\(probabilities[0][1])"))
    #expect(lines[2].hasSuffix(",0,\(probabilities[1][0]),\(probabilities[1][1])"))
  }

  @Test func columnsStandBesideTheAnswersAndBadRowsAreAnswered() throws {
    let answers = ["--format", "csv", "--answer-bad-rows", "--data", "-", "--keep-columns"]
    let all = try PredictCommandTests.predict(arguments: answers + ["all"], input: Data(Self.table.utf8))
    #expect(all.exitCode == 0, "\(all.errors)")
    let lines = all.output.split(separator: "\n")
    #expect(lines.count == 4 && lines[0] == "id,text,label,probability,predicted_label,error")
    #expect(lines[1].hasPrefix("1,a good film,x,0.") && lines[3].hasPrefix("3,\"bad, unknown\",,0."))
    #expect(lines[2] == ",,,,,\"line 3: expected 3 fields as in the first line, found 4\"")
    let some = try PredictCommandTests.predict(arguments: answers + ["id"], input: Data(Self.table.utf8))
    #expect(some.output.hasPrefix("id,probability,label,error\n1,0."), "\(some.output)")
  }

  @Test func standardInputIsReadAsATable() throws {
    let objects = "{\"id\": 7, \"text\": \"bad\"}\n[]\n"
    let run = try predict(
      "--format", "jsonl", "--answer-bad-rows", "--keep-columns", "id", "--data", "-", input: objects)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("{\"id\":\"7\",\"probability\":"), "\(run.output)\(run.errors)")
    #expect(lines[1] == "{\"error\":\"line 2: expected a JSON object, found something else\"}")
    let stopped = try predict("--data", "-", input: Self.table)
    #expect(stopped.exitCode == 1 && stopped.output.split(separator: "\n").count == 1)
    #expect(stopped.errors.contains("standard input: line 3: expected 3 fields"), "\(stopped.errors)")
  }

  @Test func aColumnThatIsMissingIsNamed() throws {
    let run = try predict("--format", "csv", "--keep-columns", "name", "--data", "-", input: Self.table)
    #expect(
      run.exitCode == 1 && run.errors.contains("standard input: has no column “name”, only “id”, “text”, “label”"),
      "\(run.errors)")
  }

  @Test(arguments: [
    (["--top", "2", "--format", "csv", "a"], "--top goes with --format text or jsonl."),
    (["--top", "0", "a"], "--top must be at least 1, not 0."),
    (["--probabilities", "a"], "--probabilities goes with --format csv."),
    (["--keep-columns", "id", "--data", "-"], "--keep-columns goes with --format csv or jsonl."),
    (["--answer-bad-rows", "--format", "csv", "a"], "--answer-bad-rows goes with --data"),
    (["--answer-bad-rows", "--skip-bad-rows", "--format", "csv", "--data", "-"], "Give either --skip-bad-rows or"),
  ])
  func optionsThatDoNotGoTogetherAreRefused(arguments: [String], message: String) throws {
    let run = try PredictCommandTests.predict(arguments: arguments)
    #expect(run.exitCode == 64 && run.errors.contains(message), "\(run.errors)")
  }
}
