import Classification
import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

/// `lstm predict`, with a model that knows four words.
@Suite struct PredictCommandTests {
  static let model: Model = {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (8, 4, 5)
    configuration.maxLength = 12
    var generator = RandomGenerator(seed: 4)
    var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
    for i in parameters.values.indices { parameters.values[i] = Float(4 * generator.uniform() - 2) }
    return try! Model(
      parameters, configuration: configuration,
      vocabulary: ["<pad>", "<start>", "<oov>", "<3>", "a", "good", "bad", "film"])
  }()

  /// Runs it with the model, which a folder of the test's has.
  static func predict(_ arguments: String..., input: Data = Data(), model: Model = model) throws -> LSTMProcess {
    try predict(arguments: arguments, input: input, model: model)
  }

  static func predict(arguments: [String], input: Data = Data(), model: Model = model) throws -> LSTMProcess {
    try withTemporaryFolder { folder in
      try model.write(toSafetensors: folder.path + "/model.safetensors")
      return try LSTMProcess.run(
        ["predict", "--model", folder.path + "/model.safetensors"] + arguments, input: input)
    }
  }

  @Test(arguments: ["predict hello", "evaluate --data reviews.csv"])
  func whoeverHasNoModelYetIsToldWhatToDo(command: String) throws {
    try withTemporaryFolder { folder in
      let run = try LSTMProcess.shell("cd '\(folder.path)' && \"$lstm\" \(command)")
      #expect(run.code == 1)
      #expect(
        run.errors.hasPrefix("Error: Data/run/model.safetensors: no such file; train a model first"), "\(run.errors)")
    }
  }

  struct Line: Decodable, Equatable {
    struct Word: Decodable, Equatable {
      var word: String
      var effect: Float
    }
    var text: String
    var probability: Float
    var label: String
    var words: [Word]?
  }

  static func lines(_ output: String) throws -> [Line] {
    try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  static let difficultTexts = [
    "a good film", "a \"bad\", film", "back\\slash\ttab", "", "good\u{0}bad", "emoji 🎬 é", "unknown words", ",",
  ]

  // MARK: Texts

  /// What the model says of the difficult texts, and what the command does; an argument can't hold a NUL.
  private func answers(_ format: String) throws -> (texts: [String], expected: [Prediction], run: LSTMProcess) {
    let texts = Self.difficultTexts.map { $0.replacing("\u{0}", with: "") }
    let run = try Self.predict(arguments: ["--format", format, "--"] + texts)
    return (texts, try TextClassifier(Self.model).classify(texts), run)
  }

  @Test func answersTextsAsJSONLines() throws {
    let (texts, expected, run) = try answers("jsonl")
    #expect(run.exitCode == 0)
    let lines = try Self.lines(run.output)
    #expect(lines.map(\.text) == texts)
    #expect(lines.map(\.probability) == expected.map(\.probability))
    #expect(lines.map(\.label) == expected.map(\.label))
  }

  @Test func answersTextsAsCSV() throws {
    let (_, expected, run) = try answers("csv")
    #expect(
      run.output.hasPrefix("text,probability,label\na good film,\(expected[0].probability),\(expected[0].label)\n"))
    #expect(run.output.contains("\n\"a \"\"bad\"\", film\",\(expected[1].probability),"))
    #expect(run.output.contains("\n,\(expected[3].probability),"))
    #expect(run.output.contains("\n\",\",\(expected[7].probability),"))
  }

  @Test func answersTextsInLines() throws {
    let (_, expected, run) = try answers("text")
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 8)
    #expect(lines[0].hasPrefix(String(format: "%.4f  \(expected[0].label)", expected[0].probability)))
    #expect(lines[0].hasSuffix("  a good film"))
    #expect(lines[2].hasSuffix("  (no known words) back\\slash\\ttab"))
  }

  @Test func saysHowManyTextsHaveNoKnownWord() throws {
    let errors = try answers("jsonl").run.errors
    #expect(
      errors.contains(
        "6 of 8 texts (the first is number 3) have no word that the model knows: their predictions say nothing about them."
      ), "\(errors)")
  }

  /// In order, none lost, whatever the batches were: as many as fill the reader's memory twice.
  @Test func answersLinesInTheirOrder() throws {
    let classifier = try TextClassifier(Self.model)
    let words = ["a", "good", "bad", "film", "unknown", "GOOD,", String(repeating: "x", count: 150)]
    let texts = (0..<50_000).map { (index: Int) -> String in
      let chosen = (0..<index % 11).map { (place: Int) -> String in words[(index / 11 + 3 * place * place) % 7] }
      return (chosen + ["\(index)"]).joined(separator: " ")
    }
    let run = try Self.predict("--format", "jsonl", input: Data(texts.joined(separator: "\r\n").utf8))
    #expect(run.exitCode == 0)
    let lines = try Self.lines(run.output)
    #expect(lines.map(\.text) == texts)
    #expect(lines.map(\.probability) == classifier.classify(texts).map(\.probability))
    // From a file, on another number of threads: the same bytes.
    try withTemporaryFolder { folder in
      try Data(texts.joined(separator: "\n").utf8).write(to: folder.url("texts.txt"))
      let other = try Self.predict("--format", "jsonl", "--threads", "3", "--data", folder.path + "/texts.txt")
      #expect(other.output == run.output)
    }
  }

  @Test func readsTablesAndFolders() throws {
    let texts = ["a \"good\" film, bad", "bad\nbad", ""]
    let expected = try TextClassifier(Self.model).classify(texts).map(\.probability)
    try withTemporaryFolder { folder in
      let quoted = texts.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
      let objects = try texts.map { String(decoding: try JSONEncoder().encode(["body": $0]), as: UTF8.self) }
      try FileManager.default.createDirectory(atPath: folder.path + "/texts", withIntermediateDirectories: true)
      for (name, content) in [
        ("a.csv", "id,text\r\n" + quoted.map { "7,\($0)\r\n" }.joined()),
        ("a.jsonl", objects.map { $0 + "\n" }.joined()),
        ("texts/1.txt", texts[0]), ("texts/2.txt", texts[1]), ("texts/3.txt", texts[2]),
      ] { try Data(content.utf8).write(to: folder.url(name)) }
      for arguments in [["a.csv"], ["a.jsonl", "--text-column", "body"], ["texts"]] {
        let run = try Self.predict(
          arguments: ["--format", "jsonl", "--data", folder.path + "/" + arguments[0]] + arguments.dropFirst())
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(try Self.lines(run.output).map(\.text) == texts)
        #expect(try Self.lines(run.output).map(\.probability) == expected)
      }
      let nameless = try Self.predict("--data", folder.path + "/a.jsonl")
      #expect(nameless.exitCode == 1)
      #expect(nameless.errors.contains("found the columns “body”; name it with --text-column"), "\(nameless.errors)")
    }
  }

  @Test func answersALineBeforeTheNextComes() throws {
    try withTemporaryFolder { folder in
      try Self.model.write(toSafetensors: folder.path + "/model.safetensors")
      let (input, output) = (Pipe(), Pipe())
      let process = Process()
      process.executableURL = LSTMProcess.executable
      process.arguments = ["predict", "--model", folder.path + "/model.safetensors", "--format", "jsonl"]
      (process.standardInput, process.standardOutput) = (input, output)
      try process.run()
      // Were an answer held back, the test would wait for it for ever: it ends the process instead.
      let watchdog = DispatchWorkItem { process.terminate() }
      DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
      defer { watchdog.cancel() }
      for text in ["a good film", "", "a bad film"] {
        try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
        var answer = Data()
        while answer.last != UInt8(ascii: "\n") {
          let more = output.fileHandleForReading.availableData
          if more.isEmpty { break }
          answer += more
        }
        #expect(try Self.lines(String(decoding: answer, as: UTF8.self)).map(\.text) == [text])
      }
      // The last line needs no end.
      try input.fileHandleForWriting.write(contentsOf: Data("film".utf8))
      try input.fileHandleForWriting.close()
      let rest = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(try Self.lines(String(decoding: rest, as: UTF8.self)).map(\.text) == ["film"])
      #expect(process.terminationStatus == 0)
    }
  }

  /// By the signal, and where that is ignored.
  @Test(arguments: ["", "trap '' PIPE; "]) func endsQuietlyWhereNobodyReads(before: String) throws {
    try withTemporaryFolder { folder in
      try Self.model.write(toSafetensors: folder.path + "/model.safetensors")
      try Data(String(repeating: "a good film\n", count: 1_000_000).utf8).write(to: folder.url("texts.txt"))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = [
        "-c",
        before
          + #""$0" predict --model "$1/model.safetensors" <"$1/texts.txt" | head -n 1; exit "${PIPESTATUS[0]}""#,
        LSTMProcess.executable.path, folder.path,
      ]
      let (output, errors) = (Pipe(), Pipe())
      (process.standardOutput, process.standardError) = (output, errors)
      try process.run()
      let said = (
        output.fileHandleForReading.readDataToEndOfFile(), errors.fileHandleForReading.readDataToEndOfFile()
      )
      process.waitUntilExit()
      #expect(String(decoding: said.0, as: UTF8.self).hasSuffix("a good film\n"))
      #expect(said.1.isEmpty)
      #expect(process.terminationStatus == 128 + SIGPIPE)
    }
  }

  // MARK: Explanations

  private static let explained = "a Good film, really"

  @Test func anExplanationHasTheEffectOfEachWord() throws {
    let explanation = try TextClassifier(Self.model).explain(Self.explained)
    let jsonl = try Self.predict("--explain", "--format", "jsonl", Self.explained)
    let line = try #require(try Self.lines(jsonl.output).first)
    #expect(line.words == explanation.words.map { .init(word: $0.word, effect: $0.effect) })
    #expect(line.probability == explanation.prediction.probability)
  }

  /// Three signs for the word that moved the text most, and for the others as many thirds as come nearest.
  @Test func aWordHasAsManySignsAsItHasEffect() throws {
    let explained = "good bad film a film, really"
    let words = try TextClassifier(Self.model).explain(explained).words
    let text = try Self.predict("--explain", explained).output.split(separator: "\n")
    #expect(text.count == 2)
    let shown = text[1].split(separator: " ")
    try #require(shown.count == words.count)
    let largest = words.map { abs($0.effect) }.max()!
    for (word, shown) in zip(words, shown) where word.isKnown {
      let signs = shown.dropFirst(word.word.count)
      #expect(shown.hasPrefix(word.word))
      #expect(signs.allSatisfy { $0 == (word.effect > 0 ? "+" : "-") })
      #expect(abs(Float(signs.count) / 3 - abs(word.effect) / largest) <= 1.0 / 6)
    }
    #expect(shown.last == "(really)")
    // Some are rounded up, and some down.
    let parts = words.map { (3 * abs($0.effect) / largest).truncatingRemainder(dividingBy: 1) }
    #expect(parts.contains { 0 < $0 && $0 < 0.5 } && parts.contains { $0 > 0.5 })
  }

  /// 1,012 words, of which the model reads the last 12.
  @Test func wordsThatTheModelDoesNotReadAreCounted() throws {
    let long = try Self.predict("--explain", String(repeating: "film ", count: 1012))
    #expect(long.output.contains("(1,000 words that the model doesn't read) film"))
  }

  // MARK: Input

  @Test func aByteOrderMarkIsNoText() throws {
    let run = try Self.predict("--format", "jsonl", input: Data([0xEF, 0xBB, 0xBF]) + Data("good\n".utf8))
    #expect(try Self.lines(run.output).map(\.text) == ["good"])
  }

  @Test func readsLatin1() throws {
    let run = try Self.predict("--format", "jsonl", "--encoding", "latin1", input: Data([0x67, 0xE9, 0x0A]))
    #expect(try Self.lines(run.output).map(\.text) == ["gé"])
  }

  @Test func aNULAndAnEmptyLineAreTexts() throws {
    let run = try Self.predict("--format", "jsonl", input: Data("good\u{0}bad\n\n".utf8))
    #expect(try Self.lines(run.output).map(\.text) == ["good\u{0}bad", ""])
  }

  @Test func noInputHasNoAnswers() throws {
    #expect(try Self.predict(input: Data()).output == "")
  }

  @Test func readsALineOfTenMegabytes() throws {
    let long = String(repeating: "good bad ", count: 1_200_000)
    #expect(try Self.lines(Self.predict("--format", "jsonl", input: Data(long.utf8)).output).map(\.text) == [long])
  }

  /// The texts before it are answered.
  @Test(arguments: [
    (
      "caf\u{E9}", 1, "standard input: line 3: expected UTF-8, found other bytes; convert it, or give --encoding latin1"
    ),
    ("x", 65 << 20, "standard input: line 3: expected a text of at most 64 MiB, found a longer one"),
  ]) func stopsAtALineThatCannotBeRead(piece: String, count: Int, message: String) throws {
    let line = Data(piece.unicodeScalars.map { UInt8($0.value) })
    var input = Data("good\nbad\n".utf8)
    input += count == 1 ? line : Data(repeating: line[0], count: count)
    let run = try Self.predict("--format", "jsonl", input: input + Data("\nfilm\n".utf8))
    #expect(run.exitCode == 1)
    #expect(run.errors.contains(message))
    #expect(try Self.lines(run.output).map(\.text) == ["good", "bad"])
  }

  @Test(arguments: [
    (["--threshold", "1.5", "a"], 64, "--threshold must be a probability, from 0 to 1, not 1.5"),
    (["--threshold", "nan", "a"], 64, "--threshold must be a probability"),
    (["--threads", "0", "a"], 64, "--threads must be from 1 to 1,024, not 0"),
    (["--data", "x.txt", "a"], 64, "Give either texts or --data, not both"),
    (["--explain", "--format", "csv", "a"], 64, "--explain goes with --format text or jsonl"),
    (["--format", "xml", "a"], 64, "xml"),
    (["--data", "/nowhere.txt"], 1, "/nowhere.txt: "),
    (["--data", "Sources/CLibZip"], 1, "Sources/CLibZip: expected tables"),
    (["--data", "Data/sample.npz"], 1, "Data/sample.npz: expected texts, found numbers"),
    (["--word-index", "/nowhere.json", "a"], 1, "/nowhere.json: no such file"),
  ]) func refusesWhatMakesNoSense(arguments: [String], code: Int, message: String) throws {
    let run = try withTemporaryFolder { folder in
      try Self.model.write(toSafetensors: folder.path + "/model.safetensors")
      return try LSTMProcess.run(["predict", "--model", folder.path + "/model.safetensors"] + arguments)
    }
    #expect(run.exitCode == code)
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(run.output == "")
  }

  @Test func refusesAModelThatIsNotThere() throws {
    let missing = try LSTMProcess.run("predict", "--model", "/nowhere.safetensors", "a")
    #expect(missing.exitCode == 1)
    #expect(missing.errors.contains("/nowhere.safetensors"))
  }

  @Test func refusesAModelWithoutWords() throws {
    var model = Self.model
    model.vocabulary = nil
    let wordless = try Self.predict("a", model: model)
    #expect(wordless.exitCode == 1)
    #expect(wordless.errors.contains("name them with --word-index imdb_word_index.json"))
  }
}
