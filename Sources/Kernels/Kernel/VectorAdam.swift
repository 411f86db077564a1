import CIntrinsics
import RecurrentNetwork

/// Adam's arithmetic, compiled for the processor's widest vectors. Each element is computed by itself, so the width changes
/// no bit.
// @unchecked: see `AdamArithmetic`.
struct VectorAdam: AdamArithmetic, @unchecked Sendable {
  private let w, m, v: UnsafeMutablePointer<Float>
  private let (rate1, rate2, epsilon): (Float, Float, Float)
  private let decay: Float?

  init(_ memory: AdamMemory) {
    (w, m, v) = (memory.parameters, memory.firstMoment, memory.secondMoment)
    (rate1, rate2, epsilon, decay) = (memory.rate1, memory.rate2, memory.epsilon, memory.decay)
  }

  func take(_ step: AdamStep, _ range: Range<Int>, gradient: UnsafePointer<Float>) {
    forEachVector(range) { place, count in
      _ = move(place, count, by: step, gradient: Self.load(gradient, place, count))
    }
  }

  func takeIdly(_ steps: ArraySlice<AdamStep>, calmFrom: Int, _ range: Range<Int>) {
    // m shrinks by a tenth a step and √v by less than a hundredth, so what was too little to change a weight stays so, as
    // long as α grows slowly. Only a weight of nearly nothing could tell that m doesn't shrink below the least float.
    let settles = decay == nil && rate1 > 0.09 && rate2 < 0.01 && epsilon >= 1e-8
    steps.withUnsafeBufferPointer { buffer in
      for (index, step) in buffer.enumerated() {
        var change = Bits()
        forEachVector(range) { place, count in
          change |= move(place, count, by: step, gradient: Lanes())
        }
        if change == Bits(), settles, steps.startIndex + index >= calmFrom {
          fade(m, rate1, buffer.count - index - 1, range)
          return fade(v, rate2, buffer.count - index - 1, range)
        }
      }
    }
  }

  /// Lets a moment of parameters that don't move any more fade for some steps.
  private func fade(_ moment: UnsafeMutablePointer<Float>, _ rate: Float, _ count: Int, _ range: Range<Int>) {
    for _ in 0..<count {
      var change = Bits()
      forEachVector(range) { place, count in
        var x = Self.load(moment, place, count)
        let before = x
        x += (Lanes() - x) * rate
        Self.store(x, to: moment, place, count)
        change |= Self.bits(x) ^ Self.bits(before)
      }
      // What doesn't change once never will.
      if change == Bits() { return }
    }
  }

  // MARK: Vectors

  private typealias Lanes = SIMD16<Float>
  private typealias Bits = SIMD16<UInt32>

  /// Takes a step with a vector of parameters.
  ///
  /// - Returns: the bits of the parameters that have changed.
  @inline(__always)
  private func move(_ place: Int, _ count: Int, by step: AdamStep, gradient g: Lanes) -> Bits {
    let before = Self.load(w, place, count)
    var (w, m, v) = (before, Self.load(self.m, place, count), Self.load(self.v, place, count))
    // As keras/src/optimizers/base_optimizer.py, `_apply_weight_decay`.
    if let decay { w -= w * decay * step.rate }
    m += (g - m) * rate1
    v += (g * g - v) * rate2
    var root = v
    withUnsafeMutableBytes(of: &root) { squareRoots16($0.baseAddress) }
    w -= step.alpha * m / (root + epsilon)
    Self.store(w, to: self.w, place, count)
    Self.store(m, to: self.m, place, count)
    Self.store(v, to: self.v, place, count)
    return Self.bits(w) ^ Self.bits(before)
  }

  /// Calls `body` with the place of each vector of a range, and the number of its elements that are in the range.
  @inline(__always)
  private func forEachVector(_ range: Range<Int>, _ body: (_ place: Int, _ count: Int) -> Void) {
    let width = Lanes.scalarCount
    var place = range.lowerBound
    while place + width <= range.upperBound {
      body(place, width)
      place += width
    }
    if place < range.upperBound { body(place, range.upperBound - place) }
  }

  @inline(__always)
  private static func load(_ p: UnsafePointer<Float>, _ place: Int, _ count: Int) -> Lanes {
    if count == Lanes.scalarCount { return UnsafeRawPointer(p + place).loadUnaligned(as: Lanes.self) }
    var result = Lanes()
    for index in 0..<count { result[index] = p[place + index] }
    return result
  }

  @inline(__always)
  private static func store(_ x: Lanes, to p: UnsafeMutablePointer<Float>, _ place: Int, _ count: Int) {
    if count == Lanes.scalarCount { return UnsafeMutableRawPointer(p + place).storeBytes(of: x, as: Lanes.self) }
    for index in 0..<count { p[place + index] = x[index] }
  }

  @inline(__always)
  private static func bits(_ x: Lanes) -> Bits { unsafeBitCast(x, to: Bits.self) }
}
