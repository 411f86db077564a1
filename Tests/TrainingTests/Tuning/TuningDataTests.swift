import Corpus
import Hyperparameters
import Testing

@testable import Training

@Suite("The texts of a tuning") struct TuningDataTests {
  /// 60 texts of 3 labels; each tenth is the same as the first.
  private func data() throws -> Dataset {
    let texts = (0..<60).map { $0 % 10 == 0 ? "the same" : "text \($0)" }
    var options = TextOptions()
    options.testSplit = 0
    return try Dataset(texts: texts, labels: (0..<60).map { ["a", "b", "c"][$0 % 3] }, options: options)
  }

  @Test("are in parts of each label's texts, with equal texts together")
  func parts() throws {
    let texts = try data().training
    let parts = TuningData.parts(of: texts, count: 4)
    #expect(Set(parts) == [0, 1, 2, 3])
    for label in 0..<3 {
      let own = texts.labels.indices.filter { Int(texts.labels[$0]) == label }
      for part in 0..<4 { #expect((4...7).contains(own.count { parts[$0] == part }), "\(label) \(part)") }
    }
    let hashes = try #require(texts.origins).map(\.hash)
    let places = Dictionary(grouping: hashes.indices, by: { hashes[$0] })
    #expect(places.values.allSatisfy { Set($0.map { parts[$0] }).count == 1 })
    #expect(places.values.contains { $0.count == 6 })
  }

  @Test("are in other parts with another seed, still with equal texts together")
  func seeds() throws {
    let texts = try data().training
    let parts = (0..<3).map { TuningData.parts(of: texts, count: 4, seed: $0) }
    #expect(parts[0] == TuningData.parts(of: texts, count: 4))
    #expect(Set(parts).count == 3)
    for label in 0..<3 {
      let own = texts.labels.indices.filter { Int(texts.labels[$0]) == label }
      for part in 0..<4 { #expect((4...7).contains(own.count { parts[1][$0] == part }), "\(label) \(part)") }
    }
    let same = texts.origins!.indices.filter { texts.origins![$0].hash == texts.origins![0].hash }
    #expect(Set(same.map { parts[1][$0] }).count == 1)
  }

  @Test("are each held out once, and read by the vocabulary that is asked for")
  func folds() throws {
    let data = TuningData(try data(), folds: 3)
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.labelCount) = (7, 3)
    var heldOut = 0
    for index in 0..<3 {
      let (dataset, training, validation) = try data.fold(index, configuration)
      #expect(training.count + validation.count == 60)
      #expect(dataset.vocabulary?.count == 7)
      #expect((training.sequences.tokens + validation.sequences.tokens).max() == 6)
      heldOut += validation.count
    }
    #expect(heldOut == 60)
  }

  @Test("are held out as a run does where there is one part")
  func onePart() throws {
    let dataset = try data()
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.validationSplit) = (10_000, 0.2)
    let (_, training, validation) = try TuningData(dataset, folds: 1).fold(0, configuration)
    let parts = try dataset.parts(validationSplit: 0.2)
    #expect(training == parts.training && validation == parts.validation)
  }
}
