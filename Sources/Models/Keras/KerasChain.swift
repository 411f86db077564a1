/// The layers of a model, each of which reads what the one before it computes.
struct KerasChain {
  /// A layer, and how it is called.
  struct Link {
    var layer: JSON
    /// The mask that it is called with, where the model says so: Keras 3 does in Functional models.
    var mask: Mask?
  }

  /// Which positions of a text a layer reads.
  enum Mask: Equatable {
    /// Those whose token isn't 0, as with `mask_zero`.
    case tokens
    /// Those whose vector, computed by a layer, isn't the same value in all elements, as of `Masking`.
    case vectors(value: JSON, ofLayer: JSON)
  }

  private(set) var links: [Link] = []

  /// Finds the layers of a Sequential model, or of a Functional one in which they form a chain.
  ///
  /// - Throws: `KerasModelConfiguration.Problem` if the model is anything else.
  init(_ model: JSON) throws {
    let (name, config) = (model["class_name"], model["config"])
    // Sequential models were lists in the first versions of Keras 2.
    let isSequential = name == "Sequential"
    guard isSequential || name == "Functional" || name == "Model",
      let layers = config["layers"].array ?? (isSequential ? config.array : nil)
    else {
      throw Problem(text: "the model is \(name.shown), expected a Sequential or a Functional one with its layers")
    }
    guard !isSequential else {
      links = layers.map { Link(layer: $0) }
      return
    }
    for layer in layers { try append(layer) }
    guard Self.isOnly(config["input_layers"], links.first), Self.isOnly(config["output_layers"], links.last) else {
      throw Problem(text: "the model's only input and output must be its first and last layer")
    }
  }

  private typealias Problem = KerasModelConfiguration.Problem

  /// Masks, and what they are made of, by the name of the operation.
  private var masks: [JSON: Mask] = [:]
  private var comparisons: [JSON: Mask] = [:]

  private mutating func append(_ layer: JSON) throws {
    func refusal(_ text: String) -> Problem { Problem(text: "layer \(layer["name"].shown): \(text)") }
    if let reason = layer["class_name"].string.flatMap({ KerasModelConfiguration.missing[$0] }) {
      throw Problem(text: "\(layer["class_name"].shown) \(layer["name"].shown) can't be computed: \(reason)")
    }
    let nodes = layer["inbound_nodes"].array ?? []
    guard let before = links.last?.layer["name"] else {
      guard layer["class_name"] == "InputLayer", nodes.isEmpty else { throw refusal("expected an InputLayer") }
      links.append(Link(layer: layer))
      return
    }
    guard nodes.count == 1, let (arguments, keywords) = Self.call(nodes[0]), let source = arguments.first else {
      throw refusal("its only input must be the layer before it, \(before.shown)")
    }
    if layer["class_name"] == "NotEqual", arguments.count == 2, let value = arguments[1].number {
      // Tokens are what the model's input is, or what it makes of texts.
      let tokens = links.last { ["InputLayer", "TextVectorization"].contains($0.layer["class_name"]) }?.layer["name"]
      let isOfTokens = source == tokens && value == 0
      comparisons[layer["name"]] = isOfTokens ? .tokens : .vectors(value: .number(value), ofLayer: source)
      if isOfTokens { masks[layer["name"]] = .tokens }
      return
    }
    if layer["class_name"] == "Any", let mask = comparisons[source], layer["config"]["axis"] == -1,
      layer["config"]["keepdims"].isOff
    {
      masks[layer["name"]] = mask
      return
    }
    let isSlice = layer["class_name"] == "GetItem"
    guard source == before, arguments.count == (isSlice ? 2 : 1) else {
      throw refusal("its only input must be the layer before it, \(before.shown)")
    }
    var link = Link(layer: layer)
    if isSlice { link.layer["config"]["index"] = arguments[1] }
    for (argument, value) in keywords.sorted(by: { $0.key < $1.key }) where !value.isOff {
      guard argument == "mask", let mask = masks[Self.source(of: value)] else {
        throw refusal("it is called with \(argument) = \(value.shown)")
      }
      link.mask = mask
    }
    links.append(link)
  }

  /// The arguments of a call, of which tensors are given by the layer that computes them; nil if it is no call of a
  /// layer with one tensor.
  private static func call(_ node: JSON) -> (arguments: [JSON], keywords: [String: JSON])? {
    if let arguments = node["args"].array {
      let sources = arguments.map { $0["class_name"] == "__keras_tensor__" ? source(of: $0) : $0 }
      return (sources, node["kwargs"].object ?? [:])
    }
    // Keras 2's form: the layer, which of its calls, which of its outputs, and named arguments.
    guard let tensors = node.array, tensors.count == 1, let parts = tensors[0].array, 3...4 ~= parts.count,
      parts[1] == 0, parts[2] == 0
    else { return nil }
    return ([parts[0]], parts.count == 4 ? parts[3].object ?? [:] : [:])
  }

  /// The layer that computes a tensor; null for none, or one that is called more than once.
  private static func source(of tensor: JSON) -> JSON {
    guard let history = tensor["config"]["keras_history"].array, history.count == 3, history[1] == 0, history[2] == 0
    else { return nil }
    return history[0]
  }

  private static func isOnly(_ tensors: JSON, _ link: Link?) -> Bool {
    let reference = JSON.array([link?.layer["name"] ?? nil, 0, 0])
    return tensors == reference || tensors == .array([reference])
  }
}
