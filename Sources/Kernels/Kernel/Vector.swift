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

@inline(__always)
func pointwiseMin(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .< a) }

@inline(__always)
func pointwiseMax(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .> a) }

/// tanh of one number, for tests.
package func kernelTanh(_ x: Float) -> Float { tanh(Vector(repeating: x))[0] }
