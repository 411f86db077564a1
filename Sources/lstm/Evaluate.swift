import ArgumentParser
import Classification
import Corpus
import Foundation
import Models
import RecurrentNetwork
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how well a model classifies labeled texts.",
    discussion: """
      Prints loss, accuracy, precision, recall, F1, the area under the ROC curve and the confusion matrix, with 95 % \
      intervals: Wilson's score for accuracy, precision, recall, and F1 (by the share TP / (TP + FP + FN), with which F1 \
      increases), DeLong's method for the area, and the normal distribution for the loss. With more than two labels: \
      loss, accuracy, the mean of the labels' F1, and the precision, recall and F1 of each label.

      Processes started by mpirun or srun share the work; only rank 0 reads and writes.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: .init("The trained model.", valueName: "file"))
  var model = "Data/run/model.safetensors"

  @Option(help: .init("The data: an archive, a file or a folder, as for lstm train.", valueName: "file"))
  var data: String

  @Option(
    help: .init(
      "The part of the data: train, test or all. If they have no test part, test is the share that training sets apart.",
      valueName: "name"))
  var part = Part.test

  @Option(
    help: .init(
      "A word index, for a model without a vocabulary: imdb_word_index.json, or a similar file.", valueName: "file"))
  var wordIndex: String?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(help: .init("Output format: text or json.", valueName: "name"))
  var format = Format.text

  @Option(help: .init("A probability above this predicts label 1.", valueName: "probability"))
  var threshold: Float = 0.5

  @Option(help: .init("Use at most this many texts of each part: the first ones.", valueName: "count"))
  var limit: Int?

  @Option(help: .init("Number of threads (default: one for each core that this process may use).", valueName: "count"))
  var threads: Int?

  enum Part: String, ExpressibleByArgument, CaseIterable { case train, test, all }

  func validate() throws {
    try checkThreads(threads)
    try checkThreshold(threshold)
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be at least 1, not \(limit!).") }
  }

  func run() throws {
    let ranks = try RankGroup(threads: threads)
    try ranks.run {
      if ranks.isFirst { try run(on: ranks) } else { try Model.help(ranks.communicator, threads: ranks.threads) }
    }
  }

  /// The evaluation on the first rank.
  private func run(on ranks: RankGroup) throws {
    let model = try Model(contentsOf: self.model, wordIndex: wordIndex)
    try checkThreshold(threshold, model)
    let samples = try samples(for: model, threads: ranks.threads)
    var bar = ProgressBar(isQuiet: false)
    let outcomes = try model.outcomes(
      of: samples, on: ranks.communicator, threads: ranks.threads, path: self.model
    ) { bar.draw("Classifying texts", done: $0, details: [data]) }
    bar.clear()
    let losses = outcomes.map(\.loss)
    let loss = Row(
      name: "loss", value: losses.reduce(0, +) / Double(losses.count),
      interval: ClosedRange.mean(of: losses)?.clamped(to: 0 ... .infinity))
    if model.labels.count > 2 {
      let evaluation = MulticlassEvaluation(
        predicted: outcomes.map(\.label), labels: samples.labels, labelCount: model.labels.count)
      let rows: [Row] = [
        loss,
        Row(name: "accuracy", value: evaluation.accuracy, interval: evaluation.accuracyInterval),
        Row(name: "macro_f1", value: evaluation.macroF1),
      ]
      switch format {
      case .text: try writeOutput(text(rows, evaluation, model))
      case .json: try writeOutput(json(rows, facts(evaluation), model))
      }
      return
    }
    let evaluation = BinaryEvaluation(
      probabilities: outcomes.map(\.probability), labels: samples.labels, threshold: threshold)
    let rows: [Row] = [
      loss,
      Row(name: "accuracy", value: evaluation.accuracy, interval: evaluation.accuracyInterval),
      Row(name: "precision", value: evaluation.precision, interval: evaluation.precisionInterval),
      Row(name: "recall", value: evaluation.recall, interval: evaluation.recallInterval),
      Row(name: "f1", value: evaluation.f1, interval: evaluation.f1Interval),
      Row(name: "auc", value: evaluation.rocArea, interval: evaluation.rocAreaInterval),
    ]
    switch format {
    case .text: try writeOutput(text(rows, evaluation, model))
    case .json: try writeOutput(json(rows, facts(evaluation), model))
    }
  }

  private func samples(for model: Model, threads: Int) throws -> LabeledSequences {
    let source = DataSource(path: data, limit: limit, wordIndex: wordIndex, text: self.text.applied(to: nil))
    let dataset = try source.load(model.configuration, as: model, threads: threads, isQuiet: false)
    for note in dataset.notes { printError("\(data): \(note)") }
    let samples =
      switch part {
      case .train: dataset.training
      case .test: dataset.test
      case .all:
        LabeledSequences(
          sequences: TokenSequences(
            [dataset.training, dataset.test].flatMap { part in (0..<part.count).map { Array(part.sequences[$0]) } }),
          labels: dataset.training.labels + dataset.test.labels)
      }
    guard samples.count > 0 else {
      throw CommandError(path: data, "has no \(part.rawValue) part", advice: "choose --part all or --part train")
    }
    return samples
  }

  // MARK: Figures

  private struct Row {
    /// The key in JSON.
    var name: String
    /// Nil if it is undefined, as recall is if no sample is positive.
    var value: Double?
    var interval: ClosedRange<Double>?
  }

  private func text(_ rows: [Row], _ evaluation: BinaryEvaluation, _ model: Model) -> String {
    let positives = evaluation.confusion.truePositives + evaluation.confusion.falseNegatives
    let labels = model.labels.map { CorpusError.escaped($0, limit: 30) }
    var lines = [
      "\(data), part \(part.rawValue): \(grouped(evaluation.count)) texts, \(grouped(positives)) \(labels[1])", "",
    ]
    lines += rows.map(line)
    let counts = evaluation.confusion
    let table = [
      ["", "says \(labels[0])", "says \(labels[1])"],
      ["is \(labels[0])", grouped(counts.trueNegatives), grouped(counts.falsePositives)],
      ["is \(labels[1])", grouped(counts.falseNegatives), grouped(counts.truePositives)],
    ]
    lines += [""] + aligned(table)
    lines += [
      "",
      "Threshold \(threshold). In brackets 95 % intervals: Wilson's (accuracy, precision, recall, F1 by its share), "
        + "DeLong's (AUC), normal (loss).",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(_ rows: [Row], _ evaluation: MulticlassEvaluation, _ model: Model) -> String {
    let table = model.labels.enumerated().map { label, name in
      [
        CorpusError.escaped(name, limit: 30), shown(evaluation.precision(of: label)),
        shown(evaluation.recall(of: label)), shown(evaluation.f1(of: label)),
        grouped(evaluation.support(of: label)),
      ]
    }
    let first = "\(data), part \(part.rawValue): \(grouped(evaluation.count)) texts, \(model.labels.count) labels"
    let last = "In brackets 95 % intervals: Wilson's (accuracy), normal (loss)."
    let header = ["", "precision", "recall", "f1", "texts"]
    return ([first, ""] + rows.map(line) + [""] + aligned([header] + table) + ["", last]).joined(separator: "\n") + "\n"
  }

  private func line(_ row: Row) -> String {
    let interval = row.interval.map { "  (\(fixed($0.lowerBound, 4))–\(fixed($0.upperBound, 4)))" } ?? ""
    return padded(row.name, 9) + "  " + shown(row.value) + interval
  }

  private func shown(_ value: Double?) -> String { value.map { fixed($0, 4) } ?? "undefined" }

  /// The lines of a table whose first column is aligned to the left, and the others to the right.
  private func aligned(_ table: [[String]]) -> [String] {
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max()! }
    return table.map { row in
      padded(row[0], widths[0])
        + row.indices.dropFirst().map { column in
          "  " + String(repeating: " ", count: widths[column] - row[column].count) + row[column]
        }.joined()
    }
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// The confusion matrix has a row for each true label and a column for each predicted one, with label 0 first.
  private func facts(_ evaluation: BinaryEvaluation) -> [String: Any] {
    let counts = evaluation.confusion
    return [
      "confusion": [[counts.trueNegatives, counts.falsePositives], [counts.falseNegatives, counts.truePositives]],
      "samples": evaluation.count, "threshold": threshold,
    ]
  }

  private func facts(_ evaluation: MulticlassEvaluation) -> [String: Any] {
    [
      "confusion": evaluation.confusion, "samples": evaluation.count,
      "by_label": evaluation.confusion.indices.map { label in
        [
          "precision": evaluation.precision(of: label), "recall": evaluation.recall(of: label),
          "f1": evaluation.f1(of: label), "samples": Double(evaluation.support(of: label)),
        ].mapValues { $0 as Any? ?? NSNull() }
      },
    ]
  }

  private func json(_ rows: [Row], _ facts: [String: Any], _ model: Model) throws -> String {
    var facts = facts
    (facts["labels"], facts["part"]) = (model.labels, part.rawValue)
    facts["intervals"] = Dictionary(
      uniqueKeysWithValues: rows.map {
        ($0.name, $0.interval.map { [$0.lowerBound, $0.upperBound] } as Any? ?? NSNull())
      })
    for row in rows { facts[row.name] = row.value as Any? ?? NSNull() }
    let data = try JSONSerialization.data(
      withJSONObject: facts, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
