import ArgumentParser
import Corpus
import Foundation
import Training

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what an archive of reviews holds, as the tutorial does.")

  @Argument(help: .init("The archive, file or folder, as for lstm train --data.", valueName: "archive"))
  var archive: String

  @Option(help: .init("Tokens kept: padding, start, unknown and the most frequent words.", valueName: "count"))
  var vocabularySize = Train.defaults.vocabularySize

  @Option(help: .init("Length of the padded features.", valueName: "count"))
  var maxLength = Train.defaults.maxLength

  @Option(
    help: .init(
      "Words of the archive's numbers (default: ARCHIVE_word_index.json beside it, if there).", valueName: "file"))
  var wordIndex: String?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  func validate() throws {
    guard vocabularySize >= 3 else { throw ValidationError("--vocabulary-size must be at least 3.") }
    guard (1...1_000_000).contains(maxLength) else {
      throw ValidationError("--max-length must be from 1 to 1,000,000.")
    }
  }

  func run() throws {
    var configuration = TrainingConfiguration()
    configuration.vocabularySize = vocabularySize
    // The lengths are wanted as they are.
    configuration.maxLength = .max
    let data = try DataSource(path: archive, wordIndex: wordIndex, text: text.applied(to: nil)).load(
      configuration, threads: Processor.availableCores, isQuiet: false)
    let (training, test) = (data.training, data.test)
    printLine("\(archive)")
    for note in data.notes { printLine(note) }
    printLine("")
    printLine(
      "part      reviews  positive     tokens   shortest  25 %  median  75 %  95 %  longest  real at \(maxLength)")
    for (name, part) in [("training", training), ("test", test)] where part.count > 0 { printLine(row(name, part)) }

    let first = training.sequences[0]
    printLine(
      "\nThe first training review, \(data.labels[Int(training.labels[0])]), \(first.count) tokens:\n")
    printLine(wrapped(first.map(String.init), separator: ", "))
    if let words = data.vocabulary {
      printLine(
        "\nas words (<start> in front, <oov> for what is not among the \(grouped(vocabularySize)) tokens kept):\n")
      printLine(wrapped(first.map { words[Int($0)] }, separator: " "))
    } else {
      printLine("\n(No word index: give --word-index imdb_word_index.json to see the words.)")
    }
    let padded = try padSequences(TokenSequences([Array(first)]), maxLength: maxLength)
    printLine("\nas features, padded in front to \(maxLength):\n")
    printLine(wrapped(padded[0].map(String.init), separator: " "))
  }

  private func row(_ name: String, _ part: LabelledSequences) -> String {
    let lengths = (0..<part.count).map(part.sequences.length).sorted()
    func percentile(_ share: Double) -> String { grouped(lengths[Int(share * Double(lengths.count - 1))]) }
    let real = lengths.reduce(0) { $0 + min($1, maxLength) }
    let positive = part.labels.reduce(0) { $0 + Int($1) }
    let columns: [(String, Int)] = [
      (grouped(part.count), 8), (fixed(100 * Double(positive) / Double(part.count), 1) + " %", 8),
      (grouped(part.sequences.tokens.count), 9), (percentile(0), 9), (percentile(0.25), 4), (percentile(0.5), 6),
      (percentile(0.75), 4), (percentile(0.95), 5), (percentile(1), 7),
      (fixed(100 * Double(real) / Double(part.count * maxLength), 1) + " %", 11),
    ]
    return columns.reduce(name.padding(toLength: 8, withPad: " ", startingAt: 0)) { line, column in
      line + "  " + String(repeating: " ", count: max(0, column.1 - column.0.count)) + column.0
    }
  }

  /// Pieces in lines of at most 100 columns.
  private func wrapped(_ pieces: [String], separator: String) -> String {
    var lines = [""]
    for (index, piece) in pieces.enumerated() {
      let piece = index + 1 < pieces.count ? piece + separator : piece
      if !lines[lines.count - 1].isEmpty && lines[lines.count - 1].count + piece.count > 101 { lines.append("") }
      lines[lines.count - 1] += piece
    }
    return lines.map { "  " + $0 }.joined(separator: "\n")
  }
}
