import Foundation

/// The labels that were met, each with a number; several threads may add some.
final class LabelTable: Sendable {
  /// More are no labels, but perhaps texts.
  static let limit = 256

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

/// Which label is 0, which is 1, and so on.
struct TextLabels {
  /// The names, from label 0 on.
  let names: [String]
  /// The label of each number of a table.
  let values: [UInt8]

  private static let positives: Set = ["positive", "pos", "1", "true", "yes", "spam", "good", "toxic"]
  private static let negatives: Set = ["negative", "neg", "0", "false", "no", "ham", "bad"]

  /// - Parameters:
  ///   - labels: the labels that were met, each with how often.
  ///   - count: how many there must be.
  ///   - positive: of two the one that is 1, where the caller says so.
  ///   - known: the names that a model has, from label 0 on, which need not all be met.
  /// - Throws: `CorpusError` if there are not so many labels that are easily told apart.
  init(_ labels: [(name: String, count: Int)], count: Int, positive: String?, known: [String]?, file: String) throws {
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
    guard count == 2 || positive == nil else {
      throw fail("two labels, of which \(CorpusError.quoted(positive!)) is label 1", "leave --positive-label out")
    }
    if let known, positive == nil {
      let places = labels.map { label in known.firstIndex { plain($0) == plain(label.name) } }
      guard !places.contains(nil) else {
        throw fail(
          "the model's labels, \(known.map(CorpusError.quoted).joined(separator: count == 2 ? " and " : ", "))",
          count == 2 ? "say with --positive-label which one is \(CorpusError.quoted(known[1]))" : "leave out the others"
        )
      }
      (names, values) = (known, places.map { UInt8($0!) })
      return
    }
    guard met.count == count || known != nil && 1...count ~= met.count else {
      throw fail(
        count == 2 ? "two labels" : "\(count) labels",
        met.count < 2
          ? "add texts of another"
          : "train with --label-count \(met.count), leave out the others, or name another column by --label-column")
    }
    if count > 2 {
      let ordered = Self.ordered(met)
      names = ordered.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      values = labels.map { label in UInt8(ordered.firstIndex(of: label.name)!) }
      return
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

  /// Sorted names; numbers by their size.
  private static func ordered(_ names: [String]) -> [String] {
    let numbers = names.compactMap { Double($0) }
    guard numbers.count == names.count, numbers.allSatisfy(\.isFinite) else { return names }
    return zip(numbers, names).sorted { $0.0 < $1.0 }.map(\.1)
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
