import Foundation
import Models
import Testing
import Training

/// The commands on texts.
@Suite struct TextCommandTests {
  private let small = [
    "--vocabulary-size", "50", "--max-length", "20", "--embedding-size", "4", "--hidden-size", "6", "--batch-size",
    "16",
    "--epochs", "1", "--best-model", "val_loss",
  ]

  /// A folder with messages.csv: 40 messages of hams and 20 of spams, in Latin-1.
  private func withMessages(_ body: (TemporaryFolder, String) throws -> Void) throws {
    try TemporaryFolder.with { folder in
      let rows = (0..<60).map { number in
        number % 3 == 0 ? "spam,\"Buy <b>now</b>, \(number % 7) caf\u{E9}S\"" : "ham,see you at \(number % 5)"
      }
      let table = "kind,words\r\n" + rows.joined(separator: "\r\n")
      try #require(table.data(using: .isoLatin1)).write(to: folder.url("messages.csv"))
      try body(folder, folder.path + "/messages.csv")
    }
  }

  private func run(_ folder: TemporaryFolder, _ arguments: [String]) throws -> LSTMProcess {
    let outputs = (folder.url("output"), folder.url("errors"))
    let process = try LSTMProcess.start(arguments, output: outputs.0, errors: outputs.1)
    process.waitUntilExit()
    return LSTMProcess(
      exitCode: process.terminationStatus, output: try folder.text("output"), errors: try folder.text("errors"))
  }

  private let options = [
    "--text-column", "words", "--label-column", "kind", "--encoding", "latin1", "--strip-html", "--test-split", "0.25",
  ]

  @Test func trainingGoesOnAndIsReported() throws {
    try withMessages { folder, data in
      let output = folder.path + "/run"
      let trained = try run(folder, ["train", "--data", data, "--output", output] + small + options)
      #expect(trained.exitCode == 0)
      #expect(
        trained.errors == """
          \(data): there is no test part: 15 of 60 texts are set apart, the same share of each label
          \(data): label 1 is “spam”, label 0 “ham”

          """)
      for name in ["model", "best"] {
        let model = try Model(safetensors: output + "/\(name).safetensors")
        #expect(model.labels == ["ham", "spam"])
        #expect(model.coding.lowercasing == .unicode && model.coding.stripsHTML)
        let vocabulary = try #require(model.vocabulary)
        #expect(vocabulary.count == 50 && vocabulary.contains("cafés") && !vocabulary.contains("b"))
      }
      let resumed = try run(folder, ["train", "--resume", output, "--epochs", "2"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(resumed.output.hasPrefix("Epoch 2/2 - "))
      #expect(try Model(safetensors: output + "/model.safetensors").labels == ["ham", "spam"])
      // Told otherwise, the texts become other numbers.
      let other = try run(folder, ["train", "--resume", output, "--epochs", "3", "--positive-label", "ham"])
      #expect(other.exitCode == 1 && other.errors.contains("holds other texts than the run was begun with"))

      let report = try run(folder, ["report", output])
      #expect(report.exitCode == 0 && report.errors == "")
      #expect(try folder.text("run/report.html").contains("<th scope=\"row\">actually spam</th>"))
    }
  }

  @Test func moreThanTwoLabels() throws {
    try TemporaryFolder.with { folder in
      let topics = ["sport", "art", "law"]
      let rows = (0..<90).map { number in
        "\(topics[number % 3]),word\(number % 7) of \(topics[number % 3])like things"
      }
      let data = folder.path + "/topics.csv"
      try Data(("kind,words\n" + rows.joined(separator: "\n")).utf8).write(to: folder.url("topics.csv"))
      let columns = ["--text-column", "words", "--label-column", "kind"]
      let train = ["train", "--data", data, "--output", folder.path + "/run", "--quiet"] + small + columns
      let refused = try run(folder, train)
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("found “art” (30), “law” (30), “sport” (30); train with --label-count 3"))
      let inspected = try run(folder, ["inspect", data, "--label-count", "3"] + columns)
      #expect(inspected.output.contains("\nlabel  training      test\n    0        24         6  art\n"))
      let settings = ["--label-count", "3", "--epochs", "8", "--learning-rate", "0.05"]
      let trained = try run(folder, train + settings + ["--class-weights", "1,1,2"])
      try #require(trained.exitCode == 0, "\(trained.errors)")
      let model = folder.path + "/run/model.safetensors"
      #expect(try Model(safetensors: model).labels == ["art", "law", "sport"])
      let resumed = try run(folder, ["train", "--resume", folder.path + "/run", "--epochs", "9"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")

      let predicted = try run(folder, ["predict", "--model", model, "of sportlike things", "of lawlike things"])
      #expect(
        try /0\.\d{4}  sport  of sportlike things\n0\.\d{4}  law    of lawlike things\n/.wholeMatch(
          in: predicted.output)
          != nil, "\(predicted.output)\(predicted.errors)")
      let explained = try run(folder, ["predict", "--model", model, "--explain", "of artlike things"])
      #expect(explained.output.contains(" art    of artlike things\n"))
      #expect(explained.output.contains("artlike+++"))

      let evaluated = try run(folder, ["evaluate", "--model", model, "--data", data] + columns)
      #expect(evaluated.output.contains("part test: 18 texts, 3 labels\n"))
      #expect(
        try /\naccuracy   1\.0000  \(0\.\d{4}–1\.0000\)\nmacro_f1   1\.0000\n/.firstMatch(in: evaluated.output) != nil)
      #expect(evaluated.output.contains("\nsport     1.0000  1.0000  1.0000      6\n"))
      let json = try run(folder, ["evaluate", "--model", model, "--data", data, "--format", "json"] + columns)
      let facts = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(facts["confusion"] as? [[Int]] == [[6, 0, 0], [0, 6, 0], [0, 0, 6]])
      #expect(facts["labels"] as? [String] == ["art", "law", "sport"])
      for command in [["predict", "x"], ["evaluate", "--data", data]] {
        let refused = try run(folder, command + ["--model", model, "--threshold", "0.7"])
        #expect(refused.exitCode != 0 && refused.errors.contains("--threshold goes with two labels"))
      }
    }
  }

  @Test func trainingFromAModelKeepsItsWords() throws {
    try withMessages { folder, data in
      let first = folder.path + "/first"
      try #require(try run(folder, ["train", "--data", data, "--output", first] + small + options).exitCode == 0)
      let model = try Model(safetensors: first + "/model.safetensors")
      let rows = (0..<40).map { $0 % 2 == 0 ? "spam,other words now" : "ham,nothing of the kind" }
      try Data(("kind,words\n" + rows.joined(separator: "\n")).utf8).write(to: folder.url("others.csv"))
      let second = folder.path + "/second"
      let trained = try run(
        folder,
        [
          "train", "--data", folder.path + "/others.csv", "--text-column", "words", "--label-column", "kind",
          "--initial-weights", first + "/model.safetensors", "--epochs", "1", "--max-length", "20", "--output", second,
        ])
      try #require(trained.exitCode == 0, "\(trained.errors)")
      // Also where the first model is gone.
      try FileManager.default.removeItem(atPath: first)
      let resumed = try run(folder, ["train", "--resume", second, "--epochs", "2"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      let result = try Model(safetensors: second + "/model.safetensors")
      #expect(result.vocabulary == model.vocabulary)
      #expect(result.coding == model.coding && result.labels == model.labels)
    }
  }

  @Test func inspectShowsTexts() throws {
    try withMessages { folder, data in
      let shown = try run(folder, ["inspect", data, "--vocabulary-size", "50"] + options)
      #expect(shown.exitCode == 0 && shown.errors == "")
      for text in ["label 1 is “spam”, label 0 “ham”", "training        45    33.3 %", "test            15    33.3 %"] {
        #expect(shown.output.contains(text), "\(shown.output)")
      }
      #expect(
        shown.output.contains("The first training text, labeled ham")
          || shown.output.contains("The first training text, labeled spam"))
      #expect(shown.output.contains("<start> see you at") || shown.output.contains("<start> buy now"))
    }
  }

  /// Each: arguments beside those for the data, exit code, words of the message.
  @Test(arguments: [
    (["--text-column", "words", "--label-column", "kind"], 1, "line 2: expected UTF-8, found byte 0xE9"),
    (["--encoding", "latin1"], 1, "found the columns “kind”, “words”; name it with --text-column"),
    (["--encoding", "utf7"], 64, "--encoding"), (["--test-split", "1"], 64, "--test-split must be from 0 to below 1"),
    (["--data", "Data/sample.npz", "--strip-html"], 1, "Data/sample.npz: holds numbers, not texts; leave out"),
  ]) func refusals(arguments: [String], exitCode: Int32, message: String) throws {
    try withMessages { folder, data in
      let failed = try run(folder, ["train", "--data", data, "--output", folder.path + "/run"] + small + arguments)
      #expect(failed.exitCode == exitCode)
      #expect(failed.errors.contains(message), "\(failed.errors)")
      #expect(!folder.names.contains("run"))
    }
  }

  @Test func noTextsToTestOn() throws {
    try withMessages { folder, data in
      let arguments =
        ["train", "--data", data, "--output", folder.path + "/run"] + small + options + ["--test-split", "0"]
      let failed = try run(folder, arguments)
      #expect(failed.exitCode == 1 && failed.errors.contains("there are no validation texts"))
      #expect(try run(folder, arguments + ["--validation-split", "0.2"]).exitCode == 0)
    }
  }
}
