import Corpus
import Foundation
import RecurrentNetwork
import Training

// MARK: Writing

extension Model {
  /// Writes an ONNX file (IR 8, opset 17), whole or not at all. The optimizer has no place in it.
  ///
  /// Input `tokens`, int64 [batch, time]; output `probability`, float [batch, 1]. What the receiving side has to know
  /// stands in the documentation strings; vocabulary, labels and configuration in the metadata.
  ///
  /// - Throws: `TrainingError`.
  public func write(toONNX path: String) throws {
    // protobuf's lengths have 31 bits; the rest of the file is small.
    guard parameters.values.count < (1 << 31 - 1 << 26) / 4 else {
      throw TrainingError(
        path: path, problem: "an ONNX file can't be larger than 2 GB", advice: "write safetensors instead")
    }
    let graph = ONNXGraph(parameters.architecture)
    let message =
      ProtobufWriter.field(1, ONNXGraph.irVersion) + ProtobufWriter.field(2, "swift-lstm")
      + ProtobufWriter.field(6, "A binary classifier of texts: \(parameters.architecture).")
      + ProtobufWriter.field(
        7,
        graph.nodes.flatMap { ProtobufWriter.field(1, $0) } + ProtobufWriter.field(2, "lstm")
          + initializers.flatMap { ProtobufWriter.field(5, $0) }
          + ProtobufWriter.field(
            11, Self.value(ONNXGraph.tokens, ONNXGraph.inputType, documentation: tokensDocumentation))
          + ProtobufWriter.field(
            12, Self.value(ONNXGraph.probability, ONNXGraph.outputType, documentation: probabilityDocumentation)))
      + ProtobufWriter.field(8, ProtobufWriter.field(2, ONNXGraph.opset))
    let metadata = try ModelMetadata(self).texts.sorted { $0.key < $1.key }.flatMap {
      ProtobufWriter.field(14, ProtobufWriter.field(1, $0.key) + ProtobufWriter.field(2, $0.value))
    }
    try AtomicFile.write([Data(message), Data(metadata)], to: path)
  }

  /// What the ids are, and how to pad.
  private var tokensDocumentation: String {
    "Token ids from 0 to \(configuration.vocabularySize - 1): 0 is padding, 1 the start of a text, 2 any word that is "
      + "not in the vocabulary, and from 4 on the words, the most frequent first (metadata: vocabulary). A text is the "
      + "start and its words; of more than \(configuration.maxLength) ids keep the last \(configuration.maxLength), pad "
      + "fewer with 0 in front to \(configuration.maxLength), as in training."
  }

  private var probabilityDocumentation: String { "The probability of \(labels[1]); else \(labels[0])." }

  /// ValueInfoProto
  private static func value(_ name: String, _ type: [UInt8], documentation: String) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(2, type) + ProtobufWriter.field(3, documentation)
  }

  /// TensorProto of each tensor.
  private var initializers: [[UInt8]] {
    func tensor(_ name: String, _ shape: [Int], _ type: Int64, _ bytes: [UInt8]) -> [UInt8] {
      shape.flatMap { ProtobufWriter.field(1, Int64($0)) } + ProtobufWriter.field(2, type)
        + ProtobufWriter.field(8, name) + ProtobufWriter.field(9, bytes)
    }
    func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> [UInt8] {
      tensor(
        name, shape, ONNXGraph.ElementType.float,
        values.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) })
    }
    func gates(_ source: ParameterLayout.Tensor) -> [Float] {
      ONNXGraph.reordered(transposed(Array(parameters[source]), source.shape))
    }
    typealias Name = ONNXGraph.Initializer
    let layout = parameters.layout
    let (e, h) = (layout.architecture.embeddingSize, layout.architecture.hiddenSize)
    return [
      floats(Name.embedding, layout.embedding.shape, Array(parameters[layout.embedding])),
      floats(Name.kernel, [1, 4 * h, e], gates(layout.kernel)),
      floats(Name.recurrentKernel, [1, 4 * h, h], gates(layout.recurrentKernel)),
      // The input's and the recurrent one.
      floats(
        Name.bias, [1, 8 * h],
        ONNXGraph.reordered(Array(parameters[layout.bias])) + [Float](repeating: 0, count: 4 * h)),
      tensor(Name.axes, [1], ONNXGraph.ElementType.int64, [UInt8](repeating: 0, count: 8)),
      floats(Name.denseKernel, layout.denseKernel.shape, Array(parameters[layout.denseKernel])),
      floats(Name.denseBias, layout.denseBias.shape, Array(parameters[layout.denseBias])),
    ]
  }
}

// MARK: Reading

extension Model {
  /// Reads an ONNX file that `write(toONNX:)` wrote.
  ///
  /// - Throws: `TrainingError` where it is anything else: another graph, another opset, other tensors.
  public init(onnx path: String) throws {
    let advice =
      "lstm reads only the ONNX files that it wrote; from elsewhere take a .keras file or PyTorch's safetensors"
    let data = try mappedFile(path, advice: advice)
    self = try data.withUnsafeBytes { bytes in
      do { return try ONNXFile(ProtobufReader(bytes)).model(path, advice) } catch let error as ProtobufReader.Problem {
        throw TrainingError(path: path, problem: "byte \(error.offset): \(error.text)", advice: advice)
      }
    }
  }
}

/// The parts of a file, taken apart as far as their check needs.
private struct ONNXFile {
  typealias Fields = [UInt64: [ProtobufReader.Value]]
  private let reader: ProtobufReader
  private let model: Fields
  private let graph: Fields

  init(_ reader: ProtobufReader) throws {
    self.reader = reader
    // ModelProto: IR version, producer, its version, domain, version, documentation, graph; opsets, metadata.
    model = try reader.fields(single: [1, 2, 3, 4, 5, 6, 7], repeated: [8, 14])
    guard let graph = try model.messages(7).first else { throw reader.problem("there is no graph") }
    // GraphProto: name, documentation; nodes, initializers, inputs, outputs.
    self.graph = try graph.fields(single: [2, 10], repeated: [1, 5, 11, 12])
  }

  func model(_ path: String, _ advice: String) throws -> Model {
    var texts: [String: String] = [:]
    for entry in try model.messages(14) {
      let fields = try entry.fields(single: [1, 2])
      guard texts.updateValue(try fields.text(2), forKey: try fields.text(1)) == nil else {
        throw entry.problem("metadata stand there twice")
      }
    }
    // The operators first: they tell a graph from elsewhere.
    let nodes = try graph.messages(1)
    // NodeProto: name, operator, documentation, domain; inputs, outputs, attributes.
    let operators = try nodes.map { try $0.fields(single: [3, 4, 6, 7], repeated: [1, 2, 5]).text(4) }
    guard operators == ONNXGraph.operators else {
      let names = operators.prefix(8).map { CorpusError.escaped($0) }.joined(separator: ", ")
      throw reader.problem(
        "the graph is \(names)\(operators.count > 8 ? " …" : ""), expected \(ONNXGraph.operators.joined(separator: ", "))"
      )
    }
    try checkVersions()
    var tensors: [String: Safetensors.Tensor] = [:]
    var names: Set<String> = []
    for initializer in try graph.messages(5) {
      let (name, tensor) = try Self.tensor(initializer)
      guard names.insert(name).inserted else {
        throw initializer.problem("\(CorpusError.quoted(name)) stands there twice")
      }
      tensors[name] = tensor
    }
    guard names.contains(ONNXGraph.Initializer.axes) else {
      throw reader.problem("there is no tensor \(ONNXGraph.Initializer.axes)")
    }
    let metadata = try ModelMetadata(texts, path: path)
    let parameters = try Self.parameters(
      metadata.configuration?.architecture, TensorTable(tensors, path: path, advice: advice))
    let expected = ONNXGraph(parameters.architecture)
    for (node, bytes) in zip(nodes, expected.nodes) where !node.bytes.elementsEqual(bytes) {
      throw node.problem("the inputs, outputs or attributes of a node are not as lstm writes them")
    }
    try check(11, ONNXGraph.tokens, ONNXGraph.inputType)
    try check(12, ONNXGraph.probability, ONNXGraph.outputType)
    return try Model(parameters, metadata, path: path)
  }

  private func checkVersions() throws {
    guard case .varint(let version)? = model[1]?.first, version == ONNXGraph.irVersion else {
      throw reader.problem("the IR version is not \(ONNXGraph.irVersion)")
    }
    // OperatorSetIdProto: domain, version.
    let opsets = try model.messages(8).map { try $0.fields(single: [1, 2]) }
    guard opsets.count == 1, try opsets[0].text(1) == "", case .varint(let opset)? = opsets[0][2]?.first,
      opset == ONNXGraph.opset
    else { throw reader.problem("the operators are not those of opset \(ONNXGraph.opset) alone") }
  }

  /// Checks that the graph has one input or output, of a given name and type; its documentation is free.
  private func check(_ number: UInt64, _ name: String, _ type: [UInt8]) throws {
    let values = try graph.messages(number).map { try $0.fields(single: [1, 2, 3]) }
    guard values.count == 1, try values[0].text(1) == name,
      try values[0].messages(2).first?.bytes.elementsEqual(type) ?? false
    else { throw reader.problem("the graph's \(number == 11 ? "input" : "output") is not \(name) as lstm writes it") }
  }

  /// A TensorProto: type, name, bytes; extents. Bytes that lie elsewhere (fields 13 and 14) have no place.
  ///
  /// - Returns: a tensor of floats, or nil for the one of integers, which is then as it must be.
  private static func tensor(_ reader: ProtobufReader) throws -> (name: String, Safetensors.Tensor?) {
    let fields = try reader.fields(single: [2, 8, 9], repeated: [1], limit: 4)
    let name = try fields.text(8)
    let shown = CorpusError.quoted(name)
    let bytes = try fields.messages(9).first?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard case .varint(let type)? = fields[2]?.first else { throw reader.problem("a tensor has no type") }
    let isAxes = name == ONNXGraph.Initializer.axes
    guard type == (isAxes ? ONNXGraph.ElementType.int64 : ONNXGraph.ElementType.float) else {
      throw reader.problem("\(shown) has type \(type), expected \(isAxes ? "7, int64" : "1, float")")
    }
    var (shape, size) = ([Int](), isAxes ? 8 : 4)
    for case .varint(let extent) in fields[1] ?? [] {
      shape.append(Int(clamping: extent))
      let (product, overflow) = size.multipliedReportingOverflow(by: shape.last!)
      guard !overflow else { throw reader.problem("\(shown) has a shape larger than the file") }
      size = product
    }
    guard bytes.count == size else {
      throw reader.problem("\(shown) has \(bytes.count) bytes, expected \(size) by its shape")
    }
    if isAxes {
      guard shape == [1], bytes.allSatisfy({ $0 == 0 }) else { throw reader.problem("\(shown) is not [0]") }
      return (name, nil)
    }
    return (name, .init(shape: shape, values: FloatEncoding.float32.floats(bytes)))
  }

  private static func parameters(_ architecture: Architecture?, _ tensors: TensorTable) throws -> Parameters {
    typealias Name = ONNXGraph.Initializer
    var tensors = tensors
    let (embedding, recurrent) = (
      try tensors.matrix(Name.embedding), try tensors.matrix(Name.recurrentKernel, stacked: true)
    )
    let layout = ParameterLayout(
      try architecture
        ?? tensors.checked(.init(vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[1])))
    let (e, h) = (layout.architecture.embeddingSize, layout.architecture.hiddenSize)
    let kernel = try tensors.take(Name.kernel, [1, 4 * h, e])
    let recurrentKernel = try tensors.take(Name.recurrentKernel, [1, 4 * h, h])
    let biases = try tensors.take(Name.bias, [1, 8 * h])
    guard biases[(4 * h)...].allSatisfy({ $0 == 0 }) else {
      throw tensors.fail("the second half of \(Name.bias) is not 0")
    }
    let others = try [
      (layout.embedding, Name.embedding), (layout.denseKernel, Name.denseKernel), (layout.denseBias, Name.denseBias),
    ].map { ($0, try tensors.take($1, $0.shape)) }
    try tensors.finish()
    var parameters = Parameters(zeros: layout)
    for (target, values) in others { parameters[target] = values[...] }
    parameters[layout.kernel] = transposed(ONNXGraph.restored(kernel), [4 * h, e])[...]
    parameters[layout.recurrentKernel] = transposed(ONNXGraph.restored(recurrentKernel), [4 * h, h])[...]
    parameters[layout.bias] = ONNXGraph.restored(Array(biases[..<(4 * h)]))[...]
    return parameters
  }
}

extension [UInt64: [ProtobufReader.Value]] {
  /// The messages of a number.
  fileprivate func messages(_ number: UInt64) throws -> [ProtobufReader] {
    try (self[number] ?? []).map { value in
      guard case .bytes(let reader) = value else {
        throw ProtobufReader.Problem(offset: 0, text: "field \(number) is a number, expected a message")
      }
      return reader
    }
  }

  /// The string of a number, empty where there is none.
  fileprivate func text(_ number: UInt64) throws -> String { try messages(number).first?.text ?? "" }
}
