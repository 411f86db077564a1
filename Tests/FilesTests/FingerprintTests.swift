import Files
import Testing

@Suite struct FingerprintTests {
  private func fingerprint(_ body: (inout Fingerprint) -> Void) -> String {
    var fingerprint = Fingerprint()
    body(&fingerprint)
    return fingerprint.text
  }

  private func fingerprint(of bytes: [UInt8]) -> String {
    fingerprint { fingerprint in bytes.withUnsafeBytes { fingerprint.add($0) } }
  }

  /// Checkpoints and models hold fingerprints, so they must never change. Of no bytes only their number, 0, is mixed in:
  /// in Python, `z = 0x6C73746D * 0x9E3779B97F4A7C15 % 2**64; f"{z ^ z >> 32:016x}"`.
  @Test func isTheSameInEveryVersion() {
    #expect(fingerprint(of: []) == "70ce7c77fc912486")
    #expect(fingerprint(of: Array("0123456789".utf8)) == "a6917441d1c11f52")
  }

  @Test func hasSixteenDigitsBeforeAnythingIsAdded() {
    #expect(Fingerprint().text == "000000006c73746d")
  }

  @Test func everyChangeOfAByteIsNoticed() {
    let bytes = [UInt8](0..<20)
    var found: Set<String> = [fingerprint(of: bytes)]
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << UInt8(bit)
        found.insert(fingerprint(of: changed))
      }
    }
    #expect(found.count == 1 + 20 * 8)
  }

  @Test func theOrderOfWordsCounts() {
    #expect(
      fingerprint {
        $0.add(1)
        $0.add(2)
      }
        != fingerprint {
          $0.add(2)
          $0.add(1)
        })
  }

  /// Otherwise "ab" and "c" would be "a" and "bc".
  @Test func whereATextEndsCounts() {
    func texts(_ texts: String...) -> String { fingerprint { for text in texts { $0.add(text) } } }
    #expect(texts("ab", "c") != texts("a", "bc"))
    #expect(texts("ab", "") != texts("", "ab"))
  }

  @Test func aTextIsItsUTF8() {
    #expect(fingerprint { $0.add("é") } == fingerprint(of: [0xC3, 0xA9]))
  }
}
