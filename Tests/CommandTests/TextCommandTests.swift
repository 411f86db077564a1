import Fixtures
import Foundation
import Models
import Testing

/// The commands on texts.
@Suite struct TextCommandTests {
  private static let small = [
    "--vocabulary-size", "50", "--max-length", "20", "--embedding-size", "4", "--hidden-size", "6", "--batch-size",
    "16",
    "--epochs", "1", "--best-model", "val_loss",
  ]

  /// 40 messages of hams and 20 of spams, in Latin-1.
  private static let messages: Data = {
    let rows = (0..<60).map { number in
      // Each another text, though not of other words.
      let space = String(repeating: " ", count: 1 + number)
      return number % 3 == 0
        ? "spam,\"Buy <b>now</b>,\(space)\(number % 7) caf\u{E9}S\"" : "ham,see\(space)you at \(number % 5)"
    }
    return ("kind,words\r\n" + rows.joined(separator: "\r\n")).data(using: .isoLatin1)!
  }()

  /// A folder with messages.csv.
  private func withMessages(_ body: (TemporaryFolder, String) throws -> Void) throws {
    try withTemporaryFolder { folder in try body(folder, folder.write(Self.messages, to: "messages.csv")) }
  }

  private func run(_ arguments: [String]) throws -> LSTMProcess { try LSTMProcess.run(arguments) }

  private static let options = [
    "--text-column", "words", "--label-column", "kind", "--encoding", "latin1", "--strip-html", "--test-split", "0.25",
  ]

  // MARK: Two labels

  /// A run on the messages.
  private static let spam = Result { try TrainedRun(small + options, data: messages) }

  /// A folder with the messages and the run on them.
  private func withSpamRun(_ body: (TemporaryFolder, _ data: String, _ run: String) throws -> Void) throws {
    try withMessages { folder, data in try body(folder, data, Self.spam.get().write(into: folder)) }
  }

  @Test func trainingSaysWhatItTookTheLabelsFor() throws {
    try withMessages { folder, data in
      let trained = try run(["train", "--data", data, "--output", folder.path("run")] + Self.small + Self.options)
      #expect(
        trained.errors.contains(
          """
          \(data): there is no test part: 15 of 60 texts are set apart, the same share of each label
          \(data): label 1 is “spam”, label 0 “ham”

          """), "\(trained.errors)")
    }
  }

  @Test(arguments: ["model", "best"]) func aModelKnowsHowItsTextsWereRead(name: String) throws {
    try withSpamRun { _, _, run in
      let model = try Model(safetensors: run + "/\(name).safetensors")
      #expect(model.labels == ["ham", "spam"])
      #expect(model.coding.lowercasing == .unicode && model.coding.stripsHTML)
      let vocabulary = try #require(model.vocabulary)
      #expect(vocabulary.count == 50 && vocabulary.contains("cafés") && !vocabulary.contains("b"))
    }
  }

  @Test func aResumedRunReadsItsTextsAsBefore() throws {
    try withSpamRun { _, data, path in
      let resumed = try run(["train", "--resume", path, "--data", data, "--epochs", "2"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(resumed.output.hasPrefix("Epoch 2/2 - "))
      #expect(try Model(safetensors: path + "/model.safetensors").labels == ["ham", "spam"])
    }
  }

  /// The same texts become other numbers.
  @Test func aRunIsNotResumedWithAnotherPositiveLabel() throws {
    try withSpamRun { _, data, path in
      let other = try run(["train", "--resume", path, "--data", data, "--epochs", "3", "--positive-label", "ham"])
      #expect(other.exitCode == 1)
      #expect(other.errors.contains("holds other texts than the run was begun with"), "\(other.errors)")
    }
  }

  @Test func aReportNamesTheLabels() throws {
    try withSpamRun { folder, data, path in
      let report = try run(["report", path, "--data", data])
      #expect(report.exitCode == 0 && report.errors == "")
      #expect(try folder.text("run/report.html").contains("<th scope=\"row\">actually spam</th>"))
    }
  }

  /// The run tells where its texts are.
  @Test func aRunIsResumedAndReportedWithoutItsData() throws {
    try withMessages { folder, data in
      let path = folder.path("run")
      try #require(try run(["train", "--data", data, "--output", path] + Self.small + Self.options).exitCode == 0)
      #expect(try run(["train", "--resume", path, "--epochs", "2"]).exitCode == 0)
      #expect(try run(["report", path]).exitCode == 0)
    }
  }

  // MARK: Three labels

  private static let columns = ["--text-column", "words", "--label-column", "kind"]

  /// 30 texts about each of three topics, whose names are in them.
  private static let topics: Data = {
    let rows = (0..<90).map { number in
      let topic = ["sport", "art", "law"][number % 3]
      // Each another text, though not of other words.
      return "\(topic),word\(number % 7)\(String(repeating: " ", count: 1 + number))of \(topic)like things"
    }
    return Data(("kind,words\n" + rows.joined(separator: "\n")).utf8)
  }()

  /// A run that has learned them.
  private static let topicsRun = Result {
    try TrainedRun(
      small + columns + ["--label-count", "3", "--epochs", "8", "--learning-rate", "0.05", "--class-weights", "1,1,2"],
      data: topics)
  }

  /// A folder with the topics and the run on them.
  private func withTopics(_ body: (TemporaryFolder, _ data: String, _ model: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.topics, to: "topics.csv")
      try body(folder, data, Self.topicsRun.get().write(into: folder) + "/model.safetensors")
    }
  }

  @Test func threeLabelsAreRefusedWhereTwoAreAskedFor() throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.topics, to: "topics.csv")
      let refused = try run(
        ["train", "--data", data, "--label-count", "2", "--output", folder.path("run")] + Self.small + Self.columns)
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains("found “art” (30), “law” (30), “sport” (30); train with --label-count 3"),
        "\(refused.errors)")
    }
  }

  @Test func inspectCountsEachOfThreeLabels() throws {
    try withTemporaryFolder { folder in
      let data = try folder.write(Self.topics, to: "topics.csv")
      let inspected = try run(["inspect", data, "--label-count", "3"] + Self.columns)
      #expect(inspected.output.contains("\nlabel  training      test\n    0        24         6  art\n"))
    }
  }

  @Test func aModelNamesItsThreeLabels() throws {
    try withTopics { _, _, path in
      let model = try Model(safetensors: path)
      #expect(model.labels == ["art", "law", "sport"])
    }
  }

  @Test func aRunOfThreeLabelsIsResumed() throws {
    try withTopics { folder, data, _ in
      let resumed = try run(["train", "--resume", folder.path("run"), "--data", data, "--epochs", "9"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
    }
  }

  @Test func predictNamesTheMostProbableOfThreeLabels() throws {
    try withTopics { _, _, model in
      let predicted = try run(["predict", "--model", model, "of sportlike things", "of lawlike things"])
      let expected = /0\.\d{4}  sport  of sportlike things\n0\.\d{4}  law    of lawlike things\n/
      #expect(try expected.wholeMatch(in: predicted.output) != nil, "\(predicted.output)\(predicted.errors)")
    }
  }

  @Test func predictExplainsTheMostProbableOfThreeLabels() throws {
    try withTopics { _, _, model in
      let explained = try run(["predict", "--model", model, "--explain", "of artlike things"])
      #expect(explained.output.contains(" art    of artlike things\n"))
      #expect(explained.output.contains("artlike+++"))
    }
  }

  @Test func evaluateShowsFiguresOfEachOfThreeLabels() throws {
    try withTopics { _, data, model in
      let shown = try run(["evaluate", "--model", model, "--data", data] + Self.columns).output
      #expect(shown.contains("part test: 18 texts, 3 labels\n"), "\(shown)")
      let means = /\naccuracy   1\.0000  \(0\.\d{4}–1\.0000\)\nmacro_f1   1\.0000\n/
      #expect(try means.firstMatch(in: shown) != nil, "\(shown)")
      #expect(shown.contains("\nsport     1.0000  1.0000  1.0000      6\n"), "\(shown)")
    }
  }

  @Test func evaluateWritesFiguresOfThreeLabelsAsJSON() throws {
    try withTopics { _, data, model in
      let json = try run(["evaluate", "--model", model, "--data", data, "--format", "json"] + Self.columns)
      let facts = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
      #expect(facts["confusion"] as? [[Int]] == [[6, 0, 0], [0, 6, 0], [0, 0, 6]])
      #expect(facts["labels"] as? [String] == ["art", "law", "sport"])
    }
  }

  @Test(arguments: [["predict", "x"], ["evaluate", "--data", "DATA"]])
  func threeLabelsHaveNoThreshold(command: [String]) throws {
    try withTopics { _, data, model in
      let arguments = command.map { $0 == "DATA" ? data : $0 }
      let refused = try run(arguments + ["--model", model, "--threshold", "0.7"])
      #expect(refused.exitCode != 0)
      #expect(refused.errors.contains("--threshold goes with two labels"), "\(refused.errors)")
    }
  }

  // MARK: From a model

  /// A run on other messages that began with the model of the first, which is gone by then.
  @Test func trainingFromAModelKeepsItsWords() throws {
    try withSpamRun { folder, _, first in
      let model = try Model(safetensors: first + "/model.safetensors")
      let rows = (0..<40).map { $0 % 2 == 0 ? "spam,other words now" : "ham,nothing of the kind" }
      let others = try folder.write("kind,words\n" + rows.joined(separator: "\n"), to: "others.csv")
      let second = folder.path("second")
      let trained = try run(
        [
          "train", "--data", others, "--initial-weights", first + "/model.safetensors", "--epochs", "1",
          "--max-length", "20", "--output", second,
        ] + Self.columns)
      try #require(trained.exitCode == 0, "\(trained.errors)")
      try FileManager.default.removeItem(atPath: first)
      let resumed = try run(["train", "--resume", second, "--epochs", "2"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      let result = try Model(safetensors: second + "/model.safetensors")
      #expect(result.vocabulary == model.vocabulary)
      #expect(result.coding == model.coding && result.labels == model.labels)
    }
  }

  /// The model of messages learns other labels: its words and its body stay.
  @Test func otherLabelsReplaceTheLastLayer() throws {
    try withSpamRun { folder, _, first in
      let model = try Model(safetensors: first + "/model.safetensors")
      let rows = (0..<40).map { $0 % 2 == 0 ? "now,buy now" : $0 % 4 == 1 ? "you,see you at 3" : "what,cafés at 3" }
      let others = try folder.write("kind,words\n" + rows.joined(separator: "\n"), to: "others.csv")
      let second = folder.path("second")
      let trained = try run(
        [
          "train", "--data", others, "--initial-weights", first, "--epochs", "1", "--freeze-body", "1", "--max-length",
          "20", "--output", second,
        ] + Self.columns)
      try #require(trained.exitCode == 0, "\(trained.errors)")
      #expect(
        trained.errors.contains(
          "\(first): its last layer begins anew, as its labels (“ham”, “spam”) aren't those of the data (“now”, “what”, "
            + "“you”); its n-grams are left out\n"), "\(trained.errors)")
      let result = try Model(safetensors: second + "/model.safetensors")
      #expect(result.labels == ["now", "what", "you"])
      #expect(result.vocabulary == model.vocabulary && result.coding == model.coding)
      for tensor in model.parameters.layout.tensors where !tensor.name.hasPrefix("dense/") {
        #expect(result.parameters[tensor] == model.parameters[tensor])
      }
      // Later it can go on.
      let resumed = try run(["train", "--resume", second, "--epochs", "2"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      let moved = try Model(safetensors: second + "/model.safetensors")
      let embedding = moved.parameters.layout.embedding
      #expect(moved.parameters[embedding] != model.parameters[embedding])
    }
  }

  // MARK: Vectors of words

  @Test func wordsBeginWithAFilesVectors() throws {
    try withMessages { folder, data in
      let file = try folder.write("see 1 2 3\nbuy 4 5 6\nnowhere 7 8 9\n", to: "vectors.txt")
      // With settings that follow from the texts, too, whose network would have no embedding.
      for arguments in [["--preset", "tutorial"], []] {
        let trained = try run(
          ["train", "--data", data, "--output", folder.path("run"), "--overwrite", "--embedding-file", file]
            + ["--vocabulary-size", "50", "--hidden-size", "6", "--epochs", "1", "--freeze-embedding", "1"]
            + Self.options + arguments)
        try #require(trained.exitCode == 0, "\(trained.errors)")
        #expect(
          trained.errors.contains("\(file): vectors of 3 numbers for 2 of the "), "\(trained.errors)")
        let model = try Model(safetensors: folder.path("run/model.safetensors"))
        let embedding = model.parameters.layout.embedding
        #expect(embedding.shape == [50, 3])
        for (word, vector) in [("see", [1, 2, 3]), ("buy", [4, 5, 6])] as [(String, [Float])] {
          let token = try #require(model.vocabulary?.firstIndex(of: word))
          #expect(Array(model.parameters[embedding].dropFirst(3 * token).prefix(3)) == vector)
        }
        #expect(model.parameters[embedding].prefix(12).allSatisfy { abs($0) <= 0.05 })
      }
      let refused = try run(
        ["train", "--data", data, "--output", folder.path("other"), "--embedding-file", file, "--embedding-size", "4"]
          + Self.options)
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains(
          "the vectors have 3 numbers, expected 4; leave out --embedding-size, which the file then determines"))
      for others in [["--initial-weights", "x"], ["--embedding-size", "0"]] {
        #expect(
          try run(["train", "--data", data, "--embedding-file", file] + others).errors
            .contains("--embedding-file can't be given with \(others[0])"))
      }
    }
  }

  // MARK: Data

  @Test func inspectShowsTexts() throws {
    try withMessages { _, data in
      let shown = try run(["inspect", data, "--vocabulary-size", "50"] + Self.options)
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
  ])
  func refusesWhatMakesNoSense(arguments: [String], exitCode: Int32, message: String) throws {
    try withMessages { folder, data in
      let failed = try run(["train", "--data", data, "--output", folder.path("run")] + Self.small + arguments)
      #expect(failed.exitCode == exitCode)
      #expect(failed.errors.contains(message), "\(failed.errors)")
      #expect(!folder.contains("run"))
    }
  }

  private func trainWithoutTestPart(_ folder: TemporaryFolder, _ data: String, _ more: String...) throws -> LSTMProcess
  {
    let arguments = ["train", "--data", data, "--output", folder.path("run")] + Self.small + Self.options
    return try run(arguments + ["--test-split", "0"] + more)
  }

  @Test func trainsWithoutTextsToValidateOn() throws {
    try withMessages { folder, data in
      let trained = try run(
        ["train", "--data", data, "--output", folder.path("run"), "--preset", "tutorial"]
          + Self.small.dropLast(2) + Self.options + ["--test-split", "0"])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.errors.contains("there are no texts to validate on: the run is not validated"))
      #expect(trained.output.contains("Epoch 1/1") && !trained.output.contains("val_"), "\(trained.output)")
      #expect(try folder.text("run/history.csv").contains(/\n0,[0-9.]+,[0-9.]+,nan,nan\n/))
      let resumed = try run(["train", "--resume", folder.path("run"), "--epochs", "2"])
      #expect(resumed.exitCode == 0 && resumed.output.contains("Epoch 2/2"), "\(resumed.errors)")
      let reported = try run(["report", folder.path("run")])
      #expect(reported.exitCode == 0, "\(reported.errors)")
    }
  }

  @Test func nothingMayDependOnTextsThatAreNotThere() throws {
    try withMessages { folder, data in
      let failed = try trainWithoutTestPart(folder, data, "--preset", "tutorial", "--early-stopping", "f1")
      #expect(failed.exitCode == 1)
      #expect(
        failed.errors.contains("there are no validation texts; give some with --validation-data"), "\(failed.errors)")
    }
  }

  @Test func validatesOnASplitOfTheTrainingTexts() throws {
    try withMessages { folder, data in
      let trained = try trainWithoutTestPart(folder, data, "--validation-split", "0.2")
      #expect(trained.exitCode == 0, "\(trained.errors)")
    }
  }
}
