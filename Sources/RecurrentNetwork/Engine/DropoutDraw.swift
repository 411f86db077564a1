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
  package enum Site {
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

  package func rate(_ site: Site) -> Double {
    switch site {
    case .words: rates.words
    case .embedding: rates.embedding
    case .output: rates.output
    case .recurrent: rates.recurrent
    case .layer: rates.layers
    }
  }

  /// What the factors of a sample's numbers at a site follow from.
  package func key(_ site: Site, sample: Int) -> UInt64 {
    // SplitMix64's mixing (Steele, Lea and Flood, 2014), over the three numbers one after the other.
    var key: UInt64 = seed
    for number in [site.number, UInt64(truncatingIfNeeded: sample)] {
      key = (key ^ number) &+ 0x9E37_79B9_7F4A_7C15
      key = (key ^ (key >> 30)) &* 0xBF58_476D_1CE4_E5B9
      key = (key ^ (key >> 27)) &* 0x94D0_49BB_1331_11EB
      key ^= key >> 31
    }
    return key
  }

  /// The factor of one of a sample's numbers at a site, 0 or 1 / (1 − rate): what the engine computes for whole vectors.
  package func factor(_ site: Site, sample: Int, number: Int) -> Float {
    let key = key(site, sample: sample)
    var x = UInt32(truncatingIfNeeded: key) &+ UInt32(truncatingIfNeeded: number)
    // Two rounds of a 32-bit mixing function (C. Wellons, lowbias32).
    for _ in 0..<2 {
      x ^= x >> 16
      x = x &* 0x7FEB_352D
      x ^= x >> 15
      x = x &* 0x846C_A68B
      x ^= x >> 16
      x ^= UInt32(truncatingIfNeeded: key >> 32)
    }
    return x >= UInt32(rate(site) * 4_294_967_296) ? Float(1 / (1 - rate(site))) : 0
  }
}
