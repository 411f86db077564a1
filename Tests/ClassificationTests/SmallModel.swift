import Corpus
import Hyperparameters
import Models
import RecurrentNetwork

/// A model with random weights that knows the words w4 to w39 and reads 25 tokens.
let smallModel: Model = {
  var configuration = TrainingConfiguration()
  (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (40, 7, 9)
  configuration.maxLength = 25
  var generator = RandomGenerator(seed: 1)
  var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
  for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
  var model = try! Model(
    parameters, configuration: configuration,
    vocabulary: ["<pad>", "<start>", "<oov>", "<3>"] + (4..<40).map { "w\($0)" })
  model.labels = ["ham", "spam"]
  return model
}()

/// Texts of 0 to 49 words, some of which the model doesn't know, and their tokens.
func smallTexts(_ count: Int) -> [(text: String, tokens: [Int32])] {
  var generator = RandomGenerator(seed: 2)
  return (0..<count).map { _ in
    let words = (0..<Int(generator.uniform() * 50)).map { _ in Int32(4 + generator.uniform() * 40) }
    return (
      words.map { "w\($0)" }.joined(separator: " "), ([1] + words.map { $0 < 40 ? $0 : 2 }).suffix(25)
    )
  }
}
