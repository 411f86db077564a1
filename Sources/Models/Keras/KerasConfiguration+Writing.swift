import Foundation
import Hyperparameters
import RecurrentNetwork

/// Builds the `config.json` of a `.keras` file: the layers, and the arguments of `compile`.
enum KerasConfiguration {
  /// The configuration of a model that is ready for `predict` and `fit`, as Keras 3 writes it, without fields that have
  /// Keras's default values.
  static func json(of model: Model, optimizer: Adam) -> JSON {
    [
      "module": "keras", "class_name": "Sequential", "registered_name": nil,
      "config": [
        "name": "sequential", "trainable": true, "dtype": "float32",
        "layers": .array(layers(of: model.parameters.architecture, model.configuration.dropout)),
        "build_input_shape": [nil, nil],
      ],
      "build_config": ["input_shape": [nil, nil]],
      "compile_config": [
        "optimizer": json(of: optimizer, clipping: model.configuration.clipping),
        "loss": model.configuration.labelCount == 2 ? "binary_crossentropy" : "sparse_categorical_crossentropy",
        "loss_weights": nil, "metrics": ["accuracy"], "weighted_metrics": nil,
        "run_eagerly": false, "steps_per_execution": 1,
      ],
    ]
  }

  /// Why Keras's layers can't represent a network, or nil if they can.
  static func problem(of architecture: Architecture) -> String? {
    if architecture.hiddenSize == 0 { return "there is no network" }
    if architecture.masksPadding && architecture.embeddingSize == 0 {
      return "Keras's CategoryEncoding has no mask for padding"
    }
    if architecture.pooling == .lastStep { return "Keras has no layer that takes the outputs of the last step alone" }
    if architecture.masksPadding && architecture.pooling == .max {
      return "Keras's GlobalMaxPooling1D includes padding, whatever the mask"
    }
    return nil
  }

  /// The layers, with Keras's default names. Those of dropout are where this library has it.
  static func layers(of architecture: Architecture, _ dropout: Dropout) -> [JSON] {
    let size = JSON(architecture.embeddingSize)
    var dropoutCount = 0
    func drop(_ rate: Double, noiseShape: JSON = nil) {
      guard rate > 0 else { return }
      layers.append(
        layer(
          "Dropout",
          [
            "name": .string(name(ofDropout: dropoutCount)), "trainable": true, "dtype": "float32",
            "rate": .number(rate),
            "seed": nil, "noise_shape": noiseShape,
          ]))
      dropoutCount += 1
    }
    var layers = [
      layer(
        "InputLayer",
        ["batch_shape": [nil, nil], "dtype": "int32", "sparse": false, "name": "input_layer"])
    ]
    if architecture.embeddingSize > 0 {
      layers.append(
        layer(
          "Embedding",
          [
            "name": "embedding", "trainable": true, "dtype": "float32", "mask_zero": .bool(architecture.masksPadding),
            "input_dim": JSON(architecture.vocabularySize), "output_dim": size,
          ], inputShape: [nil, nil]))
    } else {
      layers.append(
        layer(
          "CategoryEncoding",
          [
            "name": "category_encoding", "trainable": true, "dtype": "float32",
            "num_tokens": JSON(architecture.vocabularySize), "output_mode": "one_hot", "sparse": false,
          ]))
    }
    drop(dropout.words, noiseShape: [nil, nil, 1])
    drop(dropout.embedding)
    for index in 0..<architecture.layerCount {
      let returnsSequences = index + 1 < architecture.layerCount || architecture.pooling != .last
      let inputShape: JSON = [nil, nil, JSON(architecture.inputSize(ofLayer: index))]
      let suffix = index == 0 ? "" : "_\(index)"
      if index > 0 { drop(dropout.layers) }
      func lstm(_ name: String, goesBackwards: Bool = false) -> JSON {
        layer(
          "LSTM",
          [
            "name": .string(name + suffix), "trainable": true, "dtype": "float32",
            "units": JSON(architecture.hiddenSize), "activation": "tanh", "recurrent_activation": "sigmoid",
            "use_bias": true, "unit_forget_bias": true, "return_sequences": .bool(returnsSequences),
            "return_state": false, "go_backwards": .bool(goesBackwards), "stateful": false, "dropout": 0.0,
            "recurrent_dropout": .number(dropout.recurrent),
          ], inputShape: inputShape)
      }
      guard architecture.isBidirectional else {
        layers.append(lstm("lstm"))
        continue
      }
      layers.append(
        layer(
          "Bidirectional",
          [
            "name": .string("bidirectional" + suffix), "trainable": true, "dtype": "float32", "merge_mode": "concat",
            "layer": lstm("forward_lstm"), "backward_layer": lstm("backward_lstm", goesBackwards: true),
          ], inputShape: inputShape))
    }
    if let (className, name) = architecture.pooling.kerasLayer {
      layers.append(
        layer(
          className,
          [
            "name": .string(name), "trainable": true, "dtype": "float32", "data_format": "channels_last",
            "keepdims": false,
          ]))
    }
    drop(dropout.output)
    let sizes = architecture.denseSizes
    for (index, activation) in architecture.denseActivations.enumerated() {
      layers.append(
        layer(
          "Dense",
          [
            "name": .string(ParameterLayout.denseName(index)), "trainable": true, "dtype": "float32",
            "units": JSON(sizes[index + 1]), "activation": .string(activation), "use_bias": true,
          ], inputShape: [nil, JSON(sizes[index])]))
    }
    return layers
  }

  /// Keras's name of a layer of dropout, by its number.
  static func name(ofDropout number: Int) -> String { "dropout" + (number == 0 ? "" : "_\(number)") }

  private static func layer(_ className: String, _ config: JSON, inputShape: JSON? = nil) -> JSON {
    var members: [String: JSON] = [
      "module": "keras.layers", "class_name": .string(className), "registered_name": nil, "config": config,
    ]
    if let inputShape { members["build_config"] = ["input_shape": inputShape] }
    return .object(members)
  }

  private static func json(of adam: Adam, clipping: GradientClipping?) -> JSON {
    var config: [String: JSON] = [
      "name": adam.weightDecay == nil ? "adam" : "adam_w", "learning_rate": .number(adam.learningRate),
      "beta_1": .number(adam.beta1), "beta_2": .number(adam.beta2), "epsilon": .number(shortest(adam.epsilon)),
      "amsgrad": false, "weight_decay": JSON(adam.weightDecay), "use_ema": false,
      "clipnorm": nil, "global_clipnorm": nil, "clipvalue": nil,
    ]
    switch clipping {
    case .norm(let limit): config["clipnorm"] = .number(limit)
    case .globalNorm(let limit): config["global_clipnorm"] = .number(limit)
    case .value(let limit): config["clipvalue"] = .number(limit)
    case nil: break
    }
    return [
      "module": "keras.optimizers", "class_name": adam.weightDecay == nil ? "Adam" : "AdamW", "registered_name": nil,
      "config": .object(config),
    ]
  }

  /// The number with the fewest digits that rounds to this Float.
  private static func shortest(_ value: Float) -> Double {
    Double("\(value)").flatMap { Float($0) == value ? $0 : nil } ?? Double(value)
  }
}
