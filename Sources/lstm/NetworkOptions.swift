import ArgumentParser
import Hyperparameters
import RecurrentNetwork
import Training

/// What the network is, as options, and what training drops of it.
struct NetworkOptions: ParsableArguments {
  private static let defaults = TrainingConfiguration()

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

  @Option(
    help: .init(
      "Length of a token's vector; 0 for none, the LSTM then reads one-hot tokens (default: \(defaults.embeddingSize)).",
      valueName: "size"))
  var embeddingSize: Int?

  @Option(
    help: .init("LSTM units of each layer, in each direction (default: \(defaults.hiddenSize)).", valueName: "size"))
  var hiddenSize: Int?

  @Option(help: .init("LSTM layers, one on the other (default: \(defaults.layerCount)).", valueName: "count"))
  var layers: Int?

  @Flag(inversion: .prefixedNo, help: "Read each review from its end, too (default: --no-bidirectional).")
  var bidirectional: Bool?

  @Option(
    help: "What the last layer's outputs become: the last state, or the maximum or mean over time (default: last).")
  var pooling: Architecture.Pooling?

  @Flag(
    inversion: .prefixedNo,
    help: "Leave padding out, as Keras's mask_zero, or read it like any token (default: --no-mask-padding).")
  var maskPadding: Bool?

  @Option(
    help: .init(
      "How many labels the data have; with more than two a softmax (default: \(defaults.labelCount)).",
      valueName: "count"))
  var labelCount: Int?

  @Option(help: .init("Drop this share of whole words in training (default: 0).", valueName: "rate"))
  var dropoutWords: Double?

  @Option(help: .init("… of the elements of tokens' vectors.", valueName: "rate"))
  var dropoutEmbedding: Double?

  @Option(
    help: .init("… of what a step reads of the state before, as Keras's recurrent_dropout.", valueName: "rate"))
  var dropoutRecurrent: Double?

  @Option(help: .init("… of the outputs between layers.", valueName: "rate"))
  var dropoutLayers: Double?

  @Option(help: .init("… of what the dense layer reads.", valueName: "rate"))
  var dropoutOutput: Double?

  /// Puts those that are given over the settings.
  func put(into result: inout TrainingConfiguration) {
    func put<Value>(_ value: Value?, _ setting: WritableKeyPath<TrainingConfiguration, Value>) {
      if let value { result[keyPath: setting] = value }
    }
    put(vocabularySize, \.vocabularySize)
    put(maxLength, \.maxLength)
    put(embeddingSize, \.embeddingSize)
    put(hiddenSize, \.hiddenSize)
    put(layers, \.layerCount)
    put(bidirectional, \.isBidirectional)
    put(pooling, \.pooling)
    put(maskPadding, \.masksPadding)
    put(labelCount, \.labelCount)
    put(dropoutWords, \.dropout.words)
    put(dropoutEmbedding, \.dropout.embedding)
    put(dropoutRecurrent, \.dropout.recurrent)
    put(dropoutLayers, \.dropout.layers)
    put(dropoutOutput, \.dropout.output)
  }
}

extension Architecture.Pooling: ExpressibleByArgument {}

extension TrainingConfiguration {
  /// Checks the settings, which errors then name as options.
  func checkOptions() throws {
    guard let setting = invalidSetting else { return }
    let names = ["layerCount": "layers"]
    let option = (names[setting.name] ?? setting.name).map { letter in
      letter == "." ? "-" : letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
    }.joined()
    throw ValidationError("--\(option) \(setting.rule).")
  }
}
