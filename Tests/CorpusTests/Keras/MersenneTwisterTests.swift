import Corpus
import Testing

@Suite struct MersenneTwisterTests {
  /// Twice in a row with one generator: CRC-32 of the orders as 64-bit integers.
  @Test func shufflesAreNumpys() throws {
    for golden in try Golden.data.get().shuffle {
      var generator = MersenneTwister(seed: golden.seed)
      for crc in golden.crc32 {
        var order = Array(0..<golden.count)
        generator.shuffle(&order)
        #expect(crc32(order.flatMap(littleEndian)) == crc, "seed \(golden.seed), \(golden.count) elements")
      }
    }
  }

  /// The 10,000th number of MT19937's default seed, as the C++ standard gives it for `std::mt19937`.
  @Test func numbersAreThoseOfMT19937() {
    var generator = MersenneTwister(seed: 5489)
    var last: UInt32 = 0
    for _ in 0..<10_000 { last = generator.next() }
    #expect(last == 4_123_659_995)
  }

  @Test func the64BitsAreTwoNumbersTheUpperHalfFirst() {
    var (halves, wholes) = (MersenneTwister(seed: 1), MersenneTwister(seed: 1))
    let (upper, lower): (UInt32, UInt32) = (halves.next(), halves.next())
    let whole: UInt64 = wholes.next()
    #expect(whole >> 32 == UInt64(upper) && whole & 0xFFFF_FFFF == UInt64(lower))
  }

  @Test(arguments: [0, 1, 2, 6, 255, 256, .max] as [UInt32]) func intervalsIncludeTheirMaximumAndNothingAbove(
    maximum: UInt32
  ) {
    var generator = MersenneTwister(seed: 1)
    let drawn = (0..<5000).map { _ in generator.interval(maximum) }
    #expect(drawn.allSatisfy { $0 <= maximum })
    if maximum <= 256 { #expect(Set(drawn).count == Int(maximum) + 1) }
  }
}
