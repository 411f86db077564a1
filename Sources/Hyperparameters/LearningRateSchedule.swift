import Foundation

/// How the learning rate changes from step to step (keras/src/optimizers/schedules/learning_rate_schedule.py).
public enum LearningRateSchedule: Codable, Sendable, Equatable {
  /// It doesn't change.
  case constant
  /// It rises linearly from 0 over the first `warmupSteps`, of which the very first has a rate of 0, then falls along
  /// half a cosine, to reach the fraction `alpha` where the run ends: Keras's `CosineDecay`.
  case cosineDecay(warmupSteps: Int, alpha: Double)
  /// It is multiplied by `factor` after every so many steps: Keras's `ExponentialDecay(staircase=True)`.
  case stepDecay(factor: Double, everySteps: Int)

  /// The rate of a step, counted from 0, of a run of `stepCount`.
  ///
  /// - Parameter learningRate: the highest one.
  package func rate(atStep step: Int, of stepCount: Int, learningRate: Double) -> Double {
    // In Double throughout: no number in a configuration can make it trap.
    let step = Double(step)
    switch self {
    case .constant:
      return learningRate
    case .cosineDecay(let warmupSteps, let alpha):
      let warmupSteps = Double(warmupSteps)
      if step < warmupSteps { return learningRate * step / warmupSteps }
      let decaySteps = max(Double(stepCount) - warmupSteps, 1)
      let cosine = 0.5 * (1 + cos(Double.pi * min((step - warmupSteps) / decaySteps, 1)))
      return learningRate * ((1 - alpha) * cosine + alpha)
    case .stepDecay(let factor, let everySteps):
      return learningRate * pow(factor, (step / Double(everySteps)).rounded(.down))
    }
  }

  /// Whether its numbers are possible.
  package var isValid: Bool {
    switch self {
    case .constant: true
    case .cosineDecay(let warmupSteps, let alpha): warmupSteps >= 0 && 0...1 ~= alpha
    case .stepDecay(let factor, let everySteps):
      0.0.nextUp...Double.greatestFiniteMagnitude ~= factor && everySteps > 0
    }
  }
}
