import Corpus
import Foundation
import Parallel
import RecurrentNetwork
import Testing

/// What a draw drops, and that the gradient is that of the network with what was drawn.
@Suite struct DropoutTests {
  /// Each rate alone, then all together.
  static let rates: [Dropout] = {
    let alone = Dropout.rates.map { rate in dropout { $0[keyPath: rate.path] = 0.4 } }
    return alone + [dropout { for rate in Dropout.rates { $0[keyPath: rate.path] = 0.25 } }]
  }()
  static let tutorials = network { _ in }
  static let stacked = network { $0.layerCount = 2 }
  static let deep = network {
    ($0.layerCount, $0.isBidirectional, $0.masksPadding, $0.pooling) = (2, true, true, .max)
  }
  static let deepMean = network {
    ($0.layerCount, $0.isBidirectional, $0.masksPadding, $0.pooling) = (2, true, true, .mean)
  }
  static let deepUnmasked = network { ($0.layerCount, $0.isBidirectional) = (2, true) }
  static let oneHot = network { ($0.embeddingSize, $0.isBidirectional, $0.pooling) = (0, true, .mean) }

  // MARK: Gradients

  @Test(arguments: [tutorials, stacked, deep, deepMean, deepUnmasked], rates)
  func gradientEqualsFiniteDifferences(architecture: Architecture, rates: Dropout) {
    expectSlopes(Batch(architecture), DropoutDraw(rates: rates, seed: 7))
  }

  @Test(arguments: [\.words, \.recurrent, \.output] as [WritableKeyPath<Dropout, Double> & Sendable])
  func gradientOfOneHotEqualsFiniteDifferences(rate: WritableKeyPath<Dropout, Double> & Sendable) {
    expectSlopes(Batch(Self.oneHot), DropoutDraw(rates: dropout { $0[keyPath: rate] = 0.4 }, seed: 7))
  }

  /// The loss's slope along the two largest elements of each tensor's gradient, and along random signs of all of it.
  private func expectSlopes(_ batch: Batch, _ draw: DropoutDraw) {
    let (loss, gradient) = (batch.result(draw).metrics.loss, batch.result(draw).gradient)
    var generator = RandomGenerator(seed: 4)
    for tensor in gradient.layout.tensors {
      let largest = tensor.range.sorted { abs(gradient.values[$0]) > abs(gradient.values[$1]) }.prefix(2)
      for index in largest { expectSlope(along: [index: 2e-3], tensor.name) }
      let signs = tensor.range.map { ($0, generator.next() & 1 == 0 ? Float(3e-4) : -3e-4) }
      expectSlope(along: Dictionary(uniqueKeysWithValues: signs), tensor.name)
    }

    func expectSlope(along steps: [Int: Float], _ name: String) {
      let losses = [Float(1), -1].map { sign in
        var parameters = batch.parameters
        for (index, step) in steps { parameters.values[index] += sign * step }
        return batch.result(draw, parameters).metrics.loss
      }
      let changes = steps.map { Double(2 * $1 * gradient.values[$0]) }
      let size = changes.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Where another step becomes the largest the slope changes, by as much as the two sides differ.
      let bend = abs(losses[0] + losses[1] - 2 * loss)
      let rounding = 1e-6
      #expect(
        abs(losses[0] - losses[1] - changes.reduce(0, +)) < 0.02 * size + bend + rounding,
        "\(name), \(steps.count) elements")
    }
  }

  // MARK: Draws

  @Test(arguments: [tutorials, stacked, deep, deepUnmasked])
  func noRatesDropNothing(architecture: Architecture) {
    let batch = Batch(architecture)
    let none = batch.result(nil)
    #expect(batch.result(DropoutDraw(rates: Dropout(), seed: 7)) == none)
    let (metrics, gradient) = batch.network().gradient(
      of: 0..<batch.data.count, in: batch.data, parameters: batch.parameters)
    #expect(Batch.Result(metrics: metrics, gradient: gradient) == none)
  }

  /// With dropout there are no padding chains: nothing of theirs may be left.
  @Test(arguments: [tutorials, stacked], rates)
  func aBatchLeavesNothingBehindForTheNext(architecture: Architecture, rates: Dropout) {
    let batch = Batch(architecture)
    let network = batch.network()
    for draw in [nil, DropoutDraw(rates: rates, seed: 7), nil] {
      let (metrics, gradient) = network.gradient(
        of: 0..<batch.data.count, in: batch.data, dropout: draw, parameters: batch.parameters)
      #expect(Batch.Result(metrics: metrics, gradient: gradient) == batch.result(draw))
    }
  }

  @Test(arguments: rates)
  func theSeedDecidesTheDraw(rates: Dropout) {
    let batch = Batch(Self.deep)
    let result = batch.result(DropoutDraw(rates: rates, seed: 7))
    #expect(batch.result(DropoutDraw(rates: rates, seed: 7)) == result)
    for seed in [0, 8, 1 << 40] as [UInt64] {
      let other = batch.result(DropoutDraw(rates: rates, seed: seed))
      #expect(abs(other.metrics.loss - result.metrics.loss) > 1e-5)
    }
    #expect(abs(batch.result(nil).metrics.loss - result.metrics.loss) > 1e-5)
  }

  @Test(arguments: [tutorials, deep, deepUnmasked], rates)
  func threadsDoNotChangeABit(architecture: Architecture, rates: Dropout) {
    let batch = Batch(architecture, count: 100)
    let draw = DropoutDraw(rates: rates, seed: 9)
    let result = batch.result(draw, threads: 1)
    for threads in 2...3 { #expect(batch.result(draw, threads: threads) == result) }
  }

  @Test(arguments: rates)
  func eachSequenceHasItsOwnDraw(rates: Dropout) {
    let sequence = [Int32](1...9)
    var many = Batch(Self.deep, sequences: .init(repeating: sequence, count: 30))
    many.data.labels = .init(repeating: 1, count: 30)
    let one = Batch(Self.deep, sequences: [sequence])
    let draw = DropoutDraw(rates: rates, seed: 7)
    #expect(abs(many.result(draw).metrics.loss - one.result(draw).metrics.loss) > 1e-4)
  }

  // MARK: What is dropped
  //
  // In the smallest networks a mask has two elements, so the loss is one of four: those of networks whose weights are
  // scaled instead.

  @Test func wordsDropsVectorsOfPositions() {
    let architecture = network { _ in }
    expectMasks(\.words, architecture, [1, 2]) { layout in
      (1...2).map { token in [layout.embedding.rows(token..<token + 1)] }
    }
    expectMasks(\.words, network { $0.embeddingSize = 0 }, [1, 2]) { layout in
      (1...2).map { token in [layout.kernel.rows(token..<token + 1)] }
    }
  }

  @Test func embeddingDropsElementsOfVectors() {
    expectMasks(\.embedding, network { $0.embeddingSize = 2 }, [1]) { layout in
      layout.embedding.rows(1..<2).map { [$0..<$0 + 1] }
    }
  }

  @Test func recurrentDropsWhatTheStepsReadOfEachDirection() {
    expectMasks(\.recurrent, network { ($0.hiddenSize, $0.isBidirectional) = (1, true) }, [1, 2, 3, 4]) { layout in
      layout.recurrences[0].map { [$0.recurrentKernel.range] }
    }
  }

  @Test func layersDropsWhatTheNextLayerReads() {
    let architecture = network { ($0.hiddenSize, $0.isBidirectional, $0.layerCount) = (1, true, 2) }
    expectMasks(\.layers, architecture, [1]) { layout in
      // Both directions read the same.
      (0..<2).map { row in layout.recurrences[1].map { $0.kernel.rows(row..<row + 1) } }
    }
  }

  @Test(arguments: Architecture.Pooling.allCases)
  func outputDropsWhatTheDenseLayerReads(pooling: Architecture.Pooling) {
    let architecture = network { ($0.hiddenSize, $0.isBidirectional, $0.pooling) = (1, true, pooling) }
    expectMasks(\.output, architecture, [1, 2, 3]) { layout in
      (0..<2).map { row in [layout.denseKernel.rows(row..<row + 1)] }
    }
  }

  /// Every position has an element of its own, or, for recurrent dropout, all steps have the same.
  @Test(
    arguments: [(\.words, 8), (\.embedding, 8), (\.layers, 8), (\.recurrent, 4), (\.output, 2)]
      as [(WritableKeyPath<Dropout, Double> & Sendable, Int)])
  func masksOfThreeSteps(rate: WritableKeyPath<Dropout, Double> & Sendable, count: Int) {
    // With two layers, each of which has its own U.
    let batch = Batch(
      network { ($0.embeddingSize, $0.hiddenSize, $0.layerCount) = (1, 1, 2) }, sequences: [[1, 1, 1]])
    let losses = batch.losses(dropout { $0[keyPath: rate] = 0.5 }, draws: 200).sorted()
    #expect(1 + zip(losses, losses.dropFirst()).count { $1 - $0 > 1e-5 } == count)
  }

  /// Over many draws the logit's mean is that without dropout, where it is linear in what is dropped.
  @Test(arguments: [0.25, 0.5], Architecture.Pooling.allCases)
  func outputKeepsTheMean(rate: Double, pooling: Architecture.Pooling) {
    let batch = Batch(
      network { ($0.isBidirectional, $0.pooling) = (true, pooling) }, sequences: [[1, 2, 3, 4, 5]])
    // The loss of label 1 is ln(1 + e^−z).
    func logit(_ loss: Double) -> Double { -log(exp(loss) - 1) }
    let logits = batch.losses(dropout { $0.output = rate }, draws: 2000).map(logit)
    let mean = logits.reduce(0, +) / 2000
    let deviation = (logits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000).squareRoot()
    #expect(deviation > 0.05)
    #expect(abs(mean - logit(batch.result(nil).metrics.loss)) < 4 * deviation / 2000.0.squareRoot())
  }

  /// - Parameter parts: the weights that an element of the mask scales.
  private func expectMasks(
    _ rate: WritableKeyPath<Dropout, Double>, _ architecture: Architecture, _ sequence: [Int32],
    _ parts: (ParameterLayout) -> [[Range<Int>]], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let batch = Batch(architecture, sequences: [sequence])
    let parts = parts(batch.layout)
    let draws = 400
    var losses = batch.losses(dropout { $0[keyPath: rate] = 0.25 }, draws: draws)
    for kept in [[false, false], [false, true], [true, false], [true, true]] {
      var parameters = batch.parameters
      for (isKept, ranges) in zip(kept, parts) {
        for index in ranges.joined() { parameters.values[index] *= isKept ? 4 / 3 : 0 }
      }
      let expected = batch.result(nil, parameters).metrics.loss
      let others = losses.filter { abs($0 - expected) > 1e-5 }
      let share = kept.reduce(1) { $0 * ($1 ? 0.75 : 0.25) }
      let deviation = (share * (1 - share) / Double(draws)).squareRoot()
      #expect(
        abs(Double(losses.count - others.count) / Double(draws) - share) < 4 * deviation, "kept: \(kept)",
        sourceLocation: sourceLocation)
      losses = others
    }
    #expect(losses.isEmpty, sourceLocation: sourceLocation)
  }
}

/// A network with weights that make it far from linear, and a batch.
private struct Batch {
  let layout: ParameterLayout
  var parameters: Parameters
  var data: LabeledSequences
  let maxLength: Int

  struct Result: Equatable {
    var metrics: Metrics
    var gradient: Parameters
  }

  /// Of random sequences of up to nine tokens.
  init(_ architecture: Architecture, count: Int = 24) {
    var generator = RandomGenerator(seed: 3)
    let vocabulary = Double(architecture.vocabularySize)
    self.init(
      architecture,
      sequences: (0..<count).map { _ in
        (0..<Int(generator.uniform() * 10)).map { _ in Int32(generator.uniform() * vocabulary) }
      })
  }

  /// Of given sequences, with label 1 except for every third.
  init(_ architecture: Architecture, sequences: [[Int32]]) {
    var generator = RandomGenerator(seed: 6)
    layout = ParameterLayout(architecture)
    parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    data = LabeledSequences(
      sequences: TokenSequences(sequences), labels: sequences.indices.map { $0 % 3 == 2 ? 0 : 1 })
    maxLength = sequences.reduce(1) { max($0, $1.count) }
  }

  func network(threads: Int = 2) -> DataParallelNetwork {
    DataParallelNetwork(layout, maxLength: maxLength, threads: threads)
  }

  func result(_ draw: DropoutDraw?, _ changed: Parameters? = nil, threads: Int = 1) -> Result {
    let (metrics, gradient) = network(threads: threads).gradient(
      of: 0..<data.count, in: data, dropout: draw, parameters: changed ?? parameters)
    return Result(metrics: metrics, gradient: gradient)
  }

  /// The loss of each of many draws.
  func losses(_ rates: Dropout, draws: Int) -> [Double] {
    let network = network(threads: 1)
    return (0..<draws).map { seed in
      network.gradient(
        of: 0..<data.count, in: data, dropout: DropoutDraw(rates: rates, seed: UInt64(seed)), parameters: parameters
      ).metrics.loss
    }
  }
}

extension ParameterLayout.Tensor {
  /// Where some rows of a matrix lie in the flat array.
  fileprivate func rows(_ rows: Range<Int>) -> Range<Int> {
    offset + rows.lowerBound * shape[1]..<offset + rows.upperBound * shape[1]
  }
}

private func network(_ change: (inout Architecture) -> Void) -> Architecture {
  var architecture = Architecture(vocabularySize: 13, embeddingSize: 6, hiddenSize: 7)
  change(&architecture)
  return architecture
}

private func dropout(_ change: (inout Dropout) -> Void) -> Dropout {
  var dropout = Dropout()
  change(&dropout)
  return dropout
}
