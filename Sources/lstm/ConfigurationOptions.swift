import ArgumentParser
import Training

/// The settings of a run as options; what is not given comes from a file, from a run, or is the default.
struct ConfigurationOptions: ParsableArguments {
  private static let defaults = TrainingConfiguration()

  @Option(
    help: .init(
      "Settings to start from: a run.json, or a JSON object; options override it.", valueName: "file"))
  var configuration: String?

  @Option(
    help: .init(
      "Tokens kept: padding, start, unknown and the most frequent words (default: \(defaults.vocabularySize)).",
      valueName: "count"))
  var vocabularySize: Int?

  @Option(
    help: .init(
      "Tokens read of a review, the last ones; shorter reviews are padded in front (default: \(defaults.maxLength)).",
      valueName: "count"))
  var maxLength: Int?

  @Option(help: .init("Length of a token's vector (default: \(defaults.embeddingSize)).", valueName: "size"))
  var embeddingSize: Int?

  @Option(help: .init("LSTM units (default: \(defaults.hiddenSize)).", valueName: "size"))
  var hiddenSize: Int?

  @Option(help: .init("Times that all reviews are gone through (default: \(defaults.epochs)).", valueName: "count"))
  var epochs: Int?

  @Option(help: .init("Reviews a training step (default: \(defaults.batchSize)).", valueName: "count"))
  var batchSize: Int?

  @Option(help: .init("Adam's step size (default: \(defaults.learningRate)).", valueName: "rate"))
  var learningRate: Double?

  @Option(
    help: .init(
      "Seeds the initial weights and the order of the reviews (default: \(defaults.seed)).", valueName: "number"))
  var seed: UInt64?

  @Flag(
    inversion: .prefixedNo,
    help: "Give each epoch an order of its own, or keep the archive's after Keras's own shuffle (default: --shuffle).")
  var shuffle: Bool?

  /// The settings of the file, or the given ones, with those of the options put over them.
  func applied(to base: TrainingConfiguration?) throws -> TrainingConfiguration {
    var result = try configuration.map { try TrainingConfiguration(contentsOf: $0) } ?? base ?? Self.defaults
    func put<Value>(_ value: Value?, _ setting: WritableKeyPath<TrainingConfiguration, Value>) {
      if let value { result[keyPath: setting] = value }
    }
    put(vocabularySize, \.vocabularySize)
    put(maxLength, \.maxLength)
    put(embeddingSize, \.embeddingSize)
    put(hiddenSize, \.hiddenSize)
    put(epochs, \.epochs)
    put(batchSize, \.batchSize)
    put(learningRate, \.learningRate)
    put(seed, \.seed)
    put(shuffle, \.shuffles)
    return result
  }
}
