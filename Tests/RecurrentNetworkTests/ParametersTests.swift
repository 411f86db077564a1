import RecurrentNetwork
import Testing

@Suite struct ParametersTests {
  private let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  @Test func takeTheirElementsInTheLayoutsOrder() throws {
    let values = (0..<layout.count).map { Float($0) }
    let parameters = try #require(Parameters(values, layout: layout))
    #expect(parameters.values == values)
    #expect(Array(parameters[layout.embedding]) == Array(values[..<10]))
    #expect(parameters[layout.denseBias] == values[(layout.count - 1)...])
  }

  @Test(arguments: [-1, 1]) func anotherNumberOfElementsIsRefused(difference: Int) {
    #expect(Parameters([Float](repeating: 0, count: layout.count + difference), layout: layout) == nil)
    #expect(Parameters([], layout: layout) == nil)
  }

  /// Keras counts its dense layers from the input on, so that the output layer is the last.
  @Test func denseLayersStandBelowTheOutputLayer() {
    let plain = layout
    #expect(plain.tensors.suffix(2).map(\.name) == ["dense/kernel", "dense/bias"])
    let layout = ParameterLayout(
      .init(
        vocabularySize: 5, embeddingSize: 2, hiddenSize: 3, isBidirectional: true,
        denseLayers: [.init(7, .relu), .init(4, .tanh)], labelCount: 3))
    let dense = layout.tensors.suffix(6)
    #expect(
      dense.map(\.name) == [
        "dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "dense_2/kernel", "dense_2/bias",
      ])
    #expect(dense.map(\.shape) == [[6, 7], [7], [7, 4], [4], [4, 3], [3]])
    #expect([layout.denseKernel, layout.denseBias] == dense.suffix(2))
    #expect(layout.bodyCount == dense.first?.offset && layout.count == dense.last?.range.upperBound)
    #expect(zip(layout.tensors, layout.tensors.dropFirst()).allSatisfy { $0.range.upperBound == $1.offset })
  }
}
