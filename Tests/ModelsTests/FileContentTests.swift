import Corpus
import Files
import Fixtures
import Foundation
import Models
import Testing

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
  func saysWhatAFileIsThatIsNoModel(content: String, problem: String) throws {
    let file = TemporaryFile("bin")
    try file.write(content.unicodeScalars.map { UInt8($0.value) })
    refuses(ModelError.self, at: file.path, ": \(problem)") { try Model(contentsOf: file.path) }
  }

  @Test(arguments: [
    (["model/data.pkl", "model/version"], "is a PyTorch pickle"),
    (["x_train.npy", "y_train.npy"], "is an archive of reviews, not a model"),
    (["a.txt", "b\n.txt"], #"is a zip archive without a model (it contains a.txt, b\n.txt)"#),
  ])
  func saysWhatAnArchiveIsThatIsNoModel(names: [String], problem: String) throws {
    let file = TemporaryFile("npz")
    try file.write(ZipWriter.archive(names.map { ($0, Data("x".utf8)) }))
    refuses(ModelError.self, at: file.path, ": \(problem)") { try Model(contentsOf: file.path) }
  }

  @Test func refusesAFileThatIsNotThere() {
    refuses(.missing, at: "/nowhere/model.onnx", ": no such file; give") {
      try Model(contentsOf: "/nowhere/model.onnx")
    }
  }

  @Test func refusesADevice() {
    refuses(.notRegular(isFolder: false), at: "/dev/null", ": is not a regular file; give") {
      try Model(contentsOf: "/dev/null")
    }
  }

  @Test func refusesAFolderWithoutAModel() throws {
    try withTemporaryFolder { folder in
      refuses(ModelError.self, at: folder.path, ": is a folder, but not the folder of a run; give") {
        try Model(contentsOf: folder.path)
      }
    }
  }

  @Test func saysHowToConvertASavedModel() throws {
    try withTemporaryFolder { folder in
      try folder.write("", to: "saved_model.pb")
      refuses(
        .unsupported, at: folder.path, "is a TensorFlow SavedModel, which can't be read; load the model in Keras"
      ) {
        try Model(contentsOf: folder.path)
      }
    }
  }

  @Test(arguments: [
    ("safetensors", "doesn't fit a file"), ("onnx", "byte 10: a number is too large"),
    ("npz", "expected a zip archive"), ("keras", "expected a zip archive"),
  ])
  func aDamagedStartIsRefusedByTheFormatThatTheNameSays(ending: String, problem: String) throws {
    let file = TemporaryFile(ending)
    try file.write([UInt8](repeating: 0xFF, count: 100))
    refuses((any ActionableError).self, at: file.path, problem) { try Model(contentsOf: file.path) }
  }
}
