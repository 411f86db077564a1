import ArgumentParser
import Classification
import Corpus
import Distribution
import Files
import Foundation
import Training

/// The format of predictions.
enum PredictionFormat: String, ExpressibleByArgument, CaseIterable {
  case text, csv, jsonl

  static var names: String { allCases.map(\.rawValue).joined(separator: "|") }
}

/// Writes predictions to stdout, one per line; an explanation as `text` takes two lines.
struct PredictionWriter {
  /// The number of predictions written so far.
  private(set) var count = 0

  private let format: PredictionFormat
  private let labelWidth: Int
  private let isColored: Bool
  private var unknownCount = 0
  private var firstUnknown = 0

  init(_ classifier: TextClassifier, format: PredictionFormat) {
    self.format = format
    labelWidth = classifier.labels.map { shown($0).count }.max()!
    let environment = ProcessInfo.processInfo.environment
    // Open MPI makes output that it forwards look like a terminal, even if it goes elsewhere.
    isColored =
      isatty(STDOUT_FILENO) == 1 && MPI.launchedRanks == nil && environment["TERM"] != "dumb"
      && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// A remark for the end, if there is any. The format `text` has it in each line instead.
  var remark: String? {
    if unknownCount == 0 || format == .text { return nil }
    let texts = "\(grouped(unknownCount)) of \(grouped(count)) texts"
    return unknownCount == 1
      ? "\(texts) (number \(grouped(firstUnknown))) has no word that the model knows: its prediction says nothing about it."
      : "\(texts) (the first is number \(grouped(firstUnknown))) have no word that the model knows: their predictions say "
        + "nothing about them."
  }

  /// Writes a batch of predictions.
  mutating func write(_ predictions: [Prediction], of texts: [String]) throws {
    var lines = ""
    for (prediction, text) in zip(predictions, texts) { try lines += line(prediction, text) + "\n" }
    try writeOutput(lines)
  }

  /// Writes a prediction with the effects of its words.
  mutating func write(_ explanation: Explanation, of text: String) throws {
    let words = explanation.words
    switch format {
    case .jsonl: try writeOutput(line(explanation.prediction, text, explanation) + "\n")
    case .text, .csv:
      let largest = words.map { abs($0.effect) }.max() ?? 0
      let unread = explanation.unreadWordCount
      let unreadNote = unread > 0 ? ["(\(grouped(unread)) words that the model doesn't read)"] : []
      let unmeasured = explanation.unmeasuredWordCount
      let unmeasuredNote = unmeasured > 0 ? ["(\(grouped(unmeasured)) words whose effects aren't measured)"] : []
      let list = (unreadNote + unmeasuredNote + words.map { marked($0, largest) }).joined(separator: " ")
      let ngrams = explanation.ngrams.prefix(Self.ngramLimit).map {
        "\(CorpusError.escaped($0.text, limit: 60)) \($0.share < 0 ? "" : "+")\(fixed(Double($0.share), 2))"
      }.joined(separator: ", ")
      try writeOutput(
        ([line(explanation.prediction, text)] + [list, ngrams].filter { !$0.isEmpty }.map { "        \($0)" })
          .joined(separator: "\n") + "\n")
    }
  }

  /// How many n-grams are shown of a text: those with the largest shares.
  private static let ngramLimit = 8

  /// - Parameter explanation: for `jsonl`, what to add.
  private mutating func line(
    _ prediction: Prediction, _ text: String, _ explanation: Explanation? = nil
  ) throws -> String {
    count += 1
    guard !prediction.probability.isNaN else {
      throw CommandError(
        "the probability of text \(count) is not a number", advice: "the model's weights are unusable; train again")
    }
    let isUnknown = prediction.knownWordCount == 0
    if isUnknown {
      unknownCount += 1
      if unknownCount == 1 { firstUnknown = count }
    }
    let label = prediction.label
    switch format {
    case .text:
      let padding = String(repeating: " ", count: labelWidth - shown(label).count)
      let line = "\(fixed(Double(prediction.probability), 4))  \(shown(label))\(padding)  "
      return line + (isUnknown ? "(no known words) " : "") + shown(text)
    case .csv:
      return (count == 1 ? "text,probability,label\n" : "") + "\(csv(text)),\(prediction.probability),\(csv(label))"
    case .jsonl:
      var members: [(name: String, value: OrderedJSON)] = [
        ("text", .string(text)), ("probability", .float(prediction.probability)), ("label", .string(label)),
      ]
      if let explanation {
        members.append(
          ("words", .array(explanation.words.map { ["word": .string($0.word), "effect": .float($0.effect)] })))
        if explanation.unmeasuredWordCount > 0 {
          members.append(("unmeasured_words", .integer(explanation.unmeasuredWordCount)))
        }
        if !explanation.ngrams.isEmpty {
          members.append(
            ("ngrams", .array(explanation.ngrams.map { ["ngram": .string($0.text), "share": .float($0.share)] })))
        }
      }
      return OrderedJSON.object(members).text()
    }
  }

  // MARK: Words

  /// A word, marked by its effect relative to the largest one: with one to three signs, or with a color.
  private func marked(_ word: Explanation.Word, _ largest: Float) -> String {
    let spelling = CorpusError.escaped(word.word, limit: 60)
    guard word.isKnown else { return isColored ? "\u{1B}[2m\(spelling)\u{1B}[0m" : "(\(spelling))" }
    let strength = largest > 0 ? Int((3 * abs(word.effect) / largest).rounded()) : 0
    guard strength > 0 else { return spelling }
    let isPositive = word.effect > 0
    if isColored { return "\u{1B}[\(strength == 3 ? "1;" : "")\(isPositive ? 32 : 31)m\(spelling)\u{1B}[0m" }
    return spelling + String(repeating: isPositive ? "+" : "-", count: strength)
  }
}

/// The beginning of a text, on one line and without control characters.
private func shown(_ text: String) -> String { CorpusError.escaped(text, limit: 60) }

/// A CSV field, quoted according to RFC 4180 if necessary.
private func csv(_ text: String) -> String {
  text.utf8.contains { "\",\r\n".utf8.contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
}
