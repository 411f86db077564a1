import Foundation
import RecurrentNetwork
import Training

/// `config.json` of a `.keras` file: the layers, and what `compile` was given.
enum KerasConfiguration {
  /// Of a model that is ready for `predict` and `fit`, as Keras 3 writes it; what is left out is Keras's default.
  static func json(of model: Model, optimizer: Adam) -> JSON {
    let architecture = model.parameters.architecture
    let size = JSON(architecture.embeddingSize)
    return [
      "module": "keras", "class_name": "Sequential", "registered_name": nil,
      "config": [
        "name": "sequential", "trainable": true, "dtype": "float32",
        "layers": [
          layer(
            "InputLayer",
            ["batch_shape": [nil, nil], "dtype": "int32", "sparse": false, "name": "input_layer"]),
          layer(
            "Embedding",
            [
              "name": "embedding", "trainable": true, "dtype": "float32", "mask_zero": false,
              "input_dim": JSON(architecture.vocabularySize), "output_dim": size,
            ], inputShape: [nil, nil]),
          layer(
            "LSTM",
            [
              "name": "lstm", "trainable": true, "dtype": "float32", "units": JSON(architecture.hiddenSize),
              "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": true, "unit_forget_bias": true,
              "return_sequences": false, "return_state": false, "go_backwards": false, "stateful": false,
              "dropout": 0.0, "recurrent_dropout": 0.0,
            ], inputShape: [nil, nil, size]),
          layer(
            "Dense",
            [
              "name": "dense", "trainable": true, "dtype": "float32", "units": 1, "activation": "sigmoid",
              "use_bias": true,
            ], inputShape: [nil, JSON(architecture.hiddenSize)]),
        ],
        "build_input_shape": [nil, nil],
      ],
      "build_config": ["input_shape": [nil, nil]],
      "compile_config": [
        "optimizer": json(of: optimizer, clipping: model.configuration.clipping),
        "loss": "binary_crossentropy", "loss_weights": nil, "metrics": ["accuracy"], "weighted_metrics": nil,
        "run_eagerly": false, "steps_per_execution": 1,
      ],
    ]
  }

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

  /// The number with the fewest digits that is this one as a Float.
  private static func shortest(_ value: Float) -> Double {
    Double("\(value)").flatMap { Float($0) == value ? $0 : nil } ?? Double(value)
  }
}
