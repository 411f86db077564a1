import ArgumentParser
import EngineSelection
import Files
import Foundation
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
    help:
      "What the first dense layer reads: the last state, or the outputs' maximum or mean over time (default: last).")
  var pooling: Architecture.Pooling?

  @Flag(
    inversion: .prefixedNo,
    help: "Skip padding, like Keras's mask_zero, or read it like any other token (default: --no-mask-padding).")
  var maskPadding: Bool?

  @Option(
    help: .init(
      "Units of dense layers below the output layer, such as 64 or 64,32; 0 for no such layers (default: 0).",
      valueName: "sizes"))
  var denseLayers: LayerSizes?

  @Option(help: "What these layers' sums go through (default: relu).")
  var denseActivation: Architecture.DenseLayer.Activation?

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

  @Option(help: .init("Dropout of the first dense layer's input (default: 0).", valueName: "rate"))
  var dropoutOutput: Double?

  /// Overrides settings by the options that are given.
  ///
  /// - Throws: `ValidationError` if there is an activation without a layer.
  func apply(to result: inout TrainingConfiguration) throws {
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
    set(\.denseLayers, denseLayers?.sizes.map { .init($0, .relu) })
    if let denseActivation {
      guard !result.denseLayers.isEmpty else { throw ValidationError("--dense-activation goes with --dense-layers.") }
      for index in result.denseLayers.indices { result.denseLayers[index].activation = denseActivation }
    }
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
extension Architecture.DenseLayer.Activation: ExpressibleByArgument {}

/// The sizes of layers, such as 64,32; 0 alone for no layers.
struct LayerSizes: ExpressibleByArgument {
  let sizes: [Int]

  init?(argument: String) {
    let texts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = texts.compactMap { Int($0) }
    if numbers.count < texts.count { return nil }
    sizes = numbers == [0] ? [] : numbers
  }
}

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

  /// Checks the settings, and that training with them fits into memory.
  ///
  /// - Parameter threads: how many share the work; nil for one per core.
  /// - Throws: `ValidationError`, which calls a setting by its option.
  func checkTrainingOptions(threads: Int?) throws {
    try checkOptions()
    let need = memoryNeed(threads: threads ?? Processor.availableCores)
    let limit = ProcessInfo.processInfo.memoryLimit
    if need > limit {
      throw ValidationError(
        "A network of these sizes needs about \(described(bytes: need)) of memory, but there are only "
          + "\(described(bytes: limit)); try a smaller --hidden-size, --embedding-size, --vocabulary-size or --max-length."
      )
    }
  }
}
