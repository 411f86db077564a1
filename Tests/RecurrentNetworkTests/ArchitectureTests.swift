import RecurrentNetwork
import Testing

@Suite struct ArchitectureTests {
  @Test func aDescriptionNamesEveryLayer() {
    var architecture = Architecture(vocabularySize: 9, embeddingSize: 4, hiddenSize: 3, pooling: .max)
    #expect("\(architecture)" == "Embedding(9, 4) → LSTM(3) → GlobalMaxPooling1D → Dense(1, sigmoid)")
    architecture.denseLayers = [.init(8, .relu), .init(5, .tanh)]
    #expect(
      "\(architecture)"
        == "Embedding(9, 4) → LSTM(3) → GlobalMaxPooling1D → Dense(8, relu) → Dense(5, tanh) → Dense(1, sigmoid)")
  }

  @Test(arguments: [
    ([0], 8, "must be from 1 to 65536, not 0"), ([8, 65_537], 8, "must be from 1 to 65536, not 65537"),
    ([Int](repeating: 1, count: 17), 8, "must be at most 16, not 17"), ([8], 0, "need LSTM layers below them"),
  ])
  func namesDenseLayersThatAreImpossible(sizes: [Int], hiddenSize: Int, rule: String) {
    var architecture = Architecture(hiddenSize: hiddenSize)
    #expect(architecture.invalidSetting == nil)
    architecture.denseLayers = sizes.map { .init($0, .relu) }
    #expect(architecture.invalidSetting?.name == "denseLayers")
    #expect(architecture.invalidSetting?.rule == rule)
  }

  /// Weights, gradient, two moments, a packed copy, and sums of so many threads and eight more; in inference weights and a
  /// packed copy.
  @Test func denseLayersTakeMemory() {
    let plain = Architecture(hiddenSize: 10)
    var dense = plain
    dense.denseLayers = [.init(20, .relu), .init(30, .tanh)]
    let parameters = 11.0 * 20 + 21 * 30
    #expect(
      dense.trainingMemory(maxLength: 5, threads: 2) - plain.trainingMemory(maxLength: 5, threads: 2)
        == 4 * 15 * parameters)
    #expect(dense.inferenceMemory(maxLength: 5) - plain.inferenceMemory(maxLength: 5) == 4 * 2 * parameters)
  }
}
