import Corpus
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// How the words of a text became the tokens that a network was trained on elsewhere.
  public struct TokenConvention: Sendable, Equatable {
    /// What was added to each word's number in its word index: 3 in `imdb.load_data`, 0 with Keras's Tokenizer. From 0
    /// to 3.
    public var indexFrom: Int
    /// Whether the token 1 is in front of each text.
    public var hasStartToken: Bool

    /// That of `imdb.load_data`.
    public static let imdb = TokenConvention(indexFrom: 3, hasStartToken: true)
    /// That of Keras's Tokenizer, whose words begin with token 1. Where it has an `oov_token`, that is the token of all
    /// words that it doesn't know; otherwise they are left out.
    public static let tokenizer = TokenConvention(indexFrom: 0, hasStartToken: false)

    /// A convention.
    public init(indexFrom: Int, hasStartToken: Bool) {
      (self.indexFrom, self.hasStartToken) = (indexFrom, hasStartToken)
    }
  }

  /// Gives a network from elsewhere the words of its tokens.
  ///
  /// The tables of its first layer get the rows that the convention lacks of those in front of the words, so that the
  /// tokens 0 to 3 mean the same in all models: padding, start, an unknown word, and nothing.
  ///
  /// - Parameters:
  ///   - index: the word index that it was trained with.
  ///   - convention: how the words' numbers became tokens; nil if the index is Keras's of IMDB, which has only one.
  /// - Throws: `ModelError` of the kind `unknownConvention` if the convention is nil and the index another.
  public mutating func setWords(of index: WordIndex, convention: TokenConvention? = nil) throws {
    guard let convention = convention ?? (index.isIMDB ? .imdb : nil) else {
      throw ModelError(
        .unknownConvention, problem: "the word index doesn't say how its numbers became the network's tokens",
        advice: "name the convention: that of imdb.load_data, or that of Keras's Tokenizer")
    }
    precondition(0...3 ~= convention.indexFrom, "indexFrom is from 0 to 3")
    // From 2 on there is a token for unknown words already.
    let unknown = convention.indexFrom < 2 ? index.rankOfUnknown.map { $0 + convention.indexFrom } : nil
    insertTokens(3 - convention.indexFrom, behind: convention.indexFrom, unknown: unknown)
    coding = TextCoding()
    if !index.isIMDB { coding.lowercasing = .unicode }
    coding.hasStartToken = convention.hasStartToken
    coding.skipsUnknownWords = convention.indexFrom < 2 && unknown == nil
    try setVocabulary(index.vocabulary(size: configuration.vocabularySize))
  }

  /// Gives the network the vocabulary of Keras's TextVectorization, whose tokens 0 and 1 are padding and unknown words.
  ///
  /// - Parameters:
  ///   - words: the words from token 2 on.
  ///   - length: the number of tokens that texts are cut and padded to; nil for any.
  mutating func setWords(ofVectorization words: [String], length: Int?) throws {
    insertTokens(2, behind: 1, unknown: 1)
    coding = TextCoding()
    (coding.lowercasing, coding.whiteSpace, coding.removesPunctuation) = (.ascii, .ascii, true)
    coding.hasStartToken = false
    coding.truncation = .post
    // Padding that is masked can stand anywhere.
    coding.padding = architecture.masksPadding ? .pre : .post
    configuration.maxLength = length ?? Self.maxLengthOfPaddingBehind
    try setVocabulary(WordIndex(words: words).vocabulary(size: configuration.vocabularySize))
  }

  /// Gives the network the words of the index in a file; see ``setWords(of:convention:)``.
  package mutating func setWords(ofIndexAt path: String, convention: TokenConvention? = nil) throws {
    do { try setWords(of: WordIndex(contentsOf: path), convention: convention) } catch let error as ModelError {
      throw ModelError(error.kind, path: path, problem: error.problem, advice: error.advice)
    }
  }

  /// Inserts tokens, with rows of zeros.
  ///
  /// - Parameters:
  ///   - last: the token behind which they are inserted.
  ///   - unknown: the old token whose row becomes that of unknown words, too.
  private mutating func insertTokens(_ count: Int, behind last: Int, unknown: Int?) {
    guard count > 0 || unknown != nil else { return }
    let old = parameters.layout
    var architecture = architecture
    architecture.vocabularySize += count
    let new = ParameterLayout(architecture)
    func inserting(_ values: [Float], copiesUnknown: Bool) -> [Float] {
      var result = [Float](repeating: 0, count: new.count)
      let tables = Set(old.tablesByToken.map(\.name))
      for (from, to) in zip(old.tensors, new.tensors) {
        guard tables.contains(from.name) else {
          result.replaceSubrange(to.range, with: values[from.range])
          continue
        }
        let width = from.shape[1]
        for row in 0..<from.shape[0] {
          let target = to.offset + (row <= last ? row : row + count) * width
          let source = values[from.offset + row * width..<from.offset + (row + 1) * width]
          result.replaceSubrange(target..<target + width, with: source)
          if copiesUnknown, row == unknown {
            let target = to.offset + Int(TextCoder.unknownToken) * width
            result.replaceSubrange(target..<target + width, with: source)
          }
        }
      }
      return result
    }
    parameters = Parameters(inserting(parameters.values, copiesUnknown: true), layout: new)!
    configuration.architecture = architecture
    if let adam = optimizer {
      optimizer!.firstMoment = inserting(adam.firstMoment, copiesUnknown: false)
      optimizer!.secondMoment = inserting(adam.secondMoment, copiesUnknown: false)
    }
  }
}
