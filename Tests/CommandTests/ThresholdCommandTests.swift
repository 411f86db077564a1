import Fixtures
import Foundation
import Models
import Testing

@Suite struct ThresholdCommandTests {
  /// Two labels that share most of their words.
  private static let texts: Data = {
    let rows = (0..<400).map { row in
      let isSpam = row % 4 == 0
      // Some of either kind speak like the other.
      let words = isSpam == (row % 9 != 0) ? "win a free prize" : "see you at home"
      return "\(words) \(row) \(row % 7) \(row % 11),\(isSpam ? "spam" : "ham")"
    }
    return Data((["text,label"] + rows).joined(separator: "\n").utf8)
  }()

  private func withTexts(_ body: (TemporaryFolder, [String]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.texts, to: "texts.csv")
      try body(
        folder, ["train", "--data", data, "--hidden-size", "0", "--quiet", "--output", folder.path("run")])
    }
  }

  private struct Figures: Decodable { var threshold: Float }

  private func threshold(_ folder: TemporaryFolder, _ options: String...) throws -> Float {
    let evaluated = try LSTMProcess.run(
      [
        "evaluate", "--data", folder.path("texts.csv"), "--model", folder.path("run/model.safetensors"), "--format",
        "json",
      ]
        + options)
    #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
    return try JSONDecoder().decode(Figures.self, from: Data(evaluated.output.utf8)).threshold
  }

  @Test(arguments: [["--threshold", "f1"], ["--min-precision", "0.85"]])
  func theModelKeepsTheThresholdThatWasChosen(options: [String]) throws {
    try withTexts { folder, arguments in
      let trained = try LSTMProcess.run(arguments.filter { $0 != "--quiet" } + options)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(
        trained.errors.contains(
          /“spam” is predicted above a probability of 0\.[0-9]{4}: on the validation texts, precision [01]\.[0-9]{4}, recall/
        ),
        "\(trained.errors)")
      let model = try Model(contentsOf: folder.path("run"))
      #expect(model.threshold != 0.5)
      #expect(try threshold(folder) == model.threshold)
      #expect(try threshold(folder, "--threshold", "0.25") == 0.25)
      let shown = try LSTMProcess.run("inspect", folder.path("run/model.safetensors"))
      #expect(shown.output.contains("1 spam; 1 above a probability of \(model.threshold)"), "\(shown.output)")
    }
  }

  @Test func aPrecisionThatIsOutOfReachIsSaid() throws {
    try withTexts { folder, arguments in
      // The same words with both labels.
      let rows = (0..<200).map { "see you at home,\($0 % 2 == 0 ? "ham" : "spam")" }
      let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "same.csv")
      let trained = try LSTMProcess.run([
        "train", "--data", data, "--hidden-size", "0", "--min-precision", "0.9", "--output", folder.path("run"),
      ])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.errors.contains("Warning: no threshold reaches a precision of 0.9"), "\(trained.errors)")
      #expect(try Model(contentsOf: folder.path("run")).threshold == 0.5)
    }
  }

  /// Each: options, the exit code, and words of the message.
  @Test(
    arguments: [
      (["--threshold", "f1", "--min-precision", "0.9"], 64, "Give either --threshold or --min-precision."),
      (["--min-precision", "1.5"], 64, "--min-precision must be a share above 0 and at most 1, not 1.5."),
      (
        ["--min-precision", "0.9", "--label-column", "3", "--text-column", "1", "--no-header"], 64,
        "threshold needs two labels"
      ),
    ] as [([String], Int32, String)])
  func impossibleWishesAreRefused(options: [String], exitCode: Int32, message: String) throws {
    try withTemporaryFolder { folder in
      let rows = (0..<90).map { "text \($0),\($0 % 2),\(["a", "b", "c"][$0 % 3])" }
      let data = try folder.write(Data(rows.joined(separator: "\n").utf8), to: "rows.csv")
      let refused = try LSTMProcess.run(["train", "--data", data, "--output", folder.path("run")] + options)
      #expect(refused.exitCode == exitCode, "\(refused.errors)")
      #expect(refused.errors.contains(message), "\(refused.errors)")
    }
  }
}
