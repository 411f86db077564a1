/// What one training step drops. It follows from the step's seed and a sample's index in its batch alone, so neither
/// threads nor the order of work change it, and the backward pass can draw the same again.
package struct DropoutDraw: Sendable {
  package let rates: Dropout
  private let seed: UInt64

  /// - Parameter seed: the step's own; another for every step.
  package init(rates: Dropout, seed: UInt64) {
    self.rates = rates
    self.seed = seed
  }

  /// Where in the network numbers are dropped; each site has random numbers of its own.
  enum Site {
    case words, embedding, output
    case recurrent(layer: Int, direction: Int)
    /// Between a layer and the next.
    case layer(Int, direction: Int)

    fileprivate var number: UInt64 {
      switch self {
      case .words: 0
      case .embedding: 1
      case .output: 2
      case .recurrent(let layer, let direction): UInt64(4 + 4 * layer + direction)
      case .layer(let layer, let direction): UInt64(4 + 4 * layer + 2 + direction)
      }
    }
  }

  func rate(_ site: Site) -> Double {
    switch site {
    case .words: rates.words
    case .embedding: rates.embedding
    case .output: rates.output
    case .recurrent: rates.recurrent
    case .layer: rates.layers
    }
  }

  /// The factors of a sample's numbers at a site.
  func factors(_ site: Site, sample: Int) -> DropoutFactors {
    // SplitMix64's mixing (Steele, Lea and Flood, 2014), over the three numbers one after the other.
    var key: UInt64 = seed
    for number in [site.number, UInt64(truncatingIfNeeded: sample)] {
      key = (key ^ number) &+ 0x9E37_79B9_7F4A_7C15
      key = (key ^ (key >> 30)) &* 0xBF58_476D_1CE4_E5B9
      key = (key ^ (key >> 27)) &* 0x94D0_49BB_1331_11EB
      key ^= key >> 31
    }
    return DropoutFactors(key: key, rate: rate(site))
  }
}

/// A factor for each of a sample's numbers, by the number's index: 0, or 1 / (1 − rate).
struct DropoutFactors {
  private let first: IndexVector
  private let second: IndexVector
  private let threshold: IndexVector
  private let scale: Float

  init(key: UInt64, rate: Double) {
    first = IndexVector(0..<UInt32(IndexVector.scalarCount)) &+ UInt32(truncatingIfNeeded: key)
    second = IndexVector(repeating: UInt32(truncatingIfNeeded: key >> 32))
    threshold = IndexVector(repeating: UInt32(rate * 4_294_967_296))
    scale = Float(1 / (1 - rate))
  }

  /// The factors of the numbers at `index` and those that follow.
  @inline(__always)
  func vector(_ index: Int) -> Vector {
    var x = first &+ UInt32(truncatingIfNeeded: index)
    // Two rounds of a 32-bit mixing function (C. Wellons, lowbias32).
    for _ in 0..<2 {
      x ^= x &>> 16
      x = x &* 0x7FEB_352D
      x ^= x &>> 15
      x = x &* 0x846C_A68B
      x ^= x &>> 16
      x ^= second
    }
    return Vector().replacing(with: scale, where: x .>= threshold)
  }

  func drops(_ index: Int) -> Bool { vector(index)[0] == 0 }
}
