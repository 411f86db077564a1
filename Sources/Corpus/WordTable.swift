import Foundation

/// A set of words as UTF-8 bytes, numbered in the order in which they came.
///
/// Strings would not do: Swift takes words for equal that differ in their bytes alone, as é and e with an accent behind
/// it, and Python, which made the vocabularies, does not.
package struct WordTable: Sendable {
  /// The words' bytes, one behind the other.
  private var bytes: [UInt8] = []
  /// Where each word begins in `bytes`, and where the last one ends: `[count + 1]`.
  private var offsets = [0]
  /// Open addressing; a power of two, of which at most three quarters are taken.
  private var slots = [Slot](repeating: Slot(), count: 1 << 10)
  /// Short words that were met lately, each at a place of its own: a few are most of a text, and the table is too large
  /// for the processor's cache.
  private var recent = [Slot](repeating: Slot(), count: 1 << 12)
  /// Of the table: nobody can make a file whose words all meet in one slot.
  private let seed = UInt64.random(in: 0...(.max)) | 1

  /// A word's place in the table: for most words, which are short, all that has to be looked at.
  private struct Slot {
    /// The word's bytes where there are at most eight, or else a hash of them.
    var key: UInt64 = 0
    /// The number of its bytes.
    var length: Int32 = 0
    /// Counted from 1; 0 where there is no word.
    var number: Int32 = 0
  }

  package init() {}

  /// The number of words.
  package var count: Int { offsets.count - 1 }

  /// The number of a word, or nil if it is not there.
  @inline(__always)
  package func number(of word: UnsafeBufferPointer<UInt8>) -> Int32? {
    let key = key(word)
    let slot = slots[place(of: word, key, start(key, word.count))]
    return slot.number == 0 ? nil : slot.number - 1
  }

  /// The number of a word, which is added if it is not there.
  ///
  /// - Precondition: there are fewer than 2³⁰ words, of fewer than 2³¹ bytes.
  @inline(__always)
  package mutating func add(_ word: UnsafeBufferPointer<UInt8>) -> Int32 {
    let key = key(word)
    let start = start(key, word.count)
    let recentPlace = start & (recent.count - 1)
    let known = recent[recentPlace]
    if known.key == key, known.length == word.count, 1...8 ~= word.count { return known.number - 1 }
    let place = place(of: word, key, start)
    let slot = slots[place]
    if slot.number == 0 { return add(word, key, place) }
    recent[recentPlace] = slot
    return slot.number - 1
  }

  @inline(never)
  private mutating func add(_ word: UnsafeBufferPointer<UInt8>, _ key: UInt64, _ place: Int) -> Int32 {
    precondition(count < 1 << 30, "too many words")
    bytes.append(contentsOf: word)
    offsets.append(bytes.count)
    slots[place] = Slot(key: key, length: Int32(word.count), number: Int32(count))
    if 4 * count > 3 * slots.count { grow() }
    return Int32(count - 1)
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
  private func place(of word: UnsafeBufferPointer<UInt8>, _ key: UInt64, _ start: Int) -> Int {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count - 1
      var place = start & mask
      while slots[place].number != 0 {
        if slots[place].key == key, slots[place].length == word.count,
          word.count <= 8 || isEqual(word, Int(slots[place].number - 1))
        {
          return place
        }
        place = (place + 1) & mask
      }
      return place
    }
  }

  @inline(never)
  private func isEqual(_ word: UnsafeBufferPointer<UInt8>, _ number: Int) -> Bool {
    withBytes(of: number) { memcmp($0.baseAddress!, word.baseAddress!, word.count) == 0 }
  }

  private mutating func grow() {
    var larger = [Slot](repeating: Slot(), count: 2 * slots.count)
    let mask = larger.count - 1
    for slot in slots where slot.number != 0 {
      var place = start(slot.key, Int(slot.length)) & mask
      while larger[place].number != 0 { place = (place + 1) & mask }
      larger[place] = slot
    }
    slots = larger
  }

  // MARK: Hashing

  /// Where the search for a key begins, before it is cut down to the number of slots.
  @inline(__always)
  private func start(_ key: UInt64, _ length: Int) -> Int {
    Int(truncatingIfNeeded: folded(key ^ UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15))
  }

  /// The halves of a product, folded.
  @inline(__always)
  private func folded(_ a: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: seed)
    return product.high ^ product.low
  }

  /// The bytes themselves, or of more than eight a hash, eight at a time; the last eight may overlap those before.
  @inline(__always)
  private func key(_ word: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawBufferPointer(word)
    let count = raw.count
    func load<Bits: FixedWidthInteger>(_ offset: Int, _: Bits.Type) -> UInt64 {
      UInt64(truncatingIfNeeded: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self))
    }
    if count > 8 {
      var state: UInt64 = 0
      for offset in stride(from: 0, to: count - 8, by: 8) { state = folded(state ^ load(offset, UInt64.self)) }
      return folded(state ^ load(count - 8, UInt64.self))
    }
    if count >= 4 { return load(0, UInt32.self) | load(count - 4, UInt32.self) << 32 }
    return count == 0 ? 0 : load(0, UInt8.self) | load(count / 2, UInt8.self) << 8 | load(count - 1, UInt8.self) << 16
  }
}
