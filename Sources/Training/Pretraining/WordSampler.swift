import Corpus
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Draws the words that a step has to tell the right ones from.
struct WordSampler {
  private let settings: WordPrediction
  private let seed: UInt64
  /// The sum of the weights up to each token, its own included: [V].
  private let cumulativeWeights: [Double]
  private let corrections: [Float]

  /// - Parameters:
  ///   - settings: how words are drawn.
  ///   - vocabularySize: V.
  ///   - texts: whose words are counted. Tokens that stand for no words are neither drawn nor predicted, and words that
  ///     don't occur aren't either.
  ///   - seed: the run's.
  /// - Returns: nil where there are no words.
  init?(_ settings: WordPrediction, vocabularySize: Int, texts: TokenSequences, seed: UInt64) {
    (self.settings, self.seed) = (settings, seed)
    var counts = [Int](repeating: 0, count: vocabularySize)
    for token in texts.tokens where token >= TextCoder.firstWord { counts[Int(token)] += 1 }
    let total = Double(counts.reduce(0, +))
    guard total > 0 else { return nil }
    let weights = counts.map { $0 > 0 ? pow(Double($0), settings.samplingPower) : 0 }
    var sum = 0.0
    cumulativeWeights = weights.map { weight in
      sum += weight
      return sum
    }
    // ln(K q) − ln p, so that weights of zero stand for the words' frequencies.
    let (k, whole) = (Double(settings.sampleCount), sum)
    corrections = zip(weights, counts).map { weight, count in
      count > 0 ? Float(log(k * weight / whole) - log(Double(count) / total)) : -.infinity
    }
  }

  /// The words of a training step, which follow from the seed and the step alone.
  func samples(step: Int) -> WordSamples { samples(stream: Self.firstStream + UInt64(step)) }

  /// The words by which every validation is done.
  var validationSamples: WordSamples { samples(stream: Self.firstStream - 1) }

  /// Below it are the streams of the epochs' orders, and far above it, counted from the end, those of dropout.
  private static let firstStream: UInt64 = 1 << 62

  private func samples(stream: UInt64) -> WordSamples {
    var generator = RandomGenerator(seed: seed, stream: stream)
    let tokens = (0..<settings.sampleCount).map { _ in token(at: generator.uniform() * cumulativeWeights.last!) }
    return WordSamples(tokens: tokens, corrections: corrections)
  }

  /// The first token whose cumulative weight is above a number.
  private func token(at place: Double) -> Int32 {
    var (low, high) = (0, cumulativeWeights.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulativeWeights[middle] > place { high = middle } else { low = middle + 1 }
    }
    // Rounding may lead beyond the last word that occurs.
    while corrections[low] == -.infinity { low -= 1 }
    return Int32(low)
  }
}

extension TokenSequences {
  /// The same texts, those that are longer than `length` in pieces of about the same lengths.
  func pieces(ofAtMost length: Int) -> TokenSequences {
    var offsets = [0]
    for text in 0..<count {
      let (start, count) = (self.offsets[text], self.length(of: text))
      let pieces = max(1, (count + length - 1) / length)
      for piece in 1...pieces { offsets.append(start + piece * count / pieces) }
    }
    return TokenSequences(tokens: tokens, offsets: offsets)
  }
}

extension Dataset {
  /// What a network that predicts words learns from, and what it is validated on: all texts but those to test on, in
  /// pieces that it can read. Their labels, all 0, mean nothing.
  ///
  /// - Parameters:
  ///   - share: of the pieces, the last ones, is validated on; nil for none.
  ///   - maxLength: of a piece.
  /// - Throws: `CorpusError` where one of the two would be empty.
  func wordParts(
    validationSplit share: Double?, maxLength: Int
  ) throws -> (training: LabeledSequences, validation: LabeledSequences) {
    let texts = training.sequences.pieces(ofAtMost: maxLength)
    let all = unlabeled.map { texts.appending($0.pieces(ofAtMost: maxLength)) } ?? texts
    let pieces = LabeledSequences(sequences: all, labels: [UInt8](repeating: 0, count: all.count))
    return try share.map { try pieces.split(validationSplit: $0) } ?? (pieces, pieces.prefix(0))
  }
}
