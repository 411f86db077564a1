import Corpus
import Hyperparameters
import NGrams
import RecurrentNetwork

/// Settings that may be tried.
struct TuningCandidate: Equatable {
  var configuration: TrainingConfiguration
  var tokens: TextCoding.Tokens

  /// The settings of the wide part, which every candidate has.
  fileprivate var wide: NGramSettings {
    get { configuration.wide ?? NGramSettings() }
    set { configuration.wide = newValue }
  }

  /// The fewest and the most characters of n-grams; 0 and 0 for none.
  fileprivate var characters: [Int] {
    get { wide.longestCharacters == 0 ? [0, 0] : [wide.shortestCharacters, wide.longestCharacters] }
    set {
      wide.shortestCharacters = newValue[1] == 0 ? NGramSettings().shortestCharacters : newValue[0]
      wide.longestCharacters = newValue[1]
    }
  }
}

/// The settings among which a tuning looks. All others are those of the defaults.
struct TuningSpace {
  /// The defaults.
  let start: TuningCandidate
  /// How words are told apart; only what was asked for, if anything was.
  let tokens: [TextCoding.Tokens]
  let seed: UInt64

  private typealias Change = (inout TuningCandidate) -> Void

  private func choices<Value>(_ path: WritableKeyPath<TuningCandidate, Value>, _ values: [Value]) -> [Change] {
    values.map { value in { $0[keyPath: path] = value } }
  }

  /// For each setting of the n-grams, its values.
  private var wideChoices: [[Change]] {
    [
      choices(\.wide.order, [1, 2, 3, 4, 5]),
      choices(\.wide.minimumCount, [1, 2, 3, 4, 6, 10]),
      choices(
        \.characters,
        [[0, 0], [1, 3], [1, 4], [2, 4], [2, 5], [2, 6], [3, 4], [3, 5], [3, 6], [4, 6], [3, 7]]),
      choices(\.wide.cost, [0.5, 1, 2, 4, 8, 16, 32, 64, 128]),
      choices(\.tokens, tokens),
    ]
  }

  /// For each setting of the network, its values.
  private var networkChoices: [[Change]] {
    let size = start.configuration.vocabularySize
    return [
      choices(\.configuration.hiddenSize, [16, 32, 64, 128]),
      choices(\.configuration.isBidirectional, [true, false]),
      choices(\.configuration.pooling, [.max, .mean, .last]),
      choices(\.configuration.learningRate, [0.0015, 0.003, 0.006, 0.012]),
      choices(\.configuration.batchSize, [start.configuration.batchSize, start.configuration.batchSize * 2]),
      choices(\.configuration.vocabularySize, [max(size / 4, TextCoder.firstWord), size, size * 2]),
      choices(\.configuration.dropout.words, [0.1, 0.3, 0.5]),
      choices(\.configuration.dropout.recurrent, [0, 0.2, 0.4]),
      choices(\.configuration.dropout.output, [0.3, 0.5, 0.7]),
    ]
  }

  /// The largest vocabulary of a candidate.
  var largestVocabulary: Int { start.configuration.vocabularySize * 2 }

  /// The defaults without their network.
  var nGramsAlone: TuningCandidate {
    var result = start
    result.configuration.removeNetwork()
    return result
  }

  /// The settings to try next, which follow from the seed and the trials so far: one change or two to the best ones, or,
  /// every third time, values at random; nil where nothing new turns up.
  ///
  /// - Parameters:
  ///   - best: the best settings so far, of the same kind.
  ///   - tried: all settings so far.
  func candidate(after best: TuningCandidate, tried: [TuningCandidate]) -> TuningCandidate? {
    // Stream 0 and the last ones are those of a run.
    var generator = RandomGenerator(seed: seed, stream: 1 << 32 + UInt64(tried.count))
    func draw(_ count: Int) -> Int { Int(generator.uniform() * Double(count)) }
    let hasNetwork = best.configuration.hasNetwork
    // The n-grams beside a network are those that have proved themselves without one.
    let all = hasNetwork ? networkChoices : wideChoices
    for _ in 0..<100 {
      var candidate = best
      if draw(3) == 0 {
        for choices in all { choices[draw(choices.count)](&candidate) }
      } else {
        for _ in 0...draw(2) {
          let choices = all[draw(all.count)]
          choices[draw(choices.count)](&candidate)
        }
      }
      if !tried.contains(candidate) { return candidate }
    }
    return nil
  }
}
