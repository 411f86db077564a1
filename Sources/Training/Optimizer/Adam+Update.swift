import Foundation
import Models
import Parallel

extension Adam {
  /// Moves the parameters by one step.
  package mutating func update(_ parameters: inout [Float], gradient: [Float], team: WorkerTeam) {
    precondition(parameters.count == firstMoment.count && gradient.count == firstMoment.count)
    step += 1
    let t = Double(step)
    let alpha = Float(learningRate * (1 - pow(beta2, t)).squareRoot() / (1 - pow(beta1, t)))
    let (rate1, rate2, epsilon) = (Float(1 - beta1), Float(1 - beta2), epsilon)
    let (decay, rate) = (weightDecay.map { Float($0) }, Float(learningRate))
    let count = parameters.count
    let partSize = 1 << 15
    parameters.withUnsafeMutableBufferPointer { w in
      firstMoment.withUnsafeMutableBufferPointer { m in
        secondMoment.withUnsafeMutableBufferPointer { v in
          gradient.withUnsafeBufferPointer { g in
            team.perform((count + partSize - 1) / partSize) { _, part in
              let range = part * partSize..<min((part + 1) * partSize, count)
              // As keras/src/optimizers/base_optimizer.py, `_apply_weight_decay`.
              if let decay { for i in range { w[i] -= w[i] * decay * rate } }
              for i in range {
                m[i] += (g[i] - m[i]) * rate1
                v[i] += (g[i] * g[i] - v[i]) * rate2
                w[i] -= alpha * m[i] / (v[i].squareRoot() + epsilon)
              }
            }
          }
        }
      }
    }
  }
}
