import Hyperparameters
import RecurrentNetwork

/// What a `config.json` says about a model that can be represented here. Anything that would change its predictions is
/// an error that names the layer and the field; what only matters for training is a remark.
struct KerasModelConfiguration {
  /// Why the model can't be represented.
  struct Problem: Error { let text: String }

  private(set) var architecture = Architecture(vocabularySize: 0, embeddingSize: 0, hiddenSize: 0)
  /// The length of the input, if the model fixes it.
  private(set) var inputLength: Int?
  /// Adam without its state, and how gradients are clipped; nil unless the model is compiled with a supported Adam.
  private(set) var optimizer: (adam: Adam, clipping: GradientClipping?)?
  /// What is ignored because it matters for training but not for predictions.
  private(set) var remarks: [String] = []

  /// Interprets a `config.json`.
  ///
  /// - Parameter own: the network that a file of this library declares, whose layers must then be exactly as this library
  ///   writes them; nil for a model of Embedding, LSTM and Dense in any form that Keras writes.
  /// - Throws: `Problem`.
  init(_ json: JSON, own: Architecture? = nil) throws {
    if let own {
      architecture = own
      guard json["class_name"] == "Sequential", json["config"]["layers"] == .array(KerasConfiguration.layers(of: own))
      else { throw Problem(text: "the layers are not those of \(own) as lstm writes them") }
      try readCompilation(json["compile_config"])
      return
    }
    let layers = try Self.chain(of: json)
    var kinds: [String] = []
    let last = layers.lastIndex { $0["class_name"] == "Dense" }
    for (index, layer) in layers.enumerated() where try read(layer, isOutput: index == last) {
      kinds.append(layer["class_name"].string ?? "")
    }
    guard kinds.starts(with: ["Embedding", "LSTM", "Dense"]), kinds.dropFirst(2).allSatisfy({ $0 == "Dense" }) else {
      let found = layers.map { $0["class_name"].shown }.joined(separator: ", ")
      throw Problem(
        text: "the layers are \(found.isEmpty ? "none" : found), expected Embedding, LSTM, Dense, or more of the last")
    }
    try readCompilation(json["compile_config"])
  }

  // MARK: Layers

  /// The layers of a Sequential model, or of a Functional one in which they form a chain.
  private static func chain(of model: JSON) throws -> [JSON] {
    let (name, config) = (model["class_name"], model["config"])
    guard name == "Sequential" || name == "Functional" || name == "Model", let layers = config["layers"].array else {
      throw Problem(text: "the model is \(name.shown), expected a Sequential or a Functional one with its layers")
    }
    if name == "Sequential" { return layers }
    func refusal(_ layer: JSON, _ text: String) -> Problem { Problem(text: "layer \(layer["name"].shown): \(text)") }
    var before: JSON?
    for layer in layers {
      let nodes = layer["inbound_nodes"].array ?? []
      guard let source = before else {
        guard layer["class_name"] == "InputLayer", nodes.isEmpty else { throw refusal(layer, "expected an InputLayer") }
        before = layer
        continue
      }
      guard nodes.count == 1, let inputs = nodes[0]["args"].array, inputs.count == 1,
        inputs[0]["class_name"] == "__keras_tensor__",
        inputs[0]["config"]["keras_history"] == .array([source["name"], 0, 0])
      else { throw refusal(layer, "its only input must be the layer before it, \(source["name"].shown)") }
      for (argument, value) in (nodes[0]["kwargs"].object ?? [:]).sorted(by: { $0.key < $1.key }) where !value.isOff {
        throw refusal(layer, "it is called with \(argument) = \(value.shown)")
      }
      before = layer
    }
    func isOnly(_ tensors: JSON, _ layer: JSON?) -> Bool {
      let reference = JSON.array([layer?["name"] ?? nil, 0, 0])
      return tensors == reference || tensors == .array([reference])
    }
    guard isOnly(config["input_layers"], layers.first), isOnly(config["output_layers"], layers.last) else {
      throw Problem(text: "the model's only input and output must be its first and last layer")
    }
    return layers
  }

  /// What the value of a layer's field may be.
  private enum Rule: Sendable {
    /// Any value, as it makes no difference.
    case any
    /// This value alone.
    case only(JSON)
    /// A size of the network.
    case size(any WritableKeyPath<Architecture, Int> & Sendable)
    /// Any value; unless it is off, it matters for training.
    case trainingOnly
  }

  private static let common: [String: Rule] = [
    "name": .any, "dtype": .any, "seed": .any, "activity_regularizer": .trainingOnly, "quantization_config": .only(nil),
    "lora_rank": .only(nil), "lora_alpha": .any,
  ]

  private static let fields: [String: [String: Rule]] = [
    "Embedding": [
      "input_dim": .size(\.vocabularySize), "output_dim": .size(\.embeddingSize), "mask_zero": .only(false),
      "embeddings_initializer": .any, "input_length": .any, "embeddings_regularizer": .trainingOnly,
      "embeddings_constraint": .trainingOnly,
    ],
    "LSTM": [
      "units": .size(\.hiddenSize), "activation": .only("tanh"), "recurrent_activation": .only("sigmoid"),
      "use_bias": .only(true), "return_sequences": .only(false), "return_state": .only(false),
      "go_backwards": .only(false), "stateful": .only(false), "time_major": .only(false), "unroll": .any,
      // Without a mask there are no masked steps.
      "zero_output_for_mask": .any, "implementation": .any, "use_cudnn": .any, "unit_forget_bias": .any,
      "kernel_initializer": .any, "recurrent_initializer": .any, "bias_initializer": .any,
      "kernel_regularizer": .trainingOnly, "recurrent_regularizer": .trainingOnly, "bias_regularizer": .trainingOnly,
      "kernel_constraint": .trainingOnly, "recurrent_constraint": .trainingOnly, "bias_constraint": .trainingOnly,
      "dropout": .trainingOnly, "recurrent_dropout": .trainingOnly,
    ],
    "Dense": [
      "units": .only(1), "activation": .only("sigmoid"), "use_bias": .only(true), "kernel_initializer": .any,
      "bias_initializer": .any, "kernel_regularizer": .trainingOnly, "bias_regularizer": .trainingOnly,
      "kernel_constraint": .trainingOnly, "bias_constraint": .trainingOnly,
    ],
  ]

  /// A Dense layer below the last, whose units and activation become a layer of `architecture`.
  private static let hiddenDense = fields["Dense"]!.merging(["units": .any, "activation": .any]) { $1 }

  /// Reads a layer; returns false if it has no effect on predictions.
  ///
  /// - Parameter isOutput: whether it is the last of the Dense layers.
  private mutating func read(_ layer: JSON, isOutput: Bool) throws -> Bool {
    let (kind, config) = (layer["class_name"].string ?? "", layer["config"])
    let name = "\(kind.isEmpty ? "layer" : quoted(kind)) \(config["name"].shown)"
    switch kind {
    case "InputLayer":
      if let shape = (config["batch_shape"].array ?? config["batch_input_shape"].array), shape.count == 2 {
        inputLength = shape[1].int
      } else {
        throw Problem(text: "\(name): batch_shape must have two dimensions, samples and tokens")
      }
      return false
    case "Dropout", "SpatialDropout1D":
      if !config["rate"].isOff {
        remarks.append("\(name) drops \(config["rate"].shown) in training, which is ignored here")
      }
      return false
    default: break
    }
    let isHidden = kind == "Dense" && !isOutput
    guard let rules = isHidden ? Self.hiddenDense : Self.fields[kind] else {
      throw Problem(text: "\(name) is not a supported layer; those are Embedding, LSTM and Dense")
    }
    guard layer["registered_name"] == .null || layer["registered_name"] == .string(kind),
      layer["module"] == .null || layer["module"].string?.hasPrefix("keras.") == true
    else {
      throw Problem(
        text: "\(name) is registered as \(layer["registered_name"].shown) of \(layer["module"].shown), not as Keras's")
    }
    try checkType(config["dtype"], of: name)
    if config["trainable"] == false {
      remarks.append("\(name) is not trainable in Keras; here all weights are trained")
    }
    let known = rules.merging(Self.common) { rule, _ in rule }
    for (field, value) in (config.object ?? [:]).sorted(by: { $0.key < $1.key }) where field != "trainable" {
      switch known[field] {
      case .any?: break
      case .only(let expected)?:
        guard value == expected else {
          throw Problem(text: "\(name): \(field) is \(value.shown), expected \(expected.shown)")
        }
      case .size(let keyPath)?:
        guard let size = value.int, size > 0 else { throw Problem(text: "\(name): \(field) is \(value.shown)") }
        architecture[keyPath: keyPath] = size
      case .trainingOnly?:
        if !value.isOff {
          remarks.append("\(name): \(field) \(value.shown) is ignored, as it only matters for training")
        }
      case nil:
        guard value.isOff else { throw Problem(text: "\(name): \(field) is \(value.shown), an unknown field") }
      }
    }
    // Fields that are required, as Keras has no default for them, or a different one.
    for (field, rule) in rules {
      switch rule {
      case .size where config[field] == .null: throw Problem(text: "\(name): there is no \(field)")
      case .only(let expected) where (field == "units" || kind == "Dense" && field == "activation"):
        guard config[field] == expected else { throw Problem(text: "\(name): there is no \(field)") }
      default: break
      }
    }
    if isHidden {
      typealias Activation = Architecture.DenseLayer.Activation
      guard let size = config["units"].int, size > 0 else {
        throw Problem(text: "\(name): units is \(config["units"].shown)")
      }
      guard let activation = config["activation"].string.flatMap(Activation.init) else {
        throw Problem(text: "\(name): activation is \(config["activation"].shown), expected “relu” or “tanh”")
      }
      architecture.denseLayers.append(.init(size, activation))
    }
    return true
  }

  /// Remarks on the type that Keras computes in, unless it is float32; weights of any float type can be read.
  private mutating func checkType(_ dtype: JSON, of name: String) throws {
    let policy = dtype.string ?? dtype["config"]["name"].string ?? (dtype == .null ? "float32" : "")
    switch policy {
    case "float32": break
    case "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16":
      remarks.append("\(name) computes in \(policy) in Keras, here in float32")
    default: throw Problem(text: "\(name): dtype is \(dtype.shown), expected float32 or another floating-point type")
    }
  }

  // MARK: Compilation

  private mutating func readCompilation(_ compilation: JSON) throws {
    let loss = compilation["loss"]
    let names: [JSON] =
      architecture.labelCount == 2
      ? ["binary_crossentropy", "BinaryCrossentropy"] : ["sparse_categorical_crossentropy"]
    let config = loss["config"]
    let isOurs =
      names.contains(loss) || loss["class_name"] == "function" && names.contains(config)
      || loss["class_name"] == "BinaryCrossentropy" && config["from_logits"].isOff && config["label_smoothing"].isOff
        && ["sum_over_batch_size", "auto", nil].contains(config["reduction"])
    if loss != .null && !isOurs {
      remarks.append(
        "the loss is \(loss.shown), but training here continues with \(names[0].shown)")
    }
    guard compilation["optimizer"] != .null else { return }
    do { optimizer = try Self.optimizer(compilation["optimizer"]) } catch let problem as Problem {
      remarks.append("the optimizer's state is ignored: \(problem.text)")
    }
  }

  private static func optimizer(_ json: JSON) throws -> (Adam, GradientClipping?) {
    let kind = json["class_name"]
    guard kind == "Adam" || kind == "AdamW", let config = json["config"].object else {
      throw Problem(text: "it is \(kind == .null ? json.shown : kind.shown), expected Adam or AdamW")
    }
    func number(_ field: String, _ isValid: (Double) -> Bool) throws -> Double {
      guard let value = config[field]?.number, isValid(value) else {
        throw Problem(text: "its \(field) is \((config[field] ?? nil).shown)")
      }
      return value
    }
    var adam = Adam(
      parameterCount: 0, learningRate: try number("learning_rate") { $0 > 0 && Float($0).isFinite })
    adam.beta1 = try number("beta_1") { 0 <= $0 && $0 < 1 }
    adam.beta2 = try number("beta_2") { 0 <= $0 && $0 < 1 }
    adam.epsilon = Float(try number("epsilon") { Float($0) > 0 && Float($0).isFinite })
    if let decay = config["weight_decay"], decay != .null {
      adam.weightDecay = try number("weight_decay") { $0 >= 0 && $0.isFinite }
    }
    var clipping: GradientClipping?
    for (field, make) in [
      ("clipnorm", { GradientClipping.norm(limit: $0) }), ("global_clipnorm", { .globalNorm(limit: $0) }),
      ("clipvalue", { .value(limit: $0) }),
    ] where config[field] ?? nil != .null {
      clipping = make(try number(field) { $0 > 0 && $0.isFinite })
    }
    let known: Set = [
      "name", "learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay", "clipnorm", "global_clipnorm",
      "clipvalue", "ema_momentum", "ema_overwrite_frequency",
    ]
    for (field, value) in config.sorted(by: { $0.key < $1.key }) where !known.contains(field) && !value.isOff {
      throw Problem(text: "its \(field) is \(value.shown), which is not supported")
    }
    return (adam, clipping)
  }
}
