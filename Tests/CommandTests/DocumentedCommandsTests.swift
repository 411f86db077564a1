import Corpus
import Fixtures
import Foundation
import Testing

/// The commands that the documents show, run by a shell one after the other, in a folder that has the files they name.
@Suite struct DocumentedCommandsTests {
  private static let documents: [String] = {
    let package = URL(fileURLWithPath: LSTMProcess.package)
    let articles =
      FileManager.default.enumerator(atPath: package.appending(path: "Sources").path)?
      .compactMap { $0 as? String }.filter { $0.contains(".docc/") && $0.hasSuffix(".md") } ?? []
    return (["README.md"] + articles.sorted().map { "Sources/" + $0 }).filter {
      !((try? commands(in: $0)) ?? []).isEmpty
    }
  }()

  @Test(arguments: documents) func theyRun(document: String) throws {
    try withTemporaryFolder { folder in
      try Self.prepare(folder)
      for command in try Self.commands(in: document) {
        let run = try Self.shell(command, in: folder)
        #expect(run.code == 0, "\(command)\n\(run.output)")
      }
    }
  }

  @Test func thereAreSome() { #expect(Self.documents.count > 10) }

  // MARK: What the documents say

  /// What needs something that isn't here: an MPI, a server (Scripts/serve-test.sh has one), a debugger.
  private static let others = ["mpirun ", "srun ", "lstm serve ", "valgrind "]

  /// The commands of a document: in blocks of their own, or with their file names in a sentence.
  private static func commands(in document: String) throws -> [String] {
    let text = try String(contentsOfFile: "\(LSTMProcess.package)/\(document)", encoding: .utf8)
    let parts = text.components(separatedBy: "```")
    var commands: [String] = []
    for (index, part) in parts.enumerated() {
      if index % 2 == 0 {
        for code in part.components(separatedBy: "`").enumerated().filter({ $0.offset % 2 == 1 }).map(\.element)
        where code.hasPrefix("lstm ") && code.contains(".") && !code.contains("…") {
          commands.append(code)
        }
      } else if part.hasPrefix("\n") {
        let lines = part.replacing("\\\n", with: "").split(separator: "\n")
        let prompts = lines.filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
        commands += prompts.isEmpty ? lines.map(String.init) : prompts
      }
    }
    return commands.filter { command in
      ["lstm ", "for "].contains(where: command.hasPrefix) && !others.contains(where: command.contains)
    }
  }

  // MARK: Running them

  /// So that a test takes seconds: fewer texts of the archive, fewer trials; and a reader doesn't do one thing after the
  /// other to the same folder.
  private static let wrapper = """
    #!/bin/sh
    case "$*" in
    *--resume* | *--folds*) ;;
    train*imdb.npz*) set -- "$@" --limit 60 --overwrite ;;
    train* | pretrain*) set -- "$@" --overwrite ;;
    tune*) set -- "$@" --overwrite --trials 2 ;;
    export* | import*) set -- "$@" --overwrite ;;
    esac
    exec "$LSTM" "$@"
    """

  private static func shell(_ line: String, in folder: TemporaryFolder) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line.replacing(/--minutes \d+/, with: "")]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    process.environment = ProcessInfo.processInfo.environment.merging([
      "LSTM": LSTMProcess.executable.path, "PATH": "\(folder.path("bin")):\(path)",
    ]) { $1 }
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  // MARK: The files they name

  /// What `make train` leaves, learned from a few texts of the sample.
  private static let run = Result {
    try TrainedRun([
      "--data", "Data/sample.npz", "--word-index", "Data/sample_word_index.json", "--limit", "60", "--epochs", "1",
      "--quiet",
    ])
  }

  /// Texts of a few words each, no two of them the same; `theme` is one of the words.
  private static func table(_ header: String, _ labels: [String], theme: String = "") -> String {
    let words = ["wonderful", "lovely", "dull", "awful", "long", "short", "film", "story", "played", "told"]
    let rows = (0..<60).map { row in
      let label = labels[row % labels.count]
      return "a \(words[row % 7]) \(words[row % 10]) \(theme) \(row) \(words[row / 3 % 10]) \(label),\(label)"
    }
    return ([header] + rows).joined(separator: "\n")
  }

  private static func prepare(_ folder: TemporaryFolder) throws {
    for name in ["bin", "Data", "cr"] {
      try FileManager.default.createDirectory(at: folder.url(name), withIntermediateDirectories: true)
    }
    try folder.write(wrapper, to: "bin/lstm")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("bin/lstm"))

    let data = URL(fileURLWithPath: LSTMProcess.package).appending(path: "Data")
    let index = try Data(contentsOf: data.appending(path: "sample_word_index.json"))
    try folder.write(Data(contentsOf: data.appending(path: "sample.npz")), to: "Data/imdb.npz")
    for name in ["Data/imdb_word_index.json", "word_index.json"] { try folder.write(index, to: name) }
    try run.get().write(into: folder, as: "Data/run")
    for name in ["model.keras", "torch.safetensors"] {
      let exported = try LSTMProcess.run("export", folder.path("Data/run"), "--to", folder.path(name))
      try #require(exported.exitCode == 0, "\(exported.errors)")
    }

    for name in ["reviews.csv", "labeled.csv", "new-reviews.csv", "complaints.csv", "cr/train.csv", "cr/test.csv"] {
      try folder.write(table("text,label", ["positive", "negative"], theme: name), to: name)
    }
    try folder.write(table("text,topic", ["sport", "science", "art"]), to: "topics.csv")
    try folder.write(table("text,kind", ["ham", "ham", "spam"]), to: "sms.csv")
    try folder.write("text\na dull film\na lovely story\n", to: "new.csv")
    try folder.write("a wonderful film\nnot bad at all\n", to: "texts.txt")
    try folder.write(
      (0..<40).map { "__label__\($0 % 2 == 0 ? "good" : "bad") text \($0) \($0 % 2 == 0 ? "fine" : "poor")\n" }
        .joined(),
      to: "train.txt")
    func text(_ number: Int) -> Data { Data("a lovely story, wonderful and well told, number \(number)".utf8) }
    let films = ["train/pos", "train/neg", "test/pos", "test/neg"].enumerated().flatMap { part, name in
      (0..<30).map { ("aclImdb/\(name)/\($0)_\(part % 2 == 0 ? 9 : 2).txt", text(100 * part + $0)) }
    }
    let vectors =
      "the" + String(repeating: " 0.1", count: 100) + "\nfilm" + String(repeating: " 0.2", count: 100) + "\n"
    #if Zip
      for (name, files) in [
        ("aclImdb.zip", films),
        ("aclImdb_unsup.zip", (0..<30).map { ("aclImdb/train/unsup/\($0)_0.txt", text(1000 + $0)) }),
        ("others.zip", (0..<30).map { ("others/\($0).txt", text(2000 + $0)) }),
        ("glove.6B.zip", [("glove.6B.100d.txt", Data(vectors.utf8))]),
      ] {
        try folder.write(ZipWriter.archive(files), to: name)
      }
    #endif
  }
}
