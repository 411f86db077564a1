import Corpus
import RecurrentNetwork

/// A network's weights, with all that is known for using it or for training it on.
public struct Model: Sendable, Equatable {
  /// The weights.
  public var parameters: Parameters
  /// What it was trained with; of a model from elsewhere the sizes alone say something, the rest are defaults.
  public var configuration: TrainingConfiguration
  /// The word of each token, [V], or nil where they aren't known.
  public var vocabulary: [String]?
  /// How texts become words of the vocabulary.
  public var coding = TextCoding()
  /// What the labels are called, from label 0 on.
  public var labels: [String]
  /// Adam with its moments, where the file has them, so that training can go on with the same next step.
  public var optimizer: Adam?

  /// The names of the labels of reviews.
  public static let defaultLabels = ["negative", "positive"]

  /// Those, or where there are more than two labels their numbers.
  public static func defaultLabels(_ count: Int) -> [String] {
    count == 2 ? defaultLabels : (0..<count).map(String.init)
  }

  /// A model of a run.
  ///
  /// - Precondition: the configuration is the parameters' own.
  public init(_ parameters: Parameters, configuration: TrainingConfiguration, vocabulary: [String]? = nil) {
    precondition(configuration.architecture == parameters.architecture)
    self.parameters = parameters
    self.configuration = configuration
    self.vocabulary = vocabulary
    labels = Self.defaultLabels(configuration.labelCount)
  }

  /// A model of which nothing is known but the weights.
  public init(_ parameters: Parameters) {
    var configuration = TrainingConfiguration()
    configuration.architecture = parameters.architecture
    self.init(parameters, configuration: configuration)
  }
}
