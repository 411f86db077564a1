import Files

/// Sequences of token ids of different lengths, stored one after the other without padding.
public struct TokenSequences: Equatable, Sendable {
  /// All tokens of all sequences: `[offsets[count]]`.
  public private(set) var tokens: [Int32]
  /// Where each sequence begins in `tokens`, and where the last one ends: `[count + 1]`, ascending from 0.
  public private(set) var offsets: [Int]

  /// Stores some sequences.
  ///
  /// - Parameter sequences: the tokens of each.
  public init(_ sequences: some Sequence<[Int32]>) {
    tokens = []
    offsets = [0]
    for sequence in sequences {
      tokens += sequence
      offsets.append(tokens.count)
    }
  }

  /// - Precondition: `offsets` begins with 0, does not descend, and ends with the number of tokens.
  package init(tokens: [Int32], offsets: [Int]) {
    precondition(offsets.first == 0 && offsets.last == tokens.count)
    self.tokens = tokens
    self.offsets = offsets
  }

  /// The number of sequences.
  public var count: Int { offsets.count - 1 }

  /// The tokens of a sequence.
  public subscript(index: Int) -> ArraySlice<Int32> { tokens[offsets[index]..<offsets[index + 1]] }

  /// The number of tokens of a sequence.
  public func length(of index: Int) -> Int { offsets[index + 1] - offsets[index] }

  /// A hash of each sequence.
  package var hashes: [UInt64] {
    (0..<count).map { self[$0].withUnsafeBytes(Fingerprint.state(of:)) }
  }

  /// The sequences of a range.
  package func slice(_ range: Range<Int>) -> TokenSequences {
    let offsets = offsets[range.lowerBound...range.upperBound]
    let (start, end) = (offsets.first!, offsets.last!)
    return TokenSequences(tokens: Array(tokens[start..<end]), offsets: offsets.map { $0 - start })
  }

  /// The sequences at some places, in that order.
  package func selecting(_ places: [Int]) -> TokenSequences {
    var (tokens, offsets) = ([Int32](), [0])
    for place in places {
      tokens += self[place]
      offsets.append(tokens.count)
    }
    return TokenSequences(tokens: tokens, offsets: offsets)
  }

  /// These sequences, then others.
  package func appending(_ other: TokenSequences) -> TokenSequences {
    // `+` may leave room for as many again.
    var all: [Int32] = []
    all.reserveCapacity(tokens.count + other.tokens.count)
    all += tokens
    all += other.tokens
    return TokenSequences(tokens: all, offsets: offsets + other.offsets.dropFirst().map { $0 + tokens.count })
  }

  /// Cuts each sequence to its last `maxLength` tokens, as Keras's `pad_sequences` does by default; in place.
  ///
  /// Shorter sequences are not padded: whatever needs sequences of one length can imagine the padding in front of them.
  ///
  /// - Parameters:
  ///   - maxLength: the greatest length.
  ///   - end: the end at which longer sequences lose tokens.
  /// - Precondition: `maxLength` is not negative.
  public mutating func truncate(to maxLength: Int, at end: TextCoding.Padding = .pre) {
    precondition(maxLength >= 0, "maxLength is negative")
    // Tokens that others share aren't copied for nothing.
    guard (0..<count).contains(where: { length(of: $0) > maxLength }) else { return }
    let losesBack = end == .post
    var end = 0
    tokens.withUnsafeMutableBufferPointer { tokens in
      var start = 0
      for index in 0..<offsets.count - 1 {
        let next = offsets[index + 1]
        let length = min(next - start, maxLength)
        let kept = losesBack ? start..<start + length : next - length..<next
        // Tokens only ever move toward the front, so none is overwritten before it has moved.
        for position in kept { tokens[end + position - kept.lowerBound] = tokens[position] }
        end += kept.count
        start = next
        offsets[index + 1] = end
      }
    }
    tokens.removeLast(tokens.count - end)
  }

  /// Removes a token wherever it occurs.
  package mutating func remove(_ token: Int32) {
    self = TokenSequences((0..<count).map { index in self[index].filter { $0 != token } })
  }

  /// Pads each sequence that is shorter than `length` with zeros at its end.
  package mutating func pad(to length: Int) {
    self = TokenSequences(
      (0..<count).map { self[$0] + [Int32](repeating: 0, count: max(0, length - self.length(of: $0))) })
  }

  /// The same sequences, each cut to its last `maxLength` tokens; see `truncate(to:)`.
  ///
  /// - Precondition: `maxLength` is not negative.
  public consuming func truncated(to maxLength: Int) -> TokenSequences {
    truncate(to: maxLength)
    return self
  }
}
