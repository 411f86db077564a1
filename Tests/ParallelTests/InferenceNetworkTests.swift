import Corpus
import Fixtures
import Parallel
import RecurrentNetwork
import Testing

@Suite struct InferenceNetworkTests {
  /// The buffers are those of the texts' lengths, and the bits are those of buffers for all steps.
  @Test(arguments: [
    Architecture(vocabularySize: 12, embeddingSize: 6, hiddenSize: 9),
    Architecture(vocabularySize: 12, embeddingSize: 6, hiddenSize: 9, layerCount: 2),
    Architecture(vocabularySize: 12, embeddingSize: 6, hiddenSize: 9, layerCount: 2, masksPadding: true),
  ])
  func manyStepsForShortTexts(architecture: Architecture) throws {
    let maxLength = 20_000
    var generator = RandomGenerator(seed: 4)
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    for index in parameters.values.indices { parameters.values[index] = Float(generator.uniform() - 0.5) }
    let long = [Int32](repeating: 7, count: 5000)
    let all = smallReviews(40, seed: 5)
    let data = LabeledSequences(
      sequences: TokenSequences((0..<40).map { Array(all.sequences[$0]) } + [[], long]), labels: all.labels + [0, 1])
    let network = InferenceNetwork(parameters, maxLength: maxLength, threads: 2)
    let expected = DataParallelNetwork(parameters.layout, maxLength: maxLength, threads: 2)
      .outcomes(of: data, parameters: parameters)
    #expect(network.outcomes(of: data) == expected)
    #expect(network.outcomes(of: data.prefix(3)) == expected.map { Array($0.prefix(3)) })
  }
}
