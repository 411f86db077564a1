import Fixtures
import Foundation
import Models
import Testing

/// Texts as people have them, from the command line.
@Suite struct TextDataCommandTests {
  private static let small = [
    "--vocabulary-size", "50", "--max-length", "20", "--embedding-size", "4", "--hidden-size", "6", "--batch-size",
    "16", "--epochs", "1", "--quiet",
  ]

  /// Trains a small model on a file or a folder, and gives the arguments for using it.
  private func train(
    _ folder: TemporaryFolder, _ data: String, _ options: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let run = try LSTMProcess.run(
      ["train", "--data", folder.path + "/" + data, "--output", folder.path + "/run"] + Self.small + options)
    try #require(run.exitCode == 0, "\(run.errors)", sourceLocation: sourceLocation)
    return folder.path + "/run/model.safetensors"
  }

  private func write(_ files: [(path: String, bytes: Data)], in folder: TemporaryFolder) throws {
    for (path, bytes) in files {
      let url = folder.url(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: url)
    }
  }

  @Test func lineEndsOfWindowsAreNoPartsOfWords() throws {
    try withTemporaryFolder { folder in
      try write(
        (0..<20).map { number in
          ("texts/\(number % 2 == 0 ? "pos" : "neg")/\(number).txt", Data("a good\r\nfilm\r\n\(number)\r\n".utf8))
        }, in: folder)
      let model = try train(folder, "texts")
      let words = try #require(try Model(safetensors: model).vocabulary)
      #expect(words.contains("good") && words.contains("film") && !words.contains { $0.utf8.contains(13) })
      let answers = try ["a good\r\nfilm\r\n1\r\n", "a good film 1"].map { text in
        try LSTMProcess.run("predict", "--model", model, "--format", "csv", text).output.split(separator: ",").suffix(2)
      }
      #expect(answers[0] == answers[1])
    }
  }

  /// Rows of ten texts of each label, between tabs.
  private static let rows = (0..<20).map { "a \($0 % 2 == 0 ? "good" : "bad") film\t\($0 % 2)\n" }.joined()

  @Test func aTableNeedsNoHeader() throws {
    try withTemporaryFolder { folder in
      try write([("a.txt", Data(Self.rows.utf8))], in: folder)
      for options in [[], ["--no-header", "--text-column", "1", "--label-column", "2"]] {
        let shown = try LSTMProcess.run(["inspect", folder.path + "/a.txt", "--test-split", "0"] + options)
        #expect(shown.exitCode == 0 && shown.output.contains("training        20 "), "\(shown.output)\(shown.errors)")
      }
    }
  }

  @Test func whatQuotesMeanCanBeSaid() throws {
    try withTemporaryFolder { folder in
      try write([("a.csv", Data("text,label\n\"a,x\nb\",y\n".utf8))], in: folder)
      let data = folder.path + "/a.csv"
      let refused = try LSTMProcess.run("inspect", data)
      #expect(refused.exitCode == 1, "\(refused.output)")
      let read = try LSTMProcess.run("inspect", data, "--quotes", "none", "--test-split", "0")
      #expect(read.exitCode == 0, "\(read.errors)")
    }
  }

  @Test func aQuoteThatIsNotClosedNamesTheOption() throws {
    try withTemporaryFolder { folder in
      try write([("a.csv", Data("text,label\na,x\n\"b,y\nc,x\n".utf8))], in: folder)
      let refused = try LSTMProcess.run("inspect", folder.path + "/a.csv")
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains("line 3: expected a closing quote") && refused.errors.contains("--quotes none"),
        "\(refused.errors)")
    }
  }

  @Test func badRowsAreAnsweredAroundOrLeftOut() throws {
    try withTemporaryFolder { folder in
      let table = "text,label\na good film,1\na bad film,0,\na good film,1\n"
      try write([("a.tsv", Data(("text\tlabel\n" + Self.rows).utf8)), ("b.csv", Data(table.utf8))], in: folder)
      let model = try train(folder, "a.tsv")
      let arguments = ["predict", "--model", model, "--data", folder.path + "/b.csv", "--format", "csv"]
      let stopped = try LSTMProcess.run(arguments)
      #expect(stopped.exitCode == 1 && stopped.output.split(separator: "\n").count == 2)
      #expect(
        stopped.errors.contains("b.csv: line 3: expected 2 fields") && stopped.errors.contains("--skip-bad-rows"),
        "\(stopped.errors)")
      let skipped = try LSTMProcess.run(arguments + ["--skip-bad-rows"])
      #expect(skipped.exitCode == 0 && skipped.output.split(separator: "\n").count == 3)
      #expect(skipped.errors.contains("b.csv: bad rows skipped: 1 (line 3: "), "\(skipped.errors)")
    }
  }

  @Test func predictReadsJSONWhateverItsName() throws {
    try withTemporaryFolder { folder in
      let lines = "{\"text\": \"q\", \"body\": \"a good film\"}\n{\"text\": \"q\", \"body\": \"a bad film\"}\n"
      try write([("a.tsv", Data(("text\tlabel\n" + Self.rows).utf8)), ("b.json", Data(lines.utf8))], in: folder)
      let model = try train(folder, "a.tsv")
      let answered = try LSTMProcess.run(
        "predict", "--model", model, "--data", folder.path + "/b.json", "--text-column", "body", "--format", "csv")
      #expect(
        answered.output.contains("\na good film,") && answered.output.contains("\na bad film,"), "\(answered.output)")
    }
  }

  @Test func theValidationPartIsWhatIsValidatedOn() throws {
    try withTemporaryFolder { folder in
      let table = "text\tlabel\n" + Self.rows
      try write(
        [("data/train.tsv", table), ("data/validation.tsv", table + Self.rows), ("data/test.tsv", table)].map {
          ($0.0, Data($0.1.utf8))
        }, in: folder)
      let run = try LSTMProcess.run(
        ["train", "--data", folder.path + "/data", "--output", folder.path + "/run"] + Self.small.dropLast())
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.errors.contains("the 40 texts of the validation part are used for validation, not for testing"))
      let evaluated = try LSTMProcess.run(
        "evaluate", "--model", folder.path + "/run/model.safetensors", "--data", folder.path + "/data")
      #expect(evaluated.output.contains("part test: 20 texts"), "\(evaluated.output)\(evaluated.errors)")
    }
  }
}
