import RecurrentNetwork

/// The passes of a network in order: what each reads, and where its output goes. Made once for an architecture, and
/// followed both forward and backward.
struct PassSchedule {
  /// One layer in one direction.
  struct Stage {
    let layer: Int
    /// 0 forward, 1 reversed in time.
    let direction: Int
    let input: Input
    let output: Output
  }

  enum Input {
    /// The batch's tokens.
    case tokens
    /// All outputs of the layer below.
    case layerBelow
  }

  enum Output {
    /// The layer above reads the output of every step.
    case layerAbove
    /// The readout takes the state after the pass's last step, when the pass is done.
    case finalState
    /// The readout takes what `Architecture.pooling` asks for, while the pass goes from step to step.
    case pooled
    /// The word readout takes the output of every step.
    case words
  }

  /// [layers][directions].
  let stages: [[Stage]]
  /// In the order of the forward pass.
  let forward: [Stage]
  /// In the order of the backward pass: the directions as before, since the sums over both depend on their order.
  let backward: [Stage]

  init(_ architecture: Architecture, predictsWords: Bool) {
    stages = (0..<architecture.layerCount).map { layer in
      (0..<architecture.directionCount).map { direction in
        let output: Output =
          if layer + 1 < architecture.layerCount {
            .layerAbove
          } else if predictsWords {
            .words
          } else if direction == 0 && (architecture.pooling == .last || architecture.pooling == .lastStep) {
            .finalState
          } else {
            .pooled
          }
        return Stage(layer: layer, direction: direction, input: layer == 0 ? .tokens : .layerBelow, output: output)
      }
    }
    forward = Array(stages.joined())
    backward = Array(stages.reversed().joined())
  }

}
