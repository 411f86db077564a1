/// Adam's arithmetic on parameters and moments that somebody else holds. Its users see to it that no two threads write to
/// the same elements.
package protocol AdamArithmetic: Sendable {
  /// Takes a step with some parameters.
  func take(_ step: AdamStep, _ range: Range<Int>, gradient: UnsafePointer<Float>)
  /// Takes steps with some parameters whose gradient is zero in all of them: the same bits as one step after the other.
  ///
  /// - Parameter calmFrom: the first of the steps from which on no α is more than 5 % above the one before it.
  func takeIdly(_ steps: ArraySlice<AdamStep>, calmFrom: Int, _ range: Range<Int>)
}

/// What a step's arithmetic depends on besides a parameter, its moments and its gradient.
package struct AdamStep: Sendable {
  /// α.
  package let alpha: Float
  /// The learning rate, for the weight decay.
  package let rate: Float

  package init(alpha: Float, rate: Float) { (self.alpha, self.rate) = (alpha, rate) }

  /// The same with another step size, for some of the parameters.
  package func scaled(by share: Double) -> Self {
    Self(alpha: Float(Double(alpha) * share), rate: Float(Double(rate) * share))
  }
}

/// Parameters with their moments, and what doesn't change from step to step.
// @unchecked: see `AdamArithmetic`.
package struct AdamMemory: @unchecked Sendable {
  /// w.
  package let parameters: UnsafeMutablePointer<Float>
  /// m.
  package let firstMoment: UnsafeMutablePointer<Float>
  /// v.
  package let secondMoment: UnsafeMutablePointer<Float>
  /// 1 − β₁ and 1 − β₂.
  package let (rate1, rate2): (Float, Float)
  package let epsilon: Float
  /// λ, or nil for none.
  package let decay: Float?

  package init(
    parameters: UnsafeMutablePointer<Float>, firstMoment: UnsafeMutablePointer<Float>,
    secondMoment: UnsafeMutablePointer<Float>, rate1: Float, rate2: Float, epsilon: Float, decay: Float?
  ) {
    (self.parameters, self.firstMoment, self.secondMoment) = (parameters, firstMoment, secondMoment)
    (self.rate1, self.rate2, self.epsilon, self.decay) = (rate1, rate2, epsilon, decay)
  }
}
