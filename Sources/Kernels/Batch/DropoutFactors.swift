import RecurrentNetwork

extension DropoutDraw {
  /// The factors of a sample's numbers at a site.
  func factors(_ site: Site, sample: Int) -> DropoutFactors {
    DropoutFactors(key: key(site, sample: sample), rate: rate(site))
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
    // As `DropoutDraw.factor`.
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
