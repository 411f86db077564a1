import Corpus
import Fixtures
import GoldenValues
import Parallel
import RecurrentNetwork
import Testing

/// The fast engine against PyTorch, against the definition on random shapes, and against itself on other threads.
@Suite struct DataParallelNetworkTests {
  @Test(arguments: NetworkGoldenValues.all.indices.filter { NetworkGoldenValues.all[$0].startsFromZeros })
  func equalsPyTorch(index: Int) {
    let golden = NetworkGoldenValues.all[index]
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    var parameters = Parameters(zeros: layout)
    parameters.values = golden.parameters.map { Float($0) }
    let data = LabeledSequences(padded: golden.sequences, labels: golden.labels.map { UInt8($0) })
    let network = DataParallelNetwork(layout, maxLength: golden.t, threads: 2)
    let (metrics, gradient) = network.gradient(of: 0..<golden.b, in: data, parameters: parameters)
    #expect(abs(metrics.loss - golden.loss) < 1e-6 * golden.loss)
    for tensor in layout.tensors {
      #expect(
        relativeError(gradient[tensor].map { Double($0) }, golden.gradients[tensor.range]) < 1e-5,
        "\(golden.name): \(tensor.name)")
    }
    #expect(abs(network.evaluate(data, parameters: parameters)!.loss - golden.loss) < 1e-6 * golden.loss)
  }

  /// Lengths of the rows of a batch.
  enum Lengths: CaseIterable { case mixed, full, equal, paddingOnly, oneIsFull }

  @Test(arguments: [1, 2, 31, 33, 200], Lengths.allCases)
  func equalsTheDefinition(batchSize: Int, lengths: Lengths) {
    var generator = RandomGenerator(seed: UInt64(batchSize), stream: UInt64(Lengths.allCases.firstIndex(of: lengths)!))
    func number(_ range: ClosedRange<Int>) -> Int {
      range.lowerBound + Int(generator.uniform() * Double(range.count))
    }
    let layout = ParameterLayout(
      .init(vocabularySize: number(2...40), embeddingSize: number(1...20), hiddenSize: number(1...40)))
    let steps = number(1...21)
    let equal = number(1...steps)
    let sequences = (0..<batchSize).map { row in
      let length =
        switch lengths {
        case .mixed: number(0...steps)
        case .full: steps
        case .equal: equal
        case .paddingOnly: 0
        case .oneIsFull: row == batchSize / 2 ? steps : 0
        }
      return [Int](repeating: 0, count: steps - length)
        + (0..<length).map { _ in number(0...layout.architecture.vocabularySize - 1) }
    }
    let labels = (0..<batchSize).map { _ in UInt8(number(0...1)) }
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }

    let expected = ReferenceNetwork(layout, maxLength: steps, values: parameters.values.map { Double($0) })
      .evaluate(zip(sequences, labels).map { .init(tokens: $0, label: Int($1)) })
    let data = LabeledSequences(padded: sequences, labels: labels)
    let network = DataParallelNetwork(layout, maxLength: steps, threads: 2)
    // Twice: the second call meets the buffers that the first has left.
    for _ in 0..<2 {
      let (metrics, gradient) = network.gradient(of: 0..<batchSize, in: data, parameters: parameters)
      #expect(abs(metrics.loss - expected.loss) < 2e-6 * expected.loss)
      for tensor in layout.tensors {
        #expect(
          relativeError(gradient[tensor].map { Double($0) }, expected.gradient[tensor.range]) < 2e-5,
          "\(layout.architecture), \(steps) steps: \(tensor.name)")
      }
    }
    #expect(abs(network.evaluate(data, parameters: parameters)!.loss - expected.loss) < 2e-6 * expected.loss)
  }

  @Test func aProbabilityOfHalfPredicts0() {
    let layout = ParameterLayout(.init(vocabularySize: 4, embeddingSize: 2, hiddenSize: 3))
    let data = LabeledSequences(sequences: TokenSequences([[1], [2], [3], [1, 2]]), labels: [0, 1, 1, 1])
    let metrics = DataParallelNetwork(layout, maxLength: 5, threads: 1)
      .evaluate(data, parameters: Parameters(zeros: layout))!
    #expect(metrics.accuracy == 0.25)
  }

  @Test func outcomesAreInTheOrderOfTheData() {
    var generator = RandomGenerator(seed: 5)
    let layout = ParameterLayout(.init(vocabularySize: 30, embeddingSize: 5, hiddenSize: 6))
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    let sequences = (0..<100).map { _ in
      (0..<Int(generator.uniform() * 20)).map { _ in Int32(generator.uniform() * 30) }
    }
    let data = LabeledSequences(sequences: TokenSequences(sequences), labels: sequences.map { UInt8($0.count % 2) })
    let network = DataParallelNetwork(layout, maxLength: 20, threads: 2)
    let outcomes = network.outcomes(of: data, parameters: parameters)!
    for (index, outcome) in outcomes.enumerated() {
      let alone = network.outcomes(of: data.slice(index..<index + 1), parameters: parameters)![0]
      #expect(outcome == alone)
    }
  }

  @Test func anEvaluationEndsWhenProgressAnswersFalse() {
    let layout = ParameterLayout(.init(vocabularySize: 4, embeddingSize: 2, hiddenSize: 3))
    let data = LabeledSequences(
      sequences: TokenSequences([[Int32]](repeating: [1, 2], count: 1200)), labels: .init(repeating: 0, count: 1200))
    var reports: [Int] = []
    let outcomes = DataParallelNetwork(layout, maxLength: 5, threads: 2)
      .outcomes(of: data, parameters: Parameters(zeros: layout)) {
        reports.append($0)
        return reports.count < 2
      }
    #expect(outcomes == nil)
    #expect(reports == [504, 1008])
  }

  /// The network lends its own memory: neither may a result change later, nor may a batch's rows stay for the next.
  @Test(arguments: [0, 4])
  func aGradientIsThatOfItsBatchAlone(embeddingSize: Int) {
    var generator = RandomGenerator(seed: 8)
    let layout = ParameterLayout(.init(vocabularySize: 9, embeddingSize: embeddingSize, hiddenSize: 3))
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let data = LabeledSequences(
      sequences: TokenSequences([[1, 2, 3], [4, 5], [6, 7, 8], [2, 7]]), labels: [0, 1, 1, 0])
    func network() -> DataParallelNetwork { DataParallelNetwork(layout, maxLength: 4, threads: 2) }
    let batches = [[0, 1], [2], [1, 3]]
    let expected = batches.map { network().gradient(of: $0, in: data, parameters: parameters).gradient }
    let shared = network()
    let found = batches.map { shared.gradient(of: $0, in: data, parameters: parameters).gradient }
    #expect(found == expected)
    for batch in batches {
      #expect(
        shared.gradient(of: batch, in: data, parameters: parameters).gradient
          == expected[batches.firstIndex(of: batch)!])
    }
  }

  /// Random sequences of fewer than `maxLength` tokens below 300.
  private static func data(
    _ count: Int, maxLength: Double, using generator: inout RandomGenerator
  ) -> LabeledSequences {
    let sequences = (0..<count).map { _ in
      (0..<Int(generator.uniform() * maxLength)).map { _ in Int32(generator.uniform() * 300) }
    }
    return LabeledSequences(
      sequences: TokenSequences(sequences), labels: sequences.map { UInt8($0.count % 2) })
  }

  /// An evaluation in parts that have few enough distinct tokens, down to a sequence at a time.
  @Test(arguments: [1, 7, 60, 299]) func partsDoNotChangeABit(tokensAtOnce: Int) throws {
    var generator = RandomGenerator(seed: 5)
    var architecture = Architecture(vocabularySize: 300, embeddingSize: 6, hiddenSize: 9)
    architecture.labelCount = 3
    let layout = ParameterLayout(architecture)
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let data = Self.data(90, maxLength: 30, using: &generator)
    let expected = try #require(
      DataParallelNetwork(layout, maxLength: 30, threads: 2).logits(of: data, parameters: parameters))
    let network = DataParallelNetwork(layout, maxLength: 30, threads: 2, tokensAtOnce: tokensAtOnce)
    var reports: [Int] = []
    let found = network.logits(of: data, parameters: parameters) {
      reports.append($0)
      return true
    }
    #expect(found == expected)
    #expect(reports.count > 1 && reports == reports.sorted() && reports.last == 90)
    #expect(network.logits(of: data, parameters: parameters) { $0 < 80 } == nil)
  }

  @Test func threadsDoNotChangeABit() {
    var generator = RandomGenerator(seed: 3)
    let layout = ParameterLayout(.init(vocabularySize: 300, embeddingSize: 20, hiddenSize: 24))
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let data = Self.data(500, maxLength: 60, using: &generator)
    var results: [Parameters] = []
    var evaluations: [Metrics] = []
    for threads in [1, 2, 3, 8] {
      let network = DataParallelNetwork(layout, maxLength: 60, threads: threads)
      results.append(network.gradient(of: 0..<500, in: data, parameters: parameters).gradient)
      evaluations.append(network.evaluate(data, parameters: parameters)!)
    }
    for result in results.dropFirst() { #expect(result == results[0]) }
    for evaluation in evaluations.dropFirst() { #expect(evaluation == evaluations[0]) }
  }
}
