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
  @Test func aHistoryFollowsKerasRules() throws {
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
      case .begin, .validation, .ngrams: break
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
    var batches: [AdamUpdateTests.Golden.Batch]
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

  @Test func learnsASmallTask() throws {
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

  @Test func theSameSettingsGiveTheSameBits() throws {
    #expect(try run(smallConfiguration).0.parameters == run(smallConfiguration).0.parameters)
  }

  @Test func anotherSeedGivesOtherWeights() throws {
    var other = smallConfiguration
    other.seed = 1
    #expect(try run(other).0.parameters != run(smallConfiguration).0.parameters)
  }

  @Test func theOrderOfTheTextsMatters() throws {
    var other = smallConfiguration
    other.shuffles = false
    #expect(try run(other).0.parameters != run(smallConfiguration).0.parameters)
  }

  @Test func stopsAfterTheCurrentStep() throws {
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
    refuses(TrainingError.self, " of step 2 is not finite", "a smaller learning rate may help, now 1e+38") {
      try run(configuration)
    }
  }

  // MARK: Data

  private func check(_ validation: LabeledSequences) throws {
    _ = try Trainer(smallConfiguration, training: smallReviews(10, seed: 1), validation: validation, threads: 1)
  }

  private func review(_ tokens: [Int32], label: UInt8 = 0) -> LabeledSequences {
    LabeledSequences(sequences: TokenSequences([tokens]), labels: [label])
  }

  @Test func takesDataThatFits() {
    #expect(throws: Never.self) { try check(smallReviews(10, seed: 1)) }
  }

  @Test func refusesAnEmptyPart() {
    #expect(throws: TrainingError.noData(.validation)) { try check(smallReviews(0, seed: 1)) }
  }

  @Test func trainsWithoutAValidationPart() throws {
    let trainer = try Trainer(smallConfiguration, training: smallReviews(10, seed: 1), validation: nil, threads: 1)
    #expect(try trainer.run { _ in .goOn } == .completed)
    #expect(trainer.state.epochs.allSatisfy { $0.validation.sampleCount == 0 && $0.training.sampleCount == 10 })
    var watching = smallConfiguration
    watching.bestModel = .validationAccuracy
    #expect(throws: TrainingError.noData(.validation)) {
      try Trainer(watching, training: smallReviews(10, seed: 1), validation: nil, threads: 1)
    }
  }

  @Test(arguments: [12, -1] as [Int32]) func refusesATokenOutsideTheVocabulary(token: Int32) {
    #expect(throws: TrainingError.tokenOutOfRange(.validation, token: token, vocabularySize: 12)) {
      try check(review([1, token]))
    }
  }

  @Test func refusesALabelWithoutAnOutput() {
    #expect(throws: TrainingError.labelOutOfRange(.validation, label: 2, labelCount: 2)) {
      try check(review([1], label: 2))
    }
  }

  @Test func refusesATextLongerThanTheNetworkReads() {
    #expect(throws: TrainingError.textTooLong(.validation, index: 0, maxLength: 10)) {
      try check(review([Int32](repeating: 1, count: 11)))
    }
  }
}
