import Corpus
import Files
import Hyperparameters
import NGrams
import RecurrentNetwork

/// A network's weights, with everything needed to use it or to continue training it.
///
/// Its parts always fit together: setting one that contradicts the network throws.
public struct Model: Sendable, Equatable {
  /// The weights.
  public package(set) var parameters: Parameters
  /// The wide part: a linear classifier over n-grams, whose logits are added to the network's; nil for none.
  package private(set) var wide: NGramClassifier?
  /// The settings it was trained with. For a model from elsewhere only the network is known; the rest are defaults.
  public package(set) var configuration: TrainingConfiguration
  /// The word of each token, [V], or nil if the words aren't known.
  public package(set) var vocabulary: [String]?
  /// How texts become words of the vocabulary.
  public package(set) var coding = TextCoding()
  /// The names of the labels, starting with label 0.
  public package(set) var labels: [String]
  /// With two labels, a probability above this predicts label 1.
  public package(set) var threshold: Float = 0.5
  /// The texts that it was trained on, by their hashes, so that an evaluation can leave them out; nil if they aren't
  /// known.
  package var trainingTexts: TextHashes?
  /// Adam with its moments, if the file has them, so that training can continue with exactly the next step.
  public package(set) var optimizer: Adam?

  /// Creates a trained model.
  ///
  /// - Parameters:
  ///   - parameters: the weights.
  ///   - configuration: the settings they were trained with.
  ///   - vocabulary: the word of each token, [V], or nil.
  ///   - coding: how texts become words of the vocabulary.
  ///   - labels: a name for each label, or nil for the default names.
  /// - Throws: `ModelError` of the kind `mismatch` if these don't belong to the same network.
  public init(
    _ parameters: Parameters, configuration: TrainingConfiguration, vocabulary: [String]? = nil,
    coding: TextCoding = TextCoding(), labels: [String]? = nil
  ) throws {
    guard configuration.architecture == parameters.architecture else {
      throw ModelError(
        .mismatch,
        problem: "the weights are those of \(parameters.architecture), the configuration that of "
          + "\(configuration.architecture)",
        advice: "give the configuration that the weights were trained with")
    }
    self.init(parameters)
    self.configuration = configuration
    self.coding = coding
    try setVocabulary(vocabulary)
    if let labels { try setLabels(labels) }
  }

  /// Creates a model of which only the weights are known.
  public init(_ parameters: Parameters) {
    self.parameters = parameters
    configuration = TrainingConfiguration()
    configuration.architecture = parameters.architecture
    labels = Dataset.defaultLabels(parameters.architecture.labelCount)
  }

  /// The greatest length that texts may be padded to behind their last token, since such padding takes memory and time.
  package static let maxLengthOfPaddingBehind = 10_000

  /// The network.
  public var architecture: Architecture { parameters.architecture }

  /// Sets the names of the labels.
  ///
  /// - Throws: `ModelError` of the kind `mismatch` unless there is a different name for each label.
  public mutating func setLabels(_ names: [String]) throws {
    guard names.count == architecture.labelCount, Set(names).count == names.count else {
      let count = architecture.labelCount
      throw ModelError(
        .mismatch, problem: "the labels are not \(count == 2 ? "two" : "\(count)") different names",
        advice: "give each label a different name")
    }
    labels = names
  }

  /// Sets the wide part.
  ///
  /// - Throws: `ModelError` of the kind `mismatch` unless it has a logit for each of the network's.
  package mutating func setWide(_ classifier: NGramClassifier?) throws {
    guard classifier?.logitCount ?? architecture.logitCount == architecture.logitCount else {
      throw ModelError(
        .mismatch, problem: "the n-grams have weights for another number of labels than the network",
        advice: "give the parts of one model")
    }
    wide = classifier
  }

  /// Sets the words that the tokens stand for.
  ///
  /// - Throws: `ModelError` of the kind `mismatch` unless there is a word for each token.
  public mutating func setVocabulary(_ words: [String]?) throws {
    guard words?.count ?? architecture.vocabularySize == architecture.vocabularySize else {
      throw ModelError(
        .mismatch, problem: "the vocabulary is not a list of \(architecture.vocabularySize) words",
        advice: "give the vocabulary that the model was trained with, special tokens included")
    }
    vocabulary = words
  }
}
