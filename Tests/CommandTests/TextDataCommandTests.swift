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
    try TemporaryFolder.with { folder in
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
}
