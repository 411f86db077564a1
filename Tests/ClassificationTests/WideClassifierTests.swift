import Classification
import Corpus
import Foundation
import Models
import NGrams
import RecurrentNetwork
import Testing

@Suite("Classifying with a wide part")
struct WideClassifierTests {
  private static let model: Model = {
    let texts = smallTexts(60).map(\.text)
    var model = smallModel
    try! model.setWide(
      NGramClassifier(
        training: WordSequences(texts, coding: model.coding), labels: texts.indices.map { UInt8($0 % 2) },
        labelCount: 2, settings: NGramSettings(), seed: 0, threads: 1))
    return model
  }()

  @Test("adds its logit to the network's, alone and among others", arguments: [1, 3])
  func sum(threads: Int) throws {
    let texts = smallTexts(100).map(\.text)
    let found = try TextClassifier(Self.model, threads: threads).classify(texts).map(\.probability)
    let network = try TextClassifier(smallModel).classify(texts).map { log($0.probability / (1 - $0.probability)) }
    let wide = Self.model.wide!.logits(of: WordSequences(texts, coding: Self.model.coding), threads: 1)
    for index in texts.indices {
      #expect(abs(found[index] - 1 / (1 + exp(-(network[index] + wide[index])))) < 1e-4)
    }
    let classifier = try TextClassifier(Self.model, threads: threads)
    #expect(texts.map { classifier.classify($0).probability } == found)
  }

  @Test("tells each n-gram's share, and each word's effect")
  func explanation() throws {
    let classifier = try TextClassifier(Self.model)
    // Short enough to be read whole.
    let text = try #require(smallTexts(20).map(\.text).first { 3...20 ~= $0.split(separator: " ").count })
    let explanation = classifier.explain(text)
    #expect(explanation.prediction == classifier.classify(text))
    let shares = explanation.ngrams.reduce(Float(0)) { $0 + $1.share }
    let logit = Self.model.wide!.logits(of: WordSequences([text], coding: Self.model.coding), threads: 1)[0]
    #expect(abs(shares + Self.model.wide!.biases[0] - logit) < 1e-4)
    #expect(zip(explanation.ngrams, explanation.ngrams.dropFirst()).allSatisfy { abs($0.share) >= abs($1.share) })
    // Without the first word.
    let words = text.split(separator: " ")
    let without = classifier.classify((["ξ"] + words.dropFirst()).joined(separator: " "))
    #expect(abs(explanation.words[0].effect - (explanation.prediction.probability - without.probability)) < 1e-5)
  }

  @Test("gives the probability of every label")
  func probabilities() throws {
    let prediction = try TextClassifier(Self.model).classify("w5")
    #expect(prediction.probabilities == [1 - prediction.probability, prediction.probability])
  }

  @Test("needs texts")
  func numbers() {
    let data = LabeledSequences(sequences: TokenSequences([[1, 5]]), labels: [0])
    #expect(throws: ModelError.self) { try Self.model.outcomes(of: data, threads: 1) }
  }
}
