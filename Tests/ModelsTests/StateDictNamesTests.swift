import Fixtures
import Models
import RecurrentNetwork
import Testing

@Suite("Other programs' names of a network's tensors") struct StateDictNamesTests {
  private static let model: Model = {
    let layout = ParameterLayout(
      .init(vocabularySize: 7, embeddingSize: 2, hiddenSize: 3, layerCount: 2, isBidirectional: true, labelCount: 4))
    return Model(Parameters((0..<layout.count).map { Float($0) / 8 }, layout: layout)!)
  }()

  /// Reads the model from a file in which its modules have other names.
  private func read(
    _ names: KeyValuePairs<String, String> = [:], of model: Model = model, renaming: [String: String] = [:],
    change: (inout Safetensors) -> Void = { _ in }
  ) throws -> (model: Model, remarks: [String]) {
    let path = TemporaryFile("safetensors")
    try model.write(toSafetensors: path.path)
    var file = try Safetensors(contentsOf: path.path)
    file.metadata = [:]
    for (ours, theirs) in names {
      for (name, tensor) in file.tensors where name.hasPrefix(ours) {
        file.tensors[name] = nil
        file.tensors[theirs + name.dropFirst(ours.count)] = tensor
      }
    }
    change(&file)
    try file.write(to: path.path)
    var remarks: [String] = []
    let model = try Model(contentsOf: path.path, renaming: renaming) { remarks.append($0) }
    return (model, remarks.filter { $0 != Model.assumptionWithoutMetadata })
  }

  @Test(arguments: ["module.", "_orig_mod.", "model.", "module._orig_mod.model."])
  func prefixesAreTakenOff(prefix: String) throws {
    let (model, remarks) = try read(["": prefix])
    #expect(model == Self.model)
    #expect(
      remarks.count == 1 && remarks[0].hasPrefix("the names are read without “\(prefix.split(separator: ".")[0])."))
  }

  @Test(arguments: [
    ("embedding", "encoder", "“encoder” is taken for embedding, by its shape"),
    ("embedding", "word_embeddings", "“word_embeddings” is taken for embedding, by its shape"),
    ("lstm", "rnn", "“rnn” is taken for lstm, by its shape"),
    ("lstm", "encoder", "“encoder” is taken for lstm, by its shape"),
    ("lstm", "net.body", "“net.body” is taken for lstm, by its shape"),
    ("fc", "out", "“out” is taken for fc, by its shape"), ("fc", "classifier.1", "“classifier.1” is taken for fc, by"),
    ("fc", "linear", "“linear” is taken for fc, by its shape"),
  ])
  func modulesAreFoundByShape(ours: String, theirs: String, remark: String) throws {
    let (model, remarks) = try read([ours: theirs])
    #expect(model == Self.model)
    #expect(remarks.count == 1 && remarks[0].hasPrefix(remark), "\(remarks)")
    let all = try read(["": "module.", "module.lstm": "module.encoder", "module.embedding": "module.e"])
    #expect(all.model == Self.model && all.remarks.count == 3)
  }

  @Test func modulesAreRenamed() throws {
    let renaming = ["a.b": "lstm", "model.c": "embedding", "d": "fc"]
    let (model, remarks) = try read(["lstm": "a.b", "embedding": "c", "fc": "model.d"], renaming: renaming)
    #expect(model == Self.model && remarks == ["the names are read without “model.”"])
    #expect(try read(["": "net."], renaming: ["net": ""]).model == Self.model)
  }

  // MARK: Dense layers below the last

  private static let dense: Model = {
    let layout = ParameterLayout(
      .init(
        vocabularySize: 7, embeddingSize: 2, hiddenSize: 3, denseLayers: [.init(5, .relu), .init(4, .relu)],
        labelCount: 6))
    return Model(Parameters((0..<layout.count).map { Float($0) / 8 }, layout: layout)!)
  }()

  @Test(arguments: [
    ["dense.0", "dense.1", "fc"], ["fc1", "fc2", "fc3"], ["head.0", "head.2", "head.4"], ["hidden", "dense.1", "out"],
    ["dense.1", "dense.3", "dense.5"], ["dense.0", "dense.2", "dense.4"], ["lower", "upper", "fc"],
  ])
  func denseLayersAreFoundOneAboveTheOther(names: [String]) throws {
    let (model, remarks) = try read(
      ["dense.0": "a", "dense.1": "b", "fc": "c", "a": names[0], "b": names[1], "c": names[2]], of: Self.dense)
    #expect(model == Self.dense)
    let renamed = zip(names, ["dense.0", "dense.1", "fc"]).filter { $0 != $1 }
    #expect(
      remarks == renamed.map { "“\($0)” is taken for \($1), by its shape" } + [Model.assumptionOfActivation])
  }

  @Test func denseLayersAreRenamed() throws {
    let renaming = ["a": "dense.0", "b": "dense.1", "c": "fc"]
    let (model, remarks) = try read(["dense.0": "a", "dense.1": "b", "fc": "c"], of: Self.dense, renaming: renaming)
    #expect(model == Self.dense && remarks == [Model.assumptionOfActivation])
  }

  @Test func denseLayersThatFitInTwoOrdersAreRefused() throws {
    refuses(.otherNames, "each of “b”, “d” may be dense.1") {
      try read(["dense.0": "a", "dense.1": "b", "fc": "c"], of: Self.dense) { file in
        file.tensors["d.weight"] = .init(shape: [5, 5], values: .init(repeating: 0, count: 25))
        file.tensors["d.bias"] = .init(shape: [5], values: .init(repeating: 0, count: 5))
      }
    }
  }

  /// A softmax of two outputs is a sigmoid of their difference.
  @Test func twoOutputsBecomeOne() throws {
    let (model, remarks) = try read { file in
      file.tensors["fc.weight"] = .init(shape: [2, 6], values: [1, 2, 3, 4, 5, 6, 10, 9, 8, 7, 6, 5])
      file.tensors["fc.bias"] = .init(shape: [2], values: [0.5, 2])
    }
    let layout = model.parameters.layout
    #expect(model.architecture.labelCount == 2)
    #expect(Array(model.parameters[layout.denseKernel]) == [9, 7, 5, 3, 1, -1])
    #expect(Array(model.parameters[layout.denseBias]) == [1.5])
    #expect(remarks == ["fc has two outputs; the second minus the first is the logit of label 1"])
  }

  @Test func whatCannotBeToldIsRefused() throws {
    refuses(.otherNames, "each of “head_a”, “head_b” may be fc; rename its modules (“embedding”, “head_a”") {
      try read(["fc": "head_a"]) { file in
        for part in ["weight", "bias"] { file.tensors["head_b." + part] = file.tensors["head_a." + part] }
      }
    }
    refuses(.otherNames, "there is no module “gru” to rename") { try read(renaming: ["gru": "lstm"]) }
    refuses(.otherNames, "“lstm.bias_hh_l0” and “module.lstm.bias_hh_l0” are both “lstm.bias_hh_l0”") {
      try read { $0.tensors["module.lstm.bias_hh_l0"] = $0.tensors["lstm.bias_hh_l0"] }
    }
    refuses(.otherNames, "“gru” is a GRU, expected an LSTM") {
      try read(["lstm": "gru"]) {
        $0.tensors["gru.weight_hh_l0"] = .init(shape: [9, 3], values: .init(repeating: 0, count: 27))
      }
    }
    refuses(.malformed, "there is an unexpected tensor norm.weight") {
      try read(["lstm": "rnn"]) { $0.tensors["norm.weight"] = .init(shape: [6], values: .init(repeating: 0, count: 6)) }
    }
    refuses(.malformed, "there is no tensor fc.weight") {
      try read { file in for part in ["weight", "bias"] { file.tensors["fc." + part] = nil } }
    }
  }

  @Test func onlyOtherProgramsNamesCanBeChanged() throws {
    let path = TemporaryFile("safetensors")
    try Self.model.write(toSafetensors: path.path)
    refuses(.unsupported, at: path.path, "this library's own names") {
      try Model(contentsOf: path.path, renaming: ["lstm": "rnn"])
    }
    let archive = TemporaryFile("npz")
    try Self.model.write(to: archive.path)
    refuses(.unsupported, at: archive.path, "is no safetensors file") {
      try Model(contentsOf: archive.path, renaming: ["lstm": "rnn"])
    }
  }
}
