import Foundation
import Testing

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

@Suite(.enabled(if: isAvailable)) struct VectorTests {
  @Test func tanhIsWithinItsBound() {
    var worst = 0.0
    for step in -12_000...12_000 {
      let x = Float(step) / 1000
      let value = Double(kernelTanh(x))
      worst = max(worst, abs(value - tanh(Double(x))))
      #expect(abs(value) < 1 && value.sign == x.sign)
    }
    #expect(worst < 4e-7)
    for x: Float in [1e-30, 1e-3, 100, .greatestFiniteMagnitude, .infinity] {
      #expect(abs(Double(kernelTanh(x)) - tanh(Double(x))) < 4e-7 && kernelTanh(-x) == -kernelTanh(x))
    }
  }
}
