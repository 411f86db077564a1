import ArgumentParser
import Corpus
import Foundation
import Hyperparameters
import Models
import Training

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the contents of a model or of data.",
    discussion: """
      For a model in any format: its layers and parameters, as Keras's summary() counts them, its settings and its words. \
      For data: the number of texts and their lengths, and the first text, as tokens and words.

      For a .txt file of plain lines, standard input, and with --model for texts of any kind: the words of each text, \
      as --tokens or the model has them.
      """)

  @Argument(
    help: .init(
      "A model, the folder of a run, data, as for lstm train --data, or - for standard input.",
      valueName: "file"))
  var file: String

  @Option(help: .init("For texts: the model whose words to show.", valueName: "file"))
  var model: String?

  @Option(
    help: .init(
      "For data: size of the vocabulary: padding, start, unknown and the most frequent words (default: "
        + "\(Train.defaults.vocabularySize)).", valueName: "count"))
  var vocabularySize: Int?

  @Option(
    help: .init(
      "For data: length of the padded features (default: \(Train.defaults.maxLength)).", valueName: "count")
  )
  var maxLength: Int?

  @Option(
    help: .init("For texts: number of labels (default: as many as there are).", valueName: "count"))
  var labelCount: Int?

  @Option(
    help: .init(
      "For an archive: its word index (default: ARCHIVE_word_index.json next to it, if it exists).", valueName: "file"))
  var wordIndex: String?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  func validate() throws {
    guard vocabularySize ?? 3 >= 3 else { throw ValidationError("--vocabulary-size must be at least 3.") }
    guard (2...256).contains(labelCount ?? 2) else {
      throw ValidationError("--label-count must be from 2 to 256, not \(labelCount!).")
    }
    guard (1...1_000_000).contains(maxLength ?? 1) else {
      throw ValidationError("--max-length must be from 1 to 1,000,000.")
    }
    guard model == nil || text.tokens == nil && text.lowercase == nil && !text.stripHTML else {
      throw ValidationError("--model says what its words are: leave out --tokens, --lowercase and --strip-html.")
    }
  }

  func run() throws {
    if try model != nil || file == "-" || isPlainText { return try showWords() }
    let content = try FileContent(ofFile: file)
    switch content {
    case .reviews, .other: return try showData(at: file)
    default: break
    }
    for (option, isGiven) in [
      ("--vocabulary-size", vocabularySize != nil), ("--max-length", maxLength != nil),
      ("--label-count", labelCount != nil), ("--word-index", wordIndex != nil),
      ("an option for texts", text.applied(to: nil) != nil),
    ] where isGiven { throw ValidationError("\(option) is for data, but \(file) is a model.") }
    let model = try Model(contentsOf: file, as: content) { printError("Note: \(file): \(advised(remark: $0))") }
    printLine(try ModelSummary(path: file, content: content, model: model).text)
  }

  // MARK: Words

  /// Whether the file has lines of text without labels.
  private var isPlainText: Bool {
    get throws {
      guard (file as NSString).pathExtension.lowercased() == "txt" else { return false }
      guard case .other = try FileContent(ofFile: file) else { return false }
      return try !TextFiles.areMoreThanLines(at: file, text.applied(to: nil) ?? TextOptions())
    }
  }

  private func showWords() throws {
    let options = text.applied(to: nil) ?? TextOptions()
    let coding = try model.map { try Model(contentsOf: $0).coding } ?? options.coding()
    let coder = TextCoder(vocabulary: [], coding: coding)
    func show(_ texts: [String]) throws {
      for text in texts {
        // Joiners do no harm, and emoji need them.
        let words = coder.words(of: text).map { word in
          word.word.unicodeScalars.map {
            "\u{200C}\u{200D}".unicodeScalars.contains($0) ? String($0) : CorpusError.escaped(String($0))
          }
          .joined()
        }
        try writeOutput(words.joined(separator: " · ") + "\n")
      }
    }
    guard file == "-" else {
      for note in try TextFiles.forEachBatch(path: file, options, show) { printError("\(file): \(note)") }
      return
    }
    let reader = LineReader(STDIN_FILENO, name: "standard input")
    var count = 0
    while case let lines = try reader.next(), !lines.isEmpty {
      for line in lines {
        count += 1
        var bytes = Array(line)
        guard options.encoding.makeUTF8(&bytes) == nil else {
          throw CorpusError(
            .invalidEncoding, file: "standard input", entry: "line \(count)", expected: "UTF-8", found: "other bytes",
            advice: "convert it, or name its encoding")
        }
        try show([String(decoding: bytes, as: UTF8.self)])
      }
    }
  }

  // MARK: Data

  private func showData(at path: String) throws {
    let maxLength = maxLength ?? Train.defaults.maxLength
    let vocabularySize = vocabularySize ?? Train.defaults.vocabularySize
    var progress = ReadingProgress(path: path, isQuiet: false)
    // The table shows the original lengths.
    let data = try DataSource(path: path, wordIndex: wordIndex, text: text.applied(to: nil)).load(
      vocabularySize: vocabularySize, maxLength: .max, labelCount: labelCount, for: nil,
      keeping: [], threads: Processor.availableCores
    ) { progress.show($0) }
    progress.end()
    let (training, test) = (data.training, data.test)
    printLine(path)
    for note in data.notes { printLine(note) }
    printLine("")
    let isPair = data.labels.count == 2
    printLine(
      "part      reviews  \(isPair ? "positive" : "  labels")     tokens   shortest  25 %  median  75 %  95 %  longest  real at \(maxLength)"
    )
    for (name, part) in [("training", training), ("test", test)] where part.count > 0 {
      printLine(row(name, part, maxLength, isPair: isPair))
    }
    if !isPair {
      printLine("\nlabel  training      test")
      for (label, name) in data.labels.enumerated() {
        let counts = [training, test].map { part in grouped(part.labels.count { $0 == label }) }
        printLine(
          [String(label), counts[0], counts[1]].enumerated().map { column, text in
            String(repeating: " ", count: max(0, [5, 8, 8][column] - text.count)) + text
          }.joined(separator: "  ") + "  \(CorpusError.escaped(name, limit: 30))")
      }
    }

    let first = training.sequences[0]
    printLine(
      "\nThe first training text, labeled \(data.labels[Int(training.labels[0])]), \(first.count) tokens:\n")
    printLine(wrapped(first.map(String.init), separator: ", "))
    if let words = data.vocabulary {
      printLine(
        "\nas words (<start> in front, <oov> for words outside the vocabulary of \(grouped(vocabularySize)) tokens):\n"
      )
      printLine(wrapped(first.map { words[Int($0)] }, separator: " "))
    } else {
      printLine("\n(No word index: give --word-index imdb_word_index.json to see the words.)")
    }
    let padded = try padSequences(TokenSequences([Array(first)]), maxLength: maxLength)
    printLine("\nas features, padded in front to \(maxLength):\n")
    printLine(wrapped(padded[0].map(String.init), separator: " "))
  }

  private func row(_ name: String, _ part: LabeledSequences, _ maxLength: Int, isPair: Bool) -> String {
    let lengths = (0..<part.count).map(part.sequences.length).sorted()
    func percentile(_ share: Double) -> String { grouped(lengths[Int(share * Double(lengths.count - 1))]) }
    let real = lengths.reduce(0) { $0 + min($1, maxLength) }
    let positive = part.labels.reduce(0) { $0 + Int($1) }
    let labels = isPair ? fixed(100 * Double(positive) / Double(part.count), 1) + " %" : grouped(Set(part.labels).count)
    let columns: [(String, Int)] = [
      (grouped(part.count), 8), (labels, 8),
      (grouped(part.sequences.tokens.count), 9), (percentile(0), 9), (percentile(0.25), 4), (percentile(0.5), 6),
      (percentile(0.75), 4), (percentile(0.95), 5), (percentile(1), 7),
      (fixed(100 * Double(real) / Double(part.count * maxLength), 1) + " %", 11),
    ]
    return columns.reduce(name.padding(toLength: 8, withPad: " ", startingAt: 0)) { line, column in
      line + "  " + String(repeating: " ", count: max(0, column.1 - column.0.count)) + column.0
    }
  }
}

/// Joins pieces, and breaks them into indented lines.
func wrapped(_ pieces: [String], separator: String, indent: String = "  ", width: Int = 103) -> String {
  var lines = [""]
  for (index, piece) in pieces.enumerated() {
    let piece = index + 1 < pieces.count ? piece + separator : piece
    if !lines[lines.count - 1].isEmpty && lines[lines.count - 1].count + piece.count > width - indent.count {
      lines.append("")
    }
    lines[lines.count - 1] += piece
  }
  return lines.map { indent + ($0.last == " " ? $0.dropLast() : $0[...]) }.joined(separator: "\n")
}
