import Corpus
import Foundation
import Testing
import Training

@Suite struct FileContentTests {
  @Test(arguments: [
    ("", "is not a model in any known format"), ("hello", "is not a model in any known format"),
    ("\u{8}", "is not a model in any known format"),
    // A zip archive of nothing
    (
      "PK\u{5}\u{6}" + String(repeating: "\u{0}", count: 18), "is a zip archive without a model (it contains nothing)"
    ),
    ("\u{80}\u{2}]q", "is a PyTorch pickle (torch.save), which is never opened; in Python: safetensors.torch"),
  ])
  func saysWhatIsNoModel(content: String, problem: String) throws {
    let file = TemporaryFile("bin")
    try file.write(content.unicodeScalars.map { UInt8($0.value) })
    #expect(refusal(file.path).hasPrefix("\(file.path): \(problem)"))
  }

  @Test(arguments: [
    (["model/data.pkl", "model/version"], "is a PyTorch pickle"),
    (["x_train.npy", "y_train.npy"], "is an archive of reviews, not a model"),
    (["a.txt", "b\n.txt"], #"is a zip archive without a model (it contains a.txt, b\n.txt)"#),
  ])
  func looksIntoArchives(names: [String], problem: String) throws {
    let file = TemporaryFile("npz")
    try file.write(ZipWriter.archive(names.map { ($0, Data("x".utf8)) }))
    #expect(refusal(file.path).hasPrefix("\(file.path): \(problem)"))
  }

  @Test func saysWhatIsNoFile() throws {
    #expect(refusal("/nowhere/model.onnx").hasPrefix("/nowhere/model.onnx: no such file; give"))
    #expect(refusal("/dev/null").hasPrefix("/dev/null: is not a regular file; give"))
    let folder = NSTemporaryDirectory() + "interchange-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(refusal(folder).hasPrefix("\(folder): is a folder, but not the folder of a run; give"))
    try Data().write(to: URL(fileURLWithPath: folder + "/saved_model.pb"))
    #expect(refusal(folder).contains("is a TensorFlow SavedModel, which can't be read; load the model in Keras"))
  }

  @Test(arguments: [
    ("safetensors", "doesn't fit a file"), ("onnx", "byte 10: a number is too large"),
    ("npz", "expected a zip archive"), ("keras", "expected a zip archive"),
  ])
  func leavesADamagedStartToTheFormatThatTheNameSays(ending: String, problem: String) throws {
    let file = TemporaryFile(ending)
    try file.write([UInt8](repeating: 0xFF, count: 100))
    #expect(refusal(file.path).contains(problem), "\(refusal(file.path))")
  }
}
