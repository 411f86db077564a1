import Fixtures
import Foundation
import Models
import Testing

/// Training on texts without naming settings.
@Suite("Settings that follow from the texts")
struct AutomaticSettingsTests {
  private func run(_ arguments: [String]) throws -> LSTMProcess { try LSTMProcess.run(arguments) }

  /// Three labels, each with words of its own; every tenth row has another's label.
  private static let topics: Data = {
    let words = [["goal", "match", "coach"], ["court", "judge", "trial"], ["paint", "canvas", "museum"]]
    let rows = (0..<240).map { row in
      let own = words[row % 3]
      let label = ["sport", "law", "art"][(row + (row % 10 == 9 ? 1 : 0)) % 3]
      return
        "\"The \(own[row % 2]), the \(own[(row / 2) % 3]) and number\(String(repeating: " ", count: 1 + row))\(row % 17)!\",\(label)"
    }
    return Data((["text,label"] + rows).joined(separator: "\n").utf8)
  }()

  private func withTopics(_ body: (TemporaryFolder, String) throws -> Void) throws {
    try withTemporaryFolder { folder in try body(folder, folder.write(Self.topics, to: "topics.csv")) }
  }

  @Test("are shown, and lead to a model that is right about other texts")
  func topics() throws {
    try withTopics { folder, data in
      let trained = try run(["train", "--data", data, "--output", folder.path("run")])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.errors.contains("\(data): tokens are words and punctuation marks"), "\(trained.errors)")
      #expect(trained.errors.contains("\(data): label 0 is “art”, then “law”, “sport”"))
      #expect(trained.output.contains(/Test - 48 texts - accuracy: (0\.[89]|1\.)/), "\(trained.output)")
      let model = try Model(contentsOf: folder.path("run"))
      #expect(model.wide != nil && model.coding.tokens == .words && model.configuration.labelCount == 3)
      let answers = try run([
        "predict", "--model", folder.path("run/model.safetensors"), "--explain", "the judge and the trial",
      ])
      #expect(answers.output.contains("law"), "\(answers.output)")
      #expect(answers.output.contains(/trial \+[0-9]/), "\(answers.output)")
    }
  }

  @Test("give way to options, and to a preset")
  func options() throws {
    try withTopics { folder, data in
      let arguments = ["train", "--data", data, "--epochs", "1", "--hidden-size", "3"]
      var trained = try run(
        arguments + ["--wide", "1", "--wide-min-count", "3", "--tokens", "keras", "--output", folder.path("a")])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let model = try Model(contentsOf: folder.path("a"))
      #expect(model.configuration.hiddenSize == 3 && model.configuration.epochs == 1)
      #expect(model.configuration.wide?.order == 1 && model.configuration.wide?.minimumCount == 3)
      #expect(model.coding.tokens == .keras)
      trained = try run(arguments + ["--preset", "tutorial", "--label-count", "3", "--output", folder.path("b")])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(try Model(contentsOf: folder.path("b")).wide == nil)
      #expect(!trained.errors.contains("tokens are"))
      let refused = try run(arguments + ["--preset", "tutorial", "--wide-cost", "3", "--output", folder.path("c")])
      #expect(refused.exitCode == 64 && refused.errors.contains("The --wide… options go with --wide."))
    }
  }

  /// The more a text says about its label, the less the n-grams need to be held back.
  @Test("let n-grams trust texts as far as they deserve", arguments: [(0, 32), (40, 8)])
  func cost(noise: Int, expected: Int) throws {
    try withTemporaryFolder { folder in
      let rows = (0..<1200).map { row in
        let label = (row * row + row / 7) % 97 < noise ? row / 2 % 2 : row % 2
        return "\(label == 0 ? "good" : "bad") film \(row % 23) of \(row % 31) with \(row % 17),\(row % 2)"
      }
      let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "films.csv")
      func train(_ arguments: String...) throws -> (LSTMProcess, cost: Double?) {
        let trained = try run(
          ["train", "--data", data, "--output", folder.path("run"), "--overwrite", "--epochs", "1"] + arguments)
        #expect(trained.exitCode == 0, "\(trained.errors)")
        return (trained, try Model(contentsOf: folder.path("run")).configuration.wide?.cost)
      }
      let (trained, cost) = try train()
      #expect(
        cost == Double(expected) && trained.errors.contains("the n-grams' C is \(expected): "), "\(trained.errors)")
      let (other, otherCost) = try train("--wide-cost", "3")
      #expect(otherCost == 3 && !other.errors.contains("C is"), "\(other.errors)")
      // The number of epochs was an option, too.
      #expect(!other.errors.contains("epochs in batches") && other.errors.contains("the vocabulary has"))
    }
  }

  @Test("say that texts are duplicates, once so many are that figures deceive")
  func duplicates() throws {
    try withTemporaryFolder { folder in
      func errors(repeating count: Int) throws -> String {
        let rows = (0..<100).map { "film number \($0 < count ? 1000 : $0),\($0 % 2)" }
        let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "films.csv")
        return try run([
          "train", "--data", data, "--test-split", "0", "--hidden-size", "0", "--output", folder.path("run"),
          "--overwrite",
        ]).errors
      }
      let (many, few) = (try errors(repeating: 7), try errors(repeating: 6))
      #expect(many.contains("6 of 100 training texts are duplicates of earlier ones"), "\(many)")
      #expect(!few.contains("duplicates"), "\(few)")
    }
  }

  @Test("weigh labels as they are told")
  func classWeights() throws {
    try withTopics { folder, data in
      func weights(_ text: String) throws -> [Double]? {
        let trained = try run([
          "train", "--data", data, "--epochs", "1", "--hidden-size", "2", "--class-weights", text, "--overwrite",
          "--output", folder.path("run"),
        ])
        #expect(trained.exitCode == 0, "\(trained.errors)")
        return try Model(contentsOf: folder.path("run")).configuration.classWeights
      }
      #expect(try weights("law=2,art=0.5") == [0.5, 2, 1])
      #expect(try weights("1,2,3") == [1, 2, 3])
      let balanced = try #require(try weights("balanced"))
      #expect(balanced.allSatisfy { abs($0 - 1) < 0.2 } && Set(balanced).count > 1)
      let refused = try run([
        "train", "--data", data, "--class-weights", "music=2", "--output", folder.path("other"),
      ])
      #expect(refused.exitCode == 64, "\(refused.errors)")
      #expect(refused.errors.contains("music=2") && refused.errors.contains("art, law, sport"), "\(refused.errors)")
    }
  }

  @Test("can be for n-grams alone, which have no network to show or to start from")
  func nGramsAlone() throws {
    try withTopics { folder, data in
      let trained = try run(["train", "--data", data, "--hidden-size", "0", "--output", folder.path("run")])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let shown = try run(["inspect", folder.path("run")]).output
      #expect(shown.contains("No network: n-grams alone") && !shown.contains("LSTM"), "\(shown)")
      let facts = /\nN-grams +[0-9,]+, of up to 3 words; of 3 to 5 characters within a word; each in 2 texts or more\n/
      #expect(shown.contains(facts), "\(shown)")
      let refused = try run([
        "train", "--data", data, "--initial-weights", folder.path("run"), "--output", folder.path("b"),
      ])
      #expect(refused.exitCode != 0 && refused.errors.contains("no network to start from"), "\(refused.errors)")
    }
  }

  @Test("read a script without spaces")
  func chinese() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<80).map { row in
        row % 2 == 0 ? "这部电影非常好看\(row)号,1" : "这部电影太难看了\(row)号,0"
      }
      let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "chinese.csv")
      let trained = try run(["train", "--data", data, "--output", folder.path("run")])
      #expect(trained.output.contains("Test - 16 texts - accuracy: 1.0000"), "\(trained.output)\(trained.errors)")
    }
  }

  /// The wide part has learned from the texts that were set apart for validation.
  @Test("leave a report on texts that the model has not seen")
  func report() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<200).map { row in
        "\(row % 2 == 0 ? "good" : "bad") film \(row % 23),\((row + (row % 5 == 0 ? 1 : 0)) % 2)"
      }
      let data = try folder.write(Data((["text,label"] + rows).joined(separator: "\n").utf8), to: "films.csv")
      let trained = try run(["train", "--data", data, "--output", folder.path("run")])
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let reported = try run(["report", folder.path("run")])
      #expect(reported.exitCode == 0, "\(reported.errors)")
      let page = String(decoding: try folder.bytes("run/report.html"), as: UTF8.self)
      #expect(page.contains(", test text ") && !page.contains(", validation text "))
    }
  }
}
