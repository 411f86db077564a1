extension ReferenceDropout {
  /// What the engine drops of a sample in a training step.
  ///
  /// The factors are the engine's own, in Float, exactly. Each is found by its number within its place: of words the
  /// step, of embeddings step · E + element, of recurrent factors the unit, between layers step · H + unit, and of the
  /// dense layer's input the feature.
  ///
  /// - Parameters:
  ///   - draw: of the training step.
  ///   - sample: the sequence's place in its batch.
  ///   - architecture: the network.
  ///   - steps: T.
  package init(_ draw: DropoutDraw, sample: Int, for architecture: Architecture, steps: Int) {
    self.init(none: architecture, steps: steps)
    let (e, h) = (architecture.embeddingSize, architecture.hiddenSize)
    func factors(_ place: DropoutDraw.Place, _ numbers: Range<Int>) -> [Double] {
      let factors = draw.factors(place, sample: sample)
      return numbers.map { Double(factors.vector($0)[0]) }
    }
    words = factors(.words, 0..<steps)
    if e > 0 { embedding = (0..<steps).map { t in factors(.embedding, t * e..<(t + 1) * e) } }
    recurrent = recurrent.enumerated().map { layer, directions in
      directions.indices.map { factors(.recurrent(layer: layer, direction: $0), 0..<h) }
    }
    layers = layers.indices.map { layer in
      (0..<steps).map { t in
        (0..<architecture.directionCount).flatMap {
          factors(.layer(layer, direction: $0), t * h..<(t + 1) * h)
        }
      }
    }
    output = factors(.output, 0..<architecture.outputSize)
  }
}
