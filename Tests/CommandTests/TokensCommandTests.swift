import Fixtures
import Foundation
import Models
import Testing

/// `--tokens`, from training to prediction.
@Suite struct TokensCommandTests {
  private static let small = [
    "--vocabulary-size", "60", "--max-length", "20", "--embedding-size", "4", "--hidden-size", "6", "--batch-size",
    "16", "--epochs", "1",
  ]

  /// A run on 40 texts.
  private static func run(_ tokens: String) -> Result<TrainedRun, any Error> {
    Result {
      let rows = (0..<40).map { $0 % 2 == 0 ? "这部电影很好看！\($0),1" : "It’s <b>BAD</b> 😀 \($0),0" }
      return try TrainedRun(
        small + ["--tokens", tokens, "--strip-html"], data: Data(("text,label\n" + rows.joined(separator: "\n")).utf8))
    }
  }

  private static let runs = ["words": run("words"), "characters": run("characters")]

  private func withRun(_ tokens: String, _ body: (TemporaryFolder, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try body(folder, try #require(Self.runs[tokens]).get().write(into: folder))
    }
  }

  private struct Answer: Decodable {
    struct Word: Decodable { let word: String }
    let words: [Word]
  }

  /// Each: the tokens, and what they make of a text.
  @Test(arguments: [
    ("words", "很 · 好 · ！ · it's · bad · 😀", ["很", "好", "！", "It’s", "BAD", "😀"]),
    (
      "characters", "很 · 好 · ！ · i · t · ’ · s · b · a · d · 😀",
      ["很", "好", "！", "I", "t", "’", "s", "B", "A", "D", "😀"]
    ),
  ])
  func aModelKeepsItsTokens(tokens: String, shown: String, explained: [String]) throws {
    try withRun(tokens) { folder, run in
      let model = try Model(safetensors: run + "/model.safetensors")
      #expect(model.coding.tokens.rawValue == tokens && model.coding.whiteSpace == .unicode)
      #expect(try #require(model.vocabulary).contains("好"))

      let text = "很好！It’s <br>BAD😀"
      let inspected = try LSTMProcess.run(["inspect", "--model", run, "-"], input: Data((text + "\n").utf8))
      #expect(inspected.output == shown + "\n" && inspected.errors == "")
      #expect(try LSTMProcess.run("inspect", run).output.contains("tokens are \(tokens);"))

      let answered = try LSTMProcess.run(
        "predict", "--model", run + "/model.safetensors", "--explain", "--format", "jsonl", text)
      let answer = try JSONDecoder().decode(Answer.self, from: Data(answered.output.utf8))
      #expect(answer.words.map(\.word) == explained)
    }
  }

  /// Each: the options, and what is shown of a file of two lines.
  @Test(arguments: [
    ([], "don't · 你好\nb · c\n"), (["--tokens", "words"], "don't · , · 你 · 好 · !\n< · b · > · c\n"),
    (["--tokens", "words", "--strip-html"], "don't · , · 你 · 好 · !\nc\n"),
    (["--tokens", "characters"], "d · o · n · ' · t · , · 你 · 好 · !\n< · b · > · c\n"),
  ])
  func inspectShowsTheWordsOfAFile(options: [String], expected: String) throws {
    try withTemporaryFolder { folder in
      let path = try folder.write("Don't, 你好!\r\n<b>C\n", to: "a.txt")
      let shown = try LSTMProcess.run(["inspect", path] + options)
      #expect(shown.output == expected && shown.errors == "" && shown.exitCode == 0)
    }
  }

  @Test func inspectEscapesWhatATerminalWouldObey() throws {
    let shown = try LSTMProcess.run(["inspect", "-", "--tokens", "words"], input: Data("\u{1B}[2J 👩\u{200D}🚀".utf8))
    #expect(!shown.output.contains("\u{1B}") && shown.output.contains("👩\u{200D}🚀"))
  }

  @Test func bytesThatAreNotUTF8AreAnError() throws {
    let shown = try LSTMProcess.run(["inspect", "-"], input: Data([0x61, 0x0A, 0xE9, 0x0A]))
    #expect(shown.exitCode == 1 && shown.output == "a\n" && shown.errors.contains("line 2"))
  }

  @Test(arguments: [
    (["inspect", "-", "--tokens", "syllables"], "--tokens"),
    (["inspect", "--model", "x", "-", "--tokens", "words"], "--model says what its words are"),
  ])
  func refusesWhatMakesNoSense(arguments: [String], message: String) throws {
    let failed = try LSTMProcess.run(arguments)
    #expect(failed.exitCode == 64 && failed.errors.contains(message), "\(failed.errors)")
  }
}
