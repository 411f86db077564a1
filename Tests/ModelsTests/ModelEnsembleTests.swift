import Classification
import Corpus
import Fixtures
import Foundation
import Models
import NGrams
import RecurrentNetwork
import Testing

@Suite struct ModelEnsembleTests {
  private func member(_ architecture: Architecture, seed: UInt64) -> Model {
    var generator = RandomGenerator(seed: seed)
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    var model = Model(parameters)
    model.configuration.maxLength = 12
    model.vocabulary = (0..<architecture.vocabularySize).map { "w\($0)" }
    return model
  }

  private let data: LabeledSequences = {
    var generator = RandomGenerator(seed: 9)
    let sequences = (0..<40).map { _ in
      (0..<Int(generator.uniform() * 13)).map { _ in Int32(generator.uniform() * 20) }
    }
    return LabeledSequences(
      sequences: TokenSequences(sequences), labels: sequences.map { UInt8($0.count % 2) })
  }()

  private func outcomes(_ model: Model) throws -> [Outcome] { try model.outcomes(of: data, threads: 2) }

  @Test(arguments: [
    Architecture(vocabularySize: 20, embeddingSize: 5, hiddenSize: 7),
    Architecture(vocabularySize: 20, embeddingSize: 0, hiddenSize: 6, isBidirectional: true, pooling: .max),
    Architecture(
      vocabularySize: 20, embeddingSize: 9, hiddenSize: 20, layerCount: 3, isBidirectional: true, pooling: .mean,
      masksPadding: true),
    Architecture(
      vocabularySize: 20, embeddingSize: 5, hiddenSize: 7, isBidirectional: true,
      denseLayers: [.init(6, .relu), .init(4, .tanh)]),
  ])
  func aLogitIsTheMeanOfTheMembers(architecture: Architecture) throws {
    for count in [1, 2, 3] {
      let models = (0..<count).map { member(architecture, seed: UInt64($0)) }
      let ensemble = try Model(ensembleOf: models)
      #expect(ensemble.parameters.architecture.hiddenSize == count * architecture.hiddenSize)
      #expect(ensemble.vocabulary == models[0].vocabulary && ensemble.optimizer == nil)
      let logits = try models.map { try outcomes($0).map(\.logit) }
      for (index, outcome) in try outcomes(ensemble).enumerated() {
        let mean = logits.reduce(0) { $0 + $1[index] } / Float(count)
        #expect(abs(outcome.logit - mean) < 2e-5)
      }
    }
  }

  /// The members' n-grams are the same, since their texts are, and have other weights.
  @Test func theWidePartsAreAveraged() throws {
    let texts = WordSequences(["good film", "a good film", "bad film", "the bad film"], coding: TextCoding())
    let wide = [0.1, 2, 30].map {
      var settings = NGramSettings()
      settings.cost = $0
      return NGramClassifier(
        training: texts, labels: [1, 1, 0, 0], labelCount: 2, settings: settings, seed: 1, threads: 1)
    }
    let members = try wide.enumerated().map { index, wide in
      var model = member(Self.architecture, seed: UInt64(index))
      try model.setWide(wide)
      model.threshold = 0.2 + 0.1 * Float(index)
      return model
    }
    let ensemble = try Model(ensembleOf: members)
    let logits = wide.map { $0.logits(of: texts, threads: 1) }
    for (index, logit) in try #require(ensemble.wide).logits(of: texts, threads: 1).enumerated() {
      #expect(abs(logit - logits.reduce(0) { $0 + $1[index] } / 3) < 1e-6)
    }
    #expect(abs(ensemble.threshold - 0.3) < 1e-6)
    var other = members
    try other[2].setWide(nil)
    refuses(ModelError.self, at: "c", ": differs from a in its n-grams") {
      try Model(ensembleOf: other, paths: ["a", "b", "c"])
    }
    let labels: [UInt8] = [0, 1, 0, 1]
    try other[2].setWide(
      NGramClassifier(
        training: texts, labels: labels, labelCount: 2, settings: NGramSettings(), seed: 1, threads: 1))
    refuses(ModelError.self, at: "c", ": differs from a in its n-grams") {
      try Model(ensembleOf: other, paths: ["a", "b", "c"])
    }
  }

  /// Their network is as if it answered with its bias.
  @Test func membersMayBeNGramsAlone() throws {
    var models = (0..<3).map { member(Self.architecture, seed: $0) }
    var silent = models[1]
    for index in silent.parameters.layout.denseKernel.range { silent.parameters.values[index] = 0 }
    silent.parameters[silent.parameters.layout.denseBias] = [0.75]
    let whole = try Model(ensembleOf: [models[0], silent, models[2]])
    models[1].configuration.removeNetwork()
    models[1].parameters = Parameters(zeros: models[1].configuration.layout)
    models[1].parameters[models[1].parameters.layout.denseBias] = [0.75]
    let ensemble = try Model(ensembleOf: models)
    #expect(ensemble.architecture.hiddenSize == 2 * Self.architecture.hiddenSize)
    for (own, expected) in zip(try outcomes(ensemble), try outcomes(whole)) {
      #expect(abs(own.logit - expected.logit) < 1e-5)
    }
  }

  /// With more labels the probabilities are those of the mean logits: their geometric means, scaled to a sum of 1.
  @Test func probabilitiesAreThoseOfTheMeanLogits() throws {
    let architecture = Architecture(vocabularySize: 20, embeddingSize: 5, hiddenSize: 7, labelCount: 3)
    let models = (0..<2).map { member(architecture, seed: $0) }
    func losses(_ model: Model) throws -> [[Double]] {
      try (0..<3 as Range<UInt8>).map { label in
        var data = data
        data.labels = .init(repeating: label, count: data.count)
        return try model.outcomes(of: data, threads: 1).map(\.loss)
      }
    }
    let (own, parts) = (try losses(Model(ensembleOf: models)), try models.map(losses))
    for index in 0..<data.count {
      let means = (0..<3).map { label in exp(-parts.reduce(0) { $0 + $1[label][index] } / 2) }
      for label in 0..<3 {
        #expect(abs(exp(-own[label][index]) - means[label] / means.reduce(0, +)) < 1e-5)
      }
    }
  }

  // MARK: Members that differ

  private static let architecture = Architecture(vocabularySize: 20, embeddingSize: 5, hiddenSize: 7)

  /// An ensemble of two members, the second of which is changed.
  private func ensemble(_ change: (inout Model) -> Void) throws -> Model {
    var second = member(Self.architecture, seed: 1)
    change(&second)
    return try Model(ensembleOf: [member(Self.architecture, seed: 0), second], paths: ["a", "b"])
  }

  @Test func refusesMembersThatReadAnotherNumberOfTokens() {
    refuses(ModelError.self, at: "b", ": differs from a in its maximum text length") {
      try ensemble { $0.configuration.maxLength = 13 }
    }
  }

  @Test func refusesMembersWithOtherWords() {
    refuses(ModelError.self, at: "b", ": differs from a in its words") { try ensemble { $0.vocabulary = nil } }
  }

  @Test func refusesMembersWithOtherLabels() {
    refuses(ModelError.self, at: "b", ": differs from a in its labels") {
      try ensemble { $0.labels = ["ham", "spam"] }
    }
  }

  @Test func refusesMembersOfAnotherNetwork() {
    var other = Self.architecture
    other.hiddenSize = 8
    refuses(ModelError.self, at: "b", ": differs from a in its network") {
      try ensemble { $0 = member(other, seed: 1) }
    }
  }

  @Test func refusesMoreMembersThanANetworkHasRoomFor() {
    refuses(ModelError.self) {
      try Model(ensembleOf: .init(repeating: member(Self.architecture, seed: 0), count: 10_000))
    }
  }
}
