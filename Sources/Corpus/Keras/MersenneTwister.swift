/// The random numbers of numpy's `numpy.random.RandomState(seed)`.
///
/// The generator is MT19937 (Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8, 1998), seeded by its
/// `init_genrand`; the shuffle is numpy's. Numpy promises never to change either.
public struct MersenneTwister: RandomNumberGenerator, Sendable {
  private static let size = 624
  private static let shift = 397

  private var state: [UInt32]
  private var index = size

  /// Seeds a generator.
  ///
  /// - Parameter seed: the same as for numpy's `RandomState(seed)`.
  public init(seed: UInt32) {
    state = [seed]
    for index in 1..<UInt32(Self.size) {
      let last = state[state.count - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ index)
    }
  }

  /// The next 32 random bits.
  public mutating func next() -> UInt32 {
    if index == Self.size { twist() }
    var bits = state[index]
    index += 1
    bits ^= bits >> 11
    bits ^= (bits << 7) & 0x9d2c_5680
    bits ^= (bits << 15) & 0xefc6_0000
    return bits ^ (bits >> 18)
  }

  /// The next 64 random bits, of which the upper half is drawn first.
  public mutating func next() -> UInt64 {
    let upper: UInt32 = next()
    let lower: UInt32 = next()
    return UInt64(upper) << 32 | UInt64(lower)
  }

  /// A number in `0...maximum`, each equally likely: draws are masked to the bits of `maximum` until one fits.
  public mutating func interval(_ maximum: UInt32) -> UInt32 {
    let mask = maximum == 0 ? 0 : UInt32.max >> UInt32(maximum.leadingZeroBitCount)
    if mask == 0 { return 0 }
    while true {
      let candidate: UInt32 = next() & mask
      if candidate <= maximum { return candidate }
    }
  }

  /// Shuffles as numpy's `RandomState.shuffle` does (Fisher and Yates, from the last element down).
  ///
  /// - Precondition: there are fewer than 2³² elements.
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, Int(interval(UInt32(last))))
    }
  }

  private mutating func twist() {
    for position in 0..<Self.size {
      let bits =
        (state[position] & 0x8000_0000) | (state[(position + 1) % Self.size] & 0x7fff_ffff)
      state[position] =
        state[(position + Self.shift) % Self.size] ^ (bits >> 1) ^ (bits & 1 == 0 ? 0 : 0x9908_b0df)
    }
    index = 0
  }
}
