extension ReferenceDropout {
  /// What the engine drops from a sample in a training step: the very factors, which it computes in Float.
  ///
  /// The draw numbers the factors of each kind. The number is the step for words, step · E + element for embeddings, the
  /// unit for recurrent factors, step · H + unit between layers (each direction being a kind of its own), and the
  /// feature for the first dense layer's input.
  ///
  /// - Parameters:
  ///   - draw: the training step's.
  ///   - sample: the sequence's place in its batch.
  ///   - architecture: the network.
  ///   - steps: T.
  package init(_ draw: DropoutDraw, sample: Int, for architecture: Architecture, steps: Int) {
    self.init(none: architecture, steps: steps)
    let (e, h) = (architecture.embeddingSize, architecture.hiddenSize)
    func factors(_ site: DropoutDraw.Site, _ numbers: Range<Int>) -> [Double] {
      numbers.map { Double(draw.factor(site, sample: sample, number: $0)) }
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
