import Foundation

/// The labels that were met, each with a number; several threads may add some.
final class LabelTable: Sendable {
  /// More are no labels, but perhaps texts.
  private static let limit = 100

  private let lock = NSLock()
  // Only touched under the lock.
  nonisolated(unsafe) private var numbers: [String: Int] = [:]
  nonisolated(unsafe) private var labels: [String] = []

  /// The labels, by their numbers.
  var names: [String] { lock.withLock { labels } }

  /// The number of a label, which is added if it is not there; nil if there are too many.
  func number(of label: String) -> Int? {
    lock.withLock {
      if let number = numbers[label] { return number }
      guard labels.count < Self.limit else { return nil }
      numbers[label] = labels.count
      labels.append(label)
      return labels.count - 1
    }
  }
}

/// Which of two labels is 0, and which is 1.
struct TextLabels {
  /// The names of label 0 and label 1.
  let names: [String]
  /// The label, 0 or 1, of each number of a table.
  let values: [UInt8]

  private static let positives: Set = ["positive", "pos", "1", "true", "yes", "spam", "good", "toxic"]
  private static let negatives: Set = ["negative", "neg", "0", "false", "no", "ham", "bad"]

  /// - Parameters:
  ///   - labels: the labels that were met, each with how often.
  ///   - positive: the one that is 1, where the caller says so.
  ///   - known: the names of label 0 and label 1 that a model has, which need not all be met.
  /// - Throws: `CorpusError` if there are not two labels that are easily told apart.
  init(_ labels: [(name: String, count: Int)], positive: String?, known: [String]?, file: String) throws {
    func fail(_ expected: String, _ advice: String) -> CorpusError {
      let sorted = labels.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
      let shown = sorted.prefix(10).map { "\(CorpusError.quoted($0.name)) (\($0.count))" }.joined(separator: ", ")
      let more = sorted.count > 10 ? " and \(sorted.count - 10) more" : ""
      return CorpusError(
        file: file, expected: expected, found: labels.isEmpty ? "none" : shown + more, advice: advice)
    }
    func plain(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() }
    let met = labels.map(\.name).sorted()
    if Set(met.map(plain)).count < met.count {
      throw fail("labels that differ in more than case and spaces", "spell them alike in the data")
    }
    if let known, positive == nil {
      let places = labels.map { label in known.firstIndex { plain($0) == plain(label.name) } }
      guard !places.contains(nil) else {
        throw fail(
          "the model's labels, \(known.map(CorpusError.quoted).joined(separator: " and "))",
          "say with --positive-label which one is \(CorpusError.quoted(known[1]))")
      }
      (names, values) = (known, places.map { UInt8($0!) })
      return
    }
    guard met.count == 2 || known != nil && 1...2 ~= met.count else {
      throw fail(
        "two labels",
        met.count == 1 ? "add texts of another" : "leave out the others, or name another column by --label-column")
    }
    let one: String
    if let positive {
      guard let found = met.first(where: { plain($0) == plain(positive) }) else {
        throw fail("a label \(CorpusError.quoted(positive))", "see --positive-label")
      }
      one = found
    } else {
      one = met[Self.placeOfPositive(met.map(plain))]
    }
    names =
      known ?? (one == met[0] ? [met[1], met[0]] : met).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    values = labels.map { $0.name == one ? 1 : 0 }
  }

  /// The label that says that it is 1, the greater of two numbers, or else the second of the alphabet.
  private static func placeOfPositive(_ names: [String]) -> Int {
    if let first = Double(names[0]), let second = Double(names[1]) { return first > second ? 0 : 1 }
    let isPositive = names.map(positives.contains)
    if isPositive[0] != isPositive[1] { return isPositive[0] ? 0 : 1 }
    let isNegative = names.map(negatives.contains)
    return isNegative[1] && !isNegative[0] ? 0 : 1
  }
}
