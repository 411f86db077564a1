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
