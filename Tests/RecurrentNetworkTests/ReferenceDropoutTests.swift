import RecurrentNetwork
import Testing

/// What each mask is applied to: factors that are the same at every step act like scaled weights.
@Suite struct ReferenceDropoutTests {
  static let architecture = Architecture(
    vocabularySize: 7, embeddingSize: 3, hiddenSize: 2, layerCount: 2, isBidirectional: true, pooling: .mean)
  let layout = ParameterLayout(architecture)
  let values = numbers(ParameterLayout(architecture).count)
  let steps = 5
  let tokens = [3, 1, 6, 3]

  // MARK: Where the factors go

  @Test func wordsScaleTheVectorsOfTokens() {
    let factors = [0, 2.0, 0, 2, 2]
    // Every token, padding included, occurs at one step only, so that its embedding can be scaled instead.
    let scaled = scaling { scale in for t in 0..<5 { scale(layout.embedding, t, factors[t]) } }
    #expect(
      difference(logits(values, [1, 2, 3, 4]) { $0.words = factors }, logits(scaled, [1, 2, 3, 4])) < 1e-14)
  }

  @Test func wordsScaleOneHotTokens() {
    var architecture = Self.architecture
    architecture.embeddingSize = 0
    let layout = ParameterLayout(architecture)
    let values = numbers(layout.count)
    let factors = [0, 2.0, 0, 2, 2]
    var scaled = values
    for tensors in layout.recurrences[0] {
      for t in 0..<5 {
        for i in tensors.kernel.row(t) { scaled[i] *= factors[t] }
      }
    }
    var dropout = ReferenceDropout(none: architecture, steps: steps)
    dropout.words = factors
    let network = ReferenceNetwork(layout, maxLength: steps, values: values)
    let expected = ReferenceNetwork(layout, maxLength: steps, values: scaled)
    #expect(
      difference(
        network.forward(.init(tokens: [1, 2, 3, 4], label: 0, dropout: dropout)).logits,
        expected.forward(.init(tokens: [1, 2, 3, 4], label: 0)).logits) < 1e-14)
  }

  @Test func embeddingScalesElementsOfTheVectors() {
    let factors = [0, 1.5, 1.5]
    let scaled = scaling { scale in
      for tensors in layout.recurrences[0] { for k in 0..<3 { scale(tensors.kernel, k, factors[k]) } }
    }
    let found = logits(values, tokens) { $0.embedding = .init(repeating: factors, count: steps) }
    #expect(difference(found, logits(scaled, tokens)) < 1e-14)
  }

  @Test func recurrentScalesWhatEachLSTMReadsOfItself() {
    let factors = [[[0, 2.0], [2, 2]], [[2, 0], [2, 0]]]
    let scaled = scaling { scale in
      for (layer, directions) in layout.recurrences.enumerated() {
        for (direction, tensors) in directions.enumerated() {
          for u in 0..<2 { scale(tensors.recurrentKernel, u, factors[layer][direction][u]) }
        }
      }
    }
    #expect(difference(logits(values, tokens) { $0.recurrent = factors }, logits(scaled, tokens)) < 1e-14)
  }

  @Test func layersScalesWhatTheNextLayerReads() {
    let factors = [0, 4.0, 4, 0]
    let scaled = scaling { scale in
      for tensors in layout.recurrences[1] { for k in 0..<4 { scale(tensors.kernel, k, factors[k]) } }
    }
    let found = logits(values, tokens) { $0.layers = [.init(repeating: factors, count: steps)] }
    #expect(difference(found, logits(scaled, tokens)) < 1e-14)
  }

  @Test func outputScalesWhatTheDenseLayerReads() {
    let factors = [0, 4.0, 4, 0]
    let scaled = scaling { scale in for k in 0..<4 { scale(layout.denseKernel, k, factors[k]) } }
    #expect(difference(logits(values, tokens) { $0.output = factors }, logits(scaled, tokens)) < 1e-14)
  }

  /// A step's factors are found by its place in the padded sequence, even where padding is masked.
  @Test func factorsBelongToStepsOfThePaddedSequence() {
    var architecture = Self.architecture
    architecture.masksPadding = true
    let network = ReferenceNetwork(ParameterLayout(architecture), maxLength: 9, values: values)
    var generator = RandomGenerator(seed: 5)
    var rates = Dropout()
    (rates.words, rates.embedding, rates.layers) = (0.5, 0.5, 0.5)
    let dropout = ReferenceDropout(rates, for: architecture, steps: 9, using: &generator)
    var own = ReferenceDropout(none: architecture, steps: 4)
    own.words = dropout.words.suffix(4)
    own.embedding = dropout.embedding.suffix(4)
    own.layers = [dropout.layers[0].suffix(4)]
    #expect(
      network.forward(.init(tokens: tokens, label: 0, dropout: dropout)).logits
        == ReferenceNetwork(ParameterLayout(architecture), maxLength: 4, values: values)
        .forward(.init(tokens: tokens, label: 0, dropout: own)).logits)
  }

  // MARK: Drawing

  @Test func aDrawnFactorIsZeroOrKeepsTheMean() {
    let drawn = draw(rate: 0.2)
    let factors = all(drawn)
    #expect(Set(factors) == [0, 1.25])
    // 0.2 within four standard deviations.
    let share = Double(factors.count { $0 == 0 }) / Double(factors.count)
    #expect(abs(share - 0.2) < 4 * (0.16 / Double(factors.count)).squareRoot())
  }

  /// Two in a row are dropped as often as independent ones: a share of 0.04, within four standard deviations.
  @Test func drawnFactorsAreIndependent() {
    for factors in [
      draw(rate: 0.2).words, draw(rate: 0.2).embedding.flatMap { $0 }, draw(rate: 0.2).layers[0].flatMap { $0 },
    ] {
      let share = Double(zip(factors, factors.dropFirst()).count { $0 == 0 && $1 == 0 }) / Double(factors.count)
      #expect(abs(share - 0.04) < 4 * (0.04 * 0.96 / Double(factors.count)).squareRoot())
    }
  }

  @Test func aRateOfZeroDropsNothing() {
    #expect(draw(rate: 0) == ReferenceDropout(none: Self.architecture, steps: 400))
  }

  @Test func oneHotTokensLoseNoElements() {
    var architecture = Self.architecture
    architecture.embeddingSize = 0
    var rates = Dropout()
    rates.embedding = 0.5
    var generator = RandomGenerator(seed: 1)
    #expect(
      ReferenceDropout(rates, for: architecture, steps: 6, using: &generator)
        == ReferenceDropout(none: architecture, steps: 6))
  }

  @Test func aDrawOfTheEnginesHasTheShapesOfTheNetwork() {
    for architecture in [Self.architecture, Architecture(vocabularySize: 5, embeddingSize: 0, hiddenSize: 3)] {
      let none = ReferenceDropout(none: architecture, steps: 6)
      #expect(
        ReferenceDropout(DropoutDraw(rates: Dropout(), seed: 1), sample: 3, for: architecture, steps: 6) == none)
    }
  }

  private func draw(rate: Double) -> ReferenceDropout {
    var rates = Dropout()
    for setting in Dropout.rates { rates[keyPath: setting.path] = rate }
    var generator = RandomGenerator(seed: 2)
    return ReferenceDropout(rates, for: Self.architecture, steps: 400, using: &generator)
  }

  private func all(_ dropout: ReferenceDropout) -> [Double] {
    dropout.words + dropout.embedding.joined() + dropout.recurrent.joined().joined()
      + dropout.layers.joined().joined() + dropout.output
  }

  // MARK: The network

  private func logits(
    _ values: [Double], _ tokens: [Int], _ change: (inout ReferenceDropout) -> Void = { _ in }
  ) -> [Double] {
    var dropout = ReferenceDropout(none: Self.architecture, steps: steps)
    change(&dropout)
    return ReferenceNetwork(layout, maxLength: steps, values: values)
      .forward(.init(tokens: tokens, label: 0, dropout: dropout)).logits
  }

  /// The weights, with some rows of matrices scaled.
  private func scaling(
    _ body: (_ scale: (_ tensor: ParameterLayout.Tensor, _ row: Int, _ factor: Double) -> Void) -> Void
  ) -> [Double] {
    var scaled = values
    body { tensor, row, factor in for i in tensor.row(row) { scaled[i] *= factor } }
    return scaled
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } }
}

extension ParameterLayout.Tensor {
  /// Where a row of a matrix is in the flat array.
  fileprivate func row(_ row: Int) -> Range<Int> { offset + row * shape[1]..<offset + (row + 1) * shape[1] }
}

/// Numbers in ±1.
private func numbers(_ count: Int) -> [Double] {
  var generator = RandomGenerator(seed: 9)
  return (0..<count).map { _ in 2 * generator.uniform() - 1 }
}
