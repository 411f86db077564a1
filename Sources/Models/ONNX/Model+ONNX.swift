import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

// MARK: Writing

extension Model {
  /// Writes an ONNX file (IR 8, opset 17) atomically. It does not include the optimizer.
  ///
  /// The input is `tokens`, int64 [batch, time]; the output is `probability`, float [batch, 1], or [batch, labels] with
  /// more than two labels. A model with n-grams also has the input `words`, int64 [batch, words], and, if it has n-grams
  /// of characters, `characters`, int64 [batch, characters]. The documentation strings explain them all; vocabulary,
  /// labels, configuration and the n-grams' words are in the metadata.
  ///
  /// - Throws: `ModelError` if the model is too large for the format, `FileError` if the file can't be written.
  public func write(toONNX path: String) throws {
    // Protobuf limits lengths to 31 bits; everything but the weights is small.
    guard parameters.values.count < (1 << 31 - 1 << 26) / 4 else {
      throw ModelError(
        .tooLarge, path: path, problem: "an ONNX file can't be larger than 2 GB", advice: "write safetensors instead")
    }
    if architecture.pooling == .lastStep && architecture.masksPadding {
      throw ModelError(
        .unsupported, path: path, problem: "the graph has no step that all texts end with, as their padding is masked",
        advice: "write safetensors instead")
    }
    let ngrams = wide.map(ONNXNGrams.init)
    let graph = ONNXGraph(parameters.architecture, ngrams)
    var inputs: [(name: String, documentation: String)] = []
    if configuration.hiddenSize > 0 { inputs.append((ONNXGraph.tokens, tokensDocumentation)) }
    for kind in ngrams?.kinds ?? [] { inputs.append((kind.input, Self.documentation(ofParts: kind.input))) }
    let message =
      ProtobufWriter.field(1, ONNXGraph.irVersion) + ProtobufWriter.field(2, "swift-lstm")
      + ProtobufWriter.field(6, "\(classifierInWords) of texts: \(parameters.architecture).")
      + ProtobufWriter.field(
        7,
        graph.nodes.flatMap { ProtobufWriter.field(1, $0) } + ProtobufWriter.field(2, "lstm")
          + initializers(hasAxes: graph.hasAxes, ngrams).flatMap { ProtobufWriter.field(5, $0) }
          + inputs.flatMap { input in
            ProtobufWriter.field(
              11, Self.value(input.name, ONNXGraph.inputType(input.name), documentation: input.documentation))
          }
          + ProtobufWriter.field(
            12, Self.value(ONNXGraph.probability, graph.outputType, documentation: probabilityDocumentation)))
      + ProtobufWriter.field(8, ProtobufWriter.field(2, ONNXGraph.opset))
    var texts = try ModelMetadata(self).texts
    if let wide {
      let words = (0..<wide.index.words.count).map { wide.index.words[$0] }
      texts[ONNXGraph.wordsKey] = String(decoding: try JSONEncoder.reproducible.encode(words), as: UTF8.self)
    }
    let metadata = texts.sorted { $0.key < $1.key }.flatMap {
      ProtobufWriter.field(14, ProtobufWriter.field(1, $0.key) + ProtobufWriter.field(2, $0.value))
    }
    try AtomicFile.write([Data(message), Data(metadata)], to: path)
  }

  /// What the ids mean, and how to pad.
  private var tokensDocumentation: String {
    "Token ids from 0 to \(configuration.vocabularySize - 1): 0 is padding, 1 the start of a text, 2 any word that is "
      + "not in the vocabulary, and from 4 on the words, the most frequent first (metadata: vocabulary). A text is the "
      + "start and its words; of more than \(configuration.maxLength) ids keep the last \(configuration.maxLength), pad "
      + (configuration.masksPadding
        ? "fewer with 0 in front, which is left out."
        : "fewer with 0 in front to \(configuration.maxLength), as in training.")
  }

  /// What the parts of n-grams mean, and how to pad.
  private static func documentation(ofParts input: String) -> String {
    input == ONNXNGrams.words
      ? "All words of a text by their places in the list of words (metadata: words), from the first word on: 0, which "
        + "stands in front of each text, then a number for each word, or -1 for one that the list lacks; pad with -1."
      : "The characters of the same words, as code points: a space (32), then each word of two characters or more with a "
        + "space behind it; pad with -1."
  }

  private var probabilityDocumentation: String {
    labels.count == 2
      ? "The probability of \(labels[1]); else \(labels[0])."
      : "The probability of each label: \(labels.joined(separator: ", "))."
  }

  var classifierInWords: String { labels.count == 2 ? "A binary classifier" : "A classifier" }

  /// ValueInfoProto
  private static func value(_ name: String, _ type: [UInt8], documentation: String) -> [UInt8] {
    ProtobufWriter.field(1, name) + ProtobufWriter.field(2, type) + ProtobufWriter.field(3, documentation)
  }

  /// The TensorProto of each tensor.
  private func initializers(hasAxes: Bool, _ ngrams: ONNXNGrams?) -> [[UInt8]] {
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
    let (d, h) = (layout.architecture.directionCount, layout.architecture.hiddenSize)
    var result: [[UInt8]] = []
    for kind in ngrams?.kinds ?? [] {
      let shape = [kind.ngrams.count, kind.products.count]
      for (name, rows) in [(kind.names.products, kind.products), (kind.names.squares, kind.squares)] {
        result.append(floats(name, shape, transposed(rows.flatMap(\.self), shape.reversed())))
      }
    }
    if let ngrams { result.append(floats(Name.ngramBias, [ngrams.biases.count], ngrams.biases)) }
    if layout.architecture.hiddenSize == 0 {
      return result + [floats(Name.denseBias(0), layout.denseBias.shape, Array(parameters[layout.denseBias]))]
    }
    if layout.architecture.embeddingSize > 0 {
      result.append(floats(Name.embedding, layout.embedding.shape, Array(parameters[layout.embedding])))
    } else {
      // Transposed from [D · 4H, V].
      let (v, kernels) = (layout.architecture.vocabularySize, layout.recurrences[0].flatMap { gates($0.kernel) })
      result.append(floats(Name.kernels, [v, d * 4 * h], transposed(kernels, [d * 4 * h, v])))
    }
    for (layer, directions) in layout.recurrences.enumerated() {
      if layer > 0 || layout.architecture.embeddingSize > 0 {
        let inputs = layout.architecture.inputSize(ofLayer: layer)
        result.append(floats(Name.kernel(layer), [d, 4 * h, inputs], directions.flatMap { gates($0.kernel) }))
      }
      result.append(
        floats(Name.recurrentKernel(layer), [d, 4 * h, h], directions.flatMap { gates($0.recurrentKernel) }))
      // The input bias, then the recurrent bias.
      let biases = directions.flatMap { direction in
        ONNXGraph.reordered(Array(parameters[direction.bias])) + [Float](repeating: 0, count: 4 * h)
      }
      result.append(floats(Name.bias(layer), [d, 8 * h], biases))
    }
    if hasAxes { result.append(tensor(Name.axes, [1], ONNXGraph.ElementType.int64, [UInt8](repeating: 0, count: 8))) }
    for (layer, dense) in layout.dense.enumerated() {
      result.append(floats(Name.denseKernel(layer), dense.kernel.shape, Array(parameters[dense.kernel])))
      result.append(floats(Name.denseBias(layer), dense.bias.shape, Array(parameters[dense.bias])))
    }
    return result
  }
}

// MARK: Reading

extension Model {
  /// Reads an ONNX file that `write(toONNX:)` wrote.
  ///
  /// - Throws: `FileError` if it can't be read; `ModelError` if it is anything else: another graph, another opset, other
  ///   tensors.
  public init(onnx path: String) throws {
    let advice =
      "only ONNX files that lstm wrote can be read; from elsewhere, use a .keras file or PyTorch's safetensors"
    let file = try RegularFile(path, advice: advice)
    do { self = try ONNXFile(ProtobufReader(file)).model(path, advice) } catch let error as ProtobufReader.Problem {
      throw ModelError(path: path, problem: "byte \(error.offset): \(error.text)", advice: advice)
    }
  }
}

/// A file, decoded as far as is needed to compare it with what is written here.
private struct ONNXFile {
  typealias Fields = [UInt64: [ProtobufReader.Value]]
  private let reader: ProtobufReader
  private let model: Fields
  private let graph: Fields

  init(_ reader: ProtobufReader) throws {
    self.reader = reader
    // ModelProto: IR version, producer, its version, domain, version, documentation, graph; opsets, metadata.
    model = try reader.fields(single: [1, 2, 3, 4, 5, 6, 7], repeated: [8, 14])
    guard let graph = try model.messages(7).first else { throw reader.problem("the graph is missing") }
    // GraphProto: name, documentation; nodes, initializers, inputs, outputs.
    self.graph = try graph.fields(single: [2, 10], repeated: [1, 5, 11, 12], limit: 256)
  }

  func model(_ path: String, _ advice: String) throws -> Model {
    var texts: [String: String] = [:]
    for entry in try model.messages(14) {
      let fields = try entry.fields(single: [1, 2])
      guard texts.updateValue(try fields.text(2), forKey: try fields.text(1)) == nil else {
        throw entry.problem("a metadata key occurs twice")
      }
    }
    if texts[ONNXGraph.wordsKey] != nil {
      throw ModelError(
        .unsupported, path: path,
        problem: "it has n-grams, which are only written to ONNX files, and not read from them",
        advice: "use the safetensors file that it was made of")
    }
    let metadata = Result { try ModelMetadata(texts, path: path) }
    let architecture = try? metadata.get().configuration?.architecture
    // The operators first, since they reveal a graph from elsewhere.
    let nodes = try graph.messages(1)
    let expected = ONNXGraph(architecture ?? Architecture())
    // NodeProto: name, operator, documentation, domain; inputs, outputs, attributes.
    let operators = try nodes.map { try $0.fields(single: [3, 4, 6, 7], repeated: [1, 2, 5]).text(4) }
    guard operators == expected.operators else {
      func shown(_ names: [String]) -> String {
        names.prefix(8).map { CorpusError.escaped($0) }.joined(separator: ", ") + (names.count > 8 ? " …" : "")
      }
      throw reader.problem("the graph is \(shown(operators)), expected \(shown(expected.operators))")
    }
    try checkVersions()
    _ = try metadata.get()
    var tensors: [String: (shape: [Int], bytes: ProtobufReader)] = [:]
    var names: Set<String> = []
    for initializer in try graph.messages(5) {
      let (name, tensor) = try Self.tensor(initializer)
      guard names.insert(name).inserted else {
        throw initializer.problem("\(CorpusError.quoted(name)) occurs twice")
      }
      tensors[name] = tensor
    }
    // Three times: they are put into another order, and then packed.
    try checkMemory(3 * tensors.values.reduce(0) { $0 + $1.bytes.count }, for: path)
    let table = TensorTable(tensors.mapValues(\.shape), path: path, advice: advice) { name in
      try tensors[name]!.bytes.bytes().withUnsafeBytes(FloatEncoding.float32.floats)
    }
    guard names.contains(ONNXGraph.Initializer.axes) == expected.hasAxes else {
      throw reader.problem("there is \(expected.hasAxes ? "no" : "a") tensor \(ONNXGraph.Initializer.axes)")
    }
    let parameters = try Self.parameters(architecture, table)
    let own = ONNXGraph(parameters.architecture)
    for (node, bytes) in zip(nodes, own.nodes) where try !node.equals(bytes) {
      throw node.problem("the inputs, outputs or attributes of a node are not as lstm writes them")
    }
    try check(11, ONNXGraph.tokens, ONNXGraph.inputType(ONNXGraph.tokens))
    try check(12, ONNXGraph.probability, own.outputType)
    return try Model(parameters, metadata.get(), path: path)
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

  /// Checks that the graph's only input (field 11) or output (field 12) has a given name and type, and any documentation.
  private func check(_ number: UInt64, _ name: String, _ type: [UInt8]) throws {
    let values = try graph.messages(number).map { try $0.fields(single: [1, 2, 3]) }
    guard values.count == 1, try values[0].text(1) == name,
      try values[0].messages(2).first?.equals(type) ?? false
    else { throw reader.problem("the graph's \(number == 11 ? "input" : "output") is not \(name) as lstm writes it") }
  }

  /// Reads a TensorProto: type, name, bytes; extents. Bytes in external files (fields 13 and 14) aren't allowed.
  ///
  /// - Returns: a tensor of floats, which are read later, or nil for the only one of integers, once its value has been
  ///   checked.
  private static func tensor(
    _ reader: ProtobufReader
  ) throws -> (name: String, (shape: [Int], bytes: ProtobufReader)?) {
    let fields = try reader.fields(single: [2, 8, 9], repeated: [1], limit: 4)
    let name = try fields.text(8)
    let shown = CorpusError.quoted(name)
    let bytes = try fields.messages(9).first
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
    guard let bytes, bytes.count == size else {
      throw reader.problem("\(shown) has \(bytes?.count ?? 0) bytes, expected \(size) for its shape")
    }
    if isAxes {
      guard shape == [1], try bytes.bytes().allSatisfy({ $0 == 0 }) else { throw reader.problem("\(shown) is not [0]") }
      return (name, nil)
    }
    return (name, (shape, bytes))
  }

  private static func parameters(_ architecture: Architecture?, _ tensors: TensorTable) throws -> Parameters {
    typealias Name = ONNXGraph.Initializer
    var tensors = tensors
    let layout = ParameterLayout(
      try architecture
        ?? {
          let (embedding, recurrent) = (
            try tensors.matrix(Name.embedding), try tensors.matrix(Name.recurrentKernel(0), stacked: true)
          )
          return try tensors.checked(
            .init(vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[1]))
        }())
    let (d, h) = (layout.architecture.directionCount, layout.architecture.hiddenSize)
    let v = layout.architecture.vocabularySize
    let hasEmbedding = layout.architecture.embeddingSize > 0
    var expected: [(name: String, shape: [Int])] = []
    if !hasEmbedding { expected.append((Name.kernels, [v, d * 4 * h])) }
    for layer in layout.recurrences.indices {
      if layer > 0 || hasEmbedding {
        expected.append((Name.kernel(layer), [d, 4 * h, layout.architecture.inputSize(ofLayer: layer)]))
      }
      expected += [(Name.recurrentKernel(layer), [d, 4 * h, h]), (Name.bias(layer), [d, 8 * h])]
    }
    if hasEmbedding { expected.append((Name.embedding, layout.embedding.shape)) }
    let dense = layout.dense.enumerated().flatMap { layer, dense in
      [(dense.kernel, Name.denseKernel(layer)), (dense.bias, Name.denseBias(layer))]
    }
    expected += dense.map { ($1, $0.shape) }
    try tensors.check(expected)
    /// The values of all directions together, and a target for each direction.
    var gates: [(targets: [ParameterLayout.Tensor], values: [Float])] = []
    if !hasEmbedding {
      let kernels = transposed(try tensors.take(Name.kernels, [v, d * 4 * h]), [v, d * 4 * h])
      gates.append((layout.recurrences[0].map(\.kernel), kernels))
    }
    var biases: [(targets: [ParameterLayout.Tensor], values: [Float])] = []
    for (layer, directions) in layout.recurrences.enumerated() {
      if layer > 0 || hasEmbedding {
        let inputs = layout.architecture.inputSize(ofLayer: layer)
        gates.append((directions.map(\.kernel), try tensors.take(Name.kernel(layer), [d, 4 * h, inputs])))
      }
      let recurrent = try tensors.take(Name.recurrentKernel(layer), [d, 4 * h, h])
      gates.append((directions.map(\.recurrentKernel), recurrent))
      let bias = try tensors.take(Name.bias(layer), [d, 8 * h])
      for direction in 0..<d where bias[(8 * direction + 4) * h..<8 * (direction + 1) * h].contains(where: { $0 != 0 })
      {
        throw tensors.fail("the second half of \(Name.bias(layer)) is not 0")
      }
      biases.append((directions.map(\.bias), bias))
    }
    let others = try ((hasEmbedding ? [(layout.embedding, Name.embedding)] : []) + dense)
      .map { ($0, try tensors.take($1, $0.shape)) }

    var parameters = Parameters(zeros: layout)
    for (target, values) in others { parameters[target] = values[...] }
    for (targets, values) in gates {
      for (target, start) in zip(targets, stride(from: 0, to: values.count, by: values.count / d)) {
        let block = ONNXGraph.restored(Array(values[start..<start + target.count]))
        parameters[target] = transposed(block, target.shape.reversed())[...]
      }
    }
    for (targets, values) in biases {
      for (direction, target) in targets.enumerated() {
        parameters[target] = ONNXGraph.restored(Array(values[8 * h * direction..<4 * h * (2 * direction + 1)]))[...]
      }
    }
    return parameters
  }
}

extension ProtobufReader {
  /// Whether the message is as given.
  fileprivate func equals(_ other: [UInt8]) throws -> Bool { try count == other.count && bytes() == other }
}

extension [UInt64: [ProtobufReader.Value]] {
  /// The messages in fields of a given number.
  fileprivate func messages(_ number: UInt64) throws -> [ProtobufReader] {
    try (self[number] ?? []).map { value in
      guard case .bytes(let reader) = value else {
        throw ProtobufReader.Problem(offset: 0, text: "field \(number) is a number, expected a message")
      }
      return reader
    }
  }

  /// The string in the first field of a given number; empty if there is none.
  fileprivate func text(_ number: UInt64) throws -> String { try messages(number).first?.text ?? "" }
}
