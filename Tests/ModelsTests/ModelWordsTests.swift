import Corpus
import Fixtures
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

@Suite("Words' vectors of a model") struct ModelWordsTests {
  private static func model(embeddingSize: Int, isBidirectional: Bool) throws -> Model {
    var architecture = Architecture(vocabularySize: 8, embeddingSize: embeddingSize, hiddenSize: 2)
    architecture.isBidirectional = isBidirectional
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    for index in parameters.values.indices { parameters.values[index] = 1 / Float(index + 3) }
    var model = Model(parameters)
    try model.setVocabulary(["<pad>", "<start>", "<oov>", "<unused>", "good", "très", "two words", "<7>"])
    return model
  }

  @Test("are its embedding's rows, and read back as they were")
  func embedding() throws {
    let model = try Self.model(embeddingSize: 3, isBidirectional: true)
    let text = try model.word2vecText()
    #expect(String(decoding: text, as: UTF8.self).hasPrefix("2 3\ngood "))
    try withTemporaryFolder { folder in
      let path = try folder.write(String(decoding: text, as: UTF8.self), to: "vectors.txt")
      let vectors = try WordVectors(contentsOf: path, for: model.vocabulary!)
      let rows = model.parameters[model.parameters.layout.embedding]
      #expect(vectors.vectors == [4: Array(rows[12..<15]), 5: Array(rows[15..<18])])
    }
  }

  @Test("are those of the first layer's kernels where there is no embedding")
  func oneHot() throws {
    let model = try Self.model(embeddingSize: 0, isBidirectional: true)
    let vectors = try model.wordVectors()
    let kernels = model.parameters.layout.recurrences[0].map { model.parameters[$0.kernel] }
    #expect(vectors.map(\.word) == ["good", "très"])
    for (token, vector) in zip([4, 5], vectors.map(\.vector)) {
      let expected = kernels.flatMap { $0[($0.startIndex + 8 * token)..<($0.startIndex + 8 * token + 8)] }
      #expect(vector == expected && vector.count == 16)
    }
  }

  @Test("need words and a network")
  func refused() throws {
    var model = try Self.model(embeddingSize: 3, isBidirectional: false)
    try model.setVocabulary(nil)
    #expect(throws: ModelError.self) { try model.wordVectors() }
  }
}
