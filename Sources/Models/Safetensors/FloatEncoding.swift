import Files

/// How a file encodes floating-point numbers, always little-endian.
package enum FloatEncoding: Sendable {
  case float16, bfloat16, float32, float64

  /// The number of bytes per number.
  package var width: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  /// The Float nearest to each number; infinite if a float64 is too large.
  ///
  /// - Precondition: the number of bytes is a multiple of `width`.
  package func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    precondition(bytes.count % width == 0)
    let count = bytes.count / width
    return [Float](filling: count) { buffer, initialized in
      func fill<Bits: FixedWidthInteger>(_: Bits.Type, _ float: (Bits) -> Float) {
        for i in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Bits>.size, as: Bits.self)
          (buffer.baseAddress! + i).initialize(to: float(Bits(littleEndian: bits)))
        }
      }
      switch self {
      case .float16: fill(UInt16.self, Self.float(halfBits:))
      case .bfloat16: fill(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      case .float32: fill(UInt32.self) { Float(bitPattern: $0) }
      case .float64: fill(UInt64.self) { Float(Double(bitPattern: $0)) }
      }
      initialized = count
    }
  }

  /// Converts a float16, for which Swift has no type on every platform.
  private static func float(halfBits bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let isFinite = bits & 0x7C00 != 0x7C00
    // The exponent biases differ by 112; the multiplication also normalizes subnormals.
    let value = isFinite ? Float(bitPattern: magnitude) * 0x1p112 : Float(bitPattern: magnitude | 0x7F80_0000)
    return bits & 0x8000 == 0 ? value : -value
  }
}
