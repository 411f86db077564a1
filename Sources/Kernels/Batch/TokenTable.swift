import RecurrentNetwork

/// The distinct tokens of a batch. A token's *slot* is its index among them; the padding token 0 has slot 0.
package final class TokenTable {
  /// The tokens by slot.
  package private(set) var tokens: [Int32] = []
  /// The slot of each token of the vocabulary, or −1: [V].
  package let slots: UnsafeMutablePointer<Int32>

  init(vocabularySize: Int) {
    slots = .allocate(capacity: vocabularySize)
    slots.initialize(repeating: -1, count: vocabularySize)
  }

  deinit { slots.deallocate() }

  package var count: Int { tokens.count }

  /// Finds the tokens of a batch; slots follow the order in which they occur, those of the samples last.
  func fill(_ sequences: [TokenSequence], samples: [Int32]) {
    for token in tokens { slots[Int(token)] = -1 }
    tokens = [0]
    slots[0] = 0
    for sequence in sequences {
      add(UnsafeBufferPointer(start: sequence.tokens, count: sequence.count))
    }
    add(samples)
  }

  private func add(_ new: some Collection<Int32>) {
    for token in new where slots[Int(token)] < 0 {
      slots[Int(token)] = Int32(tokens.count)
      tokens.append(token)
    }
  }
}
