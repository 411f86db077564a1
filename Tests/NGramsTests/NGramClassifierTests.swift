import Corpus
import GoldenValues
import Testing

@testable import NGrams

@Suite("A linear classifier over n-grams")
struct NGramClassifierTests {
  private struct Golden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
      var labelCount, order, minimumCount, longestCharacters: Int
      var cost: Double
      var classWeights: [Double]?
      var labels: [UInt8]
      var logits: [[Float]]

      var settings: NGramSettings {
        var settings = NGramSettings()
        (settings.order, settings.minimumCount, settings.cost) = (order, minimumCount, cost)
        settings.longestCharacters = longestCharacters
        return settings
      }
      var testDescription: String { "\(labelCount) labels, \(order) words, \(longestCharacters) characters" }
    }
    var texts: [String]
    var trainingCount: Int
    var cases: [Case]
  }

  private static let golden = try! goldenValues("NGramsTests/Golden/ngrams.json", as: Golden.self)

  private func classifier(
    _ golden: Golden, _ texts: WordSequences, _ number: Int, seed: UInt64 = 0, threads: Int = 2
  ) -> NGramClassifier {
    let count = golden.trainingCount
    let own = golden.cases[number]
    return NGramClassifier(
      training: texts.slice(0..<count), labels: Array(own.labels[..<count]), labelCount: own.labelCount,
      classWeights: own.classWeights, settings: own.settings, seed: seed, threads: threads)
  }

  /// The texts' words are those between spaces, capitals as they are.
  private var texts: WordSequences { WordSequences(Self.golden.texts, coding: TextCoding()) }

  @Test("finds SciPy's minimum", arguments: 0..<3)
  func minimum(number: Int) {
    let golden = Self.golden
    let classifier = classifier(golden, texts, number)
    let logits = classifier.logits(of: texts.slice(golden.trainingCount..<golden.texts.count), threads: 1)
    let expected = golden.cases[number].logits.flatMap(\.self)
    #expect(logits.count == expected.count)
    for (logit, expected) in zip(logits, expected) { #expect(abs(logit - expected) < 0.005) }
  }

  @Test("has the same bits for any number of threads")
  func threads() {
    let one = classifier(Self.golden, texts, 2, threads: 1)
    for threads in [2, 3, 8] { #expect(classifier(Self.golden, texts, 2, threads: threads) == one) }
    #expect(one.logits(of: texts, threads: 1) == one.logits(of: texts, threads: 5))
  }

  @Test("tells how far its training is", arguments: [1, 3])
  func progress(threads: Int) {
    let own = Self.golden.cases[2]
    var told: [Double] = []
    _ = NGramClassifier(
      training: texts, labels: own.labels, labelCount: own.labelCount, settings: own.settings, seed: 0,
      threads: threads
    ) { told.append($0) }
    #expect(told.count > own.labelCount)
    #expect(told == told.sorted() && told.allSatisfy { 0...1 ~= $0 } && told.last == 1)
  }

  @Test("classifies a text alone as it does among others")
  func alone() {
    let classifier = classifier(Self.golden, texts, 0)
    let logits = classifier.logits(of: texts, threads: 2)
    for (index, text) in Self.golden.texts.enumerated() {
      #expect(classifier.logits(of: WordSequences([text], coding: TextCoding()), threads: 1) == [logits[index]])
    }
  }

  @Test("classifies many texts as it does a few")
  func many() {
    let classifier = classifier(Self.golden, texts, 2)
    let times = 1200 / Self.golden.texts.count + 1
    let all = WordSequences(
      (0..<times).flatMap { _ in Self.golden.texts }, coding: TextCoding())
    let few = classifier.logits(of: texts, threads: 1)
    #expect(classifier.logits(of: all, threads: 2) == (0..<times).flatMap { _ in few })
  }

  @Test("finds in many texts what it finds in each, for any number of threads", arguments: [1, 2, 3])
  func manyFeatures(threads: Int) {
    let times = 1600 / Self.golden.texts.count + 1
    let many = WordSequences(
      (0..<times).flatMap { Self.golden.texts + ["\($0)", ""] }, coding: TextCoding())
    let index = NGramIndex(of: many, Self.golden.cases[2].settings)
    let all = NGramFeatures(of: many, in: index, threads: threads)
    #expect(all.count == many.count)
    let finder = NGramFeatures.Finder(many, index)
    var differing = 0
    for text in 0..<many.count {
      let alone = NGramFeatures(of: text..<text + 1, by: finder)
      if all.features[all.words(of: text)] != alone.features[alone.words(of: 0)]
        || all.features[all.characters(of: text)] != alone.features[alone.characters(of: 0)]
      {
        differing += 1
      }
    }
    #expect(differing == 0)
  }

  @Test("takes texts without words")
  func empty() {
    let classifier = classifier(Self.golden, texts, 0)
    #expect(classifier.logits(of: WordSequences([String](), coding: TextCoding()), threads: 2) == [])
    let logits = classifier.logits(of: WordSequences(["", "unbekannt"], coding: TextCoding()), threads: 2)
    #expect(logits.allSatisfy { $0.isFinite })
    let none = NGramClassifier(
      training: WordSequences(["", ""], coding: TextCoding()), labels: [0, 1], labelCount: 2,
      settings: NGramSettings(), seed: 0, threads: 2)
    #expect(none.logits(of: WordSequences(["x"], coding: TextCoding()), threads: 1)[0].isFinite)
  }

  @Test("scales all its logits")
  func scaling() {
    var classifier = classifier(Self.golden, texts, 2)
    let logits = classifier.logits(of: texts, threads: 1)
    classifier.scaleLogits(by: 0.25)
    #expect(zip(classifier.logits(of: texts, threads: 1), logits).allSatisfy { abs($0 - $1 / 4) < 1e-5 })
  }
}

@Suite("The index of n-grams")
struct NGramIndexTests {
  private func index(_ texts: [String], _ change: (inout NGramSettings) -> Void = { _ in }) -> NGramIndex {
    var settings = NGramSettings()
    change(&settings)
    return NGramIndex(of: WordSequences(texts, coding: TextCoding()), settings)
  }
  private func texts(_ index: NGramIndex) -> [String] { (0..<index.count).map(index.text) }

  @Test("holds what occurs in enough texts, as it is met")
  func counts() {
    let index = index(["a b c", "a b d", "b a", "c c c"]) { $0.longestCharacters = 0 }
    #expect(texts(index) == ["^", "a", "b", "c", "^ a", "a b", "^ a b"])
  }

  @Test("counts texts, not occurrences")
  func presence() {
    #expect(texts(index(["x x x x", "y"])) == ["^"])
  }

  @Test("has n-grams of characters with the word's ends, in whole characters of UTF-8")
  func characters() {
    let index = index(["größe", "größe"]) {
      ($0.order, $0.shortestCharacters, $0.longestCharacters) = (1, 3, 4)
    }
    #expect(
      texts(index) == ["^", "größe", "gr-", "grö-", "-grö-", "-größ-", "-röß-", "-röße-", "-öße-", "-öße", "-ße"])
  }

  @Test("leaves words of one character to themselves")
  func singleCharacters() { #expect(texts(index(["好 吃", "好 吃"]) { $0.order = 1 }) == ["^", "好", "吃"]) }

  @Test("is read back from its parts")
  func parts() throws {
    var settings = NGramSettings()
    settings.longestCharacters = 4
    let index = NGramIndex(of: WordSequences(["abc de f", "abc de g", "abc"], coding: TextCoding()), settings)
    let words = (0..<index.words.count).map { index.words[$0] }
    let pairs = (0..<index.sequences.count).map {
      (Int(index.sequences.pair($0).first), Int(index.sequences.pair($0).second))
    }
    let characters = (0..<index.characters.count).map { index.characters[$0] }
    #expect(NGramIndex(words: words, sequences: pairs, characters: characters, settings) == index)
    // Without the empty word, twice the same word, and sequences of what comes later or isn't there.
    #expect(NGramIndex(words: ["a"], sequences: [], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a", "a"], sequences: [], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a"], sequences: [(2, 1)], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a"], sequences: [(0, 2)], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a"], sequences: [(-1, 1)], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a"], sequences: [(0, 1), (0, 1)], characters: [], settings) == nil)
    #expect(NGramIndex(words: ["", "a"], sequences: [], characters: ["abc", "abc"], settings) == nil)
  }
}
