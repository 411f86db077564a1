import Corpus
import Foundation
import GoldenValues
import Parallel
import RecurrentNetwork
import Testing

/// Layers, directions, poolings, dense layers and labels against PyTorch, and against themselves on other threads.
@Suite struct NetworkGoldenTests {
  @Test(arguments: GoldenNetwork.all)
  func equalsPyTorch(golden: GoldenNetwork) {
    let layout = ParameterLayout(golden.architecture)
    let (data, parameters) = (golden.data, golden.parameters)
    let network = DataParallelNetwork(layout, maxLength: golden.maxLength, threads: 2)
    // Twice: the second call meets the buffers that the first has left.
    for _ in 0..<2 {
      let (metrics, gradient) = network.gradient(of: 0..<data.count, in: data, parameters: parameters)
      #expect(abs(metrics.loss - golden.loss) < 2e-6 * golden.loss)
      #expect(metrics.correctCount == golden.correctCount)
      var expected = golden.gradientElements[...]
      #expect(golden.gradientSteps.count == layout.tensors.count)
      for (tensor, found) in zip(layout.tensors, golden.elements(of: gradient.values)) {
        #expect(relativeError(found.map { Double($0) }, expected.prefix(found.count)) < 2e-5, "\(tensor.name)")
        expected = expected.dropFirst(found.count)
      }
      #expect(expected.isEmpty)
    }

    let outcomes = network.outcomes(of: data, parameters: parameters)!
    #expect(outcomes.map(\.label) == golden.predicted)
    if golden.labelCount == 2 { #expect(relativeError(outcomes.map { Double($0.logit) }, golden.logits) < 5e-6) }
    #expect(abs(outcomes.reduce(0) { $0 + $1.loss } / Double(data.count) - golden.loss) < 2e-6 * golden.loss)
    #expect(network.evaluate(data, parameters: parameters)!.correctCount == golden.correctCount)
  }

  @Test(arguments: GoldenNetwork.all)
  func threadsDoNotChangeABit(golden: GoldenNetwork) {
    expectSameBits(golden.data, golden.parameters, maxLength: golden.maxLength)
  }

  /// Several blocks and shards, with sizes that are no multiple of a vector.
  @Test(arguments: [
    network { _ in },
    network { $0.layerCount = 3 },
    network { ($0.embeddingSize, $0.layerCount) = (0, 2) },
    network { ($0.isBidirectional, $0.pooling, $0.masksPadding, $0.layerCount) = (true, .max, true, 2) },
    network { ($0.isBidirectional, $0.pooling, $0.labelCount) = (true, .mean, 4) },
    network { ($0.isBidirectional, $0.masksPadding, $0.layerCount) = (true, true, 3) },
    network { ($0.isBidirectional, $0.layerCount) = (true, 2) },
    network { ($0.embeddingSize, $0.pooling, $0.layerCount) = (0, .max, 2) },
    network { ($0.embeddingSize, $0.isBidirectional, $0.pooling, $0.masksPadding) = (0, true, .max, true) },
    network { $0.denseLayers = [.init(70, .relu), .init(33, .tanh)] },
    network { ($0.isBidirectional, $0.labelCount, $0.denseLayers) = (true, 3, [.init(16, .tanh)]) },
  ])
  func threadsDoNotChangeABitOfALargeBatch(architecture: Architecture) {
    var generator = RandomGenerator(seed: 8)
    let parameters = Parameters(kerasInitial: ParameterLayout(architecture), using: &generator)
    let sequences = (0..<100).map { _ in
      (0..<Int(generator.uniform() * 41)).map { _ in Int32(generator.uniform() * 80) }
    }
    let labels = sequences.map { UInt8($0.count % architecture.labelCount) }
    expectSameBits(
      LabeledSequences(sequences: TokenSequences(sequences), labels: labels), parameters, maxLength: 40)
  }

  /// The number of steps doesn't matter to sequences whose masked padding isn't read.
  @Test(arguments: GoldenNetwork.all.filter(\.masksPadding))
  func maskedPaddingDoesNotChangeABit(golden: GoldenNetwork) {
    let layout = ParameterLayout(golden.architecture)
    let outcomes = [golden.maxLength, golden.maxLength + 7].map { length in
      DataParallelNetwork(layout, maxLength: length, threads: 1)
        .outcomes(of: golden.data, parameters: golden.parameters)!
    }
    #expect(outcomes[0] == outcomes[1])
  }

  @Test(arguments: Architecture.Pooling.allCases, [1, 2])
  func onlyTheBiasCountsWhereAllIsMaskedPadding(pooling: Architecture.Pooling, layerCount: Int) {
    let layout = ParameterLayout(
      network {
        ($0.isBidirectional, $0.pooling, $0.masksPadding, $0.layerCount) = (true, pooling, true, layerCount)
      })
    var generator = RandomGenerator(seed: 2)
    var parameters = Parameters(kerasInitial: layout, using: &generator)
    parameters[layout.denseBias] = [0.75]
    let data = LabeledSequences(
      sequences: TokenSequences([[Int32]](repeating: [], count: 8)), labels: .init(repeating: 0, count: 8))
    let network = DataParallelNetwork(layout, maxLength: 40, threads: 2)
    let gradient = network.gradient(of: 0..<8, in: data, parameters: parameters).gradient
    let bias = layout.denseBias.offset
    #expect(abs(Double(gradient.values[bias]) - 1 / (1 + exp(-0.75))) < 1e-6)
    #expect(gradient.values[..<bias].allSatisfy { $0 == 0 })
    #expect(network.outcomes(of: data, parameters: parameters)!.allSatisfy { $0.logit == 0.75 })
  }

  /// Gradients and outcomes of 1, 2, 3 and 8 threads, and those of `InferenceNetwork`, of all
  /// sequences, each alone, and a few at a time: tiles of every height.
  private func expectSameBits(_ data: LabeledSequences, _ parameters: Parameters, maxLength: Int) {
    var first: (metrics: Metrics, gradient: Parameters, outcomes: [Outcome])?
    for threads in [1, 2, 3, 8] {
      let network = DataParallelNetwork(parameters.layout, maxLength: maxLength, threads: threads)
      let (metrics, gradient) = network.gradient(of: 0..<data.count, in: data, parameters: parameters)
      let outcomes = network.outcomes(of: data, parameters: parameters)!
      first = first ?? (metrics, gradient, outcomes)
      #expect(metrics == first!.metrics)
      #expect(gradient == first!.gradient)
      #expect(outcomes == first!.outcomes)
    }
    for threads in [1, 2] {
      let inference = InferenceNetwork(parameters, maxLength: maxLength, threads: threads)
      #expect(inference.outcomes(of: data) == first!.outcomes)
      for count in 1...7 {
        let groups = stride(from: 0, to: data.count, by: count).flatMap {
          inference.outcomes(of: data.slice($0..<min($0 + count, data.count)))!
        }
        #expect(groups == first!.outcomes, "\(count) at a time, \(threads) threads")
      }
    }
  }
}

/// A network of sizes that are no multiple of a vector, changed.
private func network(_ change: (inout Architecture) -> Void) -> Architecture {
  var architecture = Architecture(vocabularySize: 80, embeddingSize: 13, hiddenSize: 33)
  change(&architecture)
  return architecture
}

extension GoldenNetwork {
  /// The sequences and their labels.
  var data: LabeledSequences { LabeledSequences(sequences: TokenSequences(sequences), labels: labels) }
}
