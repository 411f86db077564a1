/// Sequences with a label, 0 or 1, for each.
public struct LabelledSequences: Equatable, Sendable {
  /// The token ids: `[count]` sequences.
  public var sequences: TokenSequences
  /// 0 (negative) or 1 (positive): `[count]`.
  public var labels: [UInt8]

  /// - Precondition: there are as many labels as sequences.
  public init(sequences: TokenSequences, labels: [UInt8]) {
    precondition(sequences.count == labels.count, "labels and sequences differ in number")
    self.sequences = sequences
    self.labels = labels
  }

  /// The number of sequences.
  public var count: Int { labels.count }
}

extension LabelledSequences {
  /// The first sequences, at most `count` of them.
  public func prefix(_ count: Int) -> LabelledSequences { slice(0..<min(count, self.count)) }

  /// The sequences of a range.
  package func slice(_ range: Range<Int>) -> LabelledSequences {
    let offsets = sequences.offsets[range.lowerBound...range.upperBound]
    let (start, end) = (offsets.first!, offsets.last!)
    return LabelledSequences(
      sequences: TokenSequences(tokens: Array(sequences.tokens[start..<end]), offsets: offsets.map { $0 - start }),
      labels: Array(labels[range]))
  }
}

extension LabelledSequences {
  /// Sets the last sequences apart for validation, as Keras's `validation_split` does
  /// (keras/src/trainers/data_adapters/array_slicing.py).
  ///
  /// - Parameter validationSplit: about which share of the sequences, between 0 and 1.
  /// - Throws: `CorpusError` where a part would be empty.
  package func split(
    validationSplit: Double
  ) throws -> (training: LabelledSequences, validation: LabelledSequences) {
    // NaN has no place in the range, and no index.
    let start = (0...1).contains(validationSplit) ? Int((Double(count) * (1 - validationSplit)).rounded(.down)) : 0
    guard 0 < start, start < count else {
      throw CorpusError(
        place: .argument("validationSplit"), expected: "a share that leaves both parts at least one sequence",
        found: "\(validationSplit) of \(count)", advice: "give another share between 0 and 1, or more data")
    }
    return (slice(0..<start), slice(start..<count))
  }
}
