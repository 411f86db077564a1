import Classification
import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

/// Models whose words became tokens in other ways than in Keras's IMDB data.
@Suite struct TokenConventionTests {
  /// A network of 12 tokens that reads 6, as it comes from elsewhere.
  private static func network(oneHot: Bool = false, masks: Bool = false) -> Model {
    var architecture = Architecture(vocabularySize: 12, embeddingSize: oneHot ? 0 : 5, hiddenSize: 7)
    (architecture.isBidirectional, architecture.masksPadding) = (oneHot, masks)
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    var generator = RandomGenerator(seed: 3)
    for index in parameters.values.indices { parameters.values[index] = Float(2 * generator.uniform() - 1) }
    var model = Model(parameters)
    model.configuration.maxLength = 6
    model.labels = ["0", "1"]
    return model
  }

  /// The words a to h, from rank `first` on.
  private func index(from first: Int = 1, _ others: String = "") throws -> WordIndex {
    let words = "abcdefgh".enumerated().map { #""\#($1)": \#(first + $0)"# }
    let json = "{" + (words + (others.isEmpty ? [] : [others])).joined(separator: ", ") + "}"
    return try withTemporaryFolder { try WordIndex(contentsOf: $0.write(json, to: "words.json")) }
  }

  /// What a network says of tokens as they are, padded in front where there are fewer than 6.
  private static func probabilities(_ model: Model, _ tokens: [[Int32]]) throws -> [Float] {
    let data = LabeledSequences(
      sequences: TokenSequences(tokens), labels: [UInt8](repeating: 0, count: tokens.count))
    return try model.outcomes(of: data, threads: 1).map(\.probability)
  }

  private static let texts = ["b A, c", "", "x y a", "a b c d e f g h", "h x"]

  @Test(arguments: [false, true]) func aTokenizersUnknownWordsAreLeftOut(oneHot: Bool) throws {
    let network = Self.network(oneHot: oneHot)
    var model = network
    try model.setWords(of: index(), convention: .tokenizer)
    let expected = try Self.probabilities(network, [[2, 1, 3], [], [1], [3, 4, 5, 6, 7, 8], [8]])
    #expect(Set(expected).count == 5)
    #expect(try TextClassifier(model).classify(Self.texts).map(\.probability) == expected)
    // Saved and read again.
    let read = try withTemporaryFolder { folder in
      try model.write(to: folder.path("model.safetensors"))
      return try TextClassifier(contentsOf: folder.path("model.safetensors"))
    }
    #expect(read.classify(Self.texts).map(\.probability) == expected)
  }

  @Test func aTokenizersOtherWordIsTheUnknownOne() throws {
    for spelling in ["<OOV>", "OOV"] {
      let network = Self.network()
      var model = network
      try model.setWords(of: index(from: 2, #""\#(spelling)": 1"#), convention: .tokenizer)
      let expected = try Self.probabilities(network, [[3, 2, 4], [], [1, 1, 2], [4, 5, 6, 7, 8, 9], [9, 1]])
      #expect(try TextClassifier(model).classify(Self.texts).map(\.probability) == expected)
    }
  }

  @Test func numbersMayBeginAnywhereUpToThree() throws {
    let network = Self.network()
    for (from, start) in [(1, true), (2, false), (3, true)] {
      var model = network
      try model.setWords(of: index(), convention: .init(indexFrom: from, hasStartToken: start))
      // b and a, and an unknown word where there is a token for one.
      let tokens = (start ? [1] : []) + [2 + from, 1 + from].map(Int32.init) + (from > 1 ? [2] : [])
      #expect(try TextClassifier(model).classify("b a x").probability == Self.probabilities(network, [tokens])[0])
    }
  }

  @Test func aTokenOfItsOwnForUnknownWordsIsKept() throws {
    let network = Self.network()
    var model = network
    // Its first word is spelled as an oov_token might be.
    try model.setWords(of: index(from: 2, #""OOV": 1"#), convention: .imdb)
    #expect(try TextClassifier(model).classify("a x").probability == Self.probabilities(network, [[1, 5, 2]])[0])
  }

  @Test func paddingMayStandBehindTexts() throws {
    let network = Self.network()
    var model = network
    try model.setWords(of: index(), convention: .tokenizer)
    model.coding.padding = .post
    let expected = try Self.probabilities(
      network,
      [[2, 1, 3, 0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [3, 4, 5, 6, 7, 8], [8, 0, 0, 0, 0, 0]])
    #expect(expected[0] != (try Self.probabilities(network, [[2, 1, 3]])[0]))
    #expect(try TextClassifier(model).classify(Self.texts).map(\.probability) == expected)
  }

  @Test(arguments: [TextCoding.Padding.pre, .post]) func dataAreReadAsTextsAre(padding: TextCoding.Padding) throws {
    var model = Self.network()
    try model.setWords(of: index(), convention: .tokenizer)
    model.coding.padding = padding
    let rows = Self.texts.enumerated().map { "\"\($1.isEmpty ? "?" : $1)\",\($0 % 2)\n" }
    var options = TextOptions()
    options.testSplit = 0
    for keepsOriginals in [false, true] {
      let data = try withTemporaryFolder { folder in
        try DataSource(path: folder.write("text,label\n" + rows.joined(), to: "a.csv"), text: options).load(
          model.configuration, as: model, keepsOriginals: keepsOriginals, threads: 2)
      }
      let found = try model.outcomes(of: data.training, threads: 1).map(\.probability)
      let places = try #require(data.training.origins).map { Int($0.line) - 2 }
      let expected = try TextClassifier(model).classify(Self.texts).map(\.probability)
      #expect(found == places.map { expected[$0] })
    }
  }

  @Test func effectsAreThoseOfWordsThatAreRead() throws {
    var model = Self.network()
    try model.setWords(of: index(), convention: .tokenizer)
    let classifier = try TextClassifier(model)
    let explanation = classifier.explain("h a b x c x d e f")
    // Six known words, and the unknown ones among them; nothing of the first two.
    #expect(explanation.words.map(\.word) == ["a", "b", "x", "c", "x", "d", "e", "f"])
    #expect(explanation.unreadWordCount == 1)
    let without = classifier.classify("h a b x x d e f").probability
    #expect(explanation.words[3].effect == explanation.prediction.probability - without)
    #expect(explanation.words[2].effect == 0 && !explanation.words[2].isKnown)
  }

  @Test func anyOtherIndexThanThatOfIMDBNeedsAConvention() throws {
    var model = Self.network()
    let index = try index()
    refuses(
      ModelError.self, "the word index doesn't say how its numbers became the network's tokens; name the convention"
    ) {
      try model.setWords(of: index)
    }
    #expect(model == Self.network())
  }

  @Test func theOptimizersMomentsMoveWithTheWeights() throws {
    var model = Self.network()
    let layout = model.parameters.layout
    model.optimizer = Adam(
      learningRate: 0.1, step: 1, firstMoment: (0..<layout.count).map(Float.init), secondMoment: model.parameters.values
    )
    try model.setWords(of: index(), convention: .tokenizer)
    let new = model.parameters.layout
    let adam = try #require(model.optimizer)
    #expect(adam.secondMoment == model.parameters.values)
    #expect(
      Array(adam.firstMoment[new.embedding.range].prefix(25)) == (0..<5).map(Float.init)
        + [Float](repeating: 0, count: 15) + (5..<10).map(Float.init))
    #expect(adam.firstMoment.suffix(8) == ArraySlice((layout.count - 8..<layout.count).map(Float.init)))
  }

  @Test func aClaimOfEndlessPaddingIsRefused() throws {
    var model = Self.network()
    model.coding.padding = .post
    model.configuration.maxLength = 1_000_000
    try withTemporaryFolder { folder in
      try model.write(to: folder.path("model.safetensors"))
      refuses(ModelError.self, "the metadata's maxLength is more than 10000, with padding behind texts") {
        try Model(contentsOf: folder.path("model.safetensors"))
      }
    }
  }

  #if HDF5
    /// A model and a word index of Keras, in a folder `cases` beside that of the real reviews.
    private static let cases: String? = ProcessInfo.processInfo.environment["IMDB_DATA"].flatMap { folder in
      let path = (folder as NSString).deletingLastPathComponent + "/cases"
      return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    @Test(.enabled(if: cases != nil, "skipped: there is no folder cases beside IMDB_DATA"))
    func aModelOfKerasAnswersAsInKeras() throws {
      let cases = Self.cases!
      var model = try Model(contentsOf: cases + "/keras-tokenizer-model.keras")
      try model.setWords(
        of: WordIndex(contentsOf: cases + "/keras-tokenizer-index.json"), convention: .tokenizer)
      let found = try TextClassifier(model).classify([
        "the film was wonderful", "the film was awful", "i hated it",
      ]).map(\.probability)
      for (found, expected) in zip(found, [0.9857, 0.0773, 0.0344] as [Float]) { #expect(abs(found - expected) < 5e-5) }
    }
  #endif
}
