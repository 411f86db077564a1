/// A set of words as UTF-8 bytes, numbered in the order in which they came.
///
/// Strings would not do: Swift takes words for equal that differ in their bytes alone, as é and e with an accent behind
/// it, and Python, which made the vocabularies, does not.
package struct WordTable: Sendable {
  /// The words' bytes, one behind the other.
  private var bytes: [UInt8] = []
  /// Where each word begins in `bytes`, and where the last one ends: `[count + 1]`.
  private var offsets = [0]
  /// Of each word: `[count]`.
  private var hashes: [UInt32] = []
  /// Open addressing: word numbers, or -1. Their number is a power of two, and at most half of them are taken.
  private var slots: [Int32]

  /// Of the process: nobody can make a file whose words all meet in one slot.
  private static let seed = UInt64.random(in: 0...(.max)) | 1

  package init() { slots = [Int32](repeating: -1, count: 1 << 10) }

  /// The number of words.
  package var count: Int { hashes.count }

  /// The number of a word, or nil if it is not there.
  package func number(of word: UnsafeBufferPointer<UInt8>) -> Int32? {
    let number = slots[slot(of: word, Self.hash(word))]
    return number < 0 ? nil : number
  }

  /// The number of a word, which is added if it is not there.
  ///
  /// - Precondition: there are fewer than 2³⁰ words.
  package mutating func add(_ word: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = Self.hash(word)
    let free = slot(of: word, hash)
    if slots[free] >= 0 { return slots[free] }
    precondition(count < 1 << 30, "too many words")
    let number = Int32(count)
    slots[free] = number
    bytes.append(contentsOf: word)
    offsets.append(bytes.count)
    hashes.append(hash)
    if 2 * count > slots.count { grow() }
    return number
  }

  /// The bytes of a word.
  package func withBytes<Result>(of number: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { body(.init(rebasing: $0[offsets[number]..<offsets[number + 1]])) }
  }

  /// A word.
  package subscript(number: Int) -> String { withBytes(of: number) { String(decoding: $0, as: UTF8.self) } }

  /// The number of bytes of a word.
  package func length(of number: Int) -> Int { offsets[number + 1] - offsets[number] }

  /// Where a word is, or where it would come.
  @inline(__always)
  private func slot(of word: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while true {
      let number = slots[slot]
      if number < 0 { return slot }
      if hashes[Int(number)] == hash, withBytes(of: Int(number), { $0.elementsEqual(word) }) { return slot }
      slot = (slot + 1) & mask
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: 2 * slots.count)
    let mask = slots.count - 1
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number)
    }
  }

  /// Eight bytes at a time, each step a product whose halves are folded.
  @inline(__always)
  private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt32 {
    func folded(_ a: UInt64) -> UInt64 {
      let product = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: seed)
      return product.high ^ product.low
    }
    let raw = UnsafeRawBufferPointer(word)
    var state = seed ^ UInt64(word.count)
    var offset = 0
    while offset + 8 <= raw.count {
      state = folded(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
      rest = rest << 8 | UInt64(raw[offset])
      offset += 1
    }
    state = folded(state ^ rest)
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }
}
