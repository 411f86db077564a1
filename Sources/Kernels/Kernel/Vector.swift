import CIntrinsics

// The widest vector with which a 6-row register tile fits the processor's registers: 12 accumulators, and a few more.
#if X86_64_V4
  typealias Vector = SIMD16<Float>
  typealias IndexVector = SIMD16<UInt32>
#elseif X86_64_V3 || arch(arm64)
  typealias Vector = SIMD8<Float>
  typealias IndexVector = SIMD8<UInt32>
#else
  typealias Vector = SIMD4<Float>
  typealias IndexVector = SIMD4<UInt32>
#endif

/// The lanes of the widest vector. Sums over units and gates go by so many at a time whatever the width, so that the bits
/// are the same for all widths.
let widestLanes = WidestVector.scalarCount

/// The widest of all kernels' vectors.
typealias WidestVector = SIMD16<Float>

extension SIMD where Scalar == Float {
  /// self + a · b, fused where the processor can: without the instruction `addingProduct` is a library call per lane.
  @inline(__always)
  func plus(_ a: Self, times b: Self) -> Self {
    #if X86_64_V3 || FUSED || arch(arm64)
      addingProduct(a, b)
    #else
      self + a * b
    #endif
  }

  /// The sum of the lanes, one after the other.
  ///
  /// Not the library's `sum`: the linker would keep one specialization of it for all builds of the kernels, with the
  /// instructions of any of them (Scripts/check-kernels.py).
  @inline(__always)
  func sumOfLanes() -> Float {
    var sum: Float = 0
    for lane in 0..<Self.scalarCount { sum += self[lane] }
    return sum
  }
}

extension UnsafePointer<Float> {
  /// The vector of the widest kind that starts at element `offset`.
  @inline(__always)
  func widestVector(_ offset: Int) -> WidestVector {
    UnsafeRawPointer(self + offset).loadUnaligned(as: WidestVector.self)
  }

  /// The vector that starts at element `offset`.
  @inline(__always)
  func vector(_ offset: Int) -> Vector {
    UnsafeRawPointer(self + offset).loadUnaligned(as: Vector.self)
  }
}

extension UnsafeMutablePointer<Float> {
  /// The vector that starts at element `offset`.
  @inline(__always)
  func vector(_ offset: Int) -> Vector {
    UnsafeRawPointer(self + offset).loadUnaligned(as: Vector.self)
  }

  /// Stores a vector at element `offset` and those that follow.
  @inline(__always)
  func store(_ vector: Vector, _ offset: Int) {
    UnsafeMutableRawPointer(self + offset).storeBytes(of: vector, as: Vector.self)
  }
}

extension UnsafePointer<Float> {
  /// The `count` elements that start at `offset`, and zeros.
  @inline(__always)
  func vector(_ offset: Int, count: Int) -> Vector {
    if count == Vector.scalarCount { return vector(offset) }
    var result = Vector()
    for lane in 0..<count { result[lane] = self[offset + lane] }
    return result
  }
}

extension UnsafeMutablePointer<Float> {
  /// Stores the first `count` elements of a vector at element `offset` and those that follow.
  @inline(__always)
  func store(_ vector: Vector, _ offset: Int, count: Int) {
    if count == Vector.scalarCount { return store(vector, offset) }
    for lane in 0..<count { self[offset + lane] = vector[lane] }
  }
}

/// Fetches the floats of a vector's four gates into the nearest cache.
@inline(__always)
func prefetchGates(_ p: UnsafePointer<Float>) {
  for line in stride(from: 0, to: 4 * Vector.scalarCount, by: 16) { prefetchToRead(p + line) }
}

/// The same, for writing.
@inline(__always)
func prefetchGatesToWrite(_ p: UnsafeMutablePointer<Float>) {
  for line in stride(from: 0, to: 4 * Vector.scalarCount, by: 16) { prefetchToWrite(p + line) }
}

/// tanh, as x · p(x²) / q(x²): absolute error below 4e-7 (3.2e-7 with fused multiply-adds), and never above 1.
///
/// The coefficients are a weighted rational fit on |x| ≤ 7.9, where 1 − tanh is 2.7e-7 (Scripts/fit-tanh.py).
@inline(__always)
func tanh(_ x: Vector) -> Vector {
  let x = pointwiseMin(pointwiseMax(x, Vector(repeating: -7.9)), Vector(repeating: 7.9))
  let y = x * x
  @inline(__always) func constant(_ value: Float) -> Vector { Vector(repeating: value) }
  let p = constant(2.2024244652081435e-05).plus(constant(1.5429389492329672e-08), times: y)
  let p1 = constant(0.0035790521332789535).plus(p, times: y)
  let p2 = constant(0.1345067107016968).plus(p1, times: y)
  let p3 = constant(0.9999999943991786).plus(p2, times: y)
  let q = constant(0.00034237492313925915).plus(constant(8.59935250068172e-07), times: y)
  let q1 = constant(0.026192466215710197).plus(q, times: y)
  let q2 = constant(0.4678399909307278).plus(q1, times: y)
  let q3 = constant(1).plus(q2, times: y)
  return x * p3 / q3
}

/// eˣ for x ≤ 0, with a relative error below 1e-7; 0 below −50, as products with numbers that are hardly anything are
/// denormal, and slow.
///
/// 2ⁿ eʳ with |r| ≤ ½ ln 2, and the polynomial of Cephes's `expf` for eʳ (S. Moshier, netlib.org/cephes).
@inline(__always)
func exp(_ x: Vector) -> Vector {
  @inline(__always) func constant(_ value: Float) -> Vector { Vector(repeating: value) }
  let isNothing = x .< -50
  let x = x.replacing(with: -50, where: isNothing)
  // Added to this, a number is rounded to a whole one, which is then in the low bits.
  let shift = constant(0x1.8p23)
  let shifted = shift.plus(x, times: constant(1.44269504))
  let n = shifted - shift
  let r = x.plus(n, times: constant(-0.693359375)).plus(n, times: constant(2.12194440e-4))
  let p = constant(1.3981999507e-3).plus(constant(1.9875691500e-4), times: r)
  let p1 = constant(8.3334519073e-3).plus(p, times: r)
  let p2 = constant(4.1665795894e-2).plus(p1, times: r)
  let p3 = constant(1.6666665459e-1).plus(p2, times: r)
  let p4 = constant(5.0000001201e-1).plus(p3, times: r)
  let result = (r + constant(1)).plus(p4, times: r * r)
  let exponent = unsafeBitCast(shifted, to: IndexVector.self) &<< 23
  let scaled = unsafeBitCast(unsafeBitCast(result, to: IndexVector.self) &+ exponent, to: Vector.self)
  return scaled.replacing(with: 0, where: isNothing)
}

/// eˣ of one number, for tests.
package func kernelExp(_ x: Float) -> Float { exp(Vector(repeating: x))[0] }

@inline(__always)
func pointwiseMin(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .< a) }

@inline(__always)
func pointwiseMax(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .> a) }

/// tanh of one number, for tests.
package func kernelTanh(_ x: Float) -> Float { tanh(Vector(repeating: x))[0] }
