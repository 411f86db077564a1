import Corpus

extension LabeledSequences {
  /// From sequences that are padded in front with token 0.
  package init(padded sequences: [[Int]], labels: [UInt8]) {
    self.init(
      sequences: TokenSequences(sequences.map { $0.drop { $0 == 0 }.map { Int32($0) } }), labels: labels)
  }
}
