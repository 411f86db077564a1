import Corpus
import EngineSelection
import GoldenValues
import Parallel
import RecurrentNetwork
import Testing

/// The engine computes what the reference defines, for random architectures, shapes, batches and dropout.
@Suite struct EngineAgainstReferenceTests {
  /// Relative to a tensor's largest element. The engine computes in Float, whose unit roundoff is 6e-8, and a gradient
  /// is a sum over samples, steps and units that has passed through up to 3 layers and 14 steps. Of a thousand seeds,
  /// half stay below 5e-7 in every tensor and all but one below 9e-6; that one has gradients as small as 1e-8. Twice as
  /// much is allowed, since the order of addition depends on the processor's vectors.
  static let gradientTolerance = 2e-5
  /// Relative to the loss, which is added up in Double: of a thousand seeds, all stay below 1.7e-7.
  static let lossTolerance = 5e-7

  @Test(arguments: 0..<60 as Range<UInt64>)
  func gradientsAreEqual(seed: UInt64) {
    let task = RandomTask(seed: seed)
    let expected = task.reference.evaluate(task.samples)
    for engine in Engines.available { expectEqualGradients(task, expected, engine) }
  }

  private func expectEqualGradients(_ task: RandomTask, _ expected: ReferenceNetwork.Result, _ engine: any Engine) {
    let (metrics, gradient) = task.engineGradient(engine)
    #expect(abs(metrics.loss - expected.loss) < Self.lossTolerance * expected.loss, "\(task)")
    #expect(metrics.sampleCount == task.batch.count)
    let correctCount = zip(expected.logits, task.samples).count { prediction($0) == $1.label }
    #expect(abs(metrics.correctCount - correctCount) <= expected.logits.count(where: isUndecided), "\(task)")
    for (name, range) in task.comparedRanges {
      #expect(
        relativeError(gradient.values[range].map { Double($0) }, expected.gradient[range]) < Self.gradientTolerance,
        "\(task): \(name)")
    }
  }

  /// Evaluation has no dropout and no class weights.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func outcomesAreEqual(seed: UInt64) {
    let task = RandomTask(seed: seed)
    let outcomes = task.network().outcomes(of: task.data, parameters: task.parameters)!
    #expect(outcomes.count == task.data.count)
    for (sample, outcome) in outcomes.enumerated() {
      let (tokens, label) = (task.data.sequences[sample].map { Int($0) }, Int(task.data.labels[sample]))
      let logits = task.reference.forward(.init(tokens: tokens, label: label)).logits
      let largest = logits.reduce(1) { max($0, abs($1)) }
      let found = logits.count == 1 ? 0 : Int(outcome.label)
      #expect(abs(Double(outcome.logit) - logits[found]) < 2e-6 * largest, "\(task)")
      #expect(abs(Double(outcome.probability) - probabilities(logits)[found]) < 2e-6 * largest, "\(task)")
      #expect(abs(outcome.loss - CrossEntropy.loss(logits: logits, label: label)) < 2e-6 * largest, "\(task)")
      #expect(isUndecided(logits) || Int(outcome.label) == prediction(logits), "\(task)")
    }
  }

  /// LSTMs whose weights are all 0 put out exactly 0 at every step. The gradient of W shows which of these equal maxima
  /// the loss's gradient goes to: it is made of the inputs that are read up to that step.
  @Test(arguments: [false, true], [false, true])
  func ofEqualMaximaTheSameOneIsChosen(isBidirectional: Bool, masksPadding: Bool) {
    var task = RandomTask(seed: 2)
    task.change {
      ($0.pooling, $0.isBidirectional, $0.masksPadding, $0.layerCount) = (.max, isBidirectional, masksPadding, 1)
    }
    for tensors in task.layout.recurrences[0] {
      for tensor in [tensors.kernel, tensors.recurrentKernel, tensors.bias] {
        task.parameters[tensor] = .init(repeating: 0, count: tensor.count)
      }
    }
    task.rates = nil
    let expected = task.reference.evaluate(task.samples)
    let (_, gradient) = task.engineGradient()
    for tensors in task.layout.recurrences[0] {
      let values = expected.gradient[tensors.kernel.range]
      #expect(values.contains { $0 != 0 })
      #expect(relativeError(gradient[tensors.kernel].map { Double($0) }, values) < Self.gradientTolerance)
    }
  }

  @Test func theTasksReachEverything() {
    let tasks = (0..<60).map { RandomTask(seed: $0) }
    let architectures = tasks.map(\.layout.architecture)
    for pooling in Architecture.Pooling.allCases {
      for isBidirectional in [false, true] {
        for masksPadding in [false, true] {
          #expect(
            architectures.contains {
              $0.pooling == pooling && $0.isBidirectional == isBidirectional && $0.masksPadding == masksPadding
            })
        }
      }
    }
    #expect(Set(architectures.map(\.layerCount)) == [1, 2, 3])
    for rate in Dropout.rates {
      #expect(tasks.count { ($0.rates?[keyPath: rate.path] ?? 0) > 0 } >= 10, "\(rate.name)")
    }
    #expect(tasks.count { $0.rates == nil && !$0.layout.architecture.isBidirectional } >= 5)
    #expect(architectures.count { $0.embeddingSize == 0 } >= 5)
    #expect(architectures.count { $0.labelCount > 2 } >= 10)
    #expect(architectures.count { $0.denseLayers.isEmpty } >= 20)
    for activation in Architecture.DenseLayer.Activation.allCases {
      #expect(architectures.count { $0.denseLayers.contains { $0.activation == activation } } >= 10)
    }
    #expect(tasks.count { $0.classWeights != nil } >= 10)
    #expect(tasks.count { $0.batch.count > 12 * $0.shardCount } >= 5, "shards of several blocks")
    #expect(tasks.contains { task in (0..<task.data.count).contains { task.data.sequences[$0].isEmpty } })
  }

  // MARK: Predictions

  private func probabilities(_ logits: [Double]) -> [Double] {
    logits.count == 1
      ? [BinaryCrossEntropy.gradient(logit: logits[0], label: 0)]
      : CategoricalCrossEntropy.probabilities(logits: logits)
  }

  private func prediction(_ logits: [Double]) -> Int {
    logits.count == 1 ? (logits[0] > 0 ? 1 : 0) : logits.firstIndex(of: logits.max()!)!
  }

  /// Whether the two largest logits are so close that rounding may decide.
  private func isUndecided(_ logits: [Double]) -> Bool {
    let sorted = (logits.count == 1 ? logits + [0] : logits).sorted(by: >)
    return sorted[0] - sorted[1] < 1e-5 * max(1, abs(sorted[0]))
  }
}

/// A network and a training step, drawn from a seed; most sizes are no multiple of a vector's.
struct RandomTask: CustomStringConvertible {
  let seed: UInt64
  private(set) var layout: ParameterLayout
  var parameters: Parameters
  let maxLength: Int
  private(set) var data: LabeledSequences
  /// Places in `data`.
  let batch: [Int]
  let classWeights: [Double]?
  var rates: Dropout?
  let shardCount: Int
  let threads: Int

  init(seed: UInt64) {
    var generator = RandomGenerator(seed: seed, stream: 70)
    func number(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(generator.uniform() * Double(range.count))
    }
    func isTrue(_ probability: Double) -> Bool { generator.uniform() < probability }
    self.seed = seed
    // Any sixteen seeds in a row have all combinations of pooling, masking and directions.
    var architecture = Architecture(
      vocabularySize: number(2...40), embeddingSize: isTrue(0.2) ? 0 : number(1...20), hiddenSize: number(1...40),
      layerCount: number(1...3))
    architecture.pooling = Architecture.Pooling.allCases[Int(seed % 4)]
    architecture.masksPadding = seed / 4 % 2 == 1
    architecture.isBidirectional = seed / 8 % 2 == 1
    architecture.labelCount = isTrue(0.5) ? 2 : number(3...6)
    if isTrue(0.5) {
      architecture.denseLayers = (0..<number(1...3)).map { _ in .init(number(1...40), isTrue(0.5) ? .relu : .tanh) }
    }
    layout = ParameterLayout(architecture)
    maxLength = number(1...14)
    let count = isTrue(0.2) ? number(1...6) : number(7...50)
    batch = generator.permutation(of: count)
    classWeights = isTrue(0.5) ? nil : (0..<architecture.labelCount).map { _ in 0.25 + 2 * generator.uniform() }
    if isTrue(0.6) {
      var drawn = Dropout()
      for rate in Dropout.rates where isTrue(0.6) { drawn[keyPath: rate.path] = 0.1 + 0.5 * generator.uniform() }
      rates = drawn
    }
    shardCount = [1, 2, 3, 32][number(0...3)]
    threads = number(1...3)

    let labels = (0..<count).map { _ in UInt8(number(0...architecture.labelCount - 1)) }
    parameters = Parameters(zeros: layout)
    data = LabeledSequences(sequences: TokenSequences([[]]), labels: [0])
    var sequences: [[Int32]] = []
    while sequences.count < count {
      parameters = Self.weights(layout, using: &generator)
      sequences = []
      let reference = reference
      while sequences.count < count, let next = clearSequence(reference, sequences.count, using: &generator) {
        sequences.append(next)
      }
    }
    data = LabeledSequences(sequences: TokenSequences(sequences), labels: labels)
  }

  /// Draws a sequence without near ties in max pooling, and with no unit near ReLU's kink; nil if a hundred in a row have
  /// some, as happens where the states converge while padding is read.
  private func clearSequence(
    _ reference: ReferenceNetwork, _ sample: Int, using generator: inout RandomGenerator
  ) -> [Int32]? {
    let dropout = dropout(batch.firstIndex(of: sample)!)
    let vocabularySize = Double(layout.architecture.vocabularySize)
    for _ in 0..<100 {
      // One in ten is empty, and one in ten has no padding.
      let share = generator.uniform() * 1.25 - 0.125
      let length = Int(Double(maxLength + 1) * min(max(share, 0), 0.999))
      let tokens = (0..<length).map { _ in Int(vocabularySize * generator.uniform()) }
      if hasNearTies(reference.forward(.init(tokens: tokens, label: 0, dropout: dropout))) { continue }
      return tokens.map { Int32($0) }
    }
    return nil
  }

  /// Another architecture, with new weights.
  mutating func change(_ body: (inout Architecture) -> Void) {
    var architecture = layout.architecture
    body(&architecture)
    layout = ParameterLayout(architecture)
    var generator = RandomGenerator(seed: seed, stream: 71)
    parameters = Self.weights(layout, using: &generator)
  }

  /// Weights small enough that the states are not chaotic: with ±1 and forty units, a rounding error grows from step to
  /// step, up to 3e-4 of a gradient.
  private static func weights(_ layout: ParameterLayout, using generator: inout RandomGenerator) -> Parameters {
    var parameters = Parameters(zeros: layout)
    let limit = min(1, 2.5 / Double(layout.architecture.hiddenSize).squareRoot())
    for i in parameters.values.indices { parameters.values[i] = Float(limit * (2 * generator.uniform() - 1)) }
    return parameters
  }

  var description: String {
    "seed \(seed), \(layout.architecture), \(maxLength) steps, \(batch.count) sequences, \(shardCount) shards, \(threads) "
      + "threads, \(classWeights == nil ? "no weights" : "class weights"), dropout: \(rates.map { "\($0)" } ?? "none")"
  }

  // MARK: The reference

  var reference: ReferenceNetwork {
    ReferenceNetwork(layout, maxLength: maxLength, values: parameters.values.map { Double($0) })
  }

  /// The batch.
  var samples: [ReferenceNetwork.Sample] {
    batch.enumerated().map { place, sample in
      let label = Int(data.labels[sample])
      return .init(
        tokens: data.sequences[sample].map { Int($0) }, label: label, weight: Double(Float(classWeights?[label] ?? 1)),
        dropout: dropout(place))
    }
  }

  private func dropout(_ place: Int) -> ReferenceDropout? {
    draw.map { ReferenceDropout($0, sample: place, for: layout.architecture, steps: maxLength) }
  }

  /// Whether max pooling has to choose between outputs so close, or ReLU is so near its kink, that Float's rounding may
  /// decide.
  private func hasNearTies(_ pass: ReferenceNetwork.Pass) -> Bool {
    for (layer, sums) in zip(layout.architecture.denseLayers, pass.denseSums)
    where layer.activation == .relu && sums.contains(where: { abs($0) < 1e-5 }) { return true }
    let outputs = pass.layers.last!.outputs
    guard layout.architecture.pooling == .max, outputs.count > 1 else { return false }
    return outputs[0].indices.contains { k in
      let sorted = outputs.map { $0[k] }.sorted(by: >)
      return sorted[0] - sorted[1] < 1e-5
    }
  }

  // MARK: The engine

  /// The tensors, but with a dense layer's kernel and bias as one: the few numbers of the bias's gradient can cancel
  /// nearly to 0 over a batch, and then say nothing about the size of the terms that were added.
  var comparedRanges: [(name: String, range: Range<Int>)] {
    layout.tensors.filter { $0.range.upperBound <= layout.bodyCount }.map { ($0.name, $0.range) }
      + layout.dense.map { ($0.kernel.name, $0.kernel.range.lowerBound..<$0.bias.range.upperBound) }
  }

  private var draw: DropoutDraw? { rates.map { DropoutDraw(rates: $0, seed: seed) } }

  func network(_ engine: any Engine = Engines.current) -> DataParallelNetwork {
    DataParallelNetwork(layout, maxLength: maxLength, threads: threads, shardCount: shardCount, engine: engine)
  }

  func engineGradient(_ engine: any Engine = Engines.current) -> (metrics: Metrics, gradient: Parameters) {
    network(engine).gradient(
      of: batch, in: data, classWeights: classWeights, dropout: draw, parameters: parameters)
  }
}
