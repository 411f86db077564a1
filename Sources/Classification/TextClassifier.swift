import Corpus
import Foundation
import Models
import Parallel
import RecurrentNetwork

/// Classifies texts with a trained model.
///
/// The weights are prepared once. Any number of threads and tasks may ask at the same time; a text's probability is the
/// same to the bit alone, among others, and on any number of threads.
public final class TextClassifier: Sendable {
  /// What the labels are called, from label 0 on.
  public let labels: [String]
  /// Of two labels, a greater probability gives label 1.
  public let threshold: Float

  private let coder: TextCoder
  private let maxLength: Int
  private let network: InferenceNetwork
  private let team: WorkerTeam

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - path: a model in any of the formats of `Model(contentsOf:)`.
  ///   - wordIndex: Keras's `imdb_word_index.json`, or a file like it, for a model that has no vocabulary; it goes
  ///     before the model's own.
  ///   - threshold: of two labels, a greater probability gives label 1; of more the most probable one is given.
  ///   - threads: how many of them a call works on; nil for as many as there are cores.
  /// - Throws: `ModelError` or `CorpusError` where a file can't be read, where nothing says which words the model
  ///   knows, or where its network does not fit into memory.
  public convenience init(
    contentsOf path: String, wordIndex: String? = nil, threshold: Float = 0.5, threads: Int? = nil
  ) throws {
    let model = try Model(contentsOf: path, wordIndex: wordIndex)
    try self.init(model, path: path, threshold: threshold, threads: threads)
  }

  /// Takes a model.
  ///
  /// - Parameters:
  ///   - model: with its vocabulary.
  ///   - path: its file, for messages.
  ///   - threshold: of two labels, a greater probability gives label 1; of more the most probable one is given.
  ///   - threads: how many of them a call works on; nil for as many as there are cores.
  /// - Throws: `ModelError` where the model has no vocabulary, or its network does not fit into memory.
  public init(_ model: Model, path: String? = nil, threshold: Float = 0.5, threads: Int? = nil) throws {
    guard let vocabulary = model.vocabulary else {
      throw ModelError(
        .noVocabulary, path: path, problem: "the model doesn't say which words it knows",
        advice: "give it the words of the data that it was trained on")
    }
    labels = model.labels
    self.threshold = threshold
    coder = TextCoder(vocabulary: vocabulary, coding: model.coding)
    maxLength = model.configuration.maxLength
    let threads = max(threads ?? ProcessInfo.processInfo.activeProcessorCount, 1)
    team = WorkerTeam(count: threads)
    network = try model.inferenceNetwork(threads: threads, path: path)
  }

  // MARK: Classifying

  /// Classifies a text.
  public func classify(_ text: String) -> Prediction { classify([text])[0] }

  /// Classifies texts, on all threads.
  ///
  /// - Returns: a prediction for each, in their order.
  public func classify(_ texts: [String]) -> [Prediction] { classify(texts, on: SingleRank()) }

  /// Classifies texts, with the help of other ranks (`Model.share`).
  package func classify(_ texts: [String], on communicator: any Communicator) -> [Prediction] {
    let tokens = tokens(of: texts)
    return zip(tokens, outcomes(of: tokens, communicator)).map { prediction($1, of: $0) }
  }

  /// Classifies a text, and tells what each of its words had to do with it.
  ///
  /// It takes as long as classifying as many texts as there are words.
  public func explain(_ text: String) -> Explanation { explain(text, on: SingleRank()) }

  /// Explains a text, with the help of other ranks (`Model.share`).
  package func explain(_ text: String, on communicator: any Communicator) -> Explanation {
    let words = coder.words(of: text)
    let tokens = ([TextCoder.startToken] + words.map(\.token)).suffix(maxLength)
    let read = words.suffix(tokens.count)
    let known = read.indices.filter { read[$0].token != TextCoder.unknownToken }
    let shift = tokens.endIndex - read.endIndex
    let outcome = outcomes(of: [Array(tokens)], communicator)[0]
    var effects = [Float](repeating: 0, count: words.count)
    // A few at a time: all of them together would take the text's length squared.
    let variantsPerCall = max((1 << 20) / tokens.count, 1)
    for first in stride(from: 0, to: known.count, by: variantsPerCall) {
      let part = known[first..<min(first + variantsPerCall, known.count)]
      let variants = part.map { index in
        var variant = tokens
        variant[index + shift] = TextCoder.unknownToken
        return Array(variant)
      }
      for (index, without) in zip(part, outcomes(of: variants, label: outcome.label, communicator)) {
        // Of more than two labels a variant may have another as the most probable; the loss tells that of the text's.
        effects[index] = outcome.probability - (labels.count == 2 ? without.probability : Float(exp(-without.loss)))
      }
    }
    return Explanation(
      prediction: prediction(outcome, of: Array(tokens)),
      words: read.indices.map { index in
        .init(
          word: String(text[read[index].range]), effect: effects[index],
          isKnown: read[index].token != TextCoder.unknownToken)
      },
      unreadWordCount: words.count - read.count)
  }

  // MARK: Steps

  /// The tokens that the network reads of each text: the last ones.
  private func tokens(of texts: [String]) -> [[Int32]] {
    let textsPerPart = 32
    var result = [[Int32]](repeating: [], count: texts.count)
    result.withUnsafeMutableBufferPointer { result in
      // Each part writes the places of its own texts.
      nonisolated(unsafe) let result = result
      team.perform((texts.count + textsPerPart - 1) / textsPerPart) { _, part in
        var (tokens, scratch) = ([Int32](), [UInt8]())
        for index in part * textsPerPart..<min((part + 1) * textsPerPart, texts.count) {
          tokens.removeAll(keepingCapacity: true)
          var text = texts[index]
          text.withUTF8 { coder.append(tokensOf: $0, to: &tokens, scratch: &scratch) }
          result[index] = Array(tokens.suffix(maxLength))
        }
      }
    }
    return result
  }

  /// - Parameter label: the one whose loss is told.
  private func outcomes(
    of tokens: [[Int32]], label: UInt8 = 0, _ communicator: any Communicator
  ) -> [Outcome] {
    let data = LabeledSequences(
      sequences: TokenSequences(tokens), labels: [UInt8](repeating: label, count: tokens.count))
    return network.outcomes(of: data, on: communicator)!
  }

  private func prediction(_ outcome: Outcome, of tokens: [Int32]) -> Prediction {
    let label = labels.count == 2 ? outcome.probability > threshold ? 1 : 0 : Int(outcome.label)
    return Prediction(
      label: labels[label], probability: outcome.probability, isPositive: labels.count == 2 && label == 1,
      knownWordCount: tokens.count { $0 > TextCoder.unknownToken })
  }
}

extension Model {
  /// A model, with the words of a file like Keras's `imdb_word_index.json` where one is named.
  package init(contentsOf path: String, wordIndex: String?) throws {
    self = try Model(contentsOf: path)
    if let wordIndex {
      vocabulary = try WordIndex(contentsOf: wordIndex).vocabulary(size: parameters.architecture.vocabularySize)
    }
  }
}
