import Corpus
import Foundation
import Hyperparameters
import Testing
import Training

@Suite struct MonitoredQuantityTests {
  @Test(arguments: SteeringGoldenValues.all.callbacks)
  func bestEpochsAreModelCheckpoints(golden: SteeringGoldenValues.Callbacks) {
    var best = BestValue()
    let epochs = golden.values.enumerated().filter { best.update($0.element, of: golden.monitor) }.map(\.offset)
    #expect(epochs == golden.bestEpochs)
  }

  @Test func valuesAreThoseOfTheHistory() throws {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.maxLength, configuration.epochs) = (4, 2, 1)
    (configuration.embeddingSize, configuration.hiddenSize) = (2, 2)
    let sequences = TokenSequences([[1], [1, 2]])
    let trainer = try Trainer(
      configuration, training: LabeledSequences(sequences: sequences, labels: [0, 0]),
      validation: LabeledSequences(sequences: sequences, labels: [1, 1]), threads: 1)
    var epoch: EpochRecord?
    _ = try trainer.run { event in
      if case .epoch(let record) = event { epoch = record }
      return .goOn
    }
    let record = try #require(epoch)
    let (training, validation) = (record.training, record.validation)
    #expect(training.accuracy != validation.accuracy, "the case must tell them apart")
    #expect(
      MonitoredQuantity.allCases.map { $0.value(in: record) }
        == [training.loss, training.accuracy, validation.loss, validation.accuracy].map { Float($0) })
    #expect(MonitoredQuantity.allCases.map(\.rawValue) == ["loss", "accuracy", "val_loss", "val_accuracy"])
  }

  @Test(arguments: [0.1, .nan, .infinity, -0] as [Float])
  func bestValueReadsBackFromJSON(value: Float) throws {
    var best = BestValue()
    #expect(try JSONDecoder().decode(BestValue.self, from: JSONEncoder().encode(best)) == best)
    let isBest = best.update(value, of: .loss)
    let read = try JSONDecoder().decode(BestValue.self, from: JSONEncoder().encode(best))
    #expect(isBest && read == best && read.value?.bitPattern == value.bitPattern)
  }
}
