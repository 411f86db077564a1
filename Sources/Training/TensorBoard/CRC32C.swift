import Foundation

/// An incremental CRC-32C checksum (Castagnoli; RFC 3720, appendix B.4).
package struct CRC32C {
  private var state = UInt32.max

  /// Starts a checksum, of no bytes yet.
  package init() {}

  /// Adds the next bytes.
  package mutating func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { bytes in
      Self.tables.withUnsafeBufferPointer { tables in
        var state = state
        var position = 0
        while position + 8 <= bytes.count {
          let next = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
          let word = next ^ UInt64(state)
          state = 0
          for byte in 0..<8 {
            state ^= tables[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> (8 * UInt64(byte)) & 0xFF)]
          }
          position += 8
        }
        for byte in bytes[position...] { state = state >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: state) ^ byte)] }
        self.state = state
      }
    }
  }

  /// The checksum of all bytes added so far.
  package var value: UInt32 { ~state }

  /// "Slicing by 8": element `k << 8 | b` is the state after byte `b` and `k` bytes of 0.
  private static let tables: [UInt32] = {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { state, _ in state >> 1 ^ (state & 1) * 0x82F6_3B78 }
    }
    for _ in 1..<8 { tables += tables.suffix(256).map { $0 >> 8 ^ tables[Int($0 & 0xFF)] } }
    return tables
  }()
}
