import ArgumentParser
import Classification
import Corpus
import Files
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

      Texts that the model was trained on are known by their hashes. Where the data have no test part of their own, they \
      are left out; a test part is measured whole, and it is said how many of its texts were seen in training.

      Processes started by mpirun or srun share the work; only rank 0 reads and writes.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: .init("The trained model.", valueName: "file"))
  var model = DefaultModel.path

  @Option(help: .init("The data: an archive, a file or a folder, as for lstm train.", valueName: "file"))
  var data: String

  @Option(
    help: .init(
      "The part of the data: train, test or all. If they have no test part, test is what the model wasn't trained on.",
      valueName: "name"))
  var part = Part.test

  @Flag(
    inversion: .prefixedNo,
    help: "Whether texts that the model was trained on are measured (default: in a test part of the data's own).")
  var includeSeen: Bool?

  @Option(
    help: .init(
      "Write each text with its file, line, label and probabilities: as CSV, or as JSON Lines into a .jsonl file.",
      valueName: "file"))
  var predictions: String?

  @Option(
    help: .init(
      "A word index, for a model without a vocabulary: imdb_word_index.json, or a similar file.", valueName: "file"))
  var wordIndex: String?

  @OptionGroup(title: "Texts")
  var text: TextDataOptions

  @Option(help: .init("Output format: text or json.", valueName: "name"))
  var format = Format.text

  @Option(
    help: .init(
      "A probability above this predicts label 1 (default: the model's, which is 0.5 unless it was trained with another).",
      valueName: "probability"))
  var threshold: Float?

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
    try DefaultModel.check(self.model)
    var model = try Model(contentsOf: self.model, wordIndex: wordIndex)
    try checkThreshold(threshold, model)
    if let threshold { model.threshold = threshold }
    let selection = try selection(for: model, threads: ranks.threads)
    let samples = selection.samples
    var bar = ProgressBar(isQuiet: false)
    let logits = try model.logits(
      of: samples, on: ranks.communicator, threads: ranks.threads, path: self.model
    ) { bar.draw("Classifying texts", done: $0, details: [data]) }
    bar.clear()
    let outcomes = Outcome.outcomes(logits: logits, labels: samples.labels)
    if let predictions { try write(outcomes, logits, selection, model, to: predictions) }
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
      case .text: try writeOutput(text(rows, evaluation, selection, model))
      case .json: try writeOutput(json(rows, facts(evaluation), selection, model))
      }
      return
    }
    let evaluation = BinaryEvaluation(
      probabilities: outcomes.map(\.probability), labels: samples.labels, threshold: model.threshold)
    let rows: [Row] = [
      loss,
      Row(name: "accuracy", value: evaluation.accuracy, interval: evaluation.accuracyInterval),
      Row(name: "precision", value: evaluation.precision, interval: evaluation.precisionInterval),
      Row(name: "recall", value: evaluation.recall, interval: evaluation.recallInterval),
      Row(name: "f1", value: evaluation.f1, interval: evaluation.f1Interval),
      Row(name: "auc", value: evaluation.rocArea, interval: evaluation.rocAreaInterval),
    ]
    switch format {
    case .text: try writeOutput(text(rows, evaluation, selection, model))
    case .json: try writeOutput(json(rows, facts(evaluation, model), selection, model))
    }
  }

  // MARK: Texts

  /// What is measured.
  private struct Selection {
    var samples: LabeledSequences
    /// The names of the files that their origins name by numbers.
    var fileNames: [String]
    /// How many of them were seen in training; nil where nobody knows.
    var seenCount: Int?
    /// How many others were left out, as they were seen in training.
    var leftOutCount = 0

    /// What to say of the texts that were seen in training; nil if there are none.
    var remark: String? {
      if leftOutCount > 0 {
        return "\(texts(leftOutCount, "other ")) seen in training and left out (see --include-seen)"
      }
      guard let seenCount, seenCount > 0 else { return nil }
      return "\(texts(seenCount, "of these ")) seen in training (see --no-include-seen)"
    }

    private func texts(_ count: Int, _ which: String) -> String {
      "\(grouped(count)) \(which)text\(count == 1 ? " was" : "s were")"
    }
  }

  private func selection(for model: Model, threads: Int) throws -> Selection {
    var source = DataSource(path: data, wordIndex: wordIndex, text: self.text.applied(to: nil))
    // Without a list of the training texts, those are measured that such a model was not trained on if it was trained on
    // these data, before there were lists.
    source.splitsByHash = model.trainingTexts != nil
    let knowsTraining = model.trainingTexts != nil && text.testSplit == nil
    if knowsTraining {
      if source.text == nil { source.text = TextOptions() }
      source.text!.testSplit = 0
    } else {
      source.limit = limit
    }
    let dataset = try source.load(
      model.configuration, as: model, keepsOriginals: predictions != nil, threads: threads, isQuiet: false)
    for note in dataset.notes { printError("\(data): \(note)") }
    if model.trainingTexts == nil, !dataset.hasTestPart, dataset.training.origins != nil, part == .test {
      printError(
        "\(data): the model doesn't say which texts it was trained on, so the others are left out; --part all measures all"
      )
    }
    var parts =
      switch part {
      case .train: [dataset.training]
      case .test: [dataset.test]
      case .all: [dataset.training, dataset.test]
      }
    let isWhole = knowsTraining && !dataset.hasTestPart && dataset.training.origins != nil
    if isWhole { parts = [dataset.training] }
    guard parts.contains(where: { $0.count > 0 }) else {
      throw CommandError(path: data, "has no \(part.rawValue) part", advice: "choose --part all or --part train")
    }
    guard let texts = model.trainingTexts, dataset.training.origins != nil else {
      return Selection(samples: joined(parts), fileNames: dataset.fileNames)
    }
    let seen = parts.map { Set($0.places(in: texts)!) }
    let keepsSeen = includeSeen ?? !(isWhole && part == .test)
    let selected = zip(parts, seen).map { part, seen in
      let places = (0..<part.count).filter { place in
        isWhole && self.part == .train ? seen.contains(place) : keepsSeen || !seen.contains(place)
      }
      return part.selecting(limit.map { Array(places.prefix($0)) } ?? places)
    }
    let samples = joined(selected)
    guard samples.count > 0 else {
      throw CommandError(
        path: data,
        part == .train ? "has no text that was seen in training" : "all texts were seen in training",
        advice: part == .train ? "choose --part all" : "measure them with --include-seen, or give others")
    }
    return Selection(
      samples: samples, fileNames: dataset.fileNames, seenCount: samples.places(in: texts)!.count,
      leftOutCount: keepsSeen || part == .train ? 0 : seen.reduce(0) { $0 + $1.count })
  }

  private func joined(_ parts: [LabeledSequences]) -> LabeledSequences {
    parts.dropFirst().reduce(parts[0]) { $0.appending($1) }
  }

  // MARK: Predictions

  /// Writes each text's label and probabilities.
  private func write(
    _ outcomes: [Outcome], _ logits: [Float], _ selection: Selection, _ model: Model, to path: String
  ) throws {
    let predictions = LabeledPredictions(
      selection.samples, logits: logits, predicted: outcomes.map(model.predictedLabel), labels: model.labels,
      fileNames: selection.fileNames, dataPath: data)
    guard let predictions else {
      throw CommandError(path: data, "holds numbers, not texts", advice: "leave out --predictions, or give texts")
    }
    try predictions.write(to: path)
  }

  // MARK: Figures

  private struct Row {
    /// The key in JSON.
    var name: String
    /// Nil if it is undefined, as recall is if no sample is positive.
    var value: Double?
    var interval: ClosedRange<Double>?
  }

  private func text(
    _ rows: [Row], _ evaluation: BinaryEvaluation, _ selection: Selection, _ model: Model
  ) -> String {
    let positives = evaluation.confusion.truePositives + evaluation.confusion.falseNegatives
    let labels = model.labels.map { CorpusError.escaped($0, limit: 30) }
    var lines = [
      "\(data), part \(part.rawValue): \(grouped(evaluation.count)) texts, \(grouped(positives)) \(labels[1])"
    ]
    lines += [selection.remark, ""].compactMap(\.self)
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
      "Threshold \(model.threshold). In brackets 95 % intervals: Wilson's (accuracy, precision, recall, F1 by its share), "
        + "DeLong's (AUC), normal (loss).",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(
    _ rows: [Row], _ evaluation: MulticlassEvaluation, _ selection: Selection, _ model: Model
  ) -> String {
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
    return
      ([first, selection.remark, ""].compactMap(\.self) + rows.map(line) + [""] + aligned([header] + table) + [
        "", last,
      ]).joined(separator: "\n") + "\n"
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
  private func facts(_ evaluation: BinaryEvaluation, _ model: Model) -> [String: Any] {
    let counts = evaluation.confusion
    return [
      "confusion": [[counts.trueNegatives, counts.falsePositives], [counts.falseNegatives, counts.truePositives]],
      "samples": evaluation.count, "threshold": model.threshold,
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

  private func json(
    _ rows: [Row], _ facts: [String: Any], _ selection: Selection, _ model: Model
  ) throws -> String {
    var facts = facts
    if let count = selection.seenCount {
      (facts["seen_in_training"], facts["left_out"]) = (count, selection.leftOutCount)
    }
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
