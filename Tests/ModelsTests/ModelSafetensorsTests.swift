import Files
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

@Suite final class ModelSafetensorsTests {
  private let file = TemporaryFile("safetensors")
  private var path: String { file.path }
  private let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  private var parameters: Parameters {
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(i) / 8 }
    return parameters
  }

  /// Names and shapes are checked before any values are read; the file is sparse, and takes no space.
  @Test func aLargeFileThatLacksATensorIsRefusedAtOnce() throws {
    let file = TemporaryFile("safetensors")
    let count = 1 << 33
    let header =
      #"{"embedding.weight":{"dtype":"F32","shape":[\#(count / 16),4],"data_offsets":[0,\#(4 * count / 4)]}}"#
    try file.write(littleEndianBytes(UInt64(header.utf8.count)) + Array(header.utf8))
    try #require(truncate(file.path, off_t(8 + header.utf8.count + count)) == 0)
    let start = ContinuousClock.now
    refuses(.malformed, at: file.path, "there is no tensor lstm.weight_hh_l0") { try Model(safetensors: file.path) }
    #expect(ContinuousClock.now - start < .seconds(1))
  }

  @Test func writesPyTorchsNamesAndOrientation() throws {
    var model = Model(parameters)
    model.vocabulary = ["<pad>", "<start>", "<oov>", "<3>", "é"]
    try model.write(toSafetensors: path)
    let file = try Safetensors(contentsOf: path)
    #expect(
      file.tensors.mapValues(\.shape) == [
        "embedding.weight": [5, 2], "lstm.weight_ih_l0": [12, 2], "lstm.weight_hh_l0": [12, 3],
        "lstm.bias_ih_l0": [12], "lstm.bias_hh_l0": [12], "fc.weight": [1, 3], "fc.bias": [1],
      ])
    // Element [j, i] is the kernel's [i, j].
    let kernel = Array(parameters[layout.kernel])
    #expect(file.tensors["lstm.weight_ih_l0"]?.values[7 * 2 + 1] == kernel[1 * 12 + 7])
    #expect(file.metadata["format_version"] == "1")
    #expect(file.metadata["vocabulary"] == #"["<pad>","<start>","<oov>","<3>","é"]"#)
    let configuration = try JSONDecoder().decode(
      TrainingConfiguration.self, from: Data(try #require(file.metadata["configuration"]).utf8))
    #expect(configuration == model.configuration)
    #expect(try Model(safetensors: path) == model)
  }

  @Test func addsPyTorchsTwoBiases() throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_hh_l0"]?.values[4] = 100
    try file.write(to: path)
    var expected = parameters
    expected.values[layout.bias.offset + 4] += 100
    #expect(try Model(safetensors: path).parameters == expected)
  }

  @Test func readsWhatWasWrittenBesideTheWeights() throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (5, 2, 3)
    for vocabulary in [["<pad>", "<start>", "<oov>", "a", "b"], nil] {
      var model = try Model(parameters, configuration: configuration, vocabulary: vocabulary)
      model.coding.stripsHTML = true
      model.labels = ["ham", "spam"]
      try model.write(toSafetensors: path)
      #expect(try Model(safetensors: path) == model)
    }
  }

  @Test(arguments: [
    ("configuration", "[]", "the metadata's configuration can't be read"),
    ("configuration", "{}", "embedding.weight has shape [5, 2], expected [1000, 128]"),
    ("configuration", "\"vocabularySize\":2,", "vocabularySize must be from 3 to 10000000, not 2"),
    ("configuration", "\"vocabularySize\":4611686018427387904,", "vocabularySize must be from 3"),
    ("configuration", "\"maxLength\":0,", "maxLength must be from 1 to 1000000, not 0"),
    ("configuration", "\"learningRate\":-1,", "learningRate must be a number above 0, not -1.0"),
    // As large as may be: nothing of that size is allocated.
    ("configuration", "\"vocabularySize\":10000000,\"embeddingSize\":65536,", "embedding.weight has shape [5, 2]"),
    ("vocabulary", "[\"a\"]", "in the metadata, the vocabulary is not a list of 5 words"),
    ("vocabulary", "[1,2,3,4,5]", "the metadata's vocabulary is not a list of words"),
    ("format_version", "2", "the metadata's format_version is 2, expected 1"),
    ("coding", "{\"lowercasing\":\"turkish\",\"stripsHTML\":false}", "the metadata's coding can't be read"),
    ("labels", "[\"a\"]", "in the metadata, the labels are not two different names"),
    ("labels", "[\"a\",\"a\"]", "in the metadata, the labels are not two different names"),
  ])
  func refusesMetadata(key: String, value: String, problem: String) throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (5, 2, 3)
    try Model(parameters, configuration: configuration).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    if value.hasPrefix("\"") {
      // Members that replace those of the same name.
      let names = value.split(separator: ",").map { $0.prefix { $0 != ":" } }
      let kept = file.metadata[key]!.dropFirst().dropLast().split(separator: ",").filter { member in
        !names.contains { member.hasPrefix($0) }
      }
      file.metadata[key] = "{" + value + kept.joined(separator: ",") + "}"
    } else {
      file.metadata[key] = value
    }
    try file.write(to: path)
    refuses((any ActionableError).self, at: path, problem) { try Model(safetensors: path) }
  }

  @Test func takesTheSizesFromPyTorchsShapes() throws {
    var model = Model(parameters)
    model.labels = ["ham", "spam"]
    try model.write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata = ["format": "pt"]
    try file.write(to: path)
    #expect(try Model(safetensors: path) == Model(parameters))
  }

  /// Each: the change of a whole file, and what it is refused for.
  @Test(arguments: misfits.indices) func refusesWeightsOfAnotherNetwork(index: Int) throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    Self.misfits[index].change(&file)
    try file.write(to: path)
    refuses(.malformed, at: path, Self.misfits[index].problem) { try Model(safetensors: path) }
  }

  private static let misfits: [(change: @Sendable (inout Safetensors) -> Void, problem: String)] = [
    ({ $0.tensors["fc.bias"] = nil }, "there is no tensor fc.bias"),
    ({ $0.tensors["fc.bias"] = nil }, "Embedding(5, 2)"),
    ({ $0.tensors["x"] = .init(shape: [], values: [1]) }, "unexpected tensor x"),
    (
      { $0.tensors["fc.weight"] = .init(shape: [3, 1], values: [1, 2, 3]) },
      "fc.weight has shape [3, 1], expected [1, 3]"
    ),
    ({ $0.tensors["fc.bias"]?.values = [.nan] }, "element 0 of fc.bias is nan"),
  ]

  @Test(arguments: [
    ("lstm.weight_ih_l1", "lstm.weight_ih_l1 has shape [1], expected [12, 3]; the weights must be those of Embedding"),
    ("lstm.weight_ih_l2", "there is an unexpected tensor lstm.weight_ih_l2"),
    ("lstm.bias_hh_l0_reverse", "there is an unexpected tensor lstm.bias_hh_l0_reverse"),
    ("lstm.weight_ih_l0_reverse", "lstm.weight_ih_l0_reverse has shape [1], expected [12, 2]"),
    ("embedding.weight", "embedding.weight has shape [1], expected a matrix"),
    ("fc.weight", "fc.weight has shape [1], expected a matrix"),
    ("lstm.weight_hr_l0", "lstm.weight_hr_l0 belongs to an LSTM with projections, expected none"),
    ("a\nb", #"there is an unexpected tensor a\nb"#),
  ])
  func namesTheTensorOfPyTorchsThatIsTooMuch(name: String, problem: String) throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    file.tensors[name] = .init(shape: [1], values: [1])
    try file.write(to: path)
    refuses(.malformed, at: path, problem) { try Model(safetensors: path) }
  }

  // MARK: Other networks than the tutorial's

  /// A model of a network, no two weights of which are equal.
  private func model(layers: Int, isBidirectional: Bool, embeddingSize: Int = 2, labels: Int = 2) -> Model {
    var architecture = Architecture(vocabularySize: 5, embeddingSize: embeddingSize, hiddenSize: 3)
    (architecture.layerCount, architecture.isBidirectional) = (layers, isBidirectional)
    architecture.labelCount = labels
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    for i in parameters.values.indices { parameters.values[i] = Float(i) / 8 }
    return Model(parameters)
  }

  @Test func namesLayersAndDirectionsAsPyTorchDoes() throws {
    let model = model(layers: 2, isBidirectional: true, embeddingSize: 0, labels: 3)
    try model.write(toSafetensors: path)
    let file = try Safetensors(contentsOf: path)
    var expected = ["fc.weight": [3, 6], "fc.bias": [3]]
    for suffix in ["l0", "l0_reverse", "l1", "l1_reverse"] {
      expected["lstm.weight_ih_\(suffix)"] = [12, suffix.hasPrefix("l0") ? 5 : 6]
      expected["lstm.weight_hh_\(suffix)"] = [12, 3]
      expected["lstm.bias_ih_\(suffix)"] = [12]
      expected["lstm.bias_hh_\(suffix)"] = [12]
    }
    #expect(file.tensors.mapValues(\.shape) == expected)
    let backward = model.parameters.layout.recurrences[1][1]
    let kernel = Array(model.parameters[backward.kernel])
    #expect(file.tensors["lstm.weight_ih_l1_reverse"]?.values[7 * 6 + 4] == kernel[4 * 12 + 7])
    #expect(file.tensors["lstm.bias_ih_l1_reverse"]?.values == Array(model.parameters[backward.bias]))
    #expect(file.tensors["lstm.bias_hh_l1_reverse"]?.values.allSatisfy { $0 == 0 } == true)
    #expect(file.metadata["labels"] == #"["0","1","2"]"#)
  }

  @Test(arguments: [
    (1, false, 2, 2), (2, false, 2, 2), (1, true, 2, 2), (3, true, 2, 5), (1, false, 0, 2), (2, true, 0, 3),
  ])
  func tellsANetworkByPyTorchsShapes(layers: Int, isBidirectional: Bool, embeddingSize: Int, labels: Int) throws {
    let model = model(layers: layers, isBidirectional: isBidirectional, embeddingSize: embeddingSize, labels: labels)
    try model.write(toSafetensors: path)
    var remarks: [String] = []
    #expect(try Model(safetensors: path) { remarks.append($0) } == model)
    #expect(remarks.isEmpty)
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    try file.write(to: path)
    #expect(try Model(safetensors: path) { remarks.append($0) } == model)
    #expect(remarks == [Model.assumptionWithoutMetadata])
  }

  @Test func addsTheTwoBiasesOfEveryLayerAndDirection() throws {
    let model = model(layers: 2, isBidirectional: true)
    try model.write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_hh_l1_reverse"]?.values[4] = 100
    try file.write(to: path)
    var expected = model.parameters
    let bias = expected.layout.recurrences[1][1].bias
    expected.values[bias.offset + 4] += 100
    #expect(try Model(safetensors: path).parameters == expected)
  }

  @Test func refusesBiasesOfAnyLayerWhoseSumIsInfinite() throws {
    try model(layers: 2, isBidirectional: true).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_hh_l1_reverse"]?.values[4] = 3e38
    file.tensors["lstm.bias_ih_l1_reverse"]?.values[4] = 3e38
    try file.write(to: path)
    refuses(.malformed, at: path, "element 4 of the two biases' sum of bidirectional_1/backward_lstm_1/bias is inf") {
      try Model(safetensors: path)
    }
  }

  /// What no network has, however little a file holds: nothing of the announced size is allocated.
  @Test(arguments: [
    (["embedding.weight": [5, 70_000]], "embeddingSize must be from 0 to 65536, not 70000"),
    (["embedding.weight": [2, 2]], "vocabularySize must be from 3 to 10000000, not 2"),
    (["fc.weight": [2, 3]], "fc.weight has shape [2, 3], expected [1, 3]"),
    (["fc.weight": [300, 3]], "labelCount must be from 2 to 256, not 300"),
    (["lstm.weight_hh_l0": [12, 70_000]], "hiddenSize must be from 0 to 65536, not 70000"),
    (["lstm.weight_hh_l0": [12, 60_000]], "lstm.weight_ih_l0 has shape [12, 2], expected [240000, 2]"),
    (["lstm.weight_hh_l0": [12, 0]], "lstm.weight_hh_l0 has shape [12, 0], expected a matrix"),
  ])
  func refusesHostileShapes(shapes: [String: [Int]], problem: String) throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    for (name, shape) in shapes {
      file.tensors[name] = .init(shape: shape, values: .init(repeating: 0, count: shape.reduce(1, *)))
    }
    try file.write(to: path)
    refuses(.malformed, at: path, problem) { try Model(safetensors: path) }
  }

  @Test func refusesMoreLayersThanANetworkMayHave() throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    for layer in 1...64 { file.tensors["lstm.weight_ih_l\(layer)"] = .init(shape: [1], values: [1]) }
    try file.write(to: path)
    refuses(.malformed, at: path, "layerCount must be from 1 to 64, not 65") { try Model(safetensors: path) }
  }

  /// A file from before there were other networks than the tutorial's.
  @Test func readsAFileThatDoesNotNameTheNetwork() throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    let new = ["layerCount", "isBidirectional", "pooling", "masksPadding", "labelCount", "dropout"]
    let json = try #require(file.metadata["configuration"])
    var object = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    for name in new { try #require(object.removeValue(forKey: name) != nil, "\(name)") }
    file.metadata["configuration"] = String(
      decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    try file.write(to: path)
    #expect(try Model(safetensors: path) == Model(parameters))
  }

  @Test(arguments: [
    (#"["a","b"]"#, "in the metadata, the labels are not 3 different names"),
    (#"["a","b","a"]"#, "in the metadata, the labels are not 3 different names"),
    (#"["a","b","c","d"]"#, "in the metadata, the labels are not 3 different names"),
    ("3", "the metadata's labels are not a list of names"),
  ])
  func refusesLabelsOfAnotherNumber(labels: String, problem: String) throws {
    try model(layers: 1, isBidirectional: false, labels: 3).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata["labels"] = labels
    try file.write(to: path)
    refuses(ModelError.self, at: path, problem) { try Model(safetensors: path) }
  }

  @Test func readsPyTorchsNamesWithAPrefix() throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    file.tensors = .init(uniqueKeysWithValues: file.tensors.map { ("net." + $0, $1) })
    try file.write(to: path)
    #expect(try Model(safetensors: path).parameters == parameters)
    file.tensors = ["emb": .init(shape: [1], values: [1])]
    try file.write(to: path)
    refuses(.malformed, at: path, "there is no tensor embedding.weight; the others are emb;") {
      try Model(safetensors: path)
    }
  }

  @Test func keepsTheSignOfZero() throws {
    var zero = parameters
    zero.values[layout.bias.offset] = -0.0
    try Model(zero).write(toSafetensors: path)
    #expect(try Model(safetensors: path).parameters.values[layout.bias.offset].sign == .minus)
  }

  @Test func refusesBiasesWhoseSumIsInfinite() throws {
    try Model(parameters).write(toSafetensors: path)
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_ih_l0"]?.values[1] = 3e38
    file.tensors["lstm.bias_hh_l0"]?.values[1] = 3e38
    try file.write(to: path)
    refuses(.malformed, at: path, "element 1 of the two biases' sum is inf") { try Model(safetensors: path) }
  }
}
