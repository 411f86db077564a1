import Fixtures
import Foundation
import Hyperparameters
import Parallel
import RecurrentNetwork
import Testing
import Training

@Suite struct TrainingErrorTests {
  static let errors: [TrainingError] = [
    .invalid(TrainingConfiguration.withoutEpochs.invalidSetting!), .invalidThreadCount(0), .noData(.validation),
    .tokenOutOfRange(.training, token: 12, vocabularySize: 12), .labelOutOfRange(.training, label: 2, labelCount: 2),
    .textTooLong(.validation, index: 3, maxLength: 10),
    .otherNetwork(path: "p", found: Architecture(), expected: Architecture(hiddenSize: 1)),
    .otherOptimizer(path: nil, found: 1, expected: 2), .notFinite(.gradient, step: 5, learningRate: 1),
    .notAFolder(path: "p"), .runExists(path: "p", file: "history.csv"), .runInUse(path: "p"),
    .noCheckpoints(path: "p"), .noWholeCheckpoint(path: "p"), .otherState(textCount: 4, batchSize: 2),
    .unreadableCallback("early_stopping"), .otherData(path: "p"), .otherSettings(path: "p", changes: ["epochs: 1, 2"]),
    .noTuning(path: "p"), .unreadableTuning(path: "p"), .invalidTuning, .noROCArea(labelCount: 3),
    .tooFewTexts(count: 7, folds: 5), .noUsableTrial(nil), .noUsableTrial("it is too large"),
  ]

  @Test(arguments: errors) func localizedDescriptionIsTheMessage(error: TrainingError) {
    expectMessage(error)
  }

  @Test func refusesATrainerWithoutThreads() {
    #expect(throws: TrainingError.invalidThreadCount(0)) {
      try Trainer(
        smallConfiguration, training: smallReviews(40, seed: 1), validation: smallReviews(20, seed: 2), threads: 0)
    }
  }

  @Test func refusesAStateOfAnotherNetwork() {
    var other = smallConfiguration
    other.hiddenSize += 1
    #expect(
      throws: TrainingError.otherNetwork(
        path: nil, found: other.architecture, expected: smallConfiguration.architecture)
    ) {
      try Trainer(
        smallConfiguration, state: TrainingState(other), training: smallReviews(40, seed: 1),
        validation: smallReviews(20, seed: 2), threads: 1)
    }
  }
}

extension TrainingConfiguration {
  fileprivate static var withoutEpochs: Self {
    var configuration = Self()
    configuration.epochs = 0
    return configuration
  }
}
