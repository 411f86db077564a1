import Files

/// Sequences of numbers, each number in as few bytes as it needs: seven bits a byte, the lowest first (LEB128).
///
/// Words are numbered as they are first met, so frequent ones have small numbers, and a text takes less than half of
/// what ``TokenSequences`` needs for it.
package struct PackedSequences: Equatable, Sendable {
  private var bytes: [UInt8] = []
  /// Where each sequence begins in `bytes`, and where the last one ends: `[count + 1]`, ascending from 0.
  private var offsets = [0]

  /// No sequence.
  package init() {}

  /// Stores some sequences of numbers that aren't negative.
  package init(_ sequences: some Sequence<[Int32]>) {
    for sequence in sequences { append(sequence) }
  }

  /// The number of sequences.
  package var count: Int { offsets.count - 1 }

  /// The numbers of a sequence.
  package subscript(index: Int) -> [Int32] {
    [Int32](filling: offsets[index + 1] - offsets[index]) { numbers, count in
      forEachNumber(of: index) { number in
        numbers.initializeElement(at: count, to: number)
        count += 1
      }
    }
  }

  /// Goes through the numbers of a sequence, in their order.
  @inline(__always)
  func forEachNumber(of index: Int, _ body: (Int32) -> Void) {
    bytes.withUnsafeBufferPointer { bytes in
      var place = offsets[index]
      let end = offsets[index + 1]
      while place < end {
        var (number, shift) = (Int32(bytes[place] & 0x7F), Int32(7))
        while bytes[place] >= 0x80 {
          place += 1
          number |= Int32(bytes[place] & 0x7F) << shift
          shift += 7
        }
        place += 1
        body(number)
      }
    }
  }

  /// How many numbers a sequence has.
  package func length(of index: Int) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var count = 0
      // Each number has one byte below 0x80, its last.
      for place in offsets[index]..<offsets[index + 1] { count &+= 1 &- Int(bytes[place] >> 7) }
      return count
    }
  }

  /// A hash of each sequence.
  package var hashes: [UInt64] {
    bytes.withUnsafeBytes { bytes in
      zip(offsets, offsets.dropFirst()).map { start, end in
        Fingerprint.state(of: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      }
    }
  }

  /// Adds a sequence of numbers that aren't negative.
  package mutating func append(_ numbers: some Collection<Int32>) {
    appendNumbers(atMost: numbers.count) { packer in
      for number in numbers { packer.append(number) }
    }
    endSequence()
  }

  /// Adds numbers to the sequence that ``endSequence()`` will end.
  ///
  /// - Parameters:
  ///   - limit: the most numbers that are added.
  ///   - body: gives each of them to the packer.
  @inline(__always)
  mutating func appendNumbers(atMost limit: Int, _ body: (inout Packer) -> Void) {
    // At once, as an array takes its time for each element.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Packer.width * limit) { buffer in
      guard let start = buffer.baseAddress else { return }
      var packer = Packer(next: start)
      body(&packer)
      bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: packer.next - start))
    }
  }

  /// Writes numbers into memory.
  struct Packer {
    /// The most bytes of a number.
    fileprivate static let width = 5
    /// Where the next number goes.
    fileprivate var next: UnsafeMutablePointer<UInt8>

    /// Adds a number, which isn't negative.
    @inline(__always)
    mutating func append(_ number: Int32) {
      var rest = UInt32(number)
      while rest >= 0x80 {
        next.initialize(to: UInt8(truncatingIfNeeded: rest) | 0x80)
        next += 1
        rest >>= 7
      }
      next.initialize(to: UInt8(rest))
      next += 1
    }
  }

  /// Makes the numbers that were added since the last one a sequence.
  mutating func endSequence() { offsets.append(bytes.count) }

  /// Makes room for so many bytes.
  mutating func reserveCapacity(_ count: Int) { bytes.reserveCapacity(count) }

  /// The sequences of a range.
  func slice(_ range: Range<Int>) -> PackedSequences {
    var result = PackedSequences()
    let start = offsets[range.lowerBound]
    result.bytes = Array(bytes[start..<offsets[range.upperBound]])
    result.offsets = offsets[range.lowerBound...range.upperBound].map { $0 - start }
    return result
  }

  /// The sequences at some places, in that order.
  func selecting(_ places: [Int]) -> PackedSequences {
    var result = PackedSequences()
    for place in places {
      result.bytes += bytes[offsets[place]..<offsets[place + 1]]
      result.offsets.append(result.bytes.count)
    }
    return result
  }

  /// These sequences, then others.
  func appending(_ other: PackedSequences) -> PackedSequences {
    PackedSequences(joining: [self, other])
  }

  /// The sequences of several parts, one part after the other.
  init(joining parts: [PackedSequences]) {
    // Room for no more than they are, where an array that grows may take twice as much.
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.bytes.count })
    offsets.reserveCapacity(parts.reduce(1) { $0 + $1.count })
    for part in parts {
      let start = bytes.count
      bytes += part.bytes
      offsets += part.offsets.dropFirst().map { $0 + start }
    }
  }
}
