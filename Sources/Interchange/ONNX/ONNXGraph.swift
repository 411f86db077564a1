import RecurrentNetwork
import Training

/// The one graph that is written and read: Gather → Transpose → LSTM → Squeeze → Gemm → Sigmoid.
///
/// The numbers are those of onnx/onnx.proto; fields stand in their order, so that a file which `onnx.save` writes anew
/// is the same.
struct ONNXGraph {
  static let irVersion: Int64 = 8
  static let opset: Int64 = 17
  /// Tensors along the graph.
  static let (tokens, probability) = ("tokens", "probability")

  enum Initializer {
    static let (embedding, kernel, recurrentKernel, bias) = ("embedding", "lstm.W", "lstm.R", "lstm.B")
    static let (axes, denseKernel, denseBias) = ("axes", "dense.kernel", "dense.bias")
  }

  /// TensorProto.DataType
  enum ElementType {
    static let (float, int64): (Int64, Int64) = (1, 7)
  }

  /// NodeProto of each step.
  let nodes: [[UInt8]]
  static let operators = ["Gather", "Transpose", "LSTM", "Squeeze", "Gemm", "Sigmoid"]
  /// TypeProto of the input, int64 [batch, time], and of the output, float [batch, 1].
  static let inputType = type(ElementType.int64, [.name("batch"), .name("time")])
  static let outputType = type(ElementType.float, [.name("batch"), .size(1)])

  init(_ architecture: Architecture) {
    typealias Name = Initializer
    let steps: [(inputs: [String], outputs: [String], attributes: [[UInt8]])] = [
      ([Name.embedding, Self.tokens], ["vectors"], []),
      (["vectors"], ["vectors_by_time"], [Self.attribute("perm", [1, 0, 2])]),
      // Y, all hidden states, is left out by its empty name.
      (
        ["vectors_by_time", Name.kernel, Name.recurrentKernel, Name.bias], ["", "last_states"],
        [Self.attribute("hidden_size", Int64(architecture.hiddenSize))]
      ),
      (["last_states", Name.axes], ["last_state"], []),
      (["last_state", Name.denseKernel, Name.denseBias], ["logit"], []),
      (["logit"], [Self.probability], []),
    ]
    nodes = zip(Self.operators, steps).map { name, step in
      step.inputs.flatMap { ProtobufWriter.field(1, $0) } + step.outputs.flatMap { ProtobufWriter.field(2, $0) }
        + ProtobufWriter.field(4, name) + step.attributes.flatMap { ProtobufWriter.field(5, $0) }
    }
  }

  /// AttributeProto
  private static func attribute(_ name: String, _ value: Int64) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(3, value) + ProtobufWriter.field(20, Int64(2))
  }
  private static func attribute(_ name: String, _ values: [Int64]) -> [UInt8] {
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

  /// Blocks i, f, g, o in ONNX's order i, o, f, g.
  static func reordered(_ gates: [Float]) -> [Float] { blocks(gates, [0, 3, 1, 2]) }
  /// Blocks i, o, f, g in the order i, f, g, o.
  static func restored(_ gates: [Float]) -> [Float] { blocks(gates, [0, 2, 3, 1]) }

  private static func blocks(_ values: [Float], _ order: [Int]) -> [Float] {
    let size = values.count / 4
    return order.flatMap { values[$0 * size..<($0 + 1) * size] }
  }
}
