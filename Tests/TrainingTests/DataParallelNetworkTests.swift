import Corpus
import GoldenValues
import RecurrentNetwork
import Testing
import Training

/// The fast engine against PyTorch, against the definition on random shapes, and against itself on other threads.
@Suite struct DataParallelNetworkTests {
  @Test(arguments: NetworkGoldenValues.all.indices.filter { NetworkGoldenValues.all[$0].startsFromZeros })
  func equalsPyTorch(index: Int) {
    let golden = NetworkGoldenValues.all[index]
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    var parameters = Parameters(zeros: layout)
    parameters.values = golden.parameters.map { Float($0) }
    let data = LabelledSequences(padded: golden.sequences, labels: golden.labels.map { UInt8($0) })
    let network = DataParallelNetwork(layout, maxLength: golden.t, threads: 2)
    var gradient = Parameters(zeros: layout)
    let metrics = network.gradient(of: 0..<golden.b, in: data, parameters: parameters, into: &gradient)
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
    let data = LabelledSequences(padded: sequences, labels: labels)
    let network = DataParallelNetwork(layout, maxLength: steps, threads: 2)
    var gradient = Parameters(zeros: layout)
    // Twice: the second call meets the buffers that the first has left.
    for _ in 0..<2 {
      let metrics = network.gradient(of: 0..<batchSize, in: data, parameters: parameters, into: &gradient)
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
    let data = LabelledSequences(sequences: TokenSequences([[1], [2], [3], [1, 2]]), labels: [0, 1, 1, 1])
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
    let data = LabelledSequences(sequences: TokenSequences(sequences), labels: sequences.map { UInt8($0.count % 2) })
    let network = DataParallelNetwork(layout, maxLength: 20, threads: 2)
    let outcomes = network.outcomes(of: data, parameters: parameters)!
    for (index, outcome) in outcomes.enumerated() {
      let alone = network.outcomes(of: data.slice(index..<index + 1), parameters: parameters)![0]
      #expect(abs(outcome.logit - alone.logit) < 1e-5)
    }
    #expect(network.outcomes(of: data, parameters: parameters) { _ in false } == nil)
  }

  @Test func threadsDoNotChangeABit() {
    var generator = RandomGenerator(seed: 3)
    let layout = ParameterLayout(.init(vocabularySize: 300, embeddingSize: 20, hiddenSize: 24))
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let sequences = (0..<500).map { _ in
      (0..<Int(generator.uniform() * 60)).map { _ in Int32(generator.uniform() * 300) }
    }
    let data = LabelledSequences(
      sequences: TokenSequences(sequences), labels: sequences.map { UInt8($0.count % 2) })
    var results: [Parameters] = []
    var evaluations: [Metrics] = []
    for threads in [1, 2, 3, 8] {
      let network = DataParallelNetwork(layout, maxLength: 60, threads: threads)
      var gradient = Parameters(zeros: layout)
      _ = network.gradient(of: 0..<500, in: data, parameters: parameters, into: &gradient)
      results.append(gradient)
      evaluations.append(network.evaluate(data, parameters: parameters)!)
    }
    for result in results.dropFirst() { #expect(result == results[0]) }
    for evaluation in evaluations.dropFirst() { #expect(evaluation == evaluations[0]) }
  }
}

extension LabelledSequences {
  /// From sequences that are padded in front with token 0.
  init(padded sequences: [[Int]], labels: [UInt8]) {
    self.init(
      sequences: TokenSequences(sequences.map { $0.drop { $0 == 0 }.map { Int32($0) } }), labels: labels)
  }
}
