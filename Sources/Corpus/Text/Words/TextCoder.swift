/// Turns texts into token ids by a vocabulary, as Keras does: words are those of its Tokenizer, and the tokens for the
/// start and for unknown words those of `imdb.load_data`.
public struct TextCoder: Sendable {
  /// A word of a text.
  public struct Word: Equatable, Sendable {
    /// The word as a vocabulary spells it, in lowercase.
    public var word: String
    /// Its token id; ``TextCoder/unknownToken`` if the vocabulary lacks it.
    public var token: Int32
    /// Where it is in the text.
    public var range: Range<String.Index>
  }

  /// The token in front of every text.
  public static let startToken: Int32 = 1
  /// The token for every word that the vocabulary lacks.
  public static let unknownToken: Int32 = 2
  /// The first token id that stands for a word; those below are padding, start, unknown, and one that Keras leaves
  /// unused.
  package static let firstWord = 4

  /// How texts become words.
  public let coding: TextCoding
  private let table: WordTable
  /// The token id of each word of `table`.
  private let tokens: [Int32]

  /// - Parameters:
  ///   - vocabulary: the word of each token id, `[V]`. The first three are never found in a text: 0 is padding, 1
  ///     starts a text, and 2 stands for unknown words. Of two equal words the first counts.
  ///   - coding: how texts become words.
  public init(vocabulary: [String], coding: TextCoding) {
    self.coding = coding
    var table = WordTable()
    var tokens: [Int32] = []
    for (token, word) in vocabulary.enumerated().dropFirst(Int(Self.unknownToken) + 1) {
      let number = table.add(word)
      if number == tokens.count { tokens.append(Int32(token)) }
    }
    self.table = table
    self.tokens = tokens
  }

  /// The token ids of a text: the start token, followed by one for each word, unless the coding leaves some out.
  public func tokens(of text: String) -> [Int32] {
    var (text, result, scratch) = (text, [Int32](), [UInt8]())
    text.withUTF8 { append(tokensOf: $0, to: &result, scratch: &scratch) }
    return result
  }

  /// All words of a text; ``tokens(of:)`` are `sequence(of:)` of their tokens.
  public func words(of text: String) -> [Word] {
    var text = text
    text.makeContiguousUTF8()
    var (found, scratch) = ([(word: String, token: Int32, range: Range<Int>)](), [UInt8]())
    text.withUTF8 { bytes in
      coding.forEachWord(in: bytes, scratch: &scratch) { word, range in
        let token = table.number(of: word).map { tokens[Int($0)] } ?? Self.unknownToken
        found.append((String(decoding: word, as: UTF8.self), token, range))
      }
    }
    return found.map { word, token, range in
      let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
      return Word(word: word, token: token, range: start..<text.utf8.index(start, offsetBy: range.count))
    }
  }

  /// The token ids of a text whose words have these, by the rules of its coding.
  package func sequence(of words: [Int32]) -> [Int32] {
    (coding.hasStartToken ? [Self.startToken] : [])
      + (coding.skipsUnknownWords ? words.filter { $0 != Self.unknownToken } : words)
  }

  /// Appends the token ids of a text to `result`.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - scratch: memory that is reused from text to text.
  package func append(
    tokensOf text: UnsafeBufferPointer<UInt8>, to result: inout [Int32], scratch: inout [UInt8]
  ) {
    if coding.hasStartToken { result.append(Self.startToken) }
    let skipsUnknownWords = coding.skipsUnknownWords
    coding.makeRoom(for: text, in: &scratch)
    scratch.withUnsafeMutableBufferPointer { memory in
      forEachToken(of: text, memory: memory) { token in
        if !skipsUnknownWords || token != Self.unknownToken { result.append(token) }
      }
    }
  }

  /// Gives the token of each word, without the start token.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - memory: has room for the text's words; see ``TextCoding/makeRoom(for:in:)``.
  @inline(__always)
  func forEachToken(
    of text: UnsafeBufferPointer<UInt8>, memory: UnsafeMutableBufferPointer<UInt8>, _ body: (Int32) -> Void
  ) {
    table.withSearcher { searcher in
      tokens.withUnsafeBufferPointer { tokens in
        _ = coding.forEachWord(in: text, memory: memory) { word, _ in
          body(searcher.number(of: searcher.query(word)).map { tokens[Int($0)] } ?? Self.unknownToken)
        }
      }
    }
  }

  /// The token of a word that is spelled as in the vocabulary.
  fileprivate func token(of word: UnsafeBufferPointer<UInt8>) -> Int32 {
    table.number(of: word).map { tokens[Int($0)] } ?? Self.unknownToken
  }
}

extension WordTable {
  /// The token of each word, `[count]`.
  package func tokens(by coder: TextCoder) -> [Int32] {
    (0..<count).map { number in withBytes(of: number) { coder.token(of: $0) } }
  }
}
