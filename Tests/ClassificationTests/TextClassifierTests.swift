import Classification
import Corpus
import Dispatch
import Fixtures
import Foundation
import Models
import Parallel
import RecurrentNetwork
import Testing

@Suite struct TextClassifierTests {
  /// The probabilities of `smallTexts`, as the network for training has them.
  static func expected(_ texts: [(text: String, tokens: [Int32])]) -> [Float] {
    let data = LabeledSequences(
      sequences: TokenSequences(texts.map(\.tokens)), labels: [UInt8](repeating: 0, count: texts.count))
    return DataParallelNetwork(smallModel.parameters.layout, maxLength: 25, threads: 2)
      .outcomes(of: data, parameters: smallModel.parameters)!.map(\.probability)
  }

  /// Alone, in batches of any size and order, on any number of threads: the same bits.
  @Test(arguments: [1, 2, 3, 8]) func aProbabilityDependsOnItsTextAlone(threads: Int) throws {
    let texts = smallTexts(200)
    let expected = Self.expected(texts)
    #expect(Set(expected).count > 150)
    let classifier = try TextClassifier(smallModel, threads: threads)
    #expect(classifier.classify(texts.map(\.text)).map(\.probability) == expected)
    #expect(classifier.classify(texts.map(\.text).reversed()).map(\.probability) == expected.reversed())
    for size in [1, 5, 7, 50] {
      let found = stride(from: 0, to: texts.count, by: size).flatMap {
        classifier.classify(texts[$0..<min($0 + size, texts.count)].map(\.text))
      }
      #expect(found.map(\.probability) == expected, "batches of \(size)")
    }
    #expect(classifier.classify([]) == [])
  }

  @Test func answersManyThreadsAtOnce() throws {
    let texts = smallTexts(100)
    let expected = Self.expected(texts)
    let classifier = try TextClassifier(smallModel, threads: 2)
    let failures = NSLock()
    nonisolated(unsafe) var failureCount = 0  // touched under the lock
    DispatchQueue.concurrentPerform(iterations: 64) { caller in
      let index = caller % texts.count
      let isRight =
        caller.isMultiple(of: 2)
        ? classifier.classify(texts[index].text).probability == expected[index]
        : classifier.classify(texts.map(\.text)).map(\.probability) == expected
      if !isRight { failures.withLock { failureCount += 1 } }
    }
    #expect(failureCount == 0)
  }

  @Test func theThresholdDecidesStrictly() throws {
    let text = "w5 w6 w7"
    let probability = try TextClassifier(smallModel).classify(text).probability
    for (threshold, label) in [(probability, "ham"), (probability.nextDown, "spam"), (0, "spam"), (1, "ham")] {
      let prediction = try TextClassifier(smallModel, threshold: threshold).classify(text)
      #expect(prediction.label == label)
      #expect(prediction.isPositive == (label == "spam"))
      #expect(prediction.probability == probability)
    }
  }

  @Test func countsTheWordsItKnows() throws {
    let classifier = try TextClassifier(smallModel)
    let cases = [
      ("", 0), (" \t\n ?!", 0), ("what is this", 0), ("W5, what: w6!", 2), ("w5\0w6", 0), ("é w5", 1),
      (String(repeating: "w5 ", count: 100), 25),
    ]
    for (text, count) in cases { #expect(classifier.classify(text).knownWordCount == count, "\(text)") }
    // Of a text without words the start token is left.
    #expect(classifier.classify("").probability == classifier.classify("?").probability)
  }

  @Test func readsTheEndOfALongText() throws {
    let classifier = try TextClassifier(smallModel)
    let end = (0..<25).map { "w\(4 + $0)" }.joined(separator: " ")
    // 10 MB in front.
    let long = String(repeating: "w30 w31 x ", count: 1 << 20) + end
    #expect(classifier.classify(long) == classifier.classify("w9 " + end))
  }

  @Test func explainsByOcclusion() throws {
    let classifier = try TextClassifier(smallModel, threads: 2)
    let explanation = classifier.explain("W5 <w6> what, w5 w7!")
    #expect(explanation.prediction == classifier.classify("w5 w6 what w5 w7"))
    #expect(explanation.words.map(\.word) == ["W5", "w6", "what", "w5", "w7"])
    #expect(explanation.words.map(\.isKnown) == [true, true, false, true, true])
    #expect(explanation.unreadWordCount == 0)
    let without = ["x w6 what w5 w7", "w5 x what w5 w7", "w5 w6 x w5 w7", "w5 w6 what x w7", "w5 w6 what w5 x"]
    #expect(
      explanation.words.map(\.effect)
        == classifier.classify(without).map { explanation.prediction.probability - $0.probability })
    #expect(explanation.words[0].effect != explanation.words[3].effect)
    #expect(explanation.words[2].effect == 0)
  }

  /// Each word takes as long as the text; a long text would take minutes.
  @Test func explainsTheEndOfALongText() throws {
    var long = smallModel.configuration
    long.maxLength = 1200
    let classifier = try TextClassifier(
      Model(smallModel.parameters, configuration: long, vocabulary: smallModel.vocabulary), threads: 2)
    let words = (0..<1300).map { "w\(4 + $0 % 36)" }
    let explanation = classifier.explain(words.joined(separator: " "))
    #expect(explanation.unreadWordCount == 100)
    #expect(explanation.unmeasuredWordCount == 200)
    #expect(explanation.words.map(\.word) == Array(words.suffix(Explanation.wordLimit)))
  }

  @Test func explainsWhatItReads() throws {
    let classifier = try TextClassifier(smallModel)
    #expect(classifier.explain("?").words == [])
    // The start token is read as long as there is room for it.
    for (count, unread) in [(24, 0), (25, 0), (26, 1), (300, 275)] {
      let words = (0..<count).map { "w\(4 + $0 % 36)" }
      let explanation = classifier.explain(words.joined(separator: " "))
      #expect(explanation.prediction == classifier.classify(words.joined(separator: " ")))
      #expect(explanation.unreadWordCount == unread)
      #expect(explanation.words.map(\.word) == Array(words.dropFirst(unread)))
      var changed = words
      changed[unread + 3] = "x"
      #expect(
        explanation.words[3].effect
          == explanation.prediction.probability - classifier.classify(changed.joined(separator: " ")).probability)
    }
  }

  @Test func refusesAModelWithoutWords() throws {
    var model = smallModel
    model.vocabulary = nil
    refuses(ModelError.Kind.noVocabulary, at: "m.safetensors", ": the model doesn't say which words it knows") {
      try TextClassifier(model, path: "m.safetensors")
    }
  }

  @Test(arguments: [-1, 0]) func refusesAModelThatReadsNoTokens(maxLength: Int) throws {
    var configuration = smallModel.configuration
    configuration.maxLength = maxLength
    let model = try Model(smallModel.parameters, configuration: configuration, vocabulary: smallModel.vocabulary)
    refuses(ModelError.self, "its maxLength must be from 1 to 1000000, not \(maxLength)") {
      try TextClassifier(model).explain("w5")
    }
  }

  @Test func refusesAModelThatDoesNotFitIntoMemory() throws {
    // Where each text reads the padding, buffers have room for all steps.
    var configuration = smallModel.configuration
    (configuration.layerCount, configuration.isBidirectional) = (2, true)
    var model = try Model(
      Parameters(zeros: ParameterLayout(configuration.architecture)), configuration: configuration,
      vocabulary: smallModel.vocabulary)
    model.configuration.maxLength = .max / 1_000_000
    refuses(ModelError.Kind.tooLarge, "GB of memory") { try TextClassifier(model) }
  }

  // MARK: More than two labels

  private static let threeLabels: Model = {
    var configuration = smallModel.configuration
    configuration.labelCount = 3
    var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
    var generator = RandomGenerator(seed: 3)
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    var model = try! Model(parameters, configuration: configuration, vocabulary: smallModel.vocabulary)
    model.labels = ["a", "b", "c"]
    return model
  }()

  @Test func givesTheMostProbableOfManyLabels() throws {
    let texts = smallTexts(60)
    // The threshold doesn't matter.
    let predictions = try TextClassifier(Self.threeLabels, threshold: 1).classify(texts.map(\.text))
    func outcomes(label: UInt8) -> [Outcome] {
      let data = LabeledSequences(
        sequences: TokenSequences(texts.map(\.tokens)), labels: [UInt8](repeating: label, count: texts.count))
      return DataParallelNetwork(Self.threeLabels.parameters.layout, maxLength: 25, threads: 1)
        .outcomes(of: data, parameters: Self.threeLabels.parameters)!
    }
    let losses = (0..<3 as Range<UInt8>).map { outcomes(label: $0).map(\.loss) }
    let outcomes = outcomes(label: 0)
    for (index, prediction) in predictions.enumerated() {
      let probabilities = losses.map { exp(-$0[index]) }
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
      let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
      #expect(prediction.label == ["a", "b", "c"][best] && !prediction.isPositive)
      #expect(prediction.probability == outcomes[index].probability)
    }
    #expect(Set(predictions.map(\.label)).count > 1)
  }

  /// A word's effect is on the text's own label, even where the text without it gets another.
  @Test func aWordsEffectIsOnTheTextsOwnLabel() throws {
    let classifier = try TextClassifier(Self.threeLabels)
    var (kept, lost) = (0, 0)
    for (text, _) in smallTexts(60) {
      let explanation = classifier.explain(text)
      #expect(explanation.prediction == classifier.classify(text))
      var words = text.split(separator: " ").map(String.init)
      for (index, word) in explanation.words.enumerated() where word.isKnown {
        let place = explanation.unreadWordCount + index
        words[place] = "w99"
        let without = classifier.classify(words.joined(separator: " "))
        words[place] = word.word
        let difference = explanation.prediction.probability - without.probability
        if without.label == explanation.prediction.label {
          kept += 1
          #expect(word.effect == difference)
        } else {
          lost += 1
          #expect(word.effect > difference - 1e-6 && word.effect > 0)
        }
      }
    }
    #expect(kept > 100 && lost > 20)
  }

  @Test func takesWordsFromAnIndex() throws {
    try withTemporaryFolder { folder in
      var model = smallModel
      model.vocabulary = nil
      // Keras's ranks: 1 is token 4.
      let index = try folder.write(#"{"w4": 1, "w5": 2, "rare": 1000}"#, to: "index.json")
      try model.setWords(of: WordIndex(contentsOf: index), convention: .imdb)
      let classifier = try TextClassifier(model)
      #expect(classifier.classify("w4 w5") == (try TextClassifier(smallModel)).classify("w4 w5"))
      #expect(classifier.classify("w6 rare").knownWordCount == 0)
      try model.write(toSafetensors: folder.path("model.safetensors"))
      refuses(ModelError.self, "index.json: the word index doesn't say how its numbers became") {
        try TextClassifier(contentsOf: folder.path("model.safetensors"), wordIndex: index)
      }
    }
  }
}
