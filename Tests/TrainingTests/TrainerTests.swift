import Corpus
import Fixtures
import Foundation
import GoldenValues
import Hyperparameters
import RecurrentNetwork
import Testing
import Training

@Suite struct TrainerTests {
  /// Three batches of 20, 20 and 10 reviews, and the means that Keras's rules give.
  @Test func historyFollowsKerasRules() throws {
    let golden: MetricsGolden = try goldenValues("TrainingTests/Golden/adam_steps.json")
    var configuration = TrainingConfiguration()
    configuration.vocabularySize = golden.v
    configuration.embeddingSize = golden.e
    configuration.hiddenSize = golden.h
    configuration.maxLength = golden.t
    configuration.batchSize = golden.b
    configuration.epochs = 1
    configuration.learningRate = golden.metrics.learningRate
    configuration.shuffles = false
    var initial = Parameters(zeros: ParameterLayout(configuration.architecture))
    initial.values = golden.parameters.map { Float($0) }
    let trainer = try Trainer(
      configuration, state: TrainingState(initial, learningRate: configuration.learningRate),
      training: golden.reviews(0..<golden.metrics.samples),
      validation: golden.reviews(golden.validationRange), threads: 2)
    var steps: [StepRecord] = []
    var epochs: [EpochRecord] = []
    let ending = try trainer.run { event in
      switch event {
      case .step(let record): steps.append(record)
      case .epoch(let record): epochs.append(record)
      case .begin, .validation: break
      }
      return .goOn
    }
    #expect(ending == .completed)
    let expected = golden.metrics
    #expect(steps.map(\.metrics.sampleCount) == expected.batchSizes)
    #expect(relativeError(steps.map(\.metrics.loss), expected.batchLosses) < 1e-5)
    #expect(relativeError(steps.map(\.metrics.accuracy), expected.batchAccuracies) < 1e-9)
    let epoch = try #require(epochs.first)
    #expect(abs(epoch.training.loss - expected.loss) < 1e-5)
    #expect(abs(epoch.training.accuracy - expected.accuracy) < 1e-9)
    #expect(abs(epoch.validation.loss - expected.validationLoss) < 1e-5)
    #expect(abs(epoch.validation.accuracy - expected.validationAccuracy) < 1e-9)
  }

  struct MetricsGolden: Decodable {
    struct Expected: Decodable {
      var samples: Int
      var batchSizes: [Int]
      var learningRate: Double
      var validationSamples: Int
      var batchLosses: [Double]
      var batchAccuracies: [Double]
      var loss: Double
      var accuracy: Double
      var validationLoss: Double
      var validationAccuracy: Double
    }
    var v: Int
    var e: Int
    var h: Int
    var t: Int
    var b: Int
    var parameters: [Double]
    var batches: [AdamTests.Golden.Batch]
    var metrics: Expected

    var validationRange: Range<Int> { 0..<metrics.validationSamples }

    /// Reviews by their number over all batches.
    func reviews(_ range: Range<Int>) -> LabeledSequences {
      let tokens = batches.flatMap(\.tokens)
      return LabeledSequences(
        padded: range.map { Array(tokens[$0 * t..<($0 + 1) * t]) }, labels: Array(batches.flatMap(\.labels)[range]))
    }
  }

  // MARK: A small task

  private func run(
    _ configuration: TrainingConfiguration, threads: Int = 1, answer: (TrainingEvent) -> TrainingAnswer = { _ in .goOn }
  ) throws -> (Trainer, TrainingEnding) {
    let trainer = try Trainer(
      configuration, training: smallReviews(200, seed: 1), validation: smallReviews(100, seed: 2), threads: threads)
    return (trainer, try trainer.run(answer))
  }

  @Test func learns() throws {
    var configuration = smallConfiguration
    configuration.epochs = 60
    var last: EpochRecord?
    _ = try run(configuration) { event in
      if case .epoch(let record) = event { last = record }
      return .goOn
    }
    #expect(try #require(last).validation.accuracy > 0.95)
  }

  @Test func threadsDoNotChangeABitOfARun() throws {
    let weights = try [1, 2, 3, 8].map { try run(smallConfiguration, threads: $0).0.parameters }
    for other in weights.dropFirst() { #expect(other == weights[0]) }
  }

  @Test func seedsAndShuffleMatter() throws {
    let first = try run(smallConfiguration).0.parameters
    #expect(try run(smallConfiguration).0.parameters == first)
    var other = smallConfiguration
    other.seed = 1
    #expect(try run(other).0.parameters != first)
    other = smallConfiguration
    other.shuffles = false
    #expect(try run(other).0.parameters != first)
  }

  @Test func stopsAfterTheStepInHand() throws {
    var steps = 0
    let (_, ending) = try run(smallConfiguration) { event in
      if case .step = event { steps += 1 }
      return steps == 3 ? .stop : .goOn
    }
    #expect(ending == .stopped)
    #expect(steps == 3)
  }

  @Test func stopsDuringValidation() throws {
    var epochs = 0
    let (_, ending) = try run(smallConfiguration) { event in
      if case .epoch = event { epochs += 1 }
      if case .validation = event { return .stop }
      return .goOn
    }
    #expect(ending == .stopped)
    #expect(epochs == 0)
  }

  @Test func aLossThatIsNotFiniteEndsTheRun() {
    var configuration = smallConfiguration
    configuration.learningRate = 1e38
    #expect {
      try run(configuration)
    } throws: {
      "\($0)".contains(" of step ") && "\($0)".contains("is not finite") && "\($0)".contains("learning rate")
    }
  }

  @Test func dataThatDoesNotFitIsRefused() {
    let good = smallReviews(10, seed: 1)
    func refusal(_ data: LabeledSequences) -> String? {
      do { _ = try Trainer(smallConfiguration, training: good, validation: data, threads: 1) } catch {
        return "\(error)"
      }
      return nil
    }
    func reviews(_ tokens: [Int32]) -> LabeledSequences {
      LabeledSequences(sequences: TokenSequences([tokens]), labels: [0])
    }
    #expect(refusal(good) == nil)
    #expect(refusal(good.prefix(0))?.contains("there are no validation texts") == true)
    #expect(refusal(reviews([12]))?.contains("token 12") == true)
    #expect(refusal(reviews([-1]))?.contains("token -1") == true)
    #expect(refusal(reviews([Int32](repeating: 1, count: 11)))?.contains("longer than 10") == true)
  }
}
