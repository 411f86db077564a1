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

/// What is written of each prediction.
struct PredictionStyle {
  var format = PredictionFormat.text
  /// How many labels are shown with their probabilities, the most probable first; nil for the predicted label alone.
  var topCount: Int?
  /// Whether CSV has a column for each label's probability.
  var showsProbabilities = false
  /// The columns of a table that are written along, with commas between them; "all" for all, and nil for none.
  var keptColumns: String?
  /// Whether rows that can't be read are answered with their errors.
  var answersBadRows = false
}

/// Writes predictions to stdout, one per line; an explanation as `text` takes two lines.
struct PredictionWriter {
  /// The number of predictions written so far.
  private(set) var count = 0

  private let style: PredictionStyle
  private let labels: [String]
  /// The columns of the table that is being answered, and the indices of those that are kept.
  private var columns: (names: [String], kept: [Int])?
  private let labelWidth: Int
  private let isColored: Bool
  private var unknownCount = 0
  private var firstUnknown = 0

  private var format: PredictionFormat { style.format }

  init(_ classifier: TextClassifier, style: PredictionStyle) {
    self.style = style
    labels = classifier.labels
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

  /// Takes the names of the columns of the rows that follow.
  ///
  /// - Throws: `CommandError` if one that is to be kept is missing, or if CSV's header says otherwise.
  mutating func begin(columns names: [String], of path: String) throws {
    guard let wanted = style.keptColumns, columns?.names != names else { return }
    guard columns == nil || format == .jsonl else {
      throw CommandError(
        path: path, "its tables have different columns", advice: "classify one at a time, or give --format jsonl")
    }
    guard !names.isEmpty else {
      throw CommandError(path: path, "has no columns to keep", advice: "leave out --keep-columns, or give a table")
    }
    let parts = wanted == "all" ? names : wanted.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let kept = try parts.map { name in
      guard let index = names.firstIndex(of: name) else {
        let all = names.map(CorpusError.quoted).joined(separator: ", ")
        throw CommandError(
          path: path, "has no column \(CorpusError.quoted(name)), only \(all)",
          advice: "name some of these with --keep-columns, or all")
      }
      return index
    }
    columns = (names, kept)
  }

  /// Writes the answers to a batch of rows.
  ///
  /// - Parameter predictions: one for each row that can be read.
  mutating func write(_ predictions: [Prediction], of rows: [TextRow]) throws {
    var (lines, index) = ("", 0)
    for row in rows {
      if let error = row.error {
        lines += line(error)
      } else {
        lines += try line(predictions[index], row)
        index += 1
      }
      lines += "\n"
    }
    try writeOutput(lines)
  }

  /// Writes a prediction with the effects of its words.
  mutating func write(_ explanation: Explanation, of row: TextRow) throws {
    let words = explanation.words
    switch format {
    case .jsonl: try writeOutput(line(explanation.prediction, row, explanation) + "\n")
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
        ([line(explanation.prediction, row)] + [list, ngrams].filter { !$0.isEmpty }.map { "        \($0)" })
          .joined(separator: "\n") + "\n")
    }
  }

  /// How many n-grams are shown of a text: those with the largest shares.
  private static let ngramLimit = 8

  /// The columns of CSV that hold the answer.
  private var answerColumns: [String] {
    let probabilities = style.showsProbabilities ? ["known_words"] + labels.map { "probability_" + $0 } : []
    return ["probability", "label"] + probabilities + (style.answersBadRows ? ["error"] : [])
  }

  /// The first line of CSV, if this is the first answer.
  private var header: String {
    guard count == 1 else { return "" }
    return (keptNames + answerColumns.map(answerName)).map(\.csvField).joined(separator: ",") + "\n"
  }

  /// The names of what stands in front of an answer.
  private var keptNames: [String] { columns.map { columns in columns.kept.map { columns.names[$0] } } ?? ["text"] }

  /// The name of a column or a member of an answer, unlike those of the table.
  private func answerName(_ name: String) -> String {
    columns != nil && keptNames.contains(name) ? "predicted_" + name : name
  }

  /// What stands in front of an answer.
  private func kept(_ row: TextRow) -> [String] {
    columns.map { columns in columns.kept.map { row.values.indices.contains($0) ? row.values[$0] : "" } } ?? [row.text]
  }

  /// The answer to a row that can't be read.
  private mutating func line(_ error: CorpusError) -> String {
    count += 1
    let message =
      (error.place.map { "\($0): " } ?? "")
      + (error.expected.map { "expected \($0), found \(error.found)" } ?? error.found)
    if format == .jsonl { return OrderedJSON.object([("error", .string(message))]).text() }
    let empty = (keptNames + answerColumns.dropLast()).map { _ in "" }
    return header + (empty + [message.csvField]).joined(separator: ",")
  }

  /// - Parameter explanation: for `jsonl`, what to add.
  private mutating func line(
    _ prediction: Prediction, _ row: TextRow, _ explanation: Explanation? = nil
  ) throws -> String {
    count += 1
    let text = row.text
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
      let line =
        style.topCount == nil
        ? "\(fixed(Double(prediction.probability), 4))  \(shown(label))\(padding)  "
        : top(prediction).map { "\(fixed(Double($0.probability), 4)) \(shown($0.label))" }.joined(separator: ", ")
          + "  "
      return line + (isUnknown ? "(no known words) " : "") + shown(text)
    case .csv:
      var fields = kept(row).map(\.csvField) + ["\(prediction.probability)", label.csvField]
      if style.showsProbabilities {
        fields += ["\(prediction.knownWordCount)"] + prediction.probabilities.map { "\($0)" }
      }
      if style.answersBadRows { fields.append("") }
      return header + fields.joined(separator: ",")
    case .jsonl:
      var members = zip(keptNames, kept(row)).map { (name: $0, value: OrderedJSON.string($1)) }
      let probabilities = zip(labels, prediction.probabilities).map { (name: $0, value: OrderedJSON.float($1)) }
      members += [
        (answerName("probability"), .float(prediction.probability)), (answerName("label"), .string(label)),
        (answerName("probabilities"), .object(probabilities)),
        (answerName("known_words"), .integer(prediction.knownWordCount)),
      ]
      if style.topCount != nil {
        let top = top(prediction).map {
          ["label": .string($0.label), "probability": .float($0.probability)] as OrderedJSON
        }
        members.append((answerName("top"), .array(top)))
      }
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

  /// The most probable labels, as many as are wanted; of equal ones the first.
  private func top(_ prediction: Prediction) -> [(label: String, probability: Float)] {
    let probabilities = prediction.probabilities
    let order = labels.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
    return order.prefix(style.topCount ?? 1).map { (labels[$0], probabilities[$0]) }
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
