import ArgumentParser
import Classification
import Corpus
import Foundation
import Models
import Parallel
import Training

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classifies texts with a trained model.",
    discussion: """
      The texts are the arguments, the lines of a file, or else the lines of standard input, which are answered as they \
      come. The probability is that of label 1, the positive one; with more than two labels that of the label given.

      Started by mpirun or srun, the processes share the work; rank 0 alone reads and writes.

      --explain shows what moved the verdict: each word in turn is replaced by an unknown one, and the word's effect is \
      the probability with it minus the probability without it (occlusion). Of a model with n-grams, those follow that add \
      most to the logit, with what they add: these shares are exact.

      Of a table, --keep-columns writes columns beside the answers; where an answer has the name of one, it is called \
      predicted_label and the like.
      """)

  @Option(help: .init("The trained model.", valueName: "file"))
  var model = DefaultModel.path

  @Argument(help: .init("Texts; -- goes before one that begins with a dash.", valueName: "text"))
  var texts: [String] = []

  @Option(
    help: .init(
      "A file with a text a line; or a table (CSV, TSV, JSON, fastText), an archive or a folder of texts; - for a table on "
        + "standard input.",
      valueName: "file")
  )
  var data: String?

  @Option(
    help: .init(
      "The column of a table that holds the texts, by name or number, or several as in title,body (default: "
        + "\(TextOptions.textColumns.joined(separator: ", "))).",
      valueName: "name"))
  var textColumn: String?

  @OptionGroup
  var table: TableOptions

  @Option(help: .init("How the answers are written.", valueName: PredictionFormat.names))
  var format = PredictionFormat.text

  @Option(help: .init("Show so many labels with their probabilities, the most probable first.", valueName: "count"))
  var top: Int?

  @Flag(help: "With --format csv: add the number of known words, and each label's probability.")
  var probabilities = false

  @Option(
    help: .init(
      "With --format csv or jsonl: columns of the table to write before the answers, as in id,text, or all.",
      valueName: "names"))
  var keepColumns: String?

  @Flag(help: "With --format csv or jsonl: answer rows that can't be read with what is wrong, and go on.")
  var answerBadRows = false

  @Option(
    help: .init(
      "A greater probability gives label 1 (default: the model's, which is 0.5 unless it was trained with another).",
      valueName: "probability"))
  var threshold: Float?

  @Flag(help: "Show what each word did to the verdict.")
  var explain = false

  @Option(help: "The texts' encoding.")
  var encoding = TextOptions.Encoding.utf8

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
    if let top, top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
    for (option, isGiven, formats) in [
      ("--top", top != nil, [PredictionFormat.text, .jsonl]), ("--probabilities", probabilities, [.csv]),
      ("--keep-columns", keepColumns != nil, [.csv, .jsonl]), ("--answer-bad-rows", answerBadRows, [.csv, .jsonl]),
    ] where isGiven && !formats.contains(format) {
      throw ValidationError("\(option) goes with --format \(formats.map(\.rawValue).joined(separator: " or ")).")
    }
    for (option, isGiven) in [("--keep-columns", keepColumns != nil), ("--answer-bad-rows", answerBadRows)]
    where isGiven && data == nil { throw ValidationError("\(option) goes with --data: a table's file, or -.") }
    guard !answerBadRows || !table.skipBadRows else {
      throw ValidationError("Give either --skip-bad-rows or --answer-bad-rows.")
    }
    guard !explain || format != .csv else {
      throw ValidationError("--explain goes with --format text or jsonl: a CSV has no place for words.")
    }
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run {
      guard ranks.isFirst else { return try Model.help(ranks.communicator, threads: ranks.threads) }
      try DefaultModel.check(self.model)
      let model = try Model(contentsOf: self.model, wordIndex: wordIndex)
      try checkThreshold(threshold, model)
      let classifier = try TextClassifier(model, path: self.model, threshold: threshold, threads: ranks.threads)
      model.share(on: ranks.communicator)
      try answer(classifier, ranks.communicator)
      InferenceNetwork.dismiss(ranks.communicator)
    }
  }

  /// Answers whatever was asked, on the first rank.
  private func answer(_ classifier: TextClassifier, _ ranks: any Communicator) throws {
    var writer = PredictionWriter(
      classifier,
      style: PredictionStyle(
        format: format, topCount: top, showsProbabilities: probabilities, keptColumns: keepColumns,
        answersBadRows: answerBadRows))
    if !texts.isEmpty {
      try answer(texts.map { TextRow(text: $0) }, classifier, ranks, &writer)
    } else if data == "-" {
      try StandardInput.withFile { try answerTable($0, name: StandardInput.name, classifier, ranks, &writer) }
    } else if let data, try TextFiles.areMoreThanLines(at: data, options) || keepColumns != nil || answerBadRows {
      try answerTable(data, name: data, classifier, ranks, &writer)
    } else if let data {
      let file = open(data, O_RDONLY)
      guard file >= 0 else {
        throw CorpusError(
          .unreadableFile, file: data, found: "the file cannot be read (\(String(cString: strerror(errno))))",
          advice: "check the path")
      }
      defer { close(file) }
      try answer(LineReader(file, name: data), data, classifier, ranks, &writer)
    } else {
      if isatty(STDIN_FILENO) == 1 { printError("A text a line; Ctrl-D ends.") }
      try answer(
        LineReader(STDIN_FILENO, name: StandardInput.name), StandardInput.name, classifier, ranks, &writer)
    }
    if let remark = writer.remark { printError(remark) }
  }

  /// Answers the rows of a table, or the texts of an archive or a folder.
  private func answerTable(
    _ path: String, name: String, _ classifier: TextClassifier, _ ranks: any Communicator,
    _ writer: inout PredictionWriter
  ) throws {
    let notes = try TextFiles.forEachRows(
      path: path, options, keepsColumns: keepColumns != nil, answersBadRows: answerBadRows
    ) { rows, columns in
      try writer.begin(columns: columns, of: name)
      try answer(rows, classifier, ranks, &writer)
    }
    for note in notes { printError("\(name): \(note)") }
  }

  /// How the texts are read.
  private var options: TextOptions {
    var options = TextOptions()
    (options.textColumn, options.encoding) = (textColumn, encoding)
    table.apply(to: &options)
    return options
  }

  private func answer(
    _ reader: LineReader, _ name: String, _ classifier: TextClassifier, _ ranks: any Communicator,
    _ writer: inout PredictionWriter
  ) throws {
    while true {
      let lines = try reader.next()
      if lines.isEmpty { return }
      var texts: [TextRow] = []
      texts.reserveCapacity(lines.count)
      for line in lines {
        var bytes = Array(line)
        if encoding.makeUTF8(&bytes) == nil {
          texts.append(TextRow(text: String(decoding: bytes, as: UTF8.self)))
          continue
        }
        // What could be read is answered first.
        try answer(texts, classifier, ranks, &writer)
        throw CorpusError(
          .invalidEncoding, file: name, entry: "line \(writer.count + 1)", expected: "UTF-8", found: "other bytes",
          advice: "convert it, or give --encoding latin1 if it is that")
      }
      try answer(texts, classifier, ranks, &writer)
    }
  }

  private func answer(
    _ rows: [TextRow], _ classifier: TextClassifier, _ ranks: any Communicator, _ writer: inout PredictionWriter
  ) throws {
    if explain {
      for row in rows {
        if row.error == nil {
          try writer.write(classifier.explain(row.text, on: ranks), of: row)
        } else {
          try writer.write([], of: [row])
        }
      }
    } else {
      let texts = rows.lazy.filter { $0.error == nil }.map(\.text)
      try writer.write(classifier.classify(Array(texts), on: ranks), of: rows)
    }
  }
}

/// Checks the options that commands share.
func checkThreads(_ threads: Int?) throws {
  guard (1...1024).contains(threads ?? 1) else {
    throw ValidationError("--threads must be from 1 to 1,024, not \(threads!).")
  }
}

func checkThreshold(_ threshold: Float?, _ model: Model? = nil) throws {
  guard let threshold else { return }
  if let model, model.labels.count > 2 {
    throw ValidationError("--threshold goes with two labels, and the model has \(model.labels.count).")
  }
  guard (0...1).contains(threshold) else {
    throw ValidationError("--threshold must be a probability, from 0 to 1, not \(threshold).")
  }
}
