import Fixtures
import Foundation
import Testing

/// What `lstm` does when it can't print.
@Suite struct OutputTests {
  private static let train = [
    "train", "--data", "Data/sample.npz", "--epochs", "1", "--hidden-size", "4", "--embedding-size", "4",
    "--max-length", "20", "--limit", "100", "--batch-size", "50",
  ]

  @Test(arguments: [">/dev/full", ">&-", "2>&-", ">&- 2>&- <&-", ">/dev/full 2>/dev/full"])
  func aRunThatCanNotPrintLeavesItsModel(redirection: String) throws {
    try withTemporaryFolder { folder in
      let run = folder.path + "/run"
      let line = "\"$lstm\" \(Self.train.joined(separator: " ")) --output '\(run)' \(redirection)"
      let code = try LSTMProcess.shell(line).code
      #expect(code == 0)
      #expect(FileManager.default.fileExists(atPath: run + "/model.safetensors"))
      let lock = try Data(contentsOf: URL(fileURLWithPath: run + "/.lock"))
      #expect(lock.isEmpty)
    }
  }

  @Test func aRunSaysOnceThatItCanNotPrint() throws {
    try withTemporaryFolder { folder in
      let line =
        "\"$lstm\" \(Self.train.joined(separator: " ")) --epochs 2 --output '\(folder.path)/run' >/dev/full"
      let errors = try LSTMProcess.shell(line.replacing("--epochs 1 ", with: "")).errors
      #expect(errors.components(separatedBy: "standard output can't be written").count == 2, "\(errors)")
    }
  }

  @Test func aResultThatCanNotBeWrittenIsAnError() throws {
    let (code, errors) = try LSTMProcess.shell("\"$lstm\" inspect Data/sample.npz >/dev/full")
    #expect(code == 1)
    #expect(errors.contains("standard output: can't be written (No space left on device)"), "\(errors)")
  }
}
