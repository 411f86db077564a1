import Foundation

/// The labels that have been met, each with a number. Several threads may add labels.
final class LabelTable: Sendable {
  /// The most labels that are accepted: if there are more, they are probably not labels, but texts.
  static let limit = 256

  private let lock = NSLock()
  // Both are only accessed while the lock is held.
  nonisolated(unsafe) private var numbers: [String: Int] = [:]
  nonisolated(unsafe) private var labels: [String] = []

  /// The labels in the order of their numbers.
  var names: [String] { lock.withLock { labels } }

  /// The number of a label, which is added if it is new; nil if there are too many. Whole numbers are the same label
  /// with decimals and without: 1 and 1.0.
  func number(of label: String) -> Int? {
    let label = Self.withoutZeros(label)
    return lock.withLock {
      if let number = numbers[label] { return number }
      guard labels.count < Self.limit else { return nil }
      numbers[label] = labels.count
      labels.append(label)
      return labels.count - 1
    }
  }
}

extension LabelTable {
  /// A label without the zeros behind a whole number's decimal point; any other label as it is.
  static func withoutZeros(_ label: String) -> String {
    guard label.utf8.contains(UInt8(ascii: ".")) else { return label }
    let trimmed = label.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let point = trimmed.utf8.firstIndex(of: UInt8(ascii: ".")) else { return label }
    let digits = trimmed.utf8[..<point].drop { $0 == UInt8(ascii: "-") }
    let decimals = trimmed.utf8[trimmed.utf8.index(after: point)...]
    let isWhole = !digits.isEmpty && digits.allSatisfy { 0x30...0x39 ~= $0 } && decimals.allSatisfy { $0 == 0x30 }
    return isWhole && !decimals.isEmpty ? String(trimmed[..<point]) : label
  }
}

/// Decides which of the labels in the data is 0, which is 1, and so on.
struct TextLabels {
  /// The names, from label 0 on.
  let names: [String]
  /// The label for each number of the ``LabelTable``.
  let values: [UInt8]

  private static let positives: Set = ["positive", "pos", "1", "true", "yes", "spam", "good", "toxic"]
  private static let negatives: Set = ["negative", "neg", "0", "false", "no", "ham", "bad"]

  /// - Parameters:
  ///   - met: the labels that have been met, in the order of their numbers.
  ///   - numbers: the label of each text, as an index of `met`.
  ///   - count: how many labels there have to be; nil for two or more.
  ///   - positive: which of two labels is 1, if the caller has decided.
  ///   - known: the names that a model has for its labels, or the caller, from label 0 on; not all of them need to be
  ///     met.
  ///   - areModels: whether the known names are a model's.
  ///   - file: the path of the data, for messages.
  /// - Throws: `CorpusError` if there is another number of labels, or if they cannot be told apart.
  init(
    _ met: [String], numbers: some Sequence<Int>, count: Int?, positive: String?, known: [String]?,
    areModels: Bool = true, file: String
  ) throws {
    let problems = LabelProblems(met, numbers: numbers, file: file)
    let count = count ?? max(2, met.count)
    let sorted = met.sorted()
    if Set(sorted.map(Self.plain)).count < sorted.count {
      throw problems.error(
        .ambiguousLabels, expected: "labels that differ in more than case and spaces",
        advice: "spell them alike in the data")
    }
    if let positive, count != 2 {
      throw problems.error(
        .invalidArgument("positiveLabel"),
        expected: "two labels, of which \(CorpusError.quoted(positive)) is label 1",
        advice: "leave out the positive label")
    }
    if let known, positive == nil {
      let places = met.map { label in known.firstIndex { Self.plain($0) == Self.plain(label) } }
      guard !places.contains(nil) else { throw problems.foreignLabels(known, areModels: areModels) }
      (names, values) = (known, places.map { UInt8($0!) })
      return
    }
    guard met.count == count || known != nil && 1...count ~= met.count else { throw problems.wrongCount(count) }
    if count > 2 {
      let ordered = Self.ordered(sorted)
      names = ordered.map(Self.trimmed)
      values = met.map { label in UInt8(ordered.firstIndex(of: label)!) }
      return
    }
    let one: String
    if let positive {
      guard let found = sorted.first(where: { Self.plain($0) == Self.plain(positive) }) else {
        throw problems.error(
          .unknownLabel(positive), expected: "a label \(CorpusError.quoted(positive))",
          advice: "name one of these as the positive label, or none")
      }
      one = found
    } else {
      one = sorted[Self.indexOfPositive(sorted.map(Self.plain))]
    }
    names = known ?? (one == sorted[0] ? [sorted[1], sorted[0]] : sorted).map(Self.trimmed)
    values = met.map { $0 == one ? 1 : 0 }
  }

  private static func trimmed(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines) }

  /// What remains of a name if neither case nor surrounding spaces matter, nor whether a number has decimals.
  private static func plain(_ name: String) -> String { LabelTable.withoutZeros(trimmed(name)).lowercased() }

  /// Sorted names in the order of their labels: numbers by their value, and other names as they are.
  private static func ordered(_ names: [String]) -> [String] {
    let numbers = names.compactMap { Double($0) }
    guard numbers.count == names.count, numbers.allSatisfy(\.isFinite) else { return names }
    return zip(numbers, names).sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Which of two sorted names is label 1: the greater number, the one that says so, or else the second.
  private static func indexOfPositive(_ names: [String]) -> Int {
    if let first = Double(names[0]), let second = Double(names[1]) { return first > second ? 0 : 1 }
    let isPositive = names.map(positives.contains)
    if isPositive[0] != isPositive[1] { return isPositive[0] ? 0 : 1 }
    let isNegative = names.map(negatives.contains)
    return isNegative[1] && !isNegative[0] ? 0 : 1
  }
}

/// The errors about the labels in some data, all of which list the labels that were found.
private struct LabelProblems {
  private let labels: [(name: String, count: Int)]
  private let file: String

  init(_ names: [String], numbers: some Sequence<Int>, file: String) {
    let counts = numbers.reduce(into: [Int](repeating: 0, count: names.count)) { $0[$1] += 1 }
    labels = zip(names, counts).map { ($0, $1) }
    self.file = file
  }

  func error(_ kind: CorpusError.Kind, expected: String, advice: String) -> CorpusError {
    let sorted = labels.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    let shown = sorted.prefix(10).map { "\(CorpusError.quoted($0.name)) (\($0.count))" }.joined(separator: ", ")
    let more = sorted.count > 10 ? " and \(sorted.count - 10) more" : ""
    return CorpusError(
      kind, file: file, expected: expected, found: labels.isEmpty ? "none" : shown + more, advice: advice)
  }

  func wrongCount(_ count: Int) -> CorpusError {
    error(
      .wrongLabelCount(found: labels.count), expected: count == 2 ? "two labels" : "\(count) labels",
      advice: labels.count < 2
        ? "add texts of another"
        : "ask for \(labels.count) labels, leave out the others, or name another label column")
  }

  func foreignLabels(_ known: [String], areModels: Bool) -> CorpusError {
    let isPair = known.count == 2
    let names = known.map(CorpusError.quoted)
    return error(
      .foreignLabels(known: known),
      expected: "the \(areModels ? "model's " : "")labels, \(names.joined(separator: isPair ? " and " : ", "))",
      advice: areModels && isPair ? "say which one is \(names[1])" : "leave out the others")
  }
}
