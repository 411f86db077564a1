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
}
