// Sums in an order that doesn't depend on the width of `Vector`.

/// The length of a row of a hidden dense layer's packed weights: whole cache lines, whatever the width of `Vector`.
package func denseStride(_ outputs: Int) -> Int {
  (outputs + widestLanes - 1) / widestLanes * widestLanes
}

/// Adds x W to y, input after input.
///
/// - Parameters:
///   - x: [inputs].
///   - weights: W, [inputs][stride].
///   - stride: a multiple of 16.
///   - y: [stride].
package func addDenseProduct(
  _ x: UnsafePointer<Float>, inputs: Int, weights: UnsafePointer<Float>, stride: Int,
  to y: UnsafeMutablePointer<Float>
) {
  for input in 0..<inputs {
    addMultiple(x[input], of: weights + input * stride, count: stride, to: y)
  }
}

/// Adds a · x to y, [count] each, a multiple of 16.
package func addMultiple(
  _ a: Float, of x: UnsafePointer<Float>, count: Int, to y: UnsafeMutablePointer<Float>
) {
  let a = Vector(repeating: a)
  for i in Swift.stride(from: 0, to: count, by: Vector.scalarCount) {
    y.store(y.vector(i).plus(a, times: x.vector(i)), i)
  }
}

/// Σ a · b over the elements with the same place in a vector of the widest kind; `count` is a multiple of its lanes.
@inline(__always)
func sumsOfProducts(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> WidestVector {
  var sums = WidestVector()
  for i in stride(from: 0, to: count, by: widestLanes) { sums = sums.plus(a.widestVector(i), times: b.widestVector(i)) }
  return sums
}

/// Σ a · b over `count` elements, a multiple of 16: sixteen sums, of which halves are added until one is left.
package func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
  let sums = sumsOfProducts(a, b, count: count)
  let eight = sums.lowHalf + sums.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
