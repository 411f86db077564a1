/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
///
/// Its state is one number, which a checkpoint can store, and its sequence is the same in every build.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
  /// The state, from which the rest of the sequence follows.
  public private(set) var state: UInt64

  /// A generator whose sequence depends on a seed and the number of a stream. Streams with the same seed are unrelated.
  public init(seed: UInt64, stream: UInt64 = 0) {
    state = seed
    state = next() &+ stream
    state = next()
  }

  /// A generator that continues from a stored state.
  public init(state: UInt64) { self.state = state }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The numbers 0 ..< count in random order, by Fisher and Yates. (The standard library's `shuffle` doesn't promise the
  /// same order in every version.)
  ///
  /// - Precondition: `count` is not negative.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      // The high half of the product is uniform over 0...i, except for a bias of i / 2^64.
      let j = Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(i + 1)).high)
      order.swapAt(i, j)
    }
    return order
  }
}
