import RecurrentNetwork
import Testing

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

/// Sums of dense layers, in the order that their bits depend on. Factors have so few digits that products are exact, with
/// fused additions or without; sums are not.
@Suite(.enabled(if: isAvailable)) struct DenseProductTests {
  private static let sizes = [16, 32, 48, 272]

  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in
      Float(sign: .plus, exponent: Int(8 * generator.uniform()), significand: Float(generator.next() >> 52) / 1024 - 2)
    }
  }

  /// Sixteen sums, whose halves are added until one is left.
  @Test(arguments: sizes) func aDotProductIsAddedInOneOrder(count: Int) {
    let (a, b) = (Self.numbers(count, seed: 1), Self.numbers(count, seed: 2))
    var sums = [Float](repeating: 0, count: 16)
    for i in 0..<count { sums[i % 16] += a[i] * b[i] }
    while sums.count > 1 { sums = (0..<sums.count / 2).map { sums[$0] + sums[sums.count / 2 + $0] } }
    #expect(dotProduct(a, b, count: count) == sums[0])
    // Among so many the order can be seen: another one gives other bits.
    let inTurn = zip(a, b).reduce(0 as Float) { $0 + $1.0 * $1.1 }
    if count == Self.sizes.last { #expect(dotProduct(a, b, count: count) != inTurn) }
  }

  /// One input after the other, from the bias on.
  @Test(arguments: sizes) func aLayerIsAddedInputByInput(stride: Int) {
    let inputs = 37
    let (x, weights) = (Self.numbers(inputs, seed: 3), Self.numbers(inputs * stride, seed: 4))
    var (expected, found) = (Self.numbers(stride, seed: 5), Self.numbers(stride, seed: 5))
    for input in 0..<inputs {
      for output in 0..<stride { expected[output] += x[input] * weights[input * stride + output] }
    }
    found.withUnsafeMutableBufferPointer {
      addDenseProduct(x, inputs: inputs, weights: weights, stride: stride, to: $0.baseAddress!)
    }
    #expect(found == expected)
  }

  @Test func rowsAreWholeCacheLines() {
    #expect([1, 16, 17, 64].map(denseStride) == [16, 16, 32, 64])
  }
}
