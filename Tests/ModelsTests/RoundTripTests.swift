import Corpus
import Fixtures
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

  @Test(arguments: [ModelFormat.safetensors, .onnx, .npz]) func aModelWithoutWordsReadsBack(format: ModelFormat) throws
  {
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

  // MARK: A run's folder

  private static let adam: Adam = {
    var adam = Adam(parameterCount: SmallModel.model.parameters.values.count, learningRate: 0.25)
    adam.epsilon = 1e-3
    return adam
  }()

  /// The folder of a run that has a checkpoint, and no model yet.
  private func withRun(_ body: (RunFolder, String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let model = SmallModel.model
      let run = try RunFolder(beginning: folder.path("run"), model.configuration, overwrite: false)
      let source = DataSource(path: "/nowhere", limit: nil, wordIndex: nil, fingerprint: "")
      let state = try TrainingState(model.parameters, optimizer: Self.adam)
      try run.write(Checkpoint(state, configuration: model.configuration, source: source))
      try body(run, folder.path("run"))
    }
  }

  private var checkpointed: Model {
    get throws {
      var model = try Model(SmallModel.model.parameters, configuration: SmallModel.model.configuration)
      model.optimizer = Self.adam
      return model
    }
  }

  @Test func readsACheckpointWithItsAdam() throws {
    try withRun { _, path in
      let model = try Model(contentsOf: path + "/checkpoints/step-00000000.safetensors")
      #expect(try model == checkpointed)
    }
  }

  @Test func aFolderWithoutAModelIsItsNewestCheckpoint() throws {
    try withRun { _, path in
      let model = try Model(contentsOf: path)
      #expect(try model == checkpointed)
    }
  }

  @Test func aFoldersModelHasTheAdamOfItsCheckpoint() throws {
    try withRun { run, path in
      var expected = SmallModel.model
      try run.write(expected)
      expected.optimizer = Self.adam
      #expect(try Model(contentsOf: path) == expected)
    }
  }

  @Test func aModelOfOtherWeightsThanTheCheckpointHasNoAdam() throws {
    try withRun { run, path in
      var other = SmallModel.model
      other.parameters.values[0] += 1
      try run.write(other)
      #expect(try Model(contentsOf: path) == other)
    }
  }
}
