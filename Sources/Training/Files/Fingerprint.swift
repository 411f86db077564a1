import Corpus

/// 64 bits that tell whether bytes have changed; against damage and mistakes, not against forgers.
///
/// Each word is mixed in by a bijection, so that a change of one word alone is never missed.
package struct Fingerprint {
  package private(set) var state: UInt64 = 0x6C73_746D

  package init() {}

  mutating func add(_ word: UInt64) {
    state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 32
  }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    let whole = bytes.count / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8) {
      add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    for byte in bytes[whole...] { add(UInt64(byte)) }
  }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// 16 hexadecimal digits.
  package var text: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

extension DataSource {
  /// Tells data apart by what training sees of them: tokens, lengths and labels of both parts.
  public static func fingerprint(training: LabelledSequences, validation: LabelledSequences) -> String {
    var fingerprint = Fingerprint()
    for part in [training, validation] {
      part.sequences.tokens.withUnsafeBytes { fingerprint.add($0) }
      part.sequences.offsets.withUnsafeBytes { fingerprint.add($0) }
      part.labels.withUnsafeBytes { fingerprint.add($0) }
    }
    return fingerprint.text
  }
}

extension Safetensors {
  /// Of all names, shapes, elements and metadata.
  package var checksum: String {
    var fingerprint = Fingerprint()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      fingerprint.add(key)
      fingerprint.add(value)
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      fingerprint.add(name)
      for extent in tensor.shape { fingerprint.add(UInt64(extent)) }
      tensor.values.withUnsafeBytes { fingerprint.add($0) }
    }
    return fingerprint.text
  }
}
