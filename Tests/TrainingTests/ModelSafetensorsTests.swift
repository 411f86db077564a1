import Foundation
import RecurrentNetwork
import Testing

@testable import Training

@Suite struct ModelSafetensorsTests {
  private let path = NSTemporaryDirectory() + "model-\(UUID().uuidString).safetensors"
  private let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  private var parameters: Parameters {
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(i) / 8 }
    return parameters
  }

  @Test func writesPyTorchsNamesAndOrientation() throws {
    var model = Model(parameters)
    model.vocabulary = ["<pad>", "<start>", "<oov>", "<3>", "é"]
    try model.write(toSafetensors: path)
    defer { unlink(path) }
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
    defer { unlink(path) }
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
      var model = Model(parameters, configuration: configuration, vocabulary: vocabulary)
      model.coding.stripsHTML = true
      model.labels = ["ham", "spam"]
      try model.write(toSafetensors: path)
      defer { unlink(path) }
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
    ("vocabulary", "[\"a\"]", "the metadata's vocabulary is not a list of 5 words"),
    ("vocabulary", "[1,2,3,4,5]", "the metadata's vocabulary is not a list of words"),
    ("format_version", "2", "the metadata's format_version is 2, expected 1"),
    ("coding", "{\"lowercasing\":\"turkish\",\"stripsHTML\":false}", "the metadata's coding can't be read"),
    ("labels", "[\"a\"]", "the metadata's labels are not two names"),
    ("labels", "[\"a\",\"a\"]", "the metadata's labels are not two names"),
  ])
  func refusesMetadata(key: String, value: String, problem: String) throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (5, 2, 3)
    try Model(parameters, configuration: configuration).write(toSafetensors: path)
    defer { unlink(path) }
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
    #expect {
      try Model(safetensors: path)
    } throws: { error in
      error is TrainingError && "\(error)".contains(problem) && "\(error)".contains(path)
    }
  }

  @Test func takesTheSizesFromPyTorchsShapes() throws {
    var model = Model(parameters)
    model.labels = ["ham", "spam"]
    try model.write(toSafetensors: path)
    defer { unlink(path) }
    var file = try Safetensors(contentsOf: path)
    file.metadata = ["format": "pt"]
    try file.write(to: path)
    #expect(try Model(safetensors: path) == Model(parameters))
  }

  @Test func refusesWeightsOfAnotherNetwork() throws {
    func refusal(_ change: (inout Safetensors) -> Void) throws -> String {
      try Model(parameters).write(toSafetensors: path)
      defer { unlink(path) }
      var file = try Safetensors(contentsOf: path)
      change(&file)
      try file.write(to: path)
      do { _ = try Model(safetensors: path) } catch { return "\(error)" }
      return "accepted"
    }
    #expect(try refusal { $0.tensors["fc.bias"] = nil }.contains("there is no tensor fc.bias"))
    #expect(try refusal { $0.tensors["x"] = .init(shape: [], values: [1]) }.contains("unexpected tensor x"))
    #expect(
      try refusal { $0.tensors["fc.weight"] = .init(shape: [3, 1], values: [1, 2, 3]) }
        .contains("fc.weight has shape [3, 1], expected [1, 3]"))
    #expect(try refusal { $0.tensors["fc.bias"]?.values = [.nan] }.contains("element 0 of fc.bias is nan"))
    #expect(try refusal { $0.tensors["fc.bias"] = nil }.contains("Embedding(5, 2)"))
  }

  @Test(arguments: [
    ("lstm.weight_ih_l1", "lstm.weight_ih_l1 belongs to another layer of the LSTM, expected one layer, l0"),
    ("lstm.bias_hh_l0_reverse", "lstm.bias_hh_l0_reverse belongs to an LSTM of two directions, expected one"),
    ("lstm.weight_hr_l0", "lstm.weight_hr_l0 belongs to an LSTM with projections, expected none"),
    ("a\nb", #"there is an unexpected tensor a\nb"#),
  ])
  func namesWhatOfPyTorchsIsTooMuch(name: String, problem: String) throws {
    try Model(parameters).write(toSafetensors: path)
    defer { unlink(path) }
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    file.tensors[name] = .init(shape: [1], values: [1])
    try file.write(to: path)
    #expect { try Model(safetensors: path) } throws: { "\($0)".contains(problem) }
  }

  @Test func namesThePrefixOfPyTorchsNames() throws {
    try Model(parameters).write(toSafetensors: path)
    defer { unlink(path) }
    var file = try Safetensors(contentsOf: path)
    file.metadata = [:]
    file.tensors = .init(uniqueKeysWithValues: file.tensors.map { ("net." + $0, $1) })
    try file.write(to: path)
    #expect { try Model(safetensors: path) } throws: {
      "\($0)".contains("there is no tensor embedding.weight, but net.embedding.weight: take “net.” off the names")
    }
    file.tensors = ["emb": .init(shape: [1], values: [1])]
    try file.write(to: path)
    #expect { try Model(safetensors: path) } throws: {
      "\($0)".contains("there is no tensor embedding.weight; the others are emb;")
    }
  }

  @Test func keepsTheSignOfZeroAndRefusesBiasesWhoseSumIsInfinite() throws {
    var zero = parameters
    zero.values[layout.bias.offset] = -0.0
    try Model(zero).write(toSafetensors: path)
    defer { unlink(path) }
    #expect(try Model(safetensors: path).parameters.values[layout.bias.offset].sign == .minus)
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_ih_l0"]?.values[1] = 3e38
    file.tensors["lstm.bias_hh_l0"]?.values[1] = 3e38
    try file.write(to: path)
    #expect { try Model(safetensors: path) } throws: { "\($0)".contains("element 1 of the two biases' sum is inf") }
  }
}
