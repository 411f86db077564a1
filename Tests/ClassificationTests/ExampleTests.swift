import Classification
import Fixtures
import Foundation
import Testing

/// The lines that the documentation shows are those of `Tests/Example/main.swift`, and they do what it says.
@Suite struct ExampleTests {
  static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: package.appending(path: path), encoding: .utf8)
  }

  @Test func theDocumentationShowsTheExample() throws {
    let example = try Self.text("Tests/Example/main.swift")
    for path in ["Sources/Classification/Classification.docc/Classification.md", "README.md"] {
      let blocks = try Self.text(path).components(separatedBy: "```swift\n").dropFirst()
        .map { $0.components(separatedBy: "```")[0] }.filter { $0.contains("TextClassifier(") }
      if path != "README.md" { #expect(blocks.count == 1) }
      for block in blocks { #expect(block == example, "\(path)") }
    }
  }

  @Test func theExampleRuns() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(at: folder.url("Data/run"), withIntermediateDirectories: true)
      var model = smallModel
      for (token, word) in ["a", "wonderful", "film"].enumerated() { model.vocabulary![4 + token] = word }
      try model.write(toSafetensors: folder.path("Data/run/model.safetensors"))

      let process = Process()
      let output = Pipe()
      process.executableURL = Self.executable("Example")
      process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      process.standardOutput = output
      try process.run()
      let printed = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let expected = try TextClassifier(model).classify("a wonderful film")
      #expect(String(decoding: printed, as: UTF8.self) == "\(expected.label) \(expected.probability)\n")
    }
  }

  /// A built executable, which is next to the test runner.
  static func executable(_ name: String) -> URL {
    let runner =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    var folder = URL(fileURLWithPath: runner).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    fatalError("there is no \(name) next to \(runner)")
  }
}
