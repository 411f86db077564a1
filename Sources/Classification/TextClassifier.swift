import Corpus
import Foundation
import Models
import NGrams
import Parallel
import RecurrentNetwork

/// Classifies texts with a trained model.
///
/// The weights are prepared once. Any number of threads and tasks can use a classifier at the same time. A text's
/// probability is the same, bit for bit, whether it is classified alone or among others, on any number of threads.
public final class TextClassifier: Sendable {
  /// The names of the labels, from label 0 on.
  public let labels: [String]
  /// With two labels, a probability above this predicts label 1.
  public let threshold: Float
  /// What it classifies with, without the state of an optimizer.
  public let model: Model

  private let coder: TextCoder
  private let maxLength: Int
  private let wide: NGramClassifier?
  private let network: InferenceNetwork
  private let team: WorkerTeam

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - path: a model in any of the formats of `Model(contentsOf:)`.
  ///   - wordIndex: the path of Keras's `imdb_word_index.json`, for a model without a vocabulary. It replaces the model's
  ///     own vocabulary if it has one. (For other word indexes see `Model.setWords(of:convention:)`.)
  ///   - threshold: with two labels, a probability above this predicts label 1; nil for the model's own. With more, the
  ///     most probable label is predicted.
  ///   - threads: the number of threads that share the work of a call; nil for one per core.
  /// - Throws: `ModelError`, `CorpusError` or `FileError` if a file can't be read; `ModelError` if nothing says which words
  ///   the model knows, or if its network doesn't fit into memory.
  public convenience init(
    contentsOf path: String, wordIndex: String? = nil, threshold: Float? = nil, threads: Int? = nil
  ) throws {
    let model = try Model(contentsOf: path, wordIndex: wordIndex)
    try self.init(model, path: path, threshold: threshold, threads: threads)
  }

  /// Uses a model that is already loaded.
  ///
  /// - Parameters:
  ///   - model: a model with a vocabulary.
  ///   - path: the model's file, for messages.
  ///   - threshold: with two labels, a probability above this predicts label 1; nil for the model's own. With more, the
  ///     most probable label is predicted.
  ///   - threads: the number of threads that share the work of a call; nil for one per core.
  /// - Throws: `ModelError` if the model has no vocabulary, if its network has impossible sizes, or if it doesn't fit into
  ///   memory.
  public init(_ model: Model, path: String? = nil, threshold: Float? = nil, threads: Int? = nil) throws {
    guard let vocabulary = model.vocabulary else {
      throw ModelError(
        .noVocabulary, path: path, problem: "the model doesn't say which words it knows",
        advice: "name the word index of the data that it was trained on")
    }
    labels = model.labels
    self.threshold = threshold ?? model.threshold
    var kept = model
    kept.optimizer = nil
    self.model = kept
    coder = TextCoder(vocabulary: vocabulary, coding: model.coding)
    maxLength = model.configuration.maxLength
    wide = model.wide
    let threads = max(threads ?? ProcessInfo.processInfo.activeProcessorCount, 1)
    team = WorkerTeam(count: threads)
    network = try model.inferenceNetwork(threads: threads, path: path)
  }

  // MARK: Writing

  /// Writes the model atomically: the file is complete, or unchanged.
  ///
  /// - Parameters:
  ///   - url: the file.
  ///   - format: the format, or nil to choose it by the name's extension, such as `safetensors`.
  /// - Throws: `ModelError` if there is no such format or it can't represent the model; `FileError` if the file can't be
  ///   written.
  public func write(to url: URL, as format: ModelFormat? = nil) throws {
    guard url.isFileURL else {
      throw ModelError(
        .unsupported, path: url.absoluteString, problem: "is no file's address",
        advice: "write to a file of this machine")
    }
    try model.write(to: url.path(percentEncoded: false), as: format)
  }

  // MARK: Classifying

  /// Classifies a text.
  public func classify(_ text: String) -> Prediction { classify([text])[0] }

  /// Classifies texts, on all threads.
  ///
  /// - Returns: a prediction for each text, in the same order.
  public func classify(_ texts: [String]) -> [Prediction] { classify(texts, on: SingleRank()) }

  /// Classifies texts, with the help of other ranks (`Model.share`).
  package func classify(_ texts: [String], on communicator: any Communicator) -> [Prediction] {
    let readings = readings(of: texts)
    let logits = logits(of: readings, communicator)
    return zip(readings, logits).map { prediction($1, of: $0) }
  }

  /// Classifies a text, and measures how each of its words affects the prediction.
  ///
  /// This takes as long as classifying as many texts as the text has words; of a long text the last
  /// ``Explanation/wordLimit`` words are measured.
  public func explain(_ text: String) -> Explanation { explain(text, on: SingleRank()) }

  /// Explains a text, with the help of other ranks (`Model.share`).
  package func explain(_ text: String, on communicator: any Communicator) -> Explanation {
    let words = coder.words(of: text)
    let reading = readings(of: [text])[0]
    let readCount = readCount(of: words)
    let read = (coder.coding.truncation == .pre ? words.suffix(readCount) : words.prefix(readCount))
      .suffix(Explanation.wordLimit)
    // The wide part may know some of a word's characters.
    let known = read.indices.filter { wide != nil || read[$0].token != TextCoder.unknownToken }
    let tokens = words.map(\.token)
    let logits = logits(of: [reading], communicator)[0]
    let outcome = Outcome(logits: logits, label: 0)
    let probability = Outcome.probabilities(logits: logits)
    let label = labels.count == 2 ? 1 : Int(outcome.label)
    var effects = [Float](repeating: 0, count: words.count)
    // A limited number at a time: together, the variants would need memory quadratic in the text's length.
    let variantsPerCall = max((1 << 20) / max(words.count, reading.tokens.count), 1)
    for first in stride(from: 0, to: known.count, by: variantsPerCall) {
      let replaced = known[first..<min(first + variantsPerCall, known.count)]
      let variants = replaced.map { index in
        var without = tokens
        without[index] = TextCoder.unknownToken
        return Reading(tokens: fitted(coder.sequence(of: without)), wide: [])
      }
      let wideLogits = wide?.logits(of: Self.texts(words, without: Array(replaced)), threads: team.count)
      let width = logits.count
      for (place, var without) in self.logits(of: variants, communicator).enumerated() {
        if let wideLogits { for logit in 0..<width { without[logit] += wideLogits[place * width + logit] } }
        effects[replaced[replaced.startIndex + place]] =
          probability[label] - Outcome.probabilities(logits: without)[label]
      }
    }
    return Explanation(
      prediction: prediction(logits, of: reading),
      words: read.indices.map { index in
        .init(
          word: String(text[read[index].range]), effect: effects[index],
          isKnown: read[index].token != TextCoder.unknownToken || effects[index] != 0)
      },
      ngrams: ngrams(of: words, logit: logits.count == 1 ? 0 : label), unreadWordCount: words.count - readCount,
      unmeasuredWordCount: readCount - read.count)
  }

  private func ngrams(of words: [TextCoder.Word], logit: Int) -> [Explanation.NGram] {
    guard let wide else { return [] }
    return wide.shares(of: Self.texts(words, without: [nil]), logit: logit).enumerated()
      .sorted { (-abs($0.element.share), $0.offset) < (-abs($1.element.share), $1.offset) }
      .map { .init(text: $0.element.text, share: $0.element.share) }
  }

  // MARK: Steps

  /// A text as the model reads it.
  private struct Reading {
    /// What the network reads: at most `maxLength` tokens.
    var tokens: [Int32]
    /// The logits of the wide part; none if there isn't one.
    var wide: [Float]
  }

  /// What the network reads of a text's tokens: the last ones, or the first ones if its coding says so, and padding behind
  /// them if it has that.
  private func fitted(_ tokens: [Int32]) -> [Int32] {
    let read = Array(coder.coding.truncation == .pre ? tokens.suffix(maxLength) : tokens.prefix(maxLength))
    return coder.coding.padding == .pre ? read : read + [Int32](repeating: 0, count: maxLength - read.count)
  }

  /// How many of a text's words, the last ones, the network reads.
  private func readCount(of words: [TextCoder.Word]) -> Int {
    guard coder.coding.skipsUnknownWords else { return min(words.count, maxLength) }
    var left = maxLength
    return words.reversed().prefix { word in
      if word.token != TextCoder.unknownToken { left -= 1 }
      return left >= 0
    }.count
  }

  private func readings(of texts: [String]) -> [Reading] {
    let textsPerJob = 32
    var result = [Reading](repeating: Reading(tokens: [], wide: []), count: texts.count)
    result.withUnsafeMutableBufferPointer { result in
      // Each job writes only the elements of its own texts.
      nonisolated(unsafe) let result = result
      team.perform((texts.count + textsPerJob - 1) / textsPerJob) { _, job in
        let range = job * textsPerJob..<min((job + 1) * textsPerJob, texts.count)
        guard let wide else {
          var (tokens, scratch) = ([Int32](), [UInt8]())
          for index in range {
            tokens.removeAll(keepingCapacity: true)
            var text = texts[index]
            text.withUTF8 { coder.append(tokensOf: $0, to: &tokens, scratch: &scratch) }
            result[index].tokens = fitted(tokens)
          }
          return
        }
        let words = WordSequences(texts[range], coding: coder.coding)
        let tokens = words.words.tokens(by: coder)
        let logits = wide.logits(of: words, threads: 1)
        for (place, index) in range.enumerated() {
          result[index] = Reading(
            tokens: fitted(coder.sequence(of: words.sequences[place].map { tokens[Int($0)] })),
            wide: Array(logits[place * wide.logitCount..<(place + 1) * wide.logitCount]))
        }
      }
    }
    return result
  }

  /// A text once for each of some of its words, each time without that word, or for nil with all.
  private static func texts(_ words: [TextCoder.Word], without places: [Int?]) -> WordSequences {
    var table = WordTable()
    // No word has a space.
    let unknown = table.add(" ")
    let numbers = words.map { table.add($0.word) }
    let sequences = places.map { place in
      var sequence = numbers
      if let place { sequence[place] = unknown }
      return sequence
    }
    return WordSequences(words: table, sequences: PackedSequences(sequences))
  }

  /// The logits of each text.
  private func logits(of readings: [Reading], _ communicator: any Communicator) -> [[Float]] {
    if readings.isEmpty { return [] }
    let data = LabeledSequences(
      sequences: TokenSequences(readings.map(\.tokens)), labels: [UInt8](repeating: 0, count: readings.count))
    let logits = network.logits(of: data, on: communicator)!
    let width = logits.count / readings.count
    return readings.enumerated().map { index, reading in
      let own = logits[index * width..<(index + 1) * width]
      return reading.wide.isEmpty ? Array(own) : zip(own, reading.wide).map { $0 + $1 }
    }
  }

  private func prediction(_ logits: [Float], of reading: Reading) -> Prediction {
    let outcome = Outcome(logits: logits, label: 0)
    let label = labels.count == 2 ? outcome.probability > threshold ? 1 : 0 : Int(outcome.label)
    return Prediction(
      label: labels[label], probability: outcome.probability,
      probabilities: Outcome.probabilities(logits: logits), isPositive: labels.count == 2 && label == 1,
      knownWordCount: reading.tokens.count { $0 > TextCoder.unknownToken })
  }
}

extension Model {
  /// Loads a model and, if one is named, Keras's `imdb_word_index.json`.
  ///
  /// - Throws: `ModelError`, `CorpusError` or `FileError` if a file can't be read.
  package init(contentsOf path: String, wordIndex: String?) throws {
    self = try Model(contentsOf: path, as: FileContent(ofFile: path), isForAnswers: true)
    if let wordIndex { try setWords(ofIndexAt: wordIndex) }
  }
}
