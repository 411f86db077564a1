import Foundation
import Hyperparameters
import RecurrentNetwork

/// What a model's configuration in a file of Keras says about a model that can be represented here. Anything that would
/// change its predictions is an error that names the layer and the field; what only matters for training becomes a
/// setting, or else a remark.
struct KerasModelConfiguration {
  /// Why the model can't be represented.
  struct Problem: Error { let text: String }

  /// A layer with weights.
  struct Layer {
    /// Its name, which Keras 2's files use.
    var name: String
    /// Where its weights are in Keras 3's files.
    var path: String
    /// Where they are within that, in the order of the parameters.
    var parts: [String]
    /// Whether each kernel has a bias.
    var hasBias = true

    static let table = ["vars/0"]
    static let dense = ["vars/0", "vars/1"]
    /// Forward and backward, as `Bidirectional` names them.
    static let directions = ["forward_layer/", "backward_layer/"]
    /// The weights of an LSTM's cells.
    static func cells(_ directions: [String]) -> [String] {
      directions.flatMap { direction in (0..<3).map { "\(direction)cell/vars/\($0)" } }
    }
  }

  /// The network. Whether it skips padding is not known before the weights are if there is a ``Masking``.
  private(set) var architecture = Architecture(
    vocabularySize: 0, embeddingSize: 0, hiddenSize: 0, layerCount: 0)
  /// The layers with weights, from the input to the output.
  private(set) var layers: [Layer] = []
  /// Whether the last layer has two outputs, of which the difference is the logit here.
  private(set) var hasTwoOutputs = false
  /// The layer that skips the positions whose vectors are a certain value; nil for none.
  private(set) var masking: Masking?
  /// How texts become tokens, if the model does that; nil if it is given tokens.
  private(set) var vectorization: Vectorization?
  /// The rates of the dropout that this library has, too.
  private(set) var dropout = Dropout()
  /// The length of the input, if the model fixes it.
  private(set) var inputLength: Int?
  /// Adam without its state, and how gradients are clipped; nil unless the model is compiled with a supported Adam.
  private(set) var optimizer: (adam: Adam, clipping: GradientClipping?)?
  /// What is ignored because it matters for training but not for predictions.
  private(set) var remarks: [String] = []

  struct Masking {
    /// The layer, for messages.
    var label: String
    var value: Float
  }

  struct Vectorization {
    /// The layer, for messages.
    var label: String
    /// Where its vocabulary is in an archive.
    var path: String
    /// The number of tokens that texts are cut and padded to; nil for as many as there are.
    var length: Int?
    /// The words of a vocabulary that was given to the layer.
    var givenWords: [String]?

    /// The words from token 2 on; nil if neither the configuration nor a file has them.
    ///
    /// - Parameter file: the layer's vocabulary.txt, a word a line, or nil.
    /// - Throws: `Problem` if they can't be the layer's words.
    func words(inFile file: Data?) throws -> [String]? {
      guard var words = givenWords ?? file.map({ String(decoding: $0, as: UTF8.self).components(separatedBy: "\n") })
      else {
        return nil
      }
      // A list that was given to the layer may lack the tokens for padding and for unknown words.
      if words.prefix(2) == ["", "[UNK]"] { words.removeFirst(2) }
      if words.isEmpty || words.contains(where: \.isEmpty) {
        throw Problem(text: "\(label): its vocabulary has empty words")
      }
      return words
    }
  }

  /// Interprets a configuration.
  ///
  /// - Parameters:
  ///   - json: the model with its layers.
  ///   - compilation: the arguments of `compile`, or null.
  /// - Throws: `Problem`.
  init(_ json: JSON, compilation: JSON) throws {
    let chain = try KerasChain(json).links
    for link in chain { try read(link) }
    guard stage == .outputs || stage == .end else {
      let found = chain.map { $0.layer["class_name"].shown }.joined(separator: ", ")
      throw Problem(text: "the layers are \(found.isEmpty ? "none" : found), expected \(Self.expected)")
    }
    try settleRecurrentDropout()
    try settleMask()
    if let vectorization, vectorization.length == nil, mask != .tokens {
      throw Problem(
        text: "\(vectorization.label) pads texts to the longest of a batch, on which predictions depend; give it an "
          + "output_sequence_length, or the Embedding mask_zero=True")
    }
    try readCompilation(compilation)
  }

  // MARK: Layers

  /// What a layer's output is.
  private enum Stage { case texts, tokens, vectors, sequences, summaries, outputs, end }
  private var stage = Stage.tokens
  /// The label of the layer before, for messages.
  private var before: String?
  /// What the layer that skips padding does; nil for none.
  private var mask: KerasChain.Mask?
  /// The mask that each layer is called with, where the model says so.
  private var masks: [(label: String, mask: KerasChain.Mask)] = []
  /// Whether the last LSTM layer's outputs are zeros where positions are skipped, not the last ones before.
  private var zeroesMasked = false
  /// The label of a `GlobalMaxPooling1D`.
  private var maximum: String?
  /// The rates of the dropout of states, one for each layer and direction, and of elements between layers.
  private var recurrentRates: [(label: String, rate: Double)] = []
  private var rateAbove: (label: String, rate: Double)?
  private var ratesBetween: [(label: String, rate: Double)?] = []
  /// The units of the last layer, and the activation that is applied to them.
  private var units = 0
  private var activation: (label: String, name: JSON)?
  /// How many layers of each class there were.
  private var counts: [String: Int] = [:]

  private static let expected =
    "Embedding, LSTM or Bidirectional, pooling where all outputs are kept, and Dense layers"

  /// What the value of a layer's field may be, beside what the layer is read for.
  private enum Rule: Sendable {
    /// Any value, as it makes no difference or is read elsewhere.
    case any
    /// This value alone.
    case only(JSON)
    /// Any value; unless it is off, it matters for training.
    case trainingOnly
  }

  private static let common: [String: Rule] = [
    "name": .any, "dtype": .any, "seed": .any, "activity_regularizer": .trainingOnly, "quantization_config": .only(nil),
    "lora_rank": .only(nil), "lora_alpha": .any, "batch_input_shape": .any, "trainable": .any,
  ]

  private static let fields: [String: [String: Rule]] = [
    "TextVectorization": [
      "max_tokens": .any, "standardize": .only("lower_and_strip_punctuation"), "split": .only("whitespace"),
      "ngrams": .only(nil), "output_mode": .only("int"), "output_sequence_length": .any, "pad_to_max_tokens": .any,
      "sparse": .any, "ragged": .only(false), "vocabulary": .any, "idf_weights": .only(nil),
      "encoding": .only("utf-8"), "vocabulary_size": .any,
    ],
    "CategoryEncoding": ["num_tokens": .any, "output_mode": .only("one_hot"), "sparse": .only(false)],
    "Embedding": [
      "input_dim": .any, "output_dim": .any, "mask_zero": .any, "embeddings_initializer": .any, "input_length": .any,
      "embeddings_regularizer": .trainingOnly, "embeddings_constraint": .trainingOnly,
    ],
    "Masking": ["mask_value": .any],
    "Dropout": ["rate": .any, "noise_shape": .any],
    "SpatialDropout1D": ["rate": .any, "noise_shape": .any],
    "GaussianNoise": ["stddev": .trainingOnly], "GaussianDropout": ["rate": .trainingOnly],
    "Bidirectional": ["layer": .any, "backward_layer": .any, "merge_mode": .only("concat")],
    "LSTM": [
      "units": .any, "activation": .only("tanh"), "recurrent_activation": .only("sigmoid"),
      "use_bias": .any, "return_sequences": .any, "return_state": .only(false), "go_backwards": .any,
      "stateful": .only(false), "time_major": .only(false), "unroll": .any, "zero_output_for_mask": .any,
      "implementation": .any, "use_cudnn": .any, "unit_forget_bias": .any,
      "kernel_initializer": .any, "recurrent_initializer": .any, "bias_initializer": .any,
      "kernel_regularizer": .trainingOnly, "recurrent_regularizer": .trainingOnly, "bias_regularizer": .trainingOnly,
      "kernel_constraint": .trainingOnly, "recurrent_constraint": .trainingOnly, "bias_constraint": .trainingOnly,
      "dropout": .trainingOnly, "recurrent_dropout": .any,
    ],
    "GlobalMaxPooling1D": ["data_format": .only("channels_last"), "keepdims": .only(false)],
    "GlobalAveragePooling1D": ["data_format": .only("channels_last"), "keepdims": .only(false)],
    "GetItem": ["index": .any],
    "Dense": [
      "units": .any, "activation": .any, "use_bias": .any, "kernel_initializer": .any,
      "bias_initializer": .any, "kernel_regularizer": .trainingOnly, "bias_regularizer": .trainingOnly,
      "kernel_constraint": .trainingOnly, "bias_constraint": .trainingOnly,
    ],
    "Activation": ["activation": .any],
    "Softmax": ["axis": .only(-1)],
  ]

  /// Layers that are met in classifiers of texts, with what is missing here.
  static let missing: [String: String] = [
    "GRU": "there are no gated recurrent units here", "SimpleRNN": "of recurrent layers there is LSTM alone here",
    "RNN": "of recurrent layers there is LSTM alone here", "ConvLSTM1D": "there are no convolutions here",
    "Conv1D": "there are no convolutions here", "SeparableConv1D": "there are no convolutions here",
    "MaxPooling1D": "pooling here is over all of a text", "AveragePooling1D": "pooling here is over all of a text",
    "Attention": "there is no attention here", "AdditiveAttention": "there is no attention here",
    "MultiHeadAttention": "there is no attention here", "BatchNormalization": "there is no normalization here",
    "LayerNormalization": "there is no normalization here", "Concatenate": "layers here form a chain",
    "Add": "layers here form a chain", "TimeDistributed": "there is one answer for all of a text here",
    "Flatten": "the last layer here reads one vector for all of a text",
    "Lambda": "its function is code, which is never run", "Sequential": "a model within a model isn't read",
    "Functional": "a model within a model isn't read", "Model": "a model within a model isn't read",
  ]

  private mutating func read(_ link: KerasChain.Link) throws {
    let (layer, config) = (link.layer, link.layer["config"])
    let kind = layer["class_name"].string ?? ""
    let label = "\(kind.isEmpty ? "layer" : quoted(kind)) \(config["name"].shown)"
    defer { before = label }
    if kind == "InputLayer" {
      try readInput(config, label)
      return
    }
    let path = "layers/\(Self.snakeCase(kind))" + ((counts[kind] ?? 0) == 0 ? "" : "_\(counts[kind]!)")
    counts[kind, default: 0] += 1
    try check(layer, label)
    if let mask = link.mask { masks.append((label, mask)) }
    func place(_ stages: Stage..., becomes next: Stage) throws {
      guard stages.contains(stage) else {
        throw Problem(
          text:
            "\(label) can't stand \(before.map { "behind \($0)" } ?? "in front"); layers here are \(Self.expected)"
        )
      }
      stage = next
    }
    func size(_ field: String) throws -> Int { try Self.size(config, field, label) }
    let own = Layer(name: config["name"].string ?? "", path: path, parts: [])
    switch kind {
    case "TextVectorization":
      try place(.texts, .tokens, becomes: .tokens)
      vectorization = Vectorization(
        label: label, path: "assets/\(path)/", length: config["output_sequence_length"].int,
        givenWords: config["vocabulary"].array?.compactMap(\.string))
      inputLength = vectorization?.length
    case "Embedding":
      try place(.tokens, becomes: .vectors)
      (architecture.vocabularySize, architecture.embeddingSize) = (try size("input_dim"), try size("output_dim"))
      if let shape = config["batch_input_shape"].array, shape.count == 2 { inputLength = inputLength ?? shape[1].int }
      if config["mask_zero"] == true { mask = .tokens }
      layers.append(own.with(Layer.table))
    case "CategoryEncoding":
      try place(.tokens, becomes: .vectors)
      architecture.vocabularySize = try size("num_tokens")
    case "Masking":
      try place(.vectors, becomes: .vectors)
      guard layers.count == 1, masking == nil, let value = config["mask_value"].number ?? Optional(0) else {
        throw Problem(text: "\(label): a mask is read where it follows an Embedding")
      }
      masking = Masking(label: label, value: Float(value))
      mask = .vectors(value: config["mask_value"] == .null ? 0 : config["mask_value"], ofLayer: .string(layers[0].name))
    case "Dropout", "SpatialDropout1D": try readDropout(kind, config, label)
    case "GaussianNoise", "GaussianDropout": break
    case "LSTM", "Bidirectional":
      try place(.vectors, .sequences, becomes: .sequences)
      if try readRecurrence(kind, config, label, own) == false { stage = .summaries }
    case "GlobalMaxPooling1D", "GlobalAveragePooling1D":
      try place(.sequences, becomes: .summaries)
      architecture.pooling = kind == "GlobalMaxPooling1D" ? .max : .mean
      if architecture.pooling == .max { maximum = label }
    case "GetItem":
      try place(.sequences, becomes: .summaries)
      let all: JSON = ["class_name": "__slice__", "config": ["start": nil, "stop": nil, "step": nil]]
      guard [[all, -1], [all, -1, all]].contains(config["index"]) else {
        throw Problem(text: "\(label) takes other outputs than those of the last step, [:, -1]")
      }
      architecture.pooling = .lastStep
    case "Dense":
      if stage == .outputs || stage == .end { try hideLastDense() }
      try place(.summaries, .outputs, .end, becomes: .outputs)
      units = try size("units")
      architecture.labelCount = max(2, units)
      activation = (label, config["activation"] == .null ? "linear" : config["activation"])
      layers.append(own.with(Layer.dense, hasBias: try hasBias(config, label)))
      if activation!.name != "linear" { stage = .end }
    case "Activation", "Softmax":
      try place(.outputs, becomes: .end)
      activation = (label, kind == "Softmax" ? "softmax" : config["activation"])
    default: break
    }
    if let above = rateAbove, stage == .summaries || stage == .outputs || stage == .end {
      // No layer read it, unless that layer follows pooling.
      if kind.hasPrefix("Global") || kind == "GetItem" { leaveOut(above) }
      rateAbove = nil
    }
  }

  /// Makes the last dense layer so far, behind which there is another, one of those below the output layer.
  private mutating func hideLastDense() throws {
    let (label, name) = activation!
    guard let function = name.string.flatMap(Architecture.DenseLayer.Activation.init) else {
      throw Problem(text: "\(label): activation is \(name.shown), expected “relu” or “tanh” below another Dense layer")
    }
    architecture.denseLayers.append(.init(units, function))
  }

  /// A class's name as Keras 3 uses it in paths.
  private static func snakeCase(_ name: String) -> String {
    // The names of Keras's own layers; others aren't read.
    switch name {
    case "LSTM": "lstm"
    case "TextVectorization": "text_vectorization"
    default: name.lowercased()
    }
  }

  private static func size(_ config: JSON, _ field: String, _ label: String) throws -> Int {
    guard config[field] != .null else { throw Problem(text: "\(label): there is no \(field)") }
    guard let size = config[field].int, size > 0 else {
      throw Problem(text: "\(label): \(field) is \(config[field].shown)")
    }
    return size
  }

  private mutating func readInput(_ config: JSON, _ label: String) throws {
    let shape = config["batch_shape"].array ?? config["batch_input_shape"].array
    guard stage == .tokens, before == nil else { throw Problem(text: "\(label) stands behind another layer") }
    if config["dtype"] == "string" {
      stage = .texts
      return
    }
    guard let shape, shape.count == 2 else {
      throw Problem(text: "\(label): batch_shape must have two dimensions, samples and tokens")
    }
    inputLength = shape[1].int
  }

  /// Checks what a layer says of itself.
  private mutating func check(_ layer: JSON, _ label: String) throws {
    let (kind, config) = (layer["class_name"].string ?? "", layer["config"])
    let (registered, module) = (layer["registered_name"], layer["module"])
    guard
      registered == .null || registered == .string(kind) && kind != "",
      module == .null
        || module.string.map({ $0 == "keras" || $0.hasPrefix("keras.") || $0.hasPrefix("tf_keras.") }) == true
    else {
      throw Problem(
        text:
          "\(label) is registered as \(registered.shown) of \(module.shown), not as Keras's: a file doesn't hold the "
          + "code of a program's own layers")
    }
    guard let rules = Self.fields[kind] else {
      let reason =
        Self.missing[kind]
        ?? (kind.contains(">")
          ? "it is a program's own layer, whose code a file doesn't hold" : "layers here are \(Self.expected)")
      throw Problem(text: "\(label) can't be computed: \(reason)")
    }
    if kind != "TextVectorization" && kind != "GetItem" { try checkType(config["dtype"], of: label) }
    if config["trainable"] == false, ["Embedding", "LSTM", "Bidirectional", "Dense"].contains(kind) {
      remarks.append("\(label) is not trainable in Keras; here all weights are trained")
    }
    let known = rules.merging(Self.common) { rule, _ in rule }
    for (field, value) in (config.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      switch known[field] {
      case .any?: break
      case .only(let expected)?:
        guard value == expected else {
          throw Problem(text: "\(label): \(field) is \(value.shown), expected \(expected.shown)")
        }
      case .trainingOnly?:
        if !value.isOff {
          remarks.append("\(label): \(field) \(value.shown) is ignored, as it only matters for training")
        }
      case nil:
        guard value.isOff else { throw Problem(text: "\(label): \(field) is \(value.shown), an unknown field") }
      }
    }
  }

  /// Remarks on the type that Keras computes in, unless it is float32; weights of any float type can be read.
  private mutating func checkType(_ dtype: JSON, of label: String) throws {
    let policy = dtype.string ?? dtype["config"]["name"].string ?? (dtype == .null ? "float32" : "")
    switch policy {
    case "float32": break
    case "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16":
      remarks.append("\(label) computes in \(policy) in Keras, here in float32")
    default: throw Problem(text: "\(label): dtype is \(dtype.shown), expected float32 or another floating-point type")
    }
  }

  private mutating func hasBias(_ config: JSON, _ label: String) throws -> Bool {
    switch config["use_bias"] {
    case true, .null: return true
    case false:
      remarks.append("\(label) has no bias in Keras; here it is 0, and trained")
      return false
    default: throw Problem(text: "\(label): use_bias is \(config["use_bias"].shown)")
    }
  }

  // MARK: LSTM

  /// Reads an LSTM layer of one direction or two; returns whether it gives the outputs of all steps.
  private mutating func readRecurrence(_ kind: String, _ config: JSON, _ label: String, _ own: Layer) throws -> Bool {
    func fail(_ text: String) -> Problem { Problem(text: "\(label): \(text)") }
    var directions = [config]
    if kind == "Bidirectional" {
      directions = []
      for field in ["layer", "backward_layer"] where config[field] != .null {
        let layer = config[field]
        let name = "\(label): \(layer["class_name"].shown) \(layer["config"]["name"].shown)"
        try check(layer, name)
        guard layer["class_name"] == "LSTM" else { throw Problem(text: "\(name), expected LSTM") }
        directions.append(layer["config"])
      }
      guard let first = directions.first else { throw fail("there is no layer") }
      if directions.count == 1 {
        directions.append(first)
        // Keras makes the layer for the other direction of this one.
        directions[1]["go_backwards"] = true
      }
    }
    for (index, direction) in directions.enumerated() {
      for (field, expected) in [
        ("go_backwards", JSON.bool(index == 1)), ("return_sequences", directions[0]["return_sequences"]),
      ]
      where direction[field] != expected && !(direction[field].isOff && expected.isOff) {
        throw fail("\(field) is \(direction[field].shown), expected \(expected.shown)")
      }
    }
    zeroesMasked = kind == "LSTM" && !config["zero_output_for_mask"].isOff
    let units = try Self.size(directions[0], "units", label)
    guard try directions.allSatisfy({ try Self.size($0, "units", label) == units }) else {
      throw fail("its directions have different numbers of units")
    }
    if architecture.layerCount > 0 {
      guard units == architecture.hiddenSize, architecture.isBidirectional == (directions.count == 2) else {
        throw fail(
          "it has \(units) units in \(directions.count == 2 ? "two directions" : "one direction"), the layer below "
            + "\(architecture.hiddenSize) in \(architecture.isBidirectional ? "two" : "one"); here all layers are alike"
        )
      }
      ratesBetween.append(rateAbove)
    }
    rateAbove = nil
    (architecture.hiddenSize, architecture.isBidirectional) = (units, directions.count == 2)
    architecture.layerCount += 1
    for direction in directions {
      recurrentRates.append((label, try rate(direction["recurrent_dropout"], label, "recurrent_dropout")))
    }
    let biases = try directions.map { try hasBias($0, label) }
    guard Set(biases).count == 1 else { throw fail("one of its directions has a bias, the other none") }
    layers.append(own.with(Layer.cells(kind == "LSTM" ? [""] : Layer.directions), hasBias: biases[0]))
    architecture.pooling = .last
    return !directions[0]["return_sequences"].isOff
  }

  // MARK: Dropout

  private func rate(_ value: JSON, _ label: String, _ field: String) throws -> Double {
    if value.isOff { return 0 }
    guard let rate = value.number, 0..<1 ~= rate else { throw Problem(text: "\(label): \(field) is \(value.shown)") }
    return rate
  }

  private mutating func leaveOut(_ dropout: (label: String, rate: Double)) {
    remarks.append("\(dropout.label) drops \(JSON.number(dropout.rate).shown) in training, which is ignored here")
  }

  private mutating func readDropout(_ kind: String, _ config: JSON, _ label: String) throws {
    let own = (label: label, rate: try rate(config["rate"], label, "rate"))
    guard own.rate > 0 else { return }
    let shape = config["noise_shape"]
    var target: WritableKeyPath<Dropout, Double>?
    switch stage {
    case .vectors where shape == .null: target = \.embedding
    case .vectors where shape == [nil, nil, 1]: target = \.words
    case .sequences where shape == .null && rateAbove == nil && kind == "Dropout":
      // The next layer tells whether it is between two.
      rateAbove = own
      return
    case .summaries where shape == .null: target = \.output
    default: break
    }
    guard kind == "Dropout", let target, dropout[keyPath: target] == 0 else {
      leaveOut(own)
      return
    }
    dropout[keyPath: target] = own.rate
  }

  /// Keeps the rates of dropout within the LSTM layers, if these are all the same.
  private mutating func settleRecurrentDropout() throws {
    if let rate = recurrentRates.first?.rate, recurrentRates.allSatisfy({ $0.rate == rate }) {
      dropout.recurrent = rate
    } else {
      for (label, rate) in recurrentRates where rate > 0 {
        remarks.append(
          "\(label): recurrent_dropout \(JSON.number(rate).shown) is ignored, as here it is the same in all layers")
      }
    }
    if let rate = ratesBetween.first??.rate, ratesBetween.allSatisfy({ $0?.rate == rate }) {
      dropout.layers = rate
    } else {
      for case let between? in ratesBetween { leaveOut(between) }
    }
  }

  // MARK: Masks

  private mutating func settleMask() throws {
    for (label, found) in masks where found != mask {
      throw Problem(text: "\(label) is called with another mask than that of the layers before it")
    }
    if masking == nil { try setMask(mask == .tokens) }
    // With one direction the last step's outputs are the last states, as masked steps repeat them.
    if architecture.pooling == .lastStep, !architecture.isBidirectional, mask == nil || !zeroesMasked {
      architecture.pooling = .last
    }
  }

  /// Sets whether the network skips padding.
  ///
  /// - Throws: `Problem` if Keras's layers behind the mask do something else than the network would.
  private mutating func setMask(_ skipsPadding: Bool) throws {
    architecture.masksPadding = skipsPadding
    guard skipsPadding else { return }
    if let maximum {
      throw Problem(
        text:
          "\(maximum) includes the padding that the layers before it skip, as Keras's pays no heed to a mask; here the "
          + "maximum is over real tokens alone")
    }
    if architecture.pooling == .lastStep {
      throw Problem(
        text: "the last step's outputs are taken where padding is masked, which here are those of real tokens")
    }
  }

  /// Settles which tokens a `Masking` behind the embedding skips, which its vectors tell.
  ///
  /// - Parameter embedding: the vectors, [V, E].
  /// - Throws: `Problem` if it skips other tokens than padding.
  mutating func settleMasking(_ embedding: [Float]) throws {
    guard let masking else { return }
    let size = architecture.embeddingSize
    let skipped = (0..<architecture.vocabularySize).filter { token in
      embedding[token * size..<(token + 1) * size].allSatisfy { $0 == masking.value }
    }
    guard skipped == [] || skipped == [0] else {
      let shown = skipped.prefix(3).map(String.init).joined(separator: ", ") + (skipped.count > 3 ? " …" : "")
      throw Problem(
        text:
          "\(masking.label) skips the tokens \(shown), whose vectors are all \(masking.value); here token 0 alone "
          + "can be skipped")
    }
    try setMask(skipped == [0])
  }

  // MARK: Compilation

  private mutating func readCompilation(_ compilation: JSON) throws {
    var loss = compilation["loss"]
    // One loss for one output.
    if let losses = loss.array, losses.count == 1 { loss = losses[0] }
    let name = (loss.string ?? loss["class_name"].string).map { $0 == "function" ? loss["config"].string ?? "" : $0 }
    let takesLogits = loss["config"]["from_logits"] == true
    try readOutput(loss: name, takesLogits: takesLogits)
    let names = units == 1 ? ["binary_crossentropy"] : ["sparse_categorical_crossentropy", "categorical_crossentropy"]
    let isOurs =
      name.map { name in names.contains { $0.replacing("_", with: "") == name.lowercased().replacing("_", with: "") } }
      ?? true
    let config = loss["config"]
    if !isOurs || !config["label_smoothing"].isOff
      || !["sum_over_batch_size", "auto", nil].contains(config["reduction"])
    {
      remarks.append("the loss is \(loss.shown), but training here continues with \(quoted(names[0]))")
    }
    guard compilation["optimizer"] != .null else { return }
    do { optimizer = try Self.optimizer(compilation["optimizer"]) } catch let problem as Problem {
      remarks.append("the optimizer's state is ignored: \(problem.text)")
    }
    if optimizer != nil, hasTwoOutputs || layers.contains(where: { !$0.hasBias }) {
      remarks.append(
        "the optimizer's state is ignored: it is that of \(hasTwoOutputs ? "two outputs" : "layers without a bias")")
      optimizer = nil
    }
  }

  /// Decides what the last layer's outputs are: logits, by their activation, or by the loss that takes them for such.
  private mutating func readOutput(loss: String?, takesLogits: Bool) throws {
    let (label, name) = activation!
    hasTwoOutputs = units == 2
    switch name {
    case "sigmoid" where units == 1: break
    case "softmax" where units > 1:
      if hasTwoOutputs {
        remarks.append("\(label): of its two outputs the difference is taken, which is as much to a softmax")
      }
    case "linear":
      guard loss == nil || takesLogits else {
        throw Problem(
          text:
            "\(label): its outputs have no activation, and the loss, \(quoted(loss!)), doesn't take them for logits; "
            + "give it a sigmoid or a softmax, or compile with from_logits=True")
      }
      remarks.append(
        "\(label) has no activation: its outputs are taken for logits\(loss == nil ? "" : ", as the loss takes them")")
    default:
      throw Problem(
        text:
          "\(label): activation is \(name.shown), expected \(units == 1 ? "“sigmoid”" : "“softmax”") or “linear” for "
          + "\(units == 1 ? "one output" : "\(units) outputs")")
    }
  }

  private static func optimizer(_ json: JSON) throws -> (Adam, GradientClipping?) {
    var json = json
    // Keras 2 keeps the name alone where one was given. The defaults are Keras's.
    if json.string?.lowercased() == "adam" {
      json = [
        "class_name": "Adam", "config": ["learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7],
      ]
    }
    let kind = json["class_name"]
    // In legacy files the classes of Keras 2's newer optimizers are registered ones.
    guard ["Adam", "AdamW", "Custom>Adam", "Custom>AdamW"].contains(kind), let config = json["config"].object else {
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
      "clipvalue", "ema_momentum", "ema_overwrite_frequency", "jit_compile", "is_legacy_optimizer",
    ]
    for (field, value) in config.sorted(by: { $0.key < $1.key }) where !known.contains(field) && !value.isOff {
      throw Problem(text: "its \(field) is \(value.shown), which is not supported")
    }
    return (adam, clipping)
  }
}

extension KerasModelConfiguration.Layer {
  fileprivate func with(_ parts: [String], hasBias: Bool = true) -> Self {
    var result = self
    (result.parts, result.hasBias) = (parts, hasBias)
    return result
  }
}
