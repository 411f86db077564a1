import Fixtures
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

@Suite("A model with a new last layer") struct ModelHeadTests {
  private func model(of architecture: Architecture) throws -> Model {
    var model = SmallModel.model(of: architecture)
    model.configuration.classWeights = [Double](repeating: 1, count: architecture.labelCount)
    let count = model.parameters.values.count
    model.optimizer = Adam(
      learningRate: 0.1, step: 7, firstMoment: (1...count).map { Float($0) },
      secondMoment: (1...count).map { Float($0) / 2 })
    return model
  }

  /// All layers but the last, dense ones too.
  @Test(arguments: SmallModel.architectures) func keepsTheOtherLayers(architecture: Architecture) throws {
    let model = try model(of: architecture)
    let labels = ["a", "b", "c", "d", "e"]
    let new = try model.withNewHead(labels: labels, seed: 3)
    #expect(new.labels == labels && new.architecture.labelCount == 5)
    #expect(new.vocabulary == model.vocabulary && new.coding == model.coding)
    #expect(new.configuration.classWeights == nil && new.configuration.maxLength == 17)
    var expected = model.architecture
    expected.labelCount = 5
    #expect(new.architecture == expected)
    var generator = RandomGenerator(seed: 3)
    let fresh = Parameters(kerasInitial: new.parameters.layout, using: &generator)
    let optimizer = try #require(new.optimizer)
    #expect(optimizer.step == 7 && optimizer.learningRate == 0.1)
    for tensor in new.parameters.layout.tensors {
      let isHead = [new.parameters.layout.denseKernel, new.parameters.layout.denseBias].contains(tensor)
      guard !isHead else {
        #expect(new.parameters[tensor] == fresh[tensor])
        #expect(optimizer.firstMoment[tensor.range].allSatisfy { $0 == 0 })
        #expect(optimizer.secondMoment[tensor.range].allSatisfy { $0 == 0 })
        continue
      }
      let old = try #require(model.parameters.layout.tensors.first { $0.name == tensor.name })
      #expect(new.parameters[tensor] == model.parameters[old])
      #expect(optimizer.firstMoment[tensor.range] == model.optimizer!.firstMoment[old.range])
      #expect(optimizer.secondMoment[tensor.range] == model.optimizer!.secondMoment[old.range])
    }
    #expect(try model.withNewHead(labels: labels, seed: 3) == new)
    #expect(try model.withNewHead(labels: labels, seed: 4) != new)
  }

  @Test func refusesWhatCannotBeLabels() throws {
    let model = SmallModel.model
    refuses(.mismatch, "labelCount must be from 2 to 256, not 1") { try model.withNewHead(labels: ["a"], seed: 0) }
    refuses(.mismatch, "the labels are not two different names") {
      try model.withNewHead(labels: ["a", "a"], seed: 0)
    }
  }
}
