/// What happens to the padding in front of a sequence.
package enum PaddingTreatment: Sendable {
  /// One chain of padding for each layer serves all sequences: exact where a sequence's states depend on nothing but
  /// what it has read, and only the last one matters.
  case chained
  /// Padding is left out: each sequence begins with zeros at its first token.
  case masked
  /// Padding is read like any token, by each sequence for itself.
  case read

  package init(_ architecture: Architecture, _ dropout: DropoutDraw?) {
    let rates = dropout?.rates ?? Dropout()
    let isOneState =
      !architecture.isBidirectional && (architecture.pooling == .last || architecture.pooling == .lastStep)
    let drops = rates.words > 0 || rates.embedding > 0 || rates.recurrent > 0 || rates.layers > 0
    if architecture.masksPadding {
      self = .masked
    } else if isOneState, !drops {
      self = .chained
    } else {
      self = .read
    }
  }

  /// How many steps a sequence of `count` tokens takes of its own.
  package func length(_ count: Int, maxLength: Int) -> Int { self == .read ? maxLength : count }
}
