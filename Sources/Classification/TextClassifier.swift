import Corpus
import Foundation
import Models
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

  private let coder: TextCoder
  private let maxLength: Int
  private let network: InferenceNetwork
  private let team: WorkerTeam

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - path: a model in any of the formats of `Model(contentsOf:)`.
  ///   - wordIndex: the path of Keras's `imdb_word_index.json` or a similar file, for a model without a vocabulary. It
  ///     replaces the model's own vocabulary if it has one.
  ///   - threshold: with two labels, a probability above this predicts label 1. With more, the most probable label is
  ///     predicted.
  ///   - threads: the number of threads that share the work of a call; nil for one per core.
  /// - Throws: `ModelError`, `CorpusError` or `FileError` if a file can't be read; `ModelError` if nothing says which words
  ///   the model knows, or if its network doesn't fit into memory.
  public convenience init(
    contentsOf path: String, wordIndex: String? = nil, threshold: Float = 0.5, threads: Int? = nil
  ) throws {
    let model = try Model(contentsOf: path, wordIndex: wordIndex)
    try self.init(model, path: path, threshold: threshold, threads: threads)
  }

  /// Uses a model that is already loaded.
  ///
  /// - Parameters:
  ///   - model: a model with a vocabulary.
  ///   - path: the model's file, for messages.
  ///   - threshold: with two labels, a probability above this predicts label 1. With more, the most probable label is
  ///     predicted.
  ///   - threads: the number of threads that share the work of a call; nil for one per core.
  /// - Throws: `ModelError` if the model has no vocabulary, if its network has impossible sizes, or if it doesn't fit into
  ///   memory.
  public init(_ model: Model, path: String? = nil, threshold: Float = 0.5, threads: Int? = nil) throws {
    guard let vocabulary = model.vocabulary else {
      throw ModelError(
        .noVocabulary, path: path, problem: "the model doesn't say which words it knows",
        advice: "name the word index of the data that it was trained on")
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
  /// - Returns: a prediction for each text, in the same order.
  public func classify(_ texts: [String]) -> [Prediction] { classify(texts, on: SingleRank()) }

  /// Classifies texts, with the help of other ranks (`Model.share`).
  package func classify(_ texts: [String], on communicator: any Communicator) -> [Prediction] {
    let tokens = tokens(of: texts)
    let outcomes = outcomes(of: tokens, communicator)
    let probabilities = probabilities(of: outcomes, tokens, communicator)
    return tokens.indices.map { prediction(outcomes[$0], probabilities[$0], of: tokens[$0]) }
  }

  /// Classifies a text, and measures how each of its words affects the prediction.
  ///
  /// This takes as long as classifying as many texts as the text has words.
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
    // A limited number at a time: together, the variants would need memory quadratic in the text's length.
    let variantsPerCall = max((1 << 20) / tokens.count, 1)
    for first in stride(from: 0, to: known.count, by: variantsPerCall) {
      let replaced = known[first..<min(first + variantsPerCall, known.count)]
      let variants = replaced.map { index in
        var variant = tokens
        variant[index + shift] = TextCoder.unknownToken
        return Array(variant)
      }
      for (index, without) in zip(replaced, outcomes(of: variants, label: outcome.label, communicator)) {
        // With more than two labels, another label may be the most probable one of a variant. Its loss, computed for the
        // text's own label, gives the probability of that.
        effects[index] = outcome.probability - (labels.count == 2 ? without.probability : Float(exp(-without.loss)))
      }
    }
    let probabilities = probabilities(of: [outcome], [Array(tokens)], communicator)[0]
    return Explanation(
      prediction: prediction(outcome, probabilities, of: Array(tokens)),
      words: read.indices.map { index in
        .init(
          word: String(text[read[index].range]), effect: effects[index],
          isKnown: read[index].token != TextCoder.unknownToken)
      },
      unreadWordCount: words.count - read.count)
  }

  // MARK: Steps

  /// The tokens of each text that the network reads: the last `maxLength` of them.
  private func tokens(of texts: [String]) -> [[Int32]] {
    let textsPerJob = 32
    var result = [[Int32]](repeating: [], count: texts.count)
    result.withUnsafeMutableBufferPointer { result in
      // Each job writes only the elements of its own texts.
      nonisolated(unsafe) let result = result
      team.perform((texts.count + textsPerJob - 1) / textsPerJob) { _, job in
        var (tokens, scratch) = ([Int32](), [UInt8]())
        for index in job * textsPerJob..<min((job + 1) * textsPerJob, texts.count) {
          tokens.removeAll(keepingCapacity: true)
          var text = texts[index]
          text.withUTF8 { coder.append(tokensOf: $0, to: &tokens, scratch: &scratch) }
          result[index] = Array(tokens.suffix(maxLength))
        }
      }
    }
    return result
  }

  /// - Parameter label: the label for which the losses are computed.
  private func outcomes(
    of tokens: [[Int32]], label: UInt8 = 0, _ communicator: any Communicator
  ) -> [Outcome] {
    let data = LabeledSequences(
      sequences: TokenSequences(tokens), labels: [UInt8](repeating: label, count: tokens.count))
    return network.outcomes(of: data, on: communicator)!
  }

  /// The probability of each label, for each sequence.
  ///
  /// An outcome holds that of one label alone. With more than two, the others follow from the losses for each label, of
  /// which each takes another pass.
  private func probabilities(
    of outcomes: [Outcome], _ tokens: [[Int32]], _ communicator: any Communicator
  ) -> [[Float]] {
    if labels.count == 2 { return outcomes.map { [1 - $0.probability, $0.probability] } }
    var probabilities = [[Float]](repeating: [], count: outcomes.count)
    for label in labels.indices {
      let losses = self.outcomes(of: tokens, label: UInt8(label), communicator)
      for index in outcomes.indices {
        probabilities[index].append(
          outcomes[index].label == label ? outcomes[index].probability : Float(exp(-losses[index].loss)))
      }
    }
    return probabilities
  }

  private func prediction(_ outcome: Outcome, _ probabilities: [Float], of tokens: [Int32]) -> Prediction {
    let label = labels.count == 2 ? outcome.probability > threshold ? 1 : 0 : Int(outcome.label)
    return Prediction(
      label: labels[label], probability: outcome.probability, probabilities: probabilities,
      isPositive: labels.count == 2 && label == 1,
      knownWordCount: tokens.count { $0 > TextCoder.unknownToken })
  }
}

extension Model {
  /// Loads a model and, if one is named, a file of words like Keras's `imdb_word_index.json`.
  ///
  /// - Throws: `ModelError`, `CorpusError` or `FileError` if a file can't be read.
  package init(contentsOf path: String, wordIndex: String?) throws {
    self = try Model(contentsOf: path)
    if let wordIndex {
      vocabulary = try WordIndex(contentsOf: wordIndex).vocabulary(size: parameters.architecture.vocabularySize)
    }
  }
}
