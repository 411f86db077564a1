import Foundation

/// Adam (Kingma and Ba, 2015) in Keras's form (keras/src/optimizers/adam.py):
///
///     α = learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
///     m += (g − m)(1 − β₁),   v += (g² − v)(1 − β₂),   w −= α m / (√v + ε)
///
/// Embedding rows whose tokens are not in the batch have a gradient of 0, but their momentum still moves them.
///
/// With a weight decay λ this is AdamW (Loshchilov and Hutter, 2019), which first takes w −= λ · learningRate · w.
public struct Adam: Sendable, Equatable {
  /// Step size.
  public var learningRate: Double
  /// β₁, the decay of the mean of the gradients.
  public var beta1 = 0.9
  /// β₂, the decay of the mean of their squares.
  public var beta2 = 0.999
  /// ε, added to √v. (PyTorch's default is 1e-8, and its formula has ε in a different place.)
  public var epsilon: Float = 1e-7
  /// λ, which applies to all parameters alike (Keras excludes none by default), or nil for plain Adam.
  public var weightDecay: Double?
  /// t, the number of steps taken.
  public package(set) var step = 0
  /// m, in parameter order.
  public package(set) var firstMoment: [Float]
  /// v, in parameter order.
  public package(set) var secondMoment: [Float]

  /// Creates an optimizer whose moments are zero.
  public init(parameterCount: Int, learningRate: Double = 0.001) {
    self.learningRate = learningRate
    firstMoment = [Float](repeating: 0, count: parameterCount)
    secondMoment = firstMoment
  }

  /// Creates an optimizer that continues from the moments after a given step.
  package init(learningRate: Double, step: Int, firstMoment: [Float], secondMoment: [Float]) {
    precondition(firstMoment.count == secondMoment.count)
    self.learningRate = learningRate
    self.step = step
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
  }
}
