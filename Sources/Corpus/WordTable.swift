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
  /// Open addressing: a word's hash in the upper half and its number, counted from 1, in the lower; 0 where there is none.
  /// There is a power of two of them, and at most half are taken.
  private var slots: [UInt64]

  /// Of the process: nobody can make a file whose words all meet in one slot.
  private static let seed = UInt64.random(in: 0...(.max)) | 1

  package init() { slots = [UInt64](repeating: 0, count: 1 << 10) }

  /// The number of words.
  package var count: Int { offsets.count - 1 }

  /// The number of a word, or nil if it is not there.
  @inline(__always)
  package func number(of word: UnsafeBufferPointer<UInt8>) -> Int32? {
    let content = slots[slot(of: word, Self.hash(word))]
    return content == 0 ? nil : Int32(truncatingIfNeeded: content) - 1
  }

  /// The number of a word, which is added if it is not there.
  ///
  /// - Precondition: there are fewer than 2³⁰ words.
  @inline(__always)
  package mutating func add(_ word: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = Self.hash(word)
    let slot = slot(of: word, hash)
    let content = slots[slot]
    return content == 0 ? add(word, hash, slot) : Int32(truncatingIfNeeded: content) - 1
  }

  @inline(never)
  private mutating func add(_ word: UnsafeBufferPointer<UInt8>, _ hash: UInt32, _ slot: Int) -> Int32 {
    precondition(count < 1 << 30, "too many words")
    bytes.append(contentsOf: word)
    offsets.append(bytes.count)
    slots[slot] = UInt64(hash) << 32 | UInt64(count)
    if 2 * count > slots.count { grow() }
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
  private func slot(of word: UnsafeBufferPointer<UInt8>, _ hash: UInt32) -> Int {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count - 1
      var slot = Int(hash) & mask
      while slots[slot] != 0 {
        if UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
          let number = Int(UInt32(truncatingIfNeeded: slots[slot])) - 1
          let start = offsets[number]
          if offsets[number + 1] - start == word.count,
            bytes.withUnsafeBufferPointer({
              word.isEmpty || memcmp($0.baseAddress! + start, word.baseAddress!, word.count) == 0
            })
          {
            return slot
          }
        }
        slot = (slot + 1) & mask
      }
      return slot
    }
  }

  private mutating func grow() {
    var larger = [UInt64](repeating: 0, count: 2 * slots.count)
    for content in slots where content != 0 {
      var slot = Int(content >> 32) & (larger.count - 1)
      while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
      larger[slot] = content
    }
    slots = larger
  }

  /// Eight bytes at a time, each step a product whose halves are folded; the last eight may overlap those before.
  @inline(__always)
  private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let raw = UnsafeRawBufferPointer(word)
    let count = raw.count
    func load<Bits: FixedWidthInteger>(_ offset: Int, _: Bits.Type) -> UInt64 {
      UInt64(truncatingIfNeeded: raw.loadUnaligned(fromByteOffset: offset, as: Bits.self))
    }
    func folded(_ a: UInt64) -> UInt64 {
      let product = a.multipliedFullWidth(by: seed)
      return product.high ^ product.low
    }
    var state = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
    if count >= 8 {
      for offset in stride(from: 0, to: count - 8, by: 8) { state = folded(state ^ load(offset, UInt64.self)) }
      state ^= load(count - 8, UInt64.self)
    } else if count >= 4 {
      state ^= load(0, UInt32.self) | load(count - 4, UInt32.self) << 32
    } else if count > 0 {
      state ^= load(0, UInt8.self) | load(count / 2, UInt8.self) << 8 | load(count - 1, UInt8.self) << 16
    }
    state = folded(state)
    return UInt32(truncatingIfNeeded: state ^ state >> 32)
  }
}
