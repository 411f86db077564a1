/// A set of pairs of numbers, numbered in the order in which they were added.
package struct PairTable: Sendable, Equatable {
  /// The pairs: the first number in the upper half.
  package private(set) var keys: [UInt64] = []
  /// A hash table with open addressing: a power of two of slots, of which at most half are taken; a pair's number
  /// plus 1, or 0 if the slot is free.
  private var slots = [Int32](repeating: 0, count: 1 << 10)
  /// Random for each table, so that nobody can make texts whose pairs all fall into one slot.
  private let seed = UInt64.random(in: 0...(.max)) | 1

  package static func == (a: PairTable, b: PairTable) -> Bool { a.keys == b.keys }

  /// The number of pairs.
  package var count: Int { keys.count }

  static func key(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// The two numbers of a pair.
  package func pair(_ number: Int) -> (first: Int32, second: Int32) {
    let key = keys[number]
    return (Int32(truncatingIfNeeded: key >> 32), Int32(truncatingIfNeeded: key))
  }

  /// The number of a pair, or nil if the table lacks it.
  @inline(__always)
  func number(of key: UInt64) -> Int32? {
    let number = slots[place(of: key)]
    return number == 0 ? nil : number - 1
  }

  /// The number of a pair, which is added if the table lacks it.
  ///
  /// - Precondition: there are fewer than 2³⁰ pairs.
  @inline(__always)
  mutating func add(_ key: UInt64) -> Int32 {
    let place = place(of: key)
    if slots[place] != 0 { return slots[place] - 1 }
    precondition(keys.count < 1 << 30, "too many n-grams")
    keys.append(key)
    slots[place] = Int32(keys.count)
    if 2 * keys.count > slots.count { grow() }
    return Int32(keys.count - 1)
  }

  @inline(__always)
  private func place(of key: UInt64) -> Int {
    let mask = slots.count - 1
    var place = start(key) & mask
    while slots[place] != 0, keys[Int(slots[place] - 1)] != key { place = (place + 1) & mask }
    return place
  }

  @inline(__always)
  private func start(_ key: UInt64) -> Int {
    let product = key.multipliedFullWidth(by: seed)
    return Int(truncatingIfNeeded: product.high ^ product.low)
  }

  @inline(never)
  private mutating func grow() {
    slots = [Int32](repeating: 0, count: 2 * slots.count)
    let mask = slots.count - 1
    for (number, key) in keys.enumerated() {
      var place = start(key) & mask
      while slots[place] != 0 { place = (place + 1) & mask }
      slots[place] = Int32(number + 1)
    }
  }
}
