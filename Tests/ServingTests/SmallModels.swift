#if Serve
  import Classification
  import Corpus
  import Fixtures
  import Hyperparameters
  import Models
  import NGrams
  import RecurrentNetwork

  /// A model with random weights that knows the words w4 to w39 and reads 25 tokens.
  ///
  /// - Parameters:
  ///   - isUnusable: whether its weights are so large that each probability is ∞ − ∞.
  ///   - isWide: whether it has n-grams beside its network.
  func smallModel(
    labels: [String] = ["ham", "spam"], seed: UInt64 = 1, isUnusable: Bool = false, isWide: Bool = false
  ) throws -> Model {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize) = (40, 7)
    configuration.hiddenSize = isUnusable ? 64 : 9
    (configuration.maxLength, configuration.labelCount) = (25, labels.count)
    var generator = RandomGenerator(seed: seed)
    var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    if isUnusable {
      let layout = parameters.layout
      for i in layout.bias.range { parameters.values[i] = 100 }
      for i in layout.denseKernel.range { parameters.values[i] = i % 2 == 0 ? 3e38 : -3e38 }
    }
    var model = try Model(
      parameters, configuration: configuration,
      vocabulary: ["<pad>", "<start>", "<oov>", "<3>"] + (4..<40).map { "w\($0)" })
    model.labels = labels
    if isWide {
      let texts = smallTexts(60)
      try model.setWide(
        NGramClassifier(
          training: WordSequences(texts, coding: model.coding), labels: texts.indices.map { UInt8($0 % labels.count) },
          labelCount: labels.count, settings: NGramSettings(), seed: 0, threads: 1))
    }
    return model
  }

  /// Texts of 0 to 49 words, some of which the model doesn't know.
  func smallTexts(_ count: Int) -> [String] {
    var generator = RandomGenerator(seed: 2)
    return (0..<count).map { _ in
      (0..<Int(generator.uniform() * 50)).map { _ in "w\(Int(4 + generator.uniform() * 40))" }.joined(separator: " ")
    }
  }
#endif
