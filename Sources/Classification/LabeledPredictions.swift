import Corpus
import Files
import Foundation
import RecurrentNetwork

/// What is predicted for labeled texts, text by text, and the file of it.
public struct LabeledPredictions: Sendable, Equatable {
  /// A text, and what is predicted for it.
  public struct Row: Sendable, Equatable {
    /// The name of the file that it comes from.
    public let file: String
    /// The line in which it begins, from 1 on; 0 where the file holds nothing else.
    public let line: Int
    /// The text as it was read.
    public let text: String
    /// Its label.
    public let label: String
    /// The label that is predicted.
    public let predicted: String
    /// The probability of each label; none where the rows come from a file.
    public let probabilities: [Float]
  }

  /// All labels, from label 0 on; none where the rows come from a file.
  public let labels: [String]
  /// A row for each text.
  public let rows: [Row]

  /// - Parameters:
  ///   - samples: the texts.
  ///   - logits: [count][logits] in one array.
  ///   - predicted: the label that is predicted for each, [count].
  ///   - labels: the labels' names.
  ///   - fileNames: the names of the data's files.
  ///   - dataPath: the path of the data, which names a file by itself.
  /// - Returns: nil where the samples came without their texts.
  package init?(
    _ samples: LabeledSequences, logits: [Float], predicted: [UInt8], labels: [String], fileNames: [String],
    dataPath: String
  ) {
    guard let origins = samples.origins, let texts = samples.originals else { return nil }
    let width = logits.count / max(samples.count, 1)
    self.labels = labels
    rows = (0..<samples.count).map { index in
      let name = fileNames[Int(origins[index].file)]
      return Row(
        file: name.isEmpty ? (dataPath as NSString).lastPathComponent : name, line: Int(origins[index].line),
        text: texts[index], label: labels[Int(samples.labels[index])], predicted: labels[Int(predicted[index])],
        probabilities: Outcome.probabilities(logits: logits[index * width..<(index + 1) * width]))
    }
  }

  /// Writes them: as JSON Lines into a file that is called so (.jsonl), and else as CSV.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String) throws {
    let isJSON = (path as NSString).pathExtension.lowercased() == "jsonl"
    let header = (Self.columns + labels.map { "probability_" + $0 }).map(\.csvField).joined(separator: ",")
    let lines = isJSON ? rows.map(json) : [header] + rows.map(csv)
    try AtomicFile.write([Data((lines.joined(separator: "\n") + "\n").utf8)], to: path)
  }

  private static let columns = ["file", "line", "text", "label", "predicted"]

  private func json(_ row: Row) -> String {
    OrderedJSON.object([
      ("file", .string(row.file)), ("line", .integer(row.line)), ("text", .string(row.text)),
      ("label", .string(row.label)), ("predicted", .string(row.predicted)),
      ("probabilities", .object(zip(labels, row.probabilities).map { (name: $0, value: .float($1)) })),
    ]).text()
  }

  private func csv(_ row: Row) -> String {
    let texts = [row.file, row.line > 0 ? "\(row.line)" : "", row.text, row.label, row.predicted]
    return (texts.map(\.csvField) + row.probabilities.map { "\($0)" }).joined(separator: ",")
  }
}

extension LabeledPredictions {
  /// Reads what ``write(to:)`` has written, without the probabilities.
  ///
  /// - Throws: `CorpusError`.
  public init(contentsOf path: String) throws {
    var options = TextOptions()
    (options.textColumn, options.hasHeader) = ("text", true)
    func other(_ found: String) -> CorpusError {
      CorpusError(
        .unsupportedFormat, file: path,
        expected: "predictions, with the columns \(Self.columns.joined(separator: ", "))",
        found: found, advice: "give a file of predictions as it was written")
    }
    var rows: [Row] = []
    do {
      try TextFiles.forEachRows(path: path, options, keepsColumns: true) { batch, columns in
        let places = try Self.columns.map { name in
          guard let place = columns.firstIndex(of: name) else { throw other("no column \(CorpusError.quoted(name))") }
          return place
        }
        rows += try batch.map { row in
          let values = places.map { row.values.indices.contains($0) ? row.values[$0] : "" }
          for place in [3, 4] where values[place].isEmpty {
            let text = CorpusError.quoted(row.text)
            throw other("nothing in the column \(Self.columns[place]) of the row with \(text)")
          }
          return Row(
            file: values[0], line: Int(values[1]) ?? 0, text: row.text, label: values[3], predicted: values[4],
            probabilities: [])
        }
      }
    } catch let error as CorpusError {
      if case .missingColumn = error.kind { throw other(error.found) }
      throw error
    }
    guard !rows.isEmpty else { throw other("no row") }
    (labels, self.rows) = ([], rows)
  }
}
