/// Sequences of token ids, each with the number of its label.
public struct LabeledSequences: Equatable, Sendable {
  /// The token ids: `[count]` sequences.
  public package(set) var sequences: TokenSequences { didSet { checkCounts() } }
  /// The labels' numbers, from 0 on: `[count]`. Of two labels 0 is the negative one, and 1 the positive one.
  public package(set) var labels: [UInt8] { didSet { checkCounts() } }

  /// Stores some sequences with their labels.
  public init(_ examples: some Sequence<(tokens: [Int32], label: UInt8)>) {
    let examples = Array(examples)
    sequences = TokenSequences(examples.lazy.map(\.tokens))
    labels = examples.map(\.label)
  }

  /// - Precondition: there are as many labels as sequences.
  package init(sequences: TokenSequences, labels: [UInt8]) {
    self.sequences = sequences
    self.labels = labels
    checkCounts()
  }

  /// The same texts whole and with all their words, `[count]`; nil unless asked for.
  package var texts: WordSequences? { didSet { checkCounts() } }
  /// Where the texts come from, `[count]`; nil where the data are numbers.
  package var origins: [TextOrigin]? { didSet { checkCounts() } }
  /// The texts as they were read, `[count]`; nil unless asked for.
  package var originals: [String]? { didSet { checkCounts() } }

  private func checkCounts() {
    precondition(sequences.count == labels.count, "labels and sequences differ in number")
    precondition(texts?.count ?? labels.count == labels.count, "labels and texts differ in number")
    precondition(origins?.count ?? labels.count == labels.count, "labels and origins differ in number")
    precondition(originals?.count ?? labels.count == labels.count, "labels and originals differ in number")
  }

  /// The number of sequences.
  public var count: Int { labels.count }
}

extension LabeledSequences {
  /// The first sequences, at most `count` of them; none if `count` is negative.
  public func prefix(_ count: Int) -> LabeledSequences { slice(0..<min(max(0, count), self.count)) }

  /// The sequences of a range.
  package func slice(_ range: Range<Int>) -> LabeledSequences {
    var result = LabeledSequences(sequences: sequences.slice(range), labels: Array(labels[range]))
    result.texts = texts?.slice(range)
    result.origins = origins.map { Array($0[range]) }
    result.originals = originals.map { Array($0[range]) }
    return result
  }

  /// The sequences at some places, in that order.
  package func selecting(_ places: [Int]) -> LabeledSequences {
    var result = LabeledSequences(sequences: sequences.selecting(places), labels: places.map { labels[$0] })
    result.texts = texts.map { WordSequences(words: $0.words, sequences: $0.sequences.selecting(places)) }
    result.origins = origins.map { origins in places.map { origins[$0] } }
    result.originals = originals.map { originals in places.map { originals[$0] } }
    return result
  }

  /// These sequences, then those of another part of the same data.
  package func appending(_ other: LabeledSequences) -> LabeledSequences {
    var result = LabeledSequences(sequences: sequences.appending(other.sequences), labels: labels + other.labels)
    if let texts, let others = other.texts { result.texts = texts.appending(others) }
    if let origins, let others = other.origins { result.origins = origins + others }
    if let originals, let others = other.originals { result.originals = originals + others }
    return result
  }
}

extension LabeledSequences {
  /// Whether two hold the same sequences with the same labels, wherever they come from.
  public static func == (a: LabeledSequences, b: LabeledSequences) -> Bool {
    a.labels == b.labels && a.sequences == b.sequences && a.texts == b.texts
  }
}

extension LabeledSequences {
  /// Sets the last sequences apart for validation, as Keras's `validation_split` does
  /// (keras/src/trainers/data_adapters/array_slicing.py).
  ///
  /// - Parameter validationSplit: the approximate share of the sequences to set apart, between 0 and 1.
  /// - Throws: `CorpusError` if one of the parts would be empty.
  package func split(
    validationSplit: Double
  ) throws -> (training: LabeledSequences, validation: LabeledSequences) {
    // NaN is in no range, and cannot become an index.
    let start = (0...1).contains(validationSplit) ? Int((Double(count) * (1 - validationSplit)).rounded(.down)) : 0
    guard 0 < start, start < count else {
      throw CorpusError(
        .invalidArgument("validationSplit"), place: .argument("validationSplit"),
        expected: "a share that leaves both parts at least one sequence", found: "\(validationSplit) of \(count)",
        advice: "give another share between 0 and 1, or more data")
    }
    return (slice(0..<start), slice(start..<count))
  }
}
