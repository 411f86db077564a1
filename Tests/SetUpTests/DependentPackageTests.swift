import Foundation
import Testing

/// Older versions of SwiftPM refuse a dependency by version whose targets have unsafe flags.
@Suite("A package that depends on this one by version")
struct DependentPackageTests {
  /// A document's Swift code that imports exactly these, with the sample for data.
  static func example(in path: String, _ modules: String...) throws -> String {
    let document = try String(contentsOf: Workspace.package.appending(path: path), encoding: .utf8)
    let blocks = document.components(separatedBy: "```swift\n").dropFirst()
    let imports = modules.map { "import \($0)\n" }.joined()
    let code = try #require(blocks.first { $0.contains(imports) })
    let sample = Workspace.package.appending(path: "Data/sample.npz").path(percentEncoded: false)
    return try #require(code.components(separatedBy: "```").first).replacing("Data/imdb.npz", with: sample)
  }

  /// All Swift code of the articles, each block in a function of its own.
  static func otherCode() throws -> String {
    let modules = ["Classification", "Corpus", "Hyperparameters", "Models", "Training"]
    var (imports, functions) = (modules.map { "import \($0)" }, [String]())
    let sources = Workspace.package.appending(path: "Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: sources.path(percentEncoded: false))
    for path in paths.sorted() where path.contains(".docc/") && path.hasSuffix(".md") {
      let document = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      for block in document.components(separatedBy: "```swift\n").dropFirst() {
        let lines = block.components(separatedBy: "```")[0].replacing("{ … }", with: "{ _ = progress }")
          .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        imports += lines.filter { $0.hasPrefix("import ") && !imports.contains($0) }
        functions.append(
          """
          func code\(functions.count)(start: Checkpoint, texts: [String], labels: [String]) async throws {
          \(lines.filter { !$0.hasPrefix("import ") }.joined(separator: "\n"))
          }
          """)
      }
    }
    return (imports + functions).joined(separator: "\n")
  }

  /// The same once more, and cancelled in the middle of an epoch.
  static let cancellation = """
    var settings = TextTrainingSettings()
    settings.adjust = { ($0.batchSize, $0.epochs) = (1, 1000) }
    let training = TextTraining(texts: texts, labels: labels, settings: settings)
    for await progress in training {
      if case .step = progress.event { training.cancel() }
    }
    do { _ = try await training.classifier } catch is CancellationError { print("cancelled") }
    """

  @Test("the documents' examples build with the kernels for all processors, and train")
  func builds() throws {
    let workspace = try Workspace()
    let files = FileManager.default
    let dependency = workspace.root.appending(path: "swift-lstm")
    try files.createDirectory(at: dependency, withIntermediateDirectories: true)
    for part in ["Package.swift", "Sources", "Tests"] {
      try files.copyItem(at: Workspace.package.appending(path: part), to: dependency.appending(path: part))
    }
    // The machine's own settings of git and SwiftPM, but no name or signature of the user's.
    let home = ["HOME": ProcessInfo.processInfo.environment["HOME"] ?? ""]
    let git = [
      "-C", "swift-lstm", "-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false",
    ]
    for command in [["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A release"], ["tag", "0.1.0"]] {
      let outcome = try workspace.run("git", git + command, environment: home)
      try #require(outcome.code == 0, "\(outcome.said)")
    }
    try workspace.write(
      """
      // swift-tools-version: 6.1
      import PackageDescription

      let package = Package(
        name: "dependent",
        platforms: [.macOS(.v15)],
        dependencies: [.package(url: "\(workspace.path("swift-lstm"))", from: "0.1.0")],
        targets: [
          .executableTarget(
            name: "dependent",
            dependencies: [
              .product(name: "Corpus", package: "swift-lstm"),
              .product(name: "Hyperparameters", package: "swift-lstm"),
              .product(name: "Training", package: "swift-lstm"),
            ]),
          .executableTarget(
            name: "memory",
            dependencies: [
              .product(name: "Classification", package: "swift-lstm"),
              .product(name: "Corpus", package: "swift-lstm"),
              .product(name: "Hyperparameters", package: "swift-lstm"),
              .product(name: "Models", package: "swift-lstm"),
              .product(name: "RecurrentNetwork", package: "swift-lstm"),
              .product(name: "Training", package: "swift-lstm"),
            ]),
        ],
        swiftLanguageModes: [.v6])
      """, to: "dependent/Package.swift")
    try workspace.write(
      try Self.example(in: "Sources/Training/Training.docc/Training.md", "Corpus", "Hyperparameters", "Training"),
      to: "dependent/Sources/dependent/main.swift")
    try workspace.write(
      try Self.example(in: "README.md", "Classification", "Foundation", "Training") + Self.cancellation,
      to: "dependent/Sources/memory/main.swift")
    try workspace.write(try Self.otherCode(), to: "dependent/Sources/memory/OtherCode.swift")
    let build = try workspace.start(
      "swift", ["run", "-v", "-c", "release", "--package-path", "dependent", "dependent"], environment: home)
    let outcome = try build.outcome(seconds: 600)
    #expect(outcome.code == 0, "\(outcome.said)")
    #if arch(x86_64)
      for level in ["x86-64-v3", "x86-64-v4"] { #expect(outcome.said.contains("-march=\(level)")) }
    #endif
    // A validation accuracy for each of three epochs.
    let accuracies = outcome.said.split(separator: "\n").compactMap { Double($0) }
    #expect(accuracies.count == 3 && accuracies.allSatisfy { (0...1).contains($0) }, "\(outcome.said)")

    let memory = try workspace.start(
      "swift", ["run", "-c", "release", "--package-path", "dependent", "memory"], environment: home
    ).outcome(seconds: 600)
    #expect(memory.code == 0, "\(memory.said)")
    let lines = memory.said.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix(#"["bad", "good"] ["#) } && lines.last == "cancelled", "\(memory.said)")
    #expect(FileManager.default.fileExists(atPath: workspace.path("film.safetensors")))
  }
}
