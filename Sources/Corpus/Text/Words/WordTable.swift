import CIntrinsics
import Foundation

/// A set of words as UTF-8 bytes, numbered in the order in which they were added.
///
/// Strings would not do: for Swift, some words are equal although their bytes differ, such as é and an e followed by a
/// combining accent. For Python, which made the vocabularies, they are not.
package struct WordTable: Sendable {
  /// The words' bytes, one word after the other.
  private var bytes: [UInt8] = []
  /// Where each word begins in `bytes`, and where the last one ends: `[count + 1]`.
  private var offsets = [0]
  /// A hash table with open addressing: a power of two of slots, of which at most three quarters are taken.
  private var slots = [Slot](repeating: Slot(), count: 1 << 10)
  private let hash = Hash()

  /// A word's slot in the table; for most words, which are short, this alone tells whether it is theirs.
  fileprivate struct Slot {
    /// The word's bytes if there are at most eight, or else a hash of them.
    var key: UInt64 = 0
    /// The number of its bytes.
    var length: Int32 = 0
    /// The word's number plus 1; 0 if the slot is free.
    var number: Int32 = 0
  }

  package init() {}

  /// The number of words.
  package var count: Int { offsets.count - 1 }

  /// A word that is being looked up.
  struct Query {
    let word: UnsafeBufferPointer<UInt8>
    fileprivate let key: UInt64
    fileprivate let start: Int
  }

  /// Looks words up without retaining the arrays for each.
  struct Searcher {
    fileprivate let slots: UnsafeBufferPointer<Slot>
    fileprivate let bytes: UnsafeBufferPointer<UInt8>
    fileprivate let offsets: UnsafeBufferPointer<Int>
    fileprivate let hash: Hash

    /// Begins to look up a word.
    ///
    /// A table of many words is larger than the processor's cache, so that this takes a while; but several queries
    /// proceed at once if they are made before the first is answered.
    @inline(__always)
    func query(_ word: UnsafeBufferPointer<UInt8>) -> Query {
      let key = hash.key(word)
      let start = hash.start(key, word.count)
      prefetchToRead(slots.baseAddress! + (start & (slots.count - 1)))
      return Query(word: word, key: key, start: start)
    }

    /// The number of a word, or nil if the table lacks it.
    @inline(__always)
    func number(of query: Query) -> Int32? {
      let slot = slots[place(of: query)]
      return slot.number == 0 ? nil : slot.number - 1
    }

    /// The slot of a word, or the one that it would get.
    @inline(__always)
    fileprivate func place(of query: Query) -> Int {
      let mask = slots.count - 1
      var place = query.start & mask
      while slots[place].number != 0 {
        if slots[place].key == query.key, slots[place].length == query.word.count,
          query.word.count <= 8 || isEqual(query.word, Int(slots[place].number - 1))
        {
          return place
        }
        place = (place + 1) & mask
      }
      return place
    }

    private func isEqual(_ word: UnsafeBufferPointer<UInt8>, _ number: Int) -> Bool {
      memcmp(bytes.baseAddress! + offsets[number], word.baseAddress!, word.count) == 0
    }
  }

  /// Lends a searcher for the table as it is.
  @inline(__always)
  func withSearcher<Result>(_ body: (Searcher) -> Result) -> Result {
    slots.withUnsafeBufferPointer { slots in
      bytes.withUnsafeBufferPointer { bytes in
        offsets.withUnsafeBufferPointer { offsets in
          body(Searcher(slots: slots, bytes: bytes, offsets: offsets, hash: hash))
        }
      }
    }
  }

  /// The number of a word, or nil if the table lacks it.
  package func number(of word: UnsafeBufferPointer<UInt8>) -> Int32? {
    withSearcher { $0.number(of: $0.query(word)) }
  }

  /// The same for a word that is a string.
  package func number(of word: String) -> Int32? {
    var word = word
    return word.withUTF8 { number(of: $0) }
  }

  /// The number of a word, which is added if the table lacks it.
  ///
  /// - Precondition: there are fewer than 2³⁰ words, of fewer than 2³¹ bytes.
  package mutating func add(_ word: UnsafeBufferPointer<UInt8>) -> Int32 { add(withSearcher { $0.query(word) }) }

  /// The same for a word that is a string.
  package mutating func add(_ word: String) -> Int32 {
    var word = word
    return word.withUTF8 { add($0) }
  }

  /// The number of a word, which is added if the table lacks it; others may have been added since the query.
  @inline(__always)
  mutating func add(_ query: Query) -> Int32 {
    let place = withSearcher { $0.place(of: query) }
    let slot = slots[place]
    return slot.number == 0 ? add(query.word, query.key, place) : slot.number - 1
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

  /// The word with a number.
  package subscript(number: Int) -> String { withBytes(of: number) { String(decoding: $0, as: UTF8.self) } }

  /// The number of bytes of a word.
  package func length(of number: Int) -> Int { offsets[number + 1] - offsets[number] }

  private mutating func grow() {
    var larger = [Slot](repeating: Slot(), count: 2 * slots.count)
    let mask = larger.count - 1
    for slot in slots where slot.number != 0 {
      var place = hash.start(slot.key, Int(slot.length)) & mask
      while larger[place].number != 0 { place = (place + 1) & mask }
      larger[place] = slot
    }
    slots = larger
  }

  /// Which slots words get.
  fileprivate struct Hash {
    /// Random for each table, so that nobody can make a file whose words all fall into one slot.
    private let seed = UInt64.random(in: 0...(.max)) | 1

    /// The slot where the search for a key begins, modulo the number of slots.
    @inline(__always)
    func start(_ key: UInt64, _ length: Int) -> Int {
      Int(truncatingIfNeeded: folded(key ^ UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// The two halves of a product, combined.
    @inline(__always)
    private func folded(_ a: UInt64) -> UInt64 {
      let product = a.multipliedFullWidth(by: seed)
      return product.high ^ product.low
    }

    /// The bytes themselves, or if there are more than eight a hash, taken eight at a time; the last eight may overlap
    /// with those before.
    @inline(__always)
    func key(_ word: UnsafeBufferPointer<UInt8>) -> UInt64 {
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
}
