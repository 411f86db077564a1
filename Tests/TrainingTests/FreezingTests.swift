import Fixtures
import Hyperparameters
import RecurrentNetwork
import Testing
import Training

@Suite("Parameters that don't learn in the first epochs") struct FreezingTests {
  private static func parameters(
    _ configuration: TrainingConfiguration
  ) throws -> (initial: Parameters, epochs: [TrainingState]) {
    let trainer = try Trainer(
      configuration, training: smallReviews(100, seed: 1), validation: smallReviews(20, seed: 2), threads: 2)
    let initial = trainer.state.parameters
    var epochs: [TrainingState] = []
    _ = try trainer.run { [unowned trainer] event in
      if case .epoch = event { epochs.append(trainer.state) }
      return .goOn
    }
    return (initial, epochs)
  }

  private static let networks: [TrainingConfiguration] = {
    var first = smallConfiguration
    first.epochs = 3
    var second = first
    (second.embeddingSize, second.isBidirectional, second.weightDecay) = (0, true, 0.1)
    var third = first
    (third.layerCount, third.labelCount, third.clipping) = (2, 3, .globalNorm(limit: 0.1))
    var fourth = first
    fourth.denseLayers = [.init(5, .tanh), .init(4, .tanh)]
    return [first, second, third, fourth]
  }()

  /// Dense layers aren't part of the body.
  @Test(arguments: networks.indices) func theBodyRestsThenLearns(index: Int) throws {
    var configuration = Self.networks[index]
    configuration.frozenBodyEpochs = 2
    let (initial, epochs) = try Self.parameters(configuration)
    for tensor in initial.layout.tensors {
      let isHead = tensor.name.hasPrefix("dense")
      #expect((epochs[0].parameters[tensor] == initial[tensor]) != isHead, "\(tensor.name)")
      #expect((epochs[1].parameters[tensor] == initial[tensor]) != isHead, "\(tensor.name)")
      #expect(epochs[2].parameters[tensor] != epochs[1].parameters[tensor], "\(tensor.name)")
    }
    // So that Adam's first steps with it aren't larger than others.
    #expect(epochs[1].adam.secondMoment[0..<initial.layout.bodyCount].contains { $0 > 0 })
  }

  @Test func theEmbeddingRestsThenLearns() throws {
    var configuration = Self.networks[0]
    configuration.frozenEmbeddingEpochs = 1
    let (initial, epochs) = try Self.parameters(configuration)
    for tensor in initial.layout.tensors {
      #expect((epochs[0].parameters[tensor] == initial[tensor]) == (tensor == initial.layout.embedding))
      #expect(epochs[1].parameters[tensor] != epochs[0].parameters[tensor])
    }
  }

  /// The first step is as long as the step size, whatever the gradient.
  @Test func theEmbeddingTakesShorterSteps() throws {
    var configuration = Self.networks[0]
    (configuration.epochs, configuration.batchSize) = (1, 1000)
    let (initial, whole) = try Self.parameters(configuration)
    configuration.embeddingRate = 0.25
    let scaled = try Self.parameters(configuration).epochs[0].parameters
    let range = initial.layout.embedding.range
    #expect(scaled.values[range.upperBound...] == whole[0].parameters.values[range.upperBound...])
    let moved = range.filter { whole[0].parameters.values[$0] != initial.values[$0] }
    #expect(!moved.isEmpty)
    for index in moved {
      let (long, short) = (
        whole[0].parameters.values[index] - initial.values[index], scaled.values[index] - initial.values[index]
      )
      #expect(abs(short - long / 4) < 1e-7)
    }
  }

  /// What is frozen has no say in how much the rest is clipped.
  @Test func theNormIsThatOfWhatLearns() throws {
    let layout = ParameterLayout(smallConfiguration.architecture)
    var gradient = Parameters(zeros: layout)
    gradient.values[0] = 1000
    gradient.values[layout.denseBias.offset] = 3
    var clipped = gradient
    GradientClipping.globalNorm(limit: 6).clip(&clipped, from: layout.bodyCount)
    #expect(clipped == gradient)
    GradientClipping.globalNorm(limit: 1).clip(&clipped, from: layout.bodyCount)
    #expect(clipped.values[0] == 1000 && clipped.values[layout.denseBias.offset] == 1)
  }

  @Test func needsAnEmbeddingToFreeze() {
    var configuration = Self.networks[1]
    configuration.frozenEmbeddingEpochs = 1
    #expect(configuration.invalidSetting?.name == "frozenEmbeddingEpochs")
    configuration.frozenEmbeddingEpochs = 0
    #expect(configuration.invalidSetting == nil)
    configuration.frozenBodyEpochs = -1
    #expect(configuration.invalidSetting?.name == "frozenBodyEpochs")
  }
}
