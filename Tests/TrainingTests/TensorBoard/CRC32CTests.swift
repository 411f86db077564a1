import Testing
import Training

@Suite struct CRC32CTests {
  private func checksum(_ parts: [UInt8]...) -> UInt32 {
    var crc = CRC32C()
    for part in parts { crc.update(part) }
    return crc.value
  }

  /// The check value of the catalogs, and the examples of RFC 3720, appendix B.4.
  @Test func knownValues() {
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum() == 0)
    #expect(checksum([]) == 0)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum((0..<32).reversed()) == 0x113F_DB5C)
  }

  @Test func partsGiveWhatTheWholeGives() {
    let whole = (0..<100).map { UInt8($0 * 37 & 0xFF) }
    for end in whole.indices {
      for middle in 0...end {
        #expect(checksum(Array(whole[..<middle]), Array(whole[middle..<end])) == checksum(Array(whole[..<end])))
      }
    }
  }
}
