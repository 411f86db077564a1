import Foundation
import RecurrentNetwork
import Testing

@Suite struct VectorTests {
  @Test func tanhIsWithinItsBound() {
    var worst = 0.0
    for step in -12_000...12_000 {
      let x = Float(step) / 1000
      let value = Double(engineTanh(x))
      worst = max(worst, abs(value - tanh(Double(x))))
      #expect(abs(value) < 1 && value.sign == x.sign)
    }
    #expect(worst < 4e-7)
    for x: Float in [1e-30, 1e-3, 100, .greatestFiniteMagnitude, .infinity] {
      #expect(abs(Double(engineTanh(x)) - tanh(Double(x))) < 4e-7 && engineTanh(-x) == -engineTanh(x))
    }
  }
}
