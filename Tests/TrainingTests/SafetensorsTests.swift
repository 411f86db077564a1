import Foundation
import RecurrentNetwork
import Testing
import Training

@Suite struct SafetensorsTests {
  private let path = NSTemporaryDirectory() + "safetensors-\(UUID().uuidString)"

  private func parse(_ header: String, data: Int = 8, length: UInt64? = nil) throws -> Safetensors {
    var bytes = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
    bytes += Data(header.utf8) + Data(count: data)
    try bytes.write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    return try Safetensors(contentsOf: path)
  }

  @Test func readsBackWhatItWrote() throws {
    var file = Safetensors()
    file.tensors["b"] = .init(shape: [2, 3], values: [1, -2, .pi, 0, .leastNonzeroMagnitude, 3e38])
    file.tensors["a \"\\\u{1}é"] = .init(shape: [], values: [7])
    file.tensors["empty"] = .init(shape: [0, 4], values: [])
    file.metadata = ["vocabulary": "[\"a\",\"\\n\"]", "k\u{0}": "😀"]
    try file.write(to: path)
    defer { unlink(path) }
    #expect(try Safetensors(contentsOf: path) == file)
    // The data starts on a multiple of 8, as the reference writer has it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes[0] % 8 == 0)
    #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
  }

  @Test func readsWhatJSONAllows() throws {
    let file = try parse(
      " { \"\\u00e9\\ud83d\\ude00\" : { \"shape\" : [ 2 ] , \"data_offsets\" : [ 0 , 8 ] , \"dtype\" : \"F32\" } } ")
    #expect(file.tensors["é😀"]?.values == [0, 0])
  }

  static let tensor = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"

  @Test(arguments: [
    ("{}", 8, nil as UInt64?, "8 bytes are left over"),
    ("{\"a\":{\(tensor)}}", 9, nil, "1 bytes are left over"),
    ("{\"a\":{\(tensor)}}", 7, nil, "ends at data byte 8, but there are 7"),
    ("{\"a\":{\(tensor)},\"a\":{\(tensor)}}", 8, nil, "“a” stands there twice"),
    ("{\"a\":{\(tensor)},\"b\":{\(tensor)}}", 8, nil, "tensors must follow each other"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, nil, "starts at data byte 4, expected 0"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, nil, "expected 12 by its shape"),
    ("{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, nil, "dtype F16, expected F32"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, nil, "must be a start and an end"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", 8, nil,
      "a shape larger than the file"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", 8, nil, "too large"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, nil, "not negative"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, nil, "lacks data_offsets"),
    ("{\"a\":{\(tensor),\"x\":1}}", 8, nil, "unexpected key “x”"),
    ("{\"a\":{\(tensor),\"dtype\":\"F32\"}}", 8, nil, "unexpected key “dtype”"),
    ("{\"__metadata__\":{\"k\":1},\"a\":{\(tensor)}}", 8, nil, "expected “\"”"),
    ("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\"a\":{\(tensor)}}", 8, nil, "metadata key “k” stands there twice"),
    ("{\"a\":{\(tensor)}} x", 8, nil, "expected the header's end"),
    ("{\"a\":{\(tensor)}", 8, nil, "expected “}”"),
    ("{\"a\\ud800\":{\(tensor)}}", 8, nil, "surrogate"),
    ("{\"a", 0, nil, "doesn't end"),
    ("[[[[[[", 8, nil, "expected “{”"),
    ("{}", 0, 3, "doesn't fit a file"),
    ("{}", 0, UInt64.max, "doesn't fit a file"),
  ])
  func refuses(header: String, data: Int, length: UInt64?, problem: String) {
    #expect {
      try parse(header, data: data, length: length)
    } throws: { error in
      "\(error)".contains(problem) && "\(error)".contains(path) && !"\(error)".contains("\n")
    }
  }

  @Test func saysWhatIsNoFile() throws {
    #expect { try Safetensors(contentsOf: "/nowhere/x") } throws: { "\($0)".contains("/nowhere/x: no such file") }
    #expect { try Safetensors(contentsOf: "/tmp") } throws: { "\($0)".contains("is a folder") }
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    #expect { try Safetensors(contentsOf: path) } throws: { "\($0)".contains("3 bytes are too few") }
  }

  @Test func mutatedFilesNeverTrap() throws {
    var file = Safetensors()
    file.tensors = ["a": .init(shape: [2, 2], values: [1, 2, 3, 4]), "b": .init(shape: [1], values: [5])]
    file.metadata = ["configuration": "{\"x\": \"\\u00e9\"}"]
    try file.write(to: path)
    defer { unlink(path) }
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    var generator = RandomGenerator(seed: 1)
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<1 + Int(generator.uniform() * 3) {
        let position = Int(generator.uniform() * Double(bytes.count))
        switch Int(generator.uniform() * 3) {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes.removeSubrange(position..<min(position + 4, bytes.count))
        default: bytes.insert(contentsOf: bytes[0..<min(5, bytes.count)], at: position)
        }
        if bytes.isEmpty { break }
      }
      try bytes.write(to: URL(fileURLWithPath: path))
      _ = try? Safetensors(contentsOf: path)
    }
  }
}

@Suite struct ModelFileTests {
  private let path = NSTemporaryDirectory() + "model-\(UUID().uuidString).safetensors"
  private let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  private var parameters: Parameters {
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(i) / 8 }
    return parameters
  }

  @Test func writesPyTorchsNamesAndOrientation() throws {
    try ModelFile.write(
      parameters, configuration: TrainingConfiguration(), vocabulary: ["<pad>", "é"], to: path)
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
    #expect(file.metadata["vocabulary"] == "[\"<pad>\",\"é\"]")
    let configuration = try JSONDecoder().decode(
      TrainingConfiguration.self, from: Data(try #require(file.metadata["configuration"]).utf8))
    #expect(configuration == TrainingConfiguration())
    #expect(try ModelFile.readParameters(layout, from: path) == parameters)
  }

  @Test func addsPyTorchsTwoBiases() throws {
    try ModelFile.write(parameters, configuration: TrainingConfiguration(), vocabulary: nil, to: path)
    defer { unlink(path) }
    var file = try Safetensors(contentsOf: path)
    file.tensors["lstm.bias_hh_l0"]?.values[4] = 100
    try file.write(to: path)
    var expected = parameters
    expected.values[layout.bias.offset + 4] += 100
    #expect(try ModelFile.readParameters(layout, from: path) == expected)
  }

  @Test func readsWhatWasWrittenBesideTheWeights() throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (5, 2, 3)
    for vocabulary in [["<pad>", "<start>", "<oov>", "a", "b"], nil] {
      try ModelFile.write(parameters, configuration: configuration, vocabulary: vocabulary, to: path)
      defer { unlink(path) }
      let read = try ModelFile.read(from: path)
      #expect(read.parameters == parameters)
      #expect(read.configuration == configuration)
      #expect(read.vocabulary == vocabulary)
    }
  }

  @Test(arguments: [
    ("configuration", nil, "the metadata have no configuration"),
    ("configuration", "[]", "the metadata's configuration can't be read"),
    ("configuration", "{}", "embedding.weight has shape [5, 2], expected [1000, 128]"),
    ("configuration", "\"vocabularySize\":2,", "vocabularySize must be from 3 to 10000000, not 2"),
    ("configuration", "\"vocabularySize\":4611686018427387904,", "vocabularySize must be from 3"),
    ("configuration", "\"maxLength\":0,", "maxLength must be from 1 to 1000000, not 0"),
    ("configuration", "\"learningRate\":-1,", "learningRate must be a number above 0, not -1.0"),
    // As large as may be: nothing of that size is allocated.
    ("configuration", "\"vocabularySize\":10000000,\"embeddingSize\":65536,", "embedding.weight has shape [5, 2]"),
    ("vocabulary", "[\"a\"]", "the metadata's vocabulary is not a list of 5 words"),
    ("vocabulary", "[1,2,3,4,5]", "the metadata's vocabulary is not a list of 5 words"),
  ])
  func refusesMetadata(key: String, value: String?, problem: String) throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (5, 2, 3)
    try ModelFile.write(parameters, configuration: configuration, vocabulary: nil, to: path)
    defer { unlink(path) }
    var file = try Safetensors(contentsOf: path)
    if let value, value.hasPrefix("\"") {
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
      try ModelFile.read(from: path)
    } throws: { error in
      error is TrainingError && "\(error)".contains(problem) && "\(error)".contains(path)
    }
  }

  @Test func refusesWeightsOfAnotherNetwork() throws {
    func refusal(_ change: (inout Safetensors) -> Void) throws -> String {
      try ModelFile.write(parameters, configuration: TrainingConfiguration(), vocabulary: nil, to: path)
      defer { unlink(path) }
      var file = try Safetensors(contentsOf: path)
      change(&file)
      try file.write(to: path)
      do { _ = try ModelFile.readParameters(layout, from: path) } catch { return "\(error)" }
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
}
