/// Encodes fields of protobuf messages (protobuf.dev/programming-guides/encoding). A message is the concatenation of
/// its fields.
package enum ProtobufWriter {
  /// A message, a string or bytes.
  package static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
    tag(number, 2) + varint(UInt64(content.count)) + content
  }
  package static func field(_ number: UInt64, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }
  package static func field(_ number: UInt64, _ value: Int64) -> [UInt8] {
    tag(number, 0) + varint(UInt64(bitPattern: value))
  }
  package static func field(_ number: UInt64, _ value: Double) -> [UInt8] {
    tag(number, 1) + littleEndianBytes(value.bitPattern)
  }
  package static func field(_ number: UInt64, _ value: Float) -> [UInt8] {
    tag(number, 5) + littleEndianBytes(value.bitPattern)
  }

  private static func tag(_ number: UInt64, _ wireType: UInt64) -> [UInt8] { varint(number << 3 | wireType) }

  /// Seven bits per byte, the lowest first; the top bit is set in all bytes but the last.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

/// The bytes of a number, the least significant first.
package func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
