import Corpus
import Foundation
import Models
import RecurrentNetwork
import Testing
import Training

@Suite struct RoundTripTests {
  /// Keras's has tests of its own, since it is only read where libhdf5 is there.
  @Test(arguments: [ModelFormat.safetensors, .onnx, .npz]) func isExactToTheBit(format: ModelFormat) throws {
    var model = SmallModel.model
    model.optimizer = Adam(parameterCount: model.parameters.values.count)
    // The content tells the format, not the name.
    let file = TemporaryFile("bin")
    try model.write(to: file.path, as: format)
    let first = try file.bytes()
    let read = try Model(contentsOf: file.path)
    model.optimizer = nil
    #expect(read == model)
    #expect(SmallModel.bits(read) == SmallModel.bits(model))
    try read.write(to: file.path, as: format)
    #expect(try file.bytes() == first)
  }

  @Test(arguments: [ModelFormat.safetensors, .onnx, .npz]) func knowsAModelWithoutWords(format: ModelFormat) throws {
    let file = TemporaryFile(format.rawValue)
    let model = Model(SmallModel.model.parameters)
    try model.write(to: file.path)
    #expect(try Model(contentsOf: file.path) == model)
  }

  @Test(arguments: SmallModel.architectures) func isExactForEveryNetwork(architecture: Architecture) throws {
    let model = SmallModel.model(of: architecture)
    for format in [ModelFormat.safetensors, .onnx, .npz] {
      let file = TemporaryFile("bin")
      try model.write(to: file.path, as: format)
      #expect(try Model(contentsOf: file.path) == model, "\(format)")
      // The names of labels are numbers by default.
      let unnamed = Model(model.parameters)
      try unnamed.write(to: file.path, as: format)
      #expect(try Model(contentsOf: file.path) == unnamed, "\(format)")
    }
  }

  @Test func takesAdamFromACheckpointAndFromARunsFolder() throws {
    let folder = NSTemporaryDirectory() + "interchange-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let model = SmallModel.model
    var adam = Adam(parameterCount: model.parameters.values.count, learningRate: 0.25)
    adam.epsilon = 1e-3
    let state = try TrainingState(model.parameters, optimizer: adam)
    let run = try RunFolder(beginning: folder, model.configuration, overwrite: false)
    let source = DataSource(path: "/nowhere", limit: nil, wordIndex: nil, fingerprint: "")
    try run.write(Checkpoint(state, configuration: model.configuration, source: source))

    // While the run is on; and its checkpoint alone.
    var unnamed = try Model(model.parameters, configuration: model.configuration)
    unnamed.optimizer = adam
    #expect(try Model(contentsOf: folder) == unnamed)
    #expect(try Model(contentsOf: folder + "/checkpoints/step-00000000.safetensors") == unnamed)

    try run.write(model)
    var expected = model
    expected.optimizer = adam
    #expect(try Model(contentsOf: folder) == expected)

    // Adam belongs to the weights of its checkpoint alone.
    expected.parameters.values[0] += 1
    expected.optimizer = nil
    try run.write(expected)
    #expect(try Model(contentsOf: folder) == expected)
  }
}
