import ArgumentParser
import Classification
import Corpus
import Foundation

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classifies texts with a trained model.",
    discussion: """
      The texts are the arguments, the lines of a file, or else the lines of standard input, which are answered as they \
      come. The probability is that of label 1, the positive one.

      --explain shows what moved the verdict: each word in turn is replaced by an unknown one, and the word's effect is \
      the probability with it minus the probability without it (occlusion).
      """)

  @Option(help: .init("The trained model.", valueName: "file"))
  var model = "Data/run/model.safetensors"

  @Argument(help: .init("Texts; -- goes before one that begins with a dash.", valueName: "text"))
  var texts: [String] = []

  @Option(help: .init("A file with a text a line.", valueName: "file"))
  var data: String?

  @Option(help: .init("How the answers are written.", valueName: PredictionFormat.names))
  var format = PredictionFormat.text

  @Option(help: .init("A greater probability gives label 1.", valueName: "probability"))
  var threshold: Float = 0.5

  @Flag(help: "Show what each word did to the verdict.")
  var explain = false

  @Option(help: .init("How the lines are coded: utf8 or latin1.", valueName: "name"))
  var encoding = TextEncoding.utf8

  @Option(help: .init("The words' numbers, for a model that doesn't know its words.", valueName: "file"))
  var wordIndex: String?

  @Option(help: .init("Threads to work on (default: the cores that this process may use).", valueName: "count"))
  var threads: Int?

  func validate() throws {
    try checkThreads(threads)
    try checkThreshold(threshold)
    guard texts.isEmpty || data == nil else {
      throw ValidationError("Give either texts or --data, not both.")
    }
    guard !explain || format != .csv else {
      throw ValidationError("--explain goes with --format text or jsonl: a CSV has no place for words.")
    }
  }

  func run() throws {
    let classifier = try TextClassifier(
      contentsOf: model, wordIndex: wordIndex, threshold: threshold, threads: threads ?? Processor.availableCores)
    var writer = PredictionWriter(classifier, format: format)
    if !texts.isEmpty {
      try answer(texts, classifier, &writer)
    } else if let data {
      let file = open(data, O_RDONLY)
      guard file >= 0 else {
        throw CorpusError(
          file: data, found: "the file cannot be read (\(String(cString: strerror(errno))))", advice: "check the path")
      }
      defer { close(file) }
      try answer(LineReader(file, name: data), data, classifier, &writer)
    } else {
      if isatty(STDIN_FILENO) == 1 { printError("A text a line; Ctrl-D ends.") }
      try answer(LineReader(STDIN_FILENO, name: "standard input"), "standard input", classifier, &writer)
    }
    if let remark = writer.remark { printError(remark) }
  }

  private func answer(
    _ reader: LineReader, _ name: String, _ classifier: TextClassifier, _ writer: inout PredictionWriter
  ) throws {
    while true {
      let lines = try reader.next()
      if lines.isEmpty { return }
      var texts: [String] = []
      texts.reserveCapacity(lines.count)
      for line in lines {
        if let text = encoding.text(of: line) {
          texts.append(text)
          continue
        }
        // What could be read is answered first.
        try answer(texts, classifier, &writer)
        throw CorpusError(
          file: name, entry: "line \(writer.count + 1)", expected: "UTF-8", found: "other bytes",
          advice: "convert it, or give --encoding latin1 if it is that")
      }
      try answer(texts, classifier, &writer)
    }
  }

  private func answer(_ texts: [String], _ classifier: TextClassifier, _ writer: inout PredictionWriter) throws {
    if explain {
      for text in texts { try writer.write(classifier.explain(text), of: text) }
    } else {
      try writer.write(classifier.classify(texts), of: texts)
    }
  }
}

/// How the bytes of a line are a text.
enum TextEncoding: String, ExpressibleByArgument, CaseIterable {
  case utf8, latin1

  /// The text of some bytes, or nil.
  func text(of bytes: ArraySlice<UInt8>) -> String? {
    switch self {
    case .utf8: return String(validating: bytes, as: UTF8.self)
    case .latin1:
      var text = ""
      text.unicodeScalars.append(contentsOf: bytes.map { Unicode.Scalar($0) })
      return text
    }
  }
}

/// Checks the options that commands share.
func checkThreads(_ threads: Int?) throws {
  guard (1...1024).contains(threads ?? 1) else {
    throw ValidationError("--threads must be from 1 to 1,024, not \(threads!).")
  }
}

func checkThreshold(_ threshold: Float) throws {
  guard (0...1).contains(threshold) else {
    throw ValidationError("--threshold must be a probability, from 0 to 1, not \(threshold).")
  }
}
