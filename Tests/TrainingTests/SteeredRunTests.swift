import Corpus
import Fixtures
import Foundation
import GoldenValues
import Hyperparameters
import Parallel
import RecurrentNetwork
import Testing
import Training

/// What a configuration asks for, in whole runs.
@Suite struct SteeredRunTests {
  private let training = smallReviews(200, seed: 1)
  private let validation = smallReviews(50, seed: 2)
  private let source = DataSource(path: "/data/a.npz", limit: nil, wordIndex: nil, fingerprint: "")

  private func trainer(
    _ configuration: TrainingConfiguration, state: TrainingState? = nil, threads: Int = 1,
    callbacks: [any TrainingCallback] = []
  ) throws -> Trainer {
    try Trainer(
      configuration, state: state, training: training, validation: validation, threads: threads, callbacks: callbacks)
  }

  /// Everything on that can be on together.
  private var steered: [TrainingConfiguration] {
    var first = smallConfiguration
    first.epochs = 6
    first.classWeights = [0.5, 2]
    first.weightDecay = 0.01
    first.clipping = .globalNorm(limit: 0.05)
    first.schedule = .cosineDecay(warmupSteps: 5, alpha: 0.1)
    first.earlyStopping = EarlyStopping()
    first.earlyStopping?.patience = 2
    first.earlyStopping?.restoresBestWeights = true
    first.bestModel = .validationLoss
    first.frozenBodyEpochs = 1
    first.frozenEmbeddingEpochs = 2
    var second = first
    second.schedule = .constant
    second.learningRate = 0.3
    second.clipping = .value(limit: 0.01)
    second.plateau = ReduceLROnPlateau()
    second.plateau?.patience = 1
    second.plateau?.factor = 0.3
    return [first, second]
  }

  @Test(arguments: [0, 1]) func aSteeredRunInPiecesEndsWithTheSameBits(index: Int) throws {
    let configuration = steered[index]
    var best: [Parameters] = []
    func bestModel() -> BestModel { BestModel(monitor: .validationLoss) { best.append($0) } }
    let whole = try trainer(configuration, callbacks: [bestModel()])
    _ = try whole.run { _ in .goOn }
    let wholeBest = best
    best = []
    try withTemporaryFolder { folder in
      let file = folder.path("c.safetensors")
      var state: TrainingState?
      var parameters: Parameters?
      var pieces = 0
      while state?.isFinished != true {
        pieces += 1
        let trainer = try trainer(configuration, state: state, threads: 1 + pieces % 3, callbacks: [bestModel()])
        _ = try trainer.run { event in
          if case .step = event { .stop } else { .goOn }
        }
        try Checkpoint(trainer.state, configuration: configuration, source: source).write(to: file)
        let checkpoint = try Checkpoint(contentsOf: file)
        #expect(checkpoint.configuration == configuration)
        state = checkpoint.state
        parameters = trainer.parameters
        try #require(pieces < 100)
      }
      #expect(state?.steps == whole.state.steps)
      #expect(state?.parameters == whole.state.parameters)
      #expect(parameters == whole.parameters)
      #expect(state?.callbacks == whole.state.callbacks)
      #expect(state?.epochs.map(\.learningRate) == whole.state.epochs.map(\.learningRate))
      #expect(best == wholeBest)
    }
  }

  @Test func aRateThatMovesIsInTheHistory() throws {
    let whole = try trainer(steered[0])
    _ = try whole.run { _ in .goOn }
    let steps = whole.stepsPerEpoch
    let schedule = steered[0].schedule
    for record in whole.state.epochs {
      let last = (record.epoch + 1) * steps - 1
      #expect(record.learningRate == schedule.rate(atStep: last, of: 6 * steps, learningRate: 0.01))
    }
    let plain = try trainer(smallConfiguration)
    _ = try plain.run { _ in .goOn }
    #expect(plain.state.epochs.allSatisfy { $0.learningRate == nil })
  }

  /// Without it the weights are others.
  @Test(arguments: settings.keys.sorted()) func eachSettingReachesTheSteps(name: String) throws {
    func parameters(_ change: (inout TrainingConfiguration) -> Void) throws -> Parameters {
      var configuration = smallConfiguration
      configuration.epochs = 1
      change(&configuration)
      let run = try trainer(configuration)
      _ = try run.run { _ in .goOn }
      return run.parameters
    }
    #expect(try parameters(#require(Self.settings[name])) != parameters { _ in })
  }

  private static let settings: [String: @Sendable (inout TrainingConfiguration) -> Void] = [
    "clipping": { $0.clipping = .norm(limit: 1e-4) },
    "weightDecay": { $0.weightDecay = 0.1 },
    "epsilon": { $0.epsilon = 1e-3 },
    "classWeights": { $0.classWeights = [1, 2] },
    "schedule": { $0.schedule = .stepDecay(factor: 0.5, everySteps: 2) },
  ]

  @Test func earlyStoppingEndsTheRunAndLeavesTheBest() throws {
    var configuration = smallConfiguration
    configuration.epochs = 50
    configuration.learningRate = 0.5
    configuration.earlyStopping = EarlyStopping()
    configuration.earlyStopping?.patience = 2
    configuration.earlyStopping?.restoresBestWeights = true
    var weights: [[Float]] = []
    let run = try trainer(configuration)
    let ending = try run.run { [unowned run] event in
      if case .epoch = event { weights.append(run.state.parameters.values) }
      return .goOn
    }
    #expect(ending == .completed && run.state.isFinished)
    let losses = run.state.epochs.map { Float($0.validation.loss) }
    let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
    #expect(losses.count < 50 && best == losses.count - 3, "\(losses)")
    #expect(run.parameters.values == weights[best])
    #expect(run.state.parameters.values == weights.last)
  }

  /// Keras: the loss is Σ w l / n, the accuracy is not weighted.
  @Test func classWeightsWeighLossAndGradient() throws {
    let layout = ParameterLayout(smallConfiguration.architecture)
    let parameters = TrainingState(smallConfiguration).parameters
    func gradient(_ weights: [Double]) -> ([Double], Metrics) {
      let network = DataParallelNetwork(layout, maxLength: 10, threads: 1)
      let (metrics, gradient) = network.gradient(
        of: Array(0..<50), in: training, classWeights: weights, parameters: parameters)
      return (gradient.values.map { Double($0) }, metrics)
    }
    let (zero, one, both) = (gradient([1, 0]), gradient([0, 1]), gradient([0.5, 3]))
    #expect(relativeError(both.0, zip(zero.0, one.0).map { 0.5 * $0 + 3 * $1 }) < 1e-5)
    #expect(abs(both.1.loss - (0.5 * zero.1.loss + 3 * one.1.loss)) < 1e-9)
    #expect(both.1.accuracy == gradient([1, 1]).1.accuracy)
    #expect(zero.1.loss > 0 && one.1.loss > 0)
  }

  @Test func aCallbackEndsTheRun() throws {
    final class ThreeSteps: TrainingCallback {
      let name = "three_steps"
      func handle(_ event: TrainingEvent, _ state: inout TrainingState) -> TrainingAnswer {
        state.adam.step == 3 ? .stop : .goOn
      }
    }
    let run = try trainer(smallConfiguration, callbacks: [ThreeSteps()])
    #expect(try run.run { _ in .goOn } == .completed)
    #expect(run.state.adam.step == 3 && run.state.isFinished)
  }
}
