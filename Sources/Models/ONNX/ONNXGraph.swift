import RecurrentNetwork

/// The graph of a network: the only one that is written for it, and the only one that is read. That of the default
/// network is Gather → Transpose → LSTM → Squeeze → Gemm → Sigmoid.
///
/// Field numbers are those of onnx/onnx.proto. Fields are in numerical order, so that a file stays the same when
/// `onnx.save` rewrites it.
struct ONNXGraph {
  static let irVersion: Int64 = 8
  static let opset: Int64 = 17
  /// The names of the input and the output.
  static let (tokens, probability) = ("tokens", "probability")

  enum Initializer {
    /// The first layer's kernels, a row for each token, in a network without an embedding.
    static let kernels = "kernels"
    static let embedding = "embedding"
    static let axes = "axes"
    static let ngramBias = "ngrams.bias"
    /// The kernels of a layer, stacked over its directions.
    static func kernel(_ layer: Int) -> String { name(layer) + ".W" }
    static func recurrentKernel(_ layer: Int) -> String { name(layer) + ".R" }
    static func bias(_ layer: Int) -> String { name(layer) + ".B" }
    static func denseKernel(_ layer: Int) -> String { ParameterLayout.denseName(layer) + ".kernel" }
    static func denseBias(_ layer: Int) -> String { ParameterLayout.denseName(layer) + ".bias" }

    private static func name(_ layer: Int) -> String { layer == 0 ? "lstm" : "lstm_\(layer)" }
  }

  /// TensorProto.DataType
  enum ElementType {
    static let (float, int32, int64): (Int64, Int64, Int64) = (1, 6, 7)
  }

  /// The NodeProto of each operation.
  private(set) var nodes: [[UInt8]] = []
  /// The operator of each node.
  private(set) var operators: [String] = []
  /// The key of the n-grams' words in the metadata.
  static let wordsKey = "words"
  /// The TypeProto of an input, int64 [batch, time], or with its own name instead of the time.
  static func inputType(_ name: String) -> [UInt8] {
    type(ElementType.int64, [.name("batch"), .name(name == tokens ? "time" : name)])
  }
  /// The TypeProto of the output, float [batch, logits].
  let outputType: [UInt8]
  /// Whether the initializers include `axes`, the only tensor of integers.
  let hasAxes: Bool

  /// - Parameter ngrams: those beside the network; nil for none.
  init(_ architecture: Architecture, _ ngrams: ONNXNGrams? = nil) {
    outputType = Self.type(ElementType.float, [.name("batch"), .size(Int64(architecture.logitCount))])
    hasAxes = architecture.hiddenSize > 0 && architecture.pooling == .last && !architecture.isBidirectional
    if architecture.hiddenSize > 0 { addNetwork(architecture, logits: ngrams == nil ? "logit" : "network_logit") }
    if let ngrams {
      addNGrams(ngrams, logits: architecture.hiddenSize > 0 ? "network_logit" : Initializer.denseBias(0), sum: "logit")
    }
    add(architecture.labelCount == 2 ? "Sigmoid" : "Softmax", ["logit"], [Self.probability])
  }

  private mutating func addNetwork(_ architecture: Architecture, logits: String) {
    if architecture.masksPadding {
      // sequence_lens counts from the front, where the padding is. So the whole row is reversed, and then its real part.
      addIntegers("first", [-1])
      addIntegers("end", [.min])
      addIntegers("time_axis", [1])
      addIntegers("padding", [0])
      add("Slice", [Self.tokens, "first", "end", "time_axis", "first"], ["tokens_from_the_end"])
      // [batch, time]; it fits real_tokens_first too, as both have the real tokens in front.
      add("Greater", ["tokens_from_the_end", "padding"], ["is_real"])
      add("Cast", ["is_real"], ["is_real_as_number"], [Self.attribute("to", ElementType.int64)])
      add(
        "ReduceSum", ["is_real_as_number", "time_axis"], ["lengths_as_int64"], [Self.attribute("keepdims", 0)])
      add(
        "ReverseSequence", ["tokens_from_the_end", "lengths_as_int64"], ["real_tokens_first"],
        [Self.attribute("batch_axis", 0), Self.attribute("time_axis", 1)])
      add("Cast", ["lengths_as_int64"], ["lengths"], [Self.attribute("to", ElementType.int32)])
    }
    addLayers(architecture)
    addPooling(architecture)
    var input = "last_state"
    func addGemm(_ layer: Int, _ output: String) {
      add("Gemm", [input, Initializer.denseKernel(layer), Initializer.denseBias(layer)], [output])
    }
    for (layer, kind) in architecture.denseLayers.enumerated() {
      let name = ParameterLayout.denseName(layer)
      addGemm(layer, "\(name)_sums")
      add(kind.activation == .relu ? "Relu" : "Tanh", ["\(name)_sums"], [name])
      input = name
    }
    addGemm(architecture.denseLayers.count, logits)
  }

  /// Adds the LSTM layers, up to "states", all outputs of the last layer, [time, batch, D · H], or to "last_states",
  /// [D, batch, H].
  private mutating func addLayers(_ architecture: Architecture) {
    typealias Name = Initializer
    let gates = Int64(4 * architecture.hiddenSize * architecture.directionCount)
    if architecture.embeddingSize == 0 {
      // A one-hot token times a kernel is a row of the kernel, so the LSTM itself multiplies by the identity.
      addIntegers("gates", [gates, gates])
      addIntegers("gates_by_direction", [Int64(architecture.directionCount), -1, gates])
      add("ConstantOfShape", ["gates"], ["zeros"])
      add("EyeLike", ["zeros"], ["identity"])
      add("Reshape", ["identity", "gates_by_direction"], [Name.kernel(0)])
    }
    let table = architecture.embeddingSize == 0 ? Name.kernels : Name.embedding
    add("Gather", [table, architecture.masksPadding ? "real_tokens_first" : Self.tokens], ["vectors"])
    add("Transpose", ["vectors"], ["vectors_by_time"], [Self.attribute("perm", [1, 0, 2])])
    if architecture.layerCount > 1 || architecture.pooling != .last { addIntegers("joined", [0, 0, -1]) }
    var input = "vectors_by_time"
    for layer in 0..<architecture.layerCount {
      let isLast = layer + 1 == architecture.layerCount
      let wantsAll = !isLast || architecture.pooling != .last
      let output = isLast ? "states" : "states_\(layer)"
      add(
        "LSTM",
        [input, Name.kernel(layer), Name.recurrentKernel(layer), Name.bias(layer)]
          + (architecture.masksPadding ? ["lengths"] : []),
        // Either Y, all hidden states, or Y_h, the last ones; the other is omitted.
        wantsAll ? ["\(output)_by_direction"] : ["", "last_states"],
        (architecture.isBidirectional ? [Self.attribute("direction", "bidirectional")] : [])
          + [Self.attribute("hidden_size", Int64(architecture.hiddenSize))])
      guard wantsAll else { continue }
      add(
        "Transpose", ["\(output)_by_direction"], ["\(output)_by_sample"], [Self.attribute("perm", [0, 2, 1, 3])])
      add("Reshape", ["\(output)_by_sample", "joined"], [output])
      input = output
    }
  }

  /// Adds the pooling, up to "last_state", the input of the first dense layer, [batch, D · H].
  private mutating func addPooling(_ architecture: Architecture) {
    let overTime = [Self.attribute("axes", [0]), Self.attribute("keepdims", 0)]
    switch architecture.pooling {
    case .last where architecture.isBidirectional:
      addIntegers("joined_last", [0, -1])
      add("Transpose", ["last_states"], ["last_states_by_sample"], [Self.attribute("perm", [1, 0, 2])])
      add("Reshape", ["last_states_by_sample", "joined_last"], ["last_state"])
    case .last: add("Squeeze", ["last_states", Initializer.axes], ["last_state"])
    case .lastStep:
      addIntegers("last_step", [-1])
      add("Gather", ["states", "last_step"], ["last_step_alone"], [Self.attribute("axis", 0)])
      add("ReduceMean", ["last_step_alone"], ["last_state"], overTime)
    case .max:
      // No state is less than -1.
      if architecture.masksPadding { addMask(-1) }
      add("ReduceMax", [architecture.masksPadding ? "real_states" : "states"], ["last_state"], overTime)
    case .mean where architecture.masksPadding:
      addMask(0)
      addIntegers("time_axis_of_states", [0])
      add("ReduceSum", ["real_states", "time_axis_of_states"], ["sum"], [Self.attribute("keepdims", 0)])
      add("Cast", ["lengths"], ["lengths_as_floats"], [Self.attribute("to", ElementType.float)])
      add("Unsqueeze", ["lengths_as_floats", "time_axis"], ["divisors"])
      add("Div", ["sum", "divisors"], ["last_state"])
    case .mean: add("ReduceMean", ["states"], ["last_state"], overTime)
    }
  }

  /// Adds the masking of "states" to "real_states", which have a given value at padding.
  private mutating func addMask(_ value: Float) {
    addIntegers("feature_axis", [2])
    add("Constant", [], ["state_of_padding"], [Self.attribute("value_float", float: value)])
    add("Transpose", ["is_real"], ["is_real_by_time"], [Self.attribute("perm", [1, 0])])
    add("Unsqueeze", ["is_real_by_time", "feature_axis"], ["mask"])
    add("Where", ["mask", "states", "state_of_padding"], ["real_states"])
  }

  mutating func add(
    _ name: String, _ inputs: [String], _ outputs: [String], _ attributes: [[UInt8]] = []
  ) {
    operators.append(name)
    nodes.append(
      inputs.flatMap { ProtobufWriter.field(1, $0) } + outputs.flatMap { ProtobufWriter.field(2, $0) }
        + ProtobufWriter.field(4, name) + attributes.flatMap { ProtobufWriter.field(5, $0) })
  }

  private mutating func addIntegers(_ name: String, _ values: [Int64]) {
    add("Constant", [], [name], [Self.attribute("value_ints", values)])
  }

  /// AttributeProto
  static func attribute(_ name: String, _ value: Int64) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(3, value) + ProtobufWriter.field(20, Int64(2))
  }
  static func attribute(_ name: String, float value: Float) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(2, value) + ProtobufWriter.field(20, Int64(1))
  }
  static func attribute(_ name: String, _ text: String) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(4, text) + ProtobufWriter.field(20, Int64(3))
  }
  static func attribute(_ name: String, _ values: [Int64]) -> [UInt8] {
    ProtobufWriter.field(1, name) + values.flatMap { ProtobufWriter.field(8, $0) }
      + ProtobufWriter.field(20, Int64(7))
  }

  private enum Dimension { case name(String), size(Int64) }

  private static func type(_ elements: Int64, _ shape: [Dimension]) -> [UInt8] {
    let dimensions = shape.map { dimension in
      switch dimension {
      case .name(let name): ProtobufWriter.field(1, ProtobufWriter.field(2, name))
      case .size(let size): ProtobufWriter.field(1, ProtobufWriter.field(1, size))
      }
    }
    return ProtobufWriter.field(
      1, ProtobufWriter.field(1, elements) + ProtobufWriter.field(2, dimensions.flatMap(\.self)))
  }

  // MARK: Gates

  /// Reorders blocks i, f, g, o to ONNX's order, i, o, f, g.
  static func reordered(_ gates: [Float]) -> [Float] { blocks(gates, [0, 3, 1, 2]) }
  /// Reorders blocks i, o, f, g to i, f, g, o.
  static func restored(_ gates: [Float]) -> [Float] { blocks(gates, [0, 2, 3, 1]) }

  private static func blocks(_ values: [Float], _ order: [Int]) -> [Float] {
    let size = values.count / 4
    return order.flatMap { values[$0 * size..<($0 + 1) * size] }
  }
}
