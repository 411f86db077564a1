import Files
import Fixtures
import Foundation
import Models
import RecurrentNetwork
import Testing

/// That the real ONNX Runtime runs the files, and gets our probabilities, is shown by Scripts/interop/onnx_interop.py.
@Suite struct ONNXTests {
  private typealias Writer = ProtobufWriter

  private static func written() throws -> [UInt8] {
    let file = TemporaryFile("onnx")
    try SmallModel.model.write(to: file.path)
    return try file.bytes()
  }

  private func read(_ bytes: [UInt8]) throws -> Model {
    let file = TemporaryFile("onnx")
    try file.write(bytes)
    return try Model(contentsOf: file.path)
  }

  /// Expects that a file of these bytes is refused in a line that has a part.
  private func refusesFile(
    _ bytes: [UInt8], _ part: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    refuses((any ActionableError).self, part, sourceLocation: sourceLocation) { try read(bytes) }
  }

  @Test(arguments: [
    ("Sigmoid", "Softmax", "the graph is Gather, Transpose, LSTM, Squeeze, Gemm, Softmax, expected Gather, Transpose"),
    ("last_states", "last-states", "the inputs, outputs or attributes of a node are not as lstm writes them"),
    ("hidden_size", "hidden-size", "the inputs, outputs or attributes of a node are not as lstm writes them"),
    ("batch", "bunch", "the graph's input is not tokens as lstm writes it"),
    ("lstm.W", "lstm.w", "the inputs, outputs or attributes of a node are not as lstm writes them"),
    ("axes", "axis", "the inputs, outputs or attributes of a node"),
    ("{\"batchSize", "[\"batchSize", "the metadata's configuration can't be read"),
    ("\"maxLength\":17", "\"maxLength\":-1", "the metadata's maxLength must be from 1 to 1000000, not -1"),
    ("\"hiddenSize\":3", "\"hiddenSize\":4", "lstm.W has shape [1, 12, 2], expected [1, 16, 2]"),
    ("labels", "coding", "a metadata key occurs twice"),
    ("format_version\u{12}\u{1}1", "format_version\u{12}\u{1}2", "format_version is 2, expected 1; a newer lstm"),
  ])
  func refusesAnotherGraph(old: String, new: String, problem: String) throws {
    let bytes = try Self.written()
    let changed = bytes.replacing(old, by: new)
    #expect(changed != bytes)
    refusesFile(changed, problem)
  }

  /// The vocabulary under another name, and another producer.
  @Test(arguments: [("vocabulary", "configured"), ("swift-lstm", "swift-lst\u{0}")])
  func metadataOfOtherNamesAreNotRead(old: String, new: String) throws {
    let bytes = try Self.written()
    let changed = bytes.replacing(old, by: new)
    #expect(changed != bytes)
    #expect(try read(changed).parameters == SmallModel.model.parameters)
  }

  /// A network with everything that the tutorial's lacks.
  @Test(arguments: [
    ("bidirectional", "bidirectionai", "the inputs, outputs or attributes of a node are not as lstm writes them"),
    ("EyeLike", "OneLike", "the graph is Constant, Constant, Constant, Constant, Slice, Greater, Cast, ReduceSum …"),
    ("state_of_padding", "state-of-padding", "the inputs, outputs or attributes of a node"),
    ("\"layerCount\":2", "\"layerCount\":3", "the graph is Constant"),
    ("\"labelCount\":4", "\"labelCount\":5", "dense.kernel has shape [6, 4], expected [6, 5]"),
    ("\"vocabularySize\":5", "\"vocabularySize\":9", "kernels has shape [5, 24], expected [9, 24]"),
    ("Softmax", "Sigmoid", "the graph is Constant"),
  ])
  func refusesAnotherGraphOfEveryKindOfLayer(old: String, new: String, problem: String) throws {
    let file = TemporaryFile("onnx")
    try SmallModel.model(of: SmallModel.architectures[5]).write(to: file.path)
    let bytes = try file.bytes()
    let changed = bytes.replacing(old, by: new)
    #expect(changed != bytes)
    refusesFile(changed, problem)
  }

  @Test func refusesOtherVersions() throws {
    let bytes = try Self.written()
    #expect(bytes.starts(with: [0x08, 8]))
    refusesFile([0x08, 9] + bytes.dropFirst(2), "the IR version is not 8")
    let opset = Writer.field(8, Writer.field(2, Int64(17)))
    let other = Writer.field(8, Writer.field(2, Int64(13)))
    refusesFile(bytes.replacing(opset, by: other), "not those of opset 17 alone")
    refusesFile(bytes.replacing(opset, by: []), "not those of opset 17 alone")
    refusesFile(bytes + other, "not those of opset 17 alone")
    refusesFile([0x08, 8], "byte 0: the graph is missing")
  }

  @Test func refusesOtherTensors() throws {
    let bytes = try Self.written()
    let renamed = bytes.replacing(Writer.field(8, "lstm.W"), by: Writer.field(8, "lstm.X"))
    refusesFile(renamed, "there is no tensor lstm.W; the others are dense.bias, dense.kernel, ")
    func floats(_ values: [Float]) -> [UInt8] { values.flatMap { withUnsafeBytes(of: $0.bitPattern) { Array($0) } } }
    let weight = floats([SmallModel.model.parameters.values[3]])
    refusesFile(bytes.replacing(weight, by: floats([.nan])), "element 3 of embedding is nan")
    // The recurrent bias and the axes are zeros at the end of their tensors.
    let bias = Writer.field(8, "lstm.B")
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: bias) })
    var changed = bytes
    changed[start + bias.count + 2 + 4 * 12] = 1
    refusesFile(changed, "the second half of lstm.B is not 0")
    let axes = Writer.field(8, "axes") + Writer.field(9, [UInt8](repeating: 0, count: 8))
    let one = Writer.field(8, "axes") + Writer.field(9, [1] + [UInt8](repeating: 0, count: 7))
    refusesFile(bytes.replacing(axes, by: one), "“axes” is not [0]")
  }

  /// A whole file around a list of initializers.
  private func file(_ initializers: [[UInt8]], nodes: [[UInt8]]? = nil) -> [UInt8] {
    let nodes = nodes ?? ["Gather", "Transpose", "LSTM", "Squeeze", "Gemm", "Sigmoid"].map { Writer.field(4, $0) }
    return Writer.field(1, Int64(8))
      + Writer.field(7, nodes.flatMap { Writer.field(1, $0) } + initializers.flatMap { Writer.field(5, $0) })
      + Writer.field(8, Writer.field(2, Int64(17)))
  }

  private func tensor(_ name: String, _ shape: [Int64], type: Int64 = 1, bytes: Int = 8, _ more: [UInt8] = [])
    -> [UInt8]
  {
    shape.flatMap { Writer.field(1, $0) } + Writer.field(2, type) + Writer.field(8, name)
      + Writer.field(9, [UInt8](repeating: 0, count: bytes)) + more
  }

  @Test func refusesHostileTensors() throws {
    let axes = tensor("axes", [1], type: 7)
    for (initializers, problem) in [
      ([tensor("a", [.max, 2])], "“a” has a shape larger than the file"),
      ([tensor("a", [-1])], "“a” has a shape larger than the file"),
      ([tensor("a", [.max, .max, 0])], "“a” has a shape larger than the file"),
      ([tensor("a", [3])], "“a” has 8 bytes, expected 12 for its shape"),
      ([tensor("a", [1, 1, 1, 1, 1])], "field 1 occurs too often"),
      ([tensor("a", [2], type: 10)], "“a” has type 10, expected 1, float"),
      ([tensor("axes", [2])], "“axes” has type 1, expected 7, int64"),
      ([Writer.field(8, "a")], "a tensor has no type"),
      // Bytes that lie in another file.
      (
        [tensor("a", [2], Writer.field(13, Writer.field(1, "location")) + Writer.field(14, Int64(1)))],
        "field 13 is unexpected"
      ),
      ([tensor("a", [2], Writer.field(8, "b"))], "field 8 occurs too often"),
      ([tensor("a", [2]), tensor("a", [2])], "“a” occurs twice"),
      ([tensor("a\u{1B}[31m", [3])], #"“a\u{1B}[31m” has 8 bytes"#),
      ([], "there is no tensor axes"), ([axes], "there is no tensor embedding;"),
      ([axes, tensor("embedding", [2])], "embedding has shape [2], expected a matrix"),
      ([axes, tensor("embedding", [0, 2], bytes: 0)], "embedding has shape [0, 2], expected a matrix"),
      ([axes, tensor("embedding", [1, 2]), tensor("lstm.R", [1, 1, 2])], "vocabularySize must be from 3"),
    ] {
      refusesFile(file(initializers), problem)
    }
  }

  @Test func refusesGraphsFromElsewhere() throws {
    let nodes = (0..<64).map { Writer.field(4, "Op\($0)") }
    refuses(
      ModelError.self, "the graph is Op0, Op1, Op2, Op3, Op4, Op5, Op6, Op7 …, expected Gather, Transpose, LSTM",
      "from elsewhere, use a .keras file or PyTorch's safetensors"
    ) { try read(file([], nodes: nodes)) }
    let many = [[[UInt8]]](repeating: nodes, count: 5).flatMap { $0 }
    refusesFile(file([], nodes: many), "field 1 occurs too often")
    refusesFile(file([], nodes: []), "the graph is , expected")
  }

  @Test(arguments: [
    ([0x08, 0x80], "byte 2: the message ends within a number"),
    ([0x08] + [UInt8](repeating: 0xFF, count: 10), "a number is too large"),
    (
      [0x08, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0],
      "expected 9223372036854775807 bytes"
    ),
    ([0x08, 8, 0x3A, 5, 0], "expected 5 bytes, found 1"),
    ([0x08, 8, 0x38, 5], "field 7 is a number, expected a message"),
    ([0x08, 8, 0x3B], "a field has an unknown wire type"), ([0x08, 8, 0x39, 0], "the message ends within a number"),
    ([0x08, 8, 0x3A, 0, 0x3A, 0], "field 7 occurs too often"),
    // training_info, functions
    ([0x08, 8, 0xA2, 1, 0], "field 20 is unexpected"), ([0x08, 8, 0xCA, 1, 0], "field 25 is unexpected"),
    ([0x08, 8, 0x12, 1, 0xFF, 0x3A, 0], "the graph is , expected"),
    ([0x08, 8, 0x3A, 0, 0x72, 3, 0x0A, 1, 0xFF], "a string is not UTF-8"),
  ])
  func refusesBytesThatAreNoModel(bytes: [UInt8], problem: String) throws {
    refusesFile(bytes, problem)
  }

  @Test func refusesTruncations() throws {
    let bytes = try Self.written()
    for count in 2..<bytes.count where count % 7 == 0 || count > bytes.count - 40 {
      // What ends with a whole piece of metadata lacks the others.
      do {
        _ = try read(Array(bytes[..<count]))
        #expect(count > bytes.count - 700)
      } catch { #expect(error is any ActionableError) }
    }
  }

  @Test func theREADMESaysHowToUseTheModel() throws {
    let text = String(decoding: try Self.written(), as: UTF8.self)
    #expect(text.contains("of more than 17 ids keep the last 17, pad fewer with 0 in front to 17, as in training."))
    var model = SmallModel.model
    let readMe = model.readMe(forONNX: "spam.onnx")
    for piece in [
      "# spam.onnx\n", "the probability of “späm”; else “ham” |", "range from 0 to 4:",
      "Pad a shorter one with 0 in front",
      "replace tags such as `<br />` by a space; convert it to lower case;", "text.lower()",
      "InferenceSession(\"spam.onnx\")",
    ] { #expect(readMe.contains(piece), "\(piece)") }
    (model.threshold, model.coding.hasStartToken, model.coding.skipsUnknownWords) = (0.25, false, true)
    model.coding.padding = .post
    for piece in [
      "the probability of “späm”, predicted above 0.25; else “ham” |", "probability > 0.25", "Leave out words",
      "Pad a shorter one with 0 at its end", "padded([([ids[word] for word in row if word in ids])[-length:]",
      "length, False)",
    ] { #expect(model.readMe(forONNX: "a").contains(piece), "\(piece)") }
    model.vocabulary = nil
    #expect(model.readMe(forONNX: "a").contains("; not in this file), `configuration`"))
  }
}
