import EngineSelection
import Foundation
import Models
import Parallel
import RecurrentNetwork

extension Adam {
  /// Counts a step.
  mutating func nextStep() -> AdamStep {
    step += 1
    let t = Double(step)
    return AdamStep(
      alpha: Float(learningRate * (1 - pow(beta2, t)).squareRoot() / (1 - pow(beta1, t))), rate: Float(learningRate))
  }

  /// Calls `body` with Adam's arithmetic on some parameters.
  mutating func withArithmetic(on parameters: inout [Float], _ body: (any AdamArithmetic) -> Void) {
    precondition(parameters.count == firstMoment.count)
    let (rate1, rate2, epsilon, decay) = (Float(1 - beta1), Float(1 - beta2), epsilon, weightDecay.map { Float($0) })
    parameters.withUnsafeMutableBufferPointer { w in
      firstMoment.withUnsafeMutableBufferPointer { m in
        secondMoment.withUnsafeMutableBufferPointer { v in
          guard let w = w.baseAddress, let m = m.baseAddress, let v = v.baseAddress else { return }
          body(
            Engines.current.adam(
              AdamMemory(
                parameters: w, firstMoment: m, secondMoment: v, rate1: rate1, rate2: rate2, epsilon: epsilon,
                decay: decay)))
        }
      }
    }
  }

  /// Moves the parameters by one step.
  package mutating func update(_ parameters: inout [Float], gradient: [Float], team: WorkerTeam) {
    precondition(gradient.count == parameters.count)
    let step = nextStep()
    let pieces = (0..<parameters.count).pieces
    gradient.withUnsafeBufferPointer { gradient in
      withArithmetic(on: &parameters) { arithmetic in
        team.perform(pieces) { _, piece in arithmetic.take(step, piece, gradient: gradient.baseAddress!) }
      }
    }
  }
}

extension Range<Int> {
  /// The range in pieces that are large enough for a thread to take.
  var pieces: [Range<Int>] {
    let size = 1 << 15
    return stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
  }
}
