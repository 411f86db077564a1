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
  /// Cuts each sequence to its last `maxLength` tokens, see ``TokenSequences/truncated(to:)``.
  public mutating func truncate(to maxLength: Int) {
    let whole = sequences
    sequences = TokenSequences([])
    sequences = whole.truncated(to: maxLength)
  }

  /// The first sequences, at most `count` of them.
  public func prefix(_ count: Int) -> LabelledSequences {
    let count = min(count, self.count)
    let offsets = Array(sequences.offsets[...count])
    return LabelledSequences(
      sequences: TokenSequences(tokens: Array(sequences.tokens[..<offsets[count]]), offsets: offsets),
      labels: Array(labels[..<count]))
  }
}
