import GoldenValues
import RecurrentNetwork
import Testing

/// The definition against PyTorch in float64, and against its own numerical gradient.
@Suite struct ReferenceNetworkTests {
  // MARK: PyTorch

  /// The tutorial's kind of network, with states before the first step and after the last.
  @Test(arguments: NetworkGoldenValues.all.indices)
  func equalsPyTorchFromAnyState(index: Int) {
    let golden = NetworkGoldenValues.all[index]
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    let batch = golden.sequences.enumerated().map { row, tokens in
      let units = row * golden.h..<(row + 1) * golden.h
      return ReferenceNetwork.Sample(
        tokens: tokens, label: Int(golden.labels[row]),
        initialStates: [[.init(hidden: Array(golden.initialHidden[units]), cell: Array(golden.initialCell[units]))]])
    }
    let result = ReferenceNetwork(layout, maxLength: golden.t, values: golden.parameters).evaluate(batch)
    #expect(relativeError(Array(result.logits.joined()), golden.logits) < 1e-9)
    #expect(abs(result.loss - golden.loss) < 1e-9)
    for tensor in layout.tensors {
      #expect(
        relativeError(result.gradient[tensor.range], golden.gradients[tensor.range]) < 1e-9,
        "\(golden.name): \(tensor.name)")
    }
    #expect(relativeError(result.lastStates.flatMap { $0[0][0].hidden }, golden.hidden) < 1e-9)
    #expect(relativeError(result.lastStates.flatMap { $0[0][0].cell }, golden.cell) < 1e-9)
    #expect(
      relativeError(result.initialStateGradients.flatMap { $0[0][0].hidden }, golden.initialHiddenGradient) < 1e-9)
    #expect(relativeError(result.initialStateGradients.flatMap { $0[0][0].cell }, golden.initialCellGradient) < 1e-9)
  }

  @Test func goldenValuesCoverBothKindsOfState() {
    #expect(NetworkGoldenValues.all.contains { $0.startsFromZeros })
    #expect(NetworkGoldenValues.all.contains { !$0.startsFromZeros })
  }

  /// Layers, directions, poolings, masks, dense layers and labels.
  @Test(arguments: GoldenNetwork.all)
  func equalsPyTorch(golden: GoldenNetwork) {
    let (layout, values) = (ParameterLayout(golden.architecture), golden.parameters.values.map { Double($0) })
    let batch = zip(golden.sequences, golden.labels).map {
      ReferenceNetwork.Sample(tokens: $0.map { Int($0) }, label: Int($1))
    }
    let result = ReferenceNetwork(layout, maxLength: golden.maxLength, values: values).evaluate(batch)
    #expect(relativeError(Array(result.logits.joined()), golden.logits) < 1e-9)
    #expect(abs(result.loss - golden.loss) < 1e-9)
    var expected = golden.gradientElements[...]
    for (tensor, found) in zip(layout.tensors, golden.elements(of: result.gradient)) {
      #expect(
        relativeError(found, expected.prefix(found.count)) < 1e-9, "\(golden.architecture): \(tensor.name)")
      expected = expected.dropFirst(found.count)
    }
    #expect(expected.isEmpty)
  }

  // MARK: Finite differences

  /// Two layers of two directions and dense layers, with dropout everywhere, unequal weights and nonzero initial states.
  @Test(arguments: Architecture.Pooling.allCases, [false, true])
  func gradientEqualsFiniteDifferences(pooling: Architecture.Pooling, masksPadding: Bool) {
    let dense: [Architecture.DenseLayer] = [.init(4, .tanh), .init(3, .relu)]
    for (embeddingSize, labelCount, denseLayers) in [(3, 2, []), (3, 3, dense), (0, 3, dense.reversed())] {
      expectSlopes(
        Architecture(
          vocabularySize: 5, embeddingSize: embeddingSize, hiddenSize: 2, layerCount: 2, isBidirectional: true,
          pooling: pooling, masksPadding: masksPadding, denseLayers: denseLayers, labelCount: labelCount))
    }
  }

  private func expectSlopes(_ architecture: Architecture) {
    var generator = RandomGenerator(seed: 8)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in 2 * generator.uniform() - 1 } }
    let layout = ParameterLayout(architecture)
    let maxLength = 5
    let values = numbers(layout.count)
    var rates = Dropout()
    for rate in Dropout.rates { rates[keyPath: rate.path] = 0.25 }
    let sequences: [[Int]] = [[1, 2, 3, 0, 4], [4, 1], [2, 2, 3], []]
    let batch = sequences.enumerated().map { index, tokens in
      let states = (0..<2).map { _ in (0..<2).map { _ in ReferenceLSTM.State(hidden: numbers(2), cell: numbers(2)) } }
      return ReferenceNetwork.Sample(
        tokens: tokens, label: index % architecture.labelCount, weight: [0.5, 2, 1, 3][index],
        dropout: ReferenceDropout(rates, for: architecture, steps: maxLength, using: &generator),
        initialStates: states)
    }
    func evaluate(_ values: [Double], _ batch: [ReferenceNetwork.Sample]) -> ReferenceNetwork.Result {
      ReferenceNetwork(layout, maxLength: maxLength, values: values).evaluate(batch)
    }
    func slope(_ loss: (_ change: Double) -> Double) -> Double { (loss(1e-5) - loss(-1e-5)) / 2e-5 }
    let result = evaluate(values, batch)

    for tensor in layout.tensors {
      for index in tensor.range {
        let expected = slope { change in
          var values = values
          values[index] += change
          return evaluate(values, batch).loss
        }
        #expect(
          abs(result.gradient[index] - expected) < 1e-8, "\(architecture): \(tensor.name), element \(index)")
      }
    }

    let parts: [WritableKeyPath<ReferenceLSTM.State, [Double]>] = [\.hidden, \.cell]
    for sample in batch.indices {
      for (layer, direction, unit) in [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)] {
        for part in parts {
          let expected = slope { change in
            var batch = batch
            batch[sample].initialStates![layer][direction][keyPath: part][unit] += change
            return evaluate(values, batch).loss
          }
          let found = result.initialStateGradients[sample][layer][direction][keyPath: part][unit]
          #expect(
            abs(found - expected) < 1e-8, "\(architecture): sample \(sample), layer \(layer), direction \(direction)")
        }
      }
    }
  }

  // MARK: Padding and weights

  @Test func paddingIsToken0InFront() {
    let network = network { $0.isBidirectional = true }
    #expect(
      network.forward(.init(tokens: [3, 1], label: 0)).logits
        == network.forward(.init(tokens: [0, 0, 0, 3, 1], label: 0)).logits)
  }

  @Test(arguments: Architecture.Pooling.allCases)
  func maskedPaddingIsNotRead(pooling: Architecture.Pooling) {
    let logits = [2, 5, 9].map { maxLength in
      network(maxLength: maxLength) {
        ($0.isBidirectional, $0.layerCount, $0.masksPadding, $0.pooling) = (true, 2, true, pooling)
      }.forward(.init(tokens: [3, 1], label: 0)).logits
    }
    #expect(logits[0] == logits[1] && logits[0] == logits[2])
  }

  @Test(arguments: Architecture.Pooling.allCases)
  func anEmptyMaskedSequenceLeavesOnlyTheDenseBias(pooling: Architecture.Pooling) {
    let network = network { ($0.isBidirectional, $0.masksPadding, $0.pooling) = (true, true, pooling) }
    let result = network.evaluate([.init(tokens: [], label: 1)])
    let bias = network.layout.denseBias.offset
    #expect(result.logits == [[values(of: network.layout)[bias]]])
    #expect(result.gradient[..<bias].allSatisfy { $0 == 0 })
    #expect(result.gradient[bias] < 0)
  }

  @Test func aWeightCountsInTheSumButNotInTheNumberOfSamples() {
    let network = network { $0.labelCount = 3 }
    let samples: [ReferenceNetwork.Sample] = [.init(tokens: [3, 1], label: 2), .init(tokens: [4], label: 0)]
    let alone = samples.map { network.evaluate([$0]) }
    var weighted = samples
    (weighted[0].weight, weighted[1].weight) = (3, 0.5)
    let result = network.evaluate(weighted)
    #expect(abs(result.loss - (3 * alone[0].loss + 0.5 * alone[1].loss) / 2) < 1e-15)
    let expected = zip(alone[0].gradient, alone[1].gradient).map { (3 * $0 + 0.5 * $1) / 2 }
    #expect(relativeError(result.gradient, expected) < 1e-14)
  }

  private func network(maxLength: Int = 5, _ change: (inout Architecture) -> Void) -> ReferenceNetwork {
    var architecture = Architecture(vocabularySize: 6, embeddingSize: 3, hiddenSize: 4)
    change(&architecture)
    let layout = ParameterLayout(architecture)
    return ReferenceNetwork(layout, maxLength: maxLength, values: values(of: layout))
  }

  private func values(of layout: ParameterLayout) -> [Double] {
    var generator = RandomGenerator(seed: 3)
    return (0..<layout.count).map { _ in 2 * generator.uniform() - 1 }
  }
}
