import Corpus
import Testing

@Suite struct MersenneTwisterTests {
  /// Numpy's shuffles, twice in a row with one generator: CRC-32 of the orders as 64-bit integers.
  @Test func shuffleIsNumpys() throws {
    for golden in try Golden.data.get().shuffle {
      var generator = MersenneTwister(seed: golden.seed)
      for crc in golden.crc32 {
        var order = Array(0..<golden.count)
        generator.shuffle(&order)
        #expect(crc32(order.flatMap(littleEndian)) == crc, "seed \(golden.seed), \(golden.count) elements")
      }
    }
  }

  /// The orders of Keras's `imdb.load_data`.
  @Test func ordersOfKeras() {
    var generator = MersenneTwister(seed: 113)
    for (start, crc) in [([7798, 13226, 18078, 793], 539_311_198), ([22748, 4083, 8015, 13688], 3_675_066_281)] {
      var order = Array(0..<25_000)
      generator.shuffle(&order)
      #expect(Array(order.prefix(4)) == start)
      #expect(crc32(order.flatMap(littleEndian)) == UInt32(crc))
    }
  }

  /// The 10,000th number of MT19937's default seed, as the C++ standard gives it for `std::mt19937`.
  @Test func tenThousandth() {
    var generator = MersenneTwister(seed: 5489)
    var last: UInt32 = 0
    for _ in 0..<10_000 { last = generator.next() }
    #expect(last == 4_123_659_995)
  }

  @Test func intervalStaysInside() {
    var generator = MersenneTwister(seed: 1)
    #expect(generator.interval(0) == 0)
    for maximum: UInt32 in [1, 2, 6, 255, 256, .max] {
      for _ in 0..<100 { #expect(generator.interval(maximum) <= maximum) }
    }
  }
}
