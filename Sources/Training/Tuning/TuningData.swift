import Corpus
import Files
import Hyperparameters
import RecurrentNetwork

/// The texts of a tuning, in parts of which each is held out in turn. The test part is not among them.
struct TuningData {
  private var dataset: Dataset
  /// The part of each training text; nil where another part of the data is validated on, or the one that a run would
  /// hold out.
  private let parts: [Int]?

  /// - Parameters:
  ///   - folds: the number of parts; with 1, the texts that a run would validate on.
  ///   - seed: which of many ways to make parts.
  init(_ dataset: Dataset, folds: Int, seed: UInt64 = 0) {
    self.dataset = dataset
    parts = folds > 1 ? Self.parts(of: dataset.training, count: folds, seed: seed) : nil
    self.dataset.test = dataset.test.prefix(0)
  }

  /// The part that each text belongs to: each label's texts to all in turn, in the order of their hashes, and equal texts
  /// to the same one.
  ///
  /// - Parameter seed: mixes the hashes, unless it is 0.
  static func parts(of data: LabeledSequences, count: Int, seed: UInt64 = 0) -> [Int] {
    var hashes = data.origins?.map(\.hash) ?? data.sequences.hashes
    if seed != 0 {
      hashes = hashes.map { hash in
        var generator = RandomGenerator(seed: seed, stream: hash)
        return generator.next()
      }
    }
    var partOfHash: [UInt64: Int] = [:]
    var next: [UInt8: Int] = [:]
    for place in hashes.indices.sorted(by: { (hashes[$0], $0) < (hashes[$1], $1) }) {
      if partOfHash[hashes[place]] != nil { continue }
      partOfHash[hashes[place]] = next[data.labels[place], default: 0] % count
      next[data.labels[place], default: 0] += 1
    }
    return hashes.map { partOfHash[$0]! }
  }

  /// The data with one part held out, as a network with some vocabulary reads them.
  ///
  /// - Throws: `CorpusError` where there are too few texts.
  func fold(
    _ fold: Int, _ configuration: TrainingConfiguration
  ) throws -> (dataset: Dataset, training: LabeledSequences, validation: LabeledSequences) {
    var dataset = dataset
    dataset.vocabulary = dataset.vocabulary.map { Array($0.prefix(configuration.vocabularySize)) }
    dataset.training.limitVocabulary(to: configuration.vocabularySize)
    dataset.validation?.limitVocabulary(to: configuration.vocabularySize)
    guard parts != nil else {
      let (training, validation) = try dataset.parts(validationSplit: configuration.validationSplit)
      return (dataset, training, validation)
    }
    let training = dataset.training
    func texts(_ isHeldOut: Bool) -> LabeledSequences { training.selecting(places(in: fold, isHeldOut)) }
    return (dataset, texts(false), texts(true))
  }

  /// The places among the training texts of those that a fold holds out, or of the others.
  func places(in fold: Int, _ isHeldOut: Bool = true) -> [Int] {
    (parts ?? []).indices.filter { (parts![$0] == fold) == isHeldOut }
  }

  /// How many texts a run trains on for one of a fold's.
  func growth(from training: LabeledSequences) -> Double {
    Double(dataset.training.count) / Double(max(training.count, 1))
  }
}

extension LabeledSequences {
  /// Makes tokens that lie outside a vocabulary unknown.
  fileprivate mutating func limitVocabulary(to size: Int) {
    sequences = TokenSequences(
      tokens: sequences.tokens.map { $0 < size ? $0 : TextCoder.unknownToken }, offsets: sequences.offsets)
  }
}
