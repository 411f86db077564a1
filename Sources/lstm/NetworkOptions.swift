import ArgumentParser
import Hyperparameters
import RecurrentNetwork
import Training

/// The network and its dropout in training, as options.
struct NetworkOptions: ParsableArguments {
  private static let defaults = TrainingConfiguration()

  @Option(
    help: .init(
      "Size of the vocabulary: padding, start, unknown and the most frequent words (default: "
        + "\(defaults.vocabularySize)).",
      valueName: "count"))
  var vocabularySize: Int?

  @Option(
    help: .init(
      "Tokens read of each text: the last ones; shorter texts are padded in front (default: \(defaults.maxLength)).",
      valueName: "count"))
  var maxLength: Int?

  @Option(
    help: .init(
      "Length of a token's vector; with 0, the LSTM reads one-hot tokens (default: \(defaults.embeddingSize)).",
      valueName: "size"))
  var embeddingSize: Int?

  @Option(
    help: .init(
      "LSTM units in each layer and direction; 0 for n-grams alone, see --wide (default: \(defaults.hiddenSize)).",
      valueName: "size"))
  var hiddenSize: Int?

  @Option(help: .init("Stacked LSTM layers (default: \(defaults.layerCount)).", valueName: "count"))
  var layers: Int?

  @Flag(inversion: .prefixedNo, help: "Read each text backward as well (default: --no-bidirectional).")
  var bidirectional: Bool?

  @Option(
    help: "What the dense layer reads: the last state, or the outputs' maximum or mean over time (default: last).")
  var pooling: Architecture.Pooling?

  @Flag(
    inversion: .prefixedNo,
    help: "Skip padding, like Keras's mask_zero, or read it like any other token (default: --no-mask-padding).")
  var maskPadding: Bool?

  @Option(
    help: .init(
      "Number of labels; with more than two, the network has a softmax (default: \(defaults.labelCount)).",
      valueName: "count"))
  var labelCount: Int?

  @Option(help: .init("Dropout in training: the share of whole words (default: 0).", valueName: "rate"))
  var dropoutWords: Double?

  @Option(help: .init("Dropout of elements of the tokens' vectors (default: 0).", valueName: "rate"))
  var dropoutEmbedding: Double?

  @Option(
    help: .init(
      "Dropout of the state that each step reads, like Keras's recurrent_dropout (default: 0).", valueName: "rate"))
  var dropoutRecurrent: Double?

  @Option(help: .init("Dropout of the outputs between layers (default: 0).", valueName: "rate"))
  var dropoutLayers: Double?

  @Option(help: .init("Dropout of the dense layer's input (default: 0).", valueName: "rate"))
  var dropoutOutput: Double?

  /// Overrides settings by the options that are given.
  func apply(to result: inout TrainingConfiguration) {
    func set<Value>(_ setting: WritableKeyPath<TrainingConfiguration, Value>, _ value: Value?) {
      if let value { result[keyPath: setting] = value }
    }
    set(\.vocabularySize, vocabularySize)
    set(\.maxLength, maxLength)
    set(\.embeddingSize, embeddingSize)
    set(\.hiddenSize, hiddenSize)
    set(\.layerCount, layers)
    set(\.isBidirectional, bidirectional)
    set(\.pooling, pooling)
    set(\.masksPadding, maskPadding)
    set(\.labelCount, labelCount)
    set(\.dropout.words, dropoutWords)
    set(\.dropout.embedding, dropoutEmbedding)
    set(\.dropout.recurrent, dropoutRecurrent)
    set(\.dropout.layers, dropoutLayers)
    set(\.dropout.output, dropoutOutput)
    if hiddenSize == 0 { result.removeNetwork() }
  }
}

extension Architecture.Pooling: ExpressibleByArgument {}

extension TrainingConfiguration {
  /// Checks the settings.
  ///
  /// - Throws: `ValidationError`, which calls the setting by its option.
  func checkOptions() throws {
    guard let setting = invalidSetting else { return }
    let names = [
      "layerCount": "layers", "frozenBodyEpochs": "freezeBody", "frozenEmbeddingEpochs": "freezeEmbedding",
    ]
    let option = (names[setting.name] ?? setting.name).map { letter in
      letter == "." ? "-" : letter.isUppercase ? "-\(letter.lowercased())" : "\(letter)"
    }.joined()
    throw ValidationError("--\(option) \(setting.rule).")
  }
}
