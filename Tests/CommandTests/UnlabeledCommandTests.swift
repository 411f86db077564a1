import Fixtures
import Foundation
import Testing

@Suite("lstm train --unlabelled, pretrain and vectors") struct UnlabeledCommandTests {
  private static let labeled =
    "label,text\n"
    + (0..<90).map { "\($0 % 2 == 0 ? "yes" : "no"),\($0 % 2 == 0 ? "good" : "bad") n\($0 % 11)\n" }.joined()
  private static let others = "text\n" + (0..<200).map { "n\($0 % 11) then n\(($0 + 1) % 11) m\($0 % 5)\n" }.joined()
  private static let sizes = ["--hidden-size", "6", "--vocabulary-size", "30", "--epochs", "3"]

  @Test("trains in two stages, and goes on after it was killed in the first")
  func twoStages() throws {
    try withTemporaryFolder { folder in
      let arguments =
        try [
          "train", "--data", folder.write(Self.labeled, to: "labeled.csv"), "--unlabelled",
          folder.write(Self.others, to: "others.csv"), "--pretraining-epochs", "40",
        ] + Self.sizes
      let whole = try LSTMProcess.run(arguments + ["--output", folder.path("whole")])
      #expect(whole.exitCode == 0, "\(whole.errors)")
      let lines = whole.output.split(separator: "\n")
      #expect(lines[0].contains(#/^Epoch 1\/40 - [0-9.]+ s - loss: \d\.\d{4} - val_loss: \d\.\d{4}$/#))
      #expect(lines.count == 44 && lines[40].hasPrefix("Epoch 1/3 ") && lines[43].hasPrefix("Test - "))
      #expect(whole.errors.contains("200 texts without labels are those of"), "\(whole.errors)")
      let killed = try LSTMProcess.start(
        arguments + ["--output", folder.path("parts")], output: folder.url("output"), errors: folder.url("errors"))
      let deadline = Date(timeIntervalSinceNow: 60)
      while killed.isRunning, !folder.contains("parts/pretraining/start.safetensors"), Date() < deadline { usleep(500) }
      kill(killed.processIdentifier, SIGKILL)
      killed.waitUntilExit()
      #expect(killed.terminationStatus == SIGKILL, "it ended too soon")
      let refused = try LSTMProcess.run("train", "--resume", folder.path("parts"), "--epochs", "9")
      #expect(refused.exitCode == 64 && refused.errors.contains("can't be changed before"), "\(refused.errors)")
      let resumed = try LSTMProcess.run("train", "--resume", folder.path("parts"), "--threads", "3")
      #expect(resumed.exitCode == 0 && resumed.output.hasSuffix("\(lines[43])\n"), "\(resumed.errors)")
      for file in ["model.safetensors", "history.csv", "pretraining/model.safetensors", "pretraining/steps.csv"] {
        #expect(try folder.bytes("parts/\(file)") == folder.bytes("whole/\(file)"), "\(file)")
      }
      #expect(try LSTMProcess.run("train", "--resume", folder.path("parts")).errors.contains("this run is finished"))
      let answer = try LSTMProcess.run("predict", "--model", folder.path("parts"), "good n3")
      #expect(answer.exitCode == 0 && answer.output.hasSuffix("good n3\n"))
    }
  }

  @Test("takes more than two labels")
  func threeLabels() throws {
    try withTemporaryFolder { folder in
      let rows = (0..<90).map { "\(["a", "b", "c"][$0 % 3]),\(["good", "bad", "fair"][$0 % 3]) n\($0 % 11)\n" }
      let trained = try LSTMProcess.run(
        [
          "train", "--data", folder.write("label,text\n" + rows.joined(), to: "labeled.csv"), "--unlabelled",
          folder.write(Self.others, to: "others.csv"), "--pretraining-epochs", "2", "--output", folder.path("run"),
        ] + Self.sizes)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let answer = try LSTMProcess.run("predict", "--model", folder.path("run"), "fair n3")
      #expect(answer.exitCode == 0 && answer.output.hasSuffix("c  fair n3\n"), "\(answer.output)")
    }
  }

  @Test("learns once for several classifiers")
  func oneStepAtATime() throws {
    try withTemporaryFolder { folder in
      let labeled = try folder.write(Self.labeled, to: "labeled.csv")
      let learned = try LSTMProcess.run(
        "pretrain", "--data", folder.write(Self.others, to: "others.csv"), "--output", folder.path("words"),
        "--hidden-size", "6", "--vocabulary-size", "30", "--epochs", "2", "--max-length", "3")
      #expect(learned.exitCode == 0, "\(learned.errors)")
      #expect(learned.errors.contains("200 texts are read without labels"))
      let more = try LSTMProcess.run("pretrain", "--resume", folder.path("words"), "--epochs", "3")
      #expect(more.exitCode == 0 && more.output.hasPrefix("Epoch 3/3"), "\(more.errors)")

      let trained = try LSTMProcess.run(
        "train", "--data", labeled, "--initial-weights", folder.path("words"), "--output", folder.path("run"))
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.errors.contains("a layer of 6 units a direction stands on what predicts words"))
      let misfit = try LSTMProcess.run(
        "train", "--data", labeled, "--initial-weights", folder.path("words"), "--output", folder.path("other"),
        "--hidden-size", "7")
      #expect(misfit.exitCode == 1 && misfit.errors.contains("words: the weights are those of"), "\(misfit.errors)")

      let vectors = try LSTMProcess.run("vectors", folder.path("words"), "--output", folder.path("vectors.txt"))
      #expect(vectors.exitCode == 0, "\(vectors.errors)")
      #expect(try folder.text("vectors.txt").hasPrefix("17 48\n"))

      let answer = try LSTMProcess.run("predict", "--model", folder.path("words"), "good n3")
      #expect(answer.exitCode == 1 && answer.errors.contains("predict words, and knows no labels"), "\(answer.errors)")
      let report = try LSTMProcess.run("report", folder.path("words"))
      #expect(report.exitCode == 0 && report.errors.contains("It predicts words"), "\(report.errors)")
      #expect(try folder.text("words/report.html").contains("<h1>Predicts words: validation loss "))
      let train = try LSTMProcess.run("pretrain", "--resume", folder.path("run"))
      #expect(train.exitCode == 1 && train.errors.contains("predicts labels"), "\(train.errors)")
    }
  }

  @Test(
    "refuses what can't be",
    arguments: [
      (["train", "--data", "a", "--pretraining-epochs", "3"], "--pretraining-epochs goes with --unlabelled"),
      (["train", "--data", "a", "--unlabelled", "b", "--pretraining-epochs", "0"], "must be from 1"),
      (["train", "--data", "a", "--unlabelled", "b", "--preset", "accurate"], "--preset can't be given"),
      (["train", "--data", "a", "--unlabelled", "b", "--seeds", "3"], "--seeds can't be given with --unlabelled"),
      (["train", "--data", "a", "--unlabelled", "b", "--hidden-size", "0"], "--hidden-size 0 can't be given"),
      (["pretrain"], "--data is missing"),
      (["pretrain", "--resume", "a", "--overwrite"], "--overwrite can't be given with --resume"),
      (["pretrain", "--data", "a", "--samples", "33"], "multiple of 32"),
      (["pretrain", "--data", "a", "--hidden-size", "60000"], "GB of memory, but there are only"),
    ])
  func refusals(arguments: [String], message: String) throws {
    let answer = try LSTMProcess.run(arguments)
    #expect(answer.exitCode == 64 && answer.errors.contains(message), "\(answer.errors)")
  }
}
