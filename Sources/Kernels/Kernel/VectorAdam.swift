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
      var lanes = load(place, count)
      move(&lanes, by: step, gradient: Self.load(gradient, place, count))
      store(lanes, place, count)
    }
  }

  func takeIdly(_ steps: ArraySlice<AdamStep>, calmFrom: Int, _ range: Range<Int>) {
    // m shrinks by a tenth a step and √v by less than a hundredth, so what was too little to change a weight stays so, as
    // long as α grows slowly. Only a weight of nearly nothing could tell that m doesn't shrink below the least float.
    let settles = decay == nil && rate1 > 0.09 && rate2 < 0.01 && epsilon >= 1e-8
    let firstCalm = settles ? max(calmFrom - steps.startIndex, 0) : steps.count
    steps.withUnsafeBufferPointer { steps in
      // A vector takes all steps before the next one does, so that it stays in registers.
      forEachVector(range) { place, count in
        var lanes = load(place, count)
        var next = 0
        while next < steps.count {
          let before = lanes.w
          move(&lanes, by: steps[next], gradient: Lanes())
          next += 1
          if next > firstCalm, Self.areSame(lanes.w, before) { break }
        }
        fade(&lanes, steps: steps.count - next)
        store(lanes, place, count)
      }
    }
  }

  /// Lets the moments of parameters that don't move any more fade for some steps.
  @inline(__always)
  private func fade(_ lanes: inout State, steps: Int) {
    for _ in 0..<steps {
      let (m, v) = (lanes.m, lanes.v)
      lanes.m += (Lanes() - m) * rate1
      lanes.v += (Lanes() - v) * rate2
      // What doesn't change once never will.
      if Self.areSame(lanes.m, m), Self.areSame(lanes.v, v) { return }
    }
  }

  // MARK: Vectors

  private typealias Lanes = SIMD16<Float>

  /// A vector of parameters with their moments.
  private struct State {
    var w, m, v: Lanes
  }

  @inline(__always)
  private func load(_ place: Int, _ count: Int) -> State {
    State(w: Self.load(w, place, count), m: Self.load(m, place, count), v: Self.load(v, place, count))
  }

  @inline(__always)
  private func store(_ state: State, _ place: Int, _ count: Int) {
    Self.store(state.w, to: w, place, count)
    Self.store(state.m, to: m, place, count)
    Self.store(state.v, to: v, place, count)
  }

  @inline(__always)
  private func move(_ state: inout State, by step: AdamStep, gradient g: Lanes) {
    // As keras/src/optimizers/base_optimizer.py, `_apply_weight_decay`.
    if let decay { state.w -= state.w * decay * step.rate }
    state.m += (g - state.m) * rate1
    state.v += (g * g - state.v) * rate2
    var root = state.v
    withUnsafeMutableBytes(of: &root) { squareRoots16($0.baseAddress) }
    state.w -= step.alpha * state.m / (root + epsilon)
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

  /// Whether all bits are the same. (`==` goes through the lanes one by one.)
  @inline(__always)
  private static func areSame(_ x: Lanes, _ y: Lanes) -> Bool {
    let eight = unsafeBitCast(x, to: SIMD8<UInt64>.self) ^ unsafeBitCast(y, to: SIMD8<UInt64>.self)
    let four = eight.lowHalf | eight.highHalf
    let two = four.lowHalf | four.highHalf
    return two[0] | two[1] == 0
  }
}
