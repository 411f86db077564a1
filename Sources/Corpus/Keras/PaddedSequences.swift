/// Sequences of token ids, all of the same length.
public struct PaddedSequences: Equatable, Sendable {
  /// The token ids: `[count, length]`, row by row.
  public let tokens: [Int32]
  /// The number of sequences.
  public let count: Int
  /// The number of tokens in each sequence.
  public let length: Int

  /// The tokens of a sequence: `[length]`.
  public subscript(index: Int) -> ArraySlice<Int32> { tokens[index * length..<(index + 1) * length] }
}

/// An end of a sequence, where it is padded or truncated.
public enum SequenceEnd: String, CaseIterable, Sendable {
  /// The front.
  case pre
  /// The back.
  case post
}

/// Brings sequences to the same length, exactly as Keras's `keras.utils.pad_sequences` does.
///
/// - Parameters:
///   - sequences: the sequences, of any length.
///   - maxLength: the length in tokens, or nil for that of the longest sequence.
///   - padding: the end at which shorter sequences are padded.
///   - truncating: the end at which longer sequences lose tokens.
///   - value: the token id to pad with.
/// - Throws: ``CorpusError`` if `maxLength` is below 1, or if it is nil and there are no sequences.
public func padSequences(
  _ sequences: TokenSequences, maxLength: Int? = nil, padding: SequenceEnd = .pre, truncating: SequenceEnd = .pre,
  value: Int32 = 0
) throws -> PaddedSequences {
  guard let length = maxLength ?? (0..<sequences.count).map(sequences.length).max() else {
    throw CorpusError(
      .invalidArgument("sequences"), place: .argument("sequences"), expected: "at least one sequence", found: "none",
      advice: "give maxLength")
  }
  if let maxLength, maxLength < 1 {
    throw CorpusError(
      .invalidArgument("maxLength"), place: .argument("maxLength"), expected: "at least 1", found: "\(maxLength)",
      advice: "leave it out to take the longest sequence's length")
  }
  var tokens = [Int32](repeating: value, count: sequences.count * length)
  for index in 0..<sequences.count {
    let kept = truncating == .pre ? sequences[index].suffix(length) : sequences[index].prefix(length)
    let start = index * length + (padding == .pre ? length - kept.count : 0)
    tokens.replaceSubrange(start..<start + kept.count, with: kept)
  }
  return PaddedSequences(tokens: tokens, count: sequences.count, length: length)
}
