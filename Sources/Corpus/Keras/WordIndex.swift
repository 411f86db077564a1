import Files
import Foundation

/// The words behind the ranks in `imdb.npz`: Keras's `imdb_word_index.json`.
///
/// Words are the same only if their scalars are: é and an e followed by a combining accent are two.
public struct WordIndex: Sendable {
  /// What Keras's reserved token ids stand for: padding, the start of a review, and a word outside the vocabulary.
  public static let keras: [Int: String] = [0: "<pad>", 1: "<start>", 2: "<oov>"]

  private let wordsByRank: [Int: String]

  /// Reads a word index.
  ///
  /// - Parameter path: a JSON file with one object, `{"word": rank, …}`, of at most 64 MiB. Ranks are positive, and no
  ///   two words share one: otherwise a token could not be turned back into its word.
  /// - Throws: ``CorpusError`` if the file cannot be read or is not such a file.
  public init(contentsOf path: String) throws {
    let data = try Self.contents(path)
    // Foundation also decodes UTF-16, in which the words wouldn't be found where they are looked for.
    do { try JSONSyntax.check(data) } catch {
      throw CorpusError(
        .unsupportedFormat, file: path, place: .byte(error.offset),
        expected: "JSON, {\"word\": rank, …} with integers as ranks", found: "something else (\(error.text))",
        advice: Self.advice)
    }
    do {
      _ = try JSONDecoder().decode([String: Int].self, from: data)
    } catch {
      throw Self.error(decoding: error, path: path)
    }
    let ranks = try Self.ranks(data, path)
    var words: [Int: String] = [:]
    words.reserveCapacity(ranks.count)
    for (word, rank) in ranks {
      guard (1...PickleReader.maximumNumber).contains(rank) else {
        throw CorpusError(
          .invalidWordIndex, file: path, place: .word(word), expected: "a rank of 1 to \(PickleReader.maximumNumber)",
          found: "\(rank)",
          advice: Self.advice)
      }
      if let other = words.updateValue(word, forKey: rank) {
        let pair = [word, other].sorted()
        throw CorpusError(
          .invalidWordIndex, file: path, place: .word(pair[1]), expected: "a rank of its own",
          found: "\(rank), the rank of \(CorpusError.quoted(pair[0]))", advice: Self.advice)
      }
    }
    wordsByRank = words
  }

  /// An index of words in the order of their ranks, of which the first is 1.
  package init(words: [String]) {
    wordsByRank = Dictionary(uniqueKeysWithValues: zip(1..., words))
  }

  /// The number of words.
  public var count: Int { wordsByRank.count }

  /// Whether it is that of Keras's IMDB data, `imdb_word_index.json`, whose numbers became tokens in one known way.
  public var isIMDB: Bool { count == 88_584 && wordsByRank[1] == "the" && wordsByRank[34_701] == "fawn" }

  /// The rank of what stands for all words that the index lacks, the `oov_token` of Keras's Tokenizer; nil if there is
  /// none. It has the first rank, and is spelled as no word can be.
  package var rankOfUnknown: Int? {
    guard let first = wordsByRank[1] else { return nil }
    var coding = TextCoding()
    coding.lowercasing = .unicode
    return TextCoder(vocabulary: [], coding: coding).words(of: first).map(\.word) == [first] ? nil : 1
  }

  /// The words of some tokens.
  ///
  /// - Parameters:
  ///   - tokens: token ids, such as those of a review.
  ///   - indexFrom: what was added to each word's rank to make its token id.
  ///   - specials: the names of token ids that do not stand for words; they take precedence over words.
  /// - Returns: for each token its special name, its word, or else its number in angle brackets, such as `<3>`.
  public func words(
    for tokens: some Sequence<Int32>, indexFrom: Int = 3, specials: [Int: String] = WordIndex.keras
  ) -> [String] {
    tokens.map { word(Int($0), indexFrom: indexFrom, specials: specials) }
  }

  /// The words of all token ids of a vocabulary.
  ///
  /// - Parameters:
  ///   - size: the number of token ids; none are given if it is negative.
  ///   - indexFrom: what was added to each word's rank to make its token id.
  ///   - specials: the names of token ids that do not stand for words; they take precedence over words.
  /// - Returns: for each token id in `0..<size` what ``words(for:indexFrom:specials:)`` gives: `[size]`.
  public func vocabulary(size: Int, indexFrom: Int = 3, specials: [Int: String] = WordIndex.keras) -> [String] {
    (0..<max(0, size)).map { word($0, indexFrom: indexFrom, specials: specials) }
  }

  private func word(_ token: Int, indexFrom: Int, specials: [Int: String]) -> String {
    specials[token] ?? wordsByRank[token &- indexFrom] ?? "<\(token)>"
  }

  // MARK: Reading

  /// The words and ranks of a JSON object of integers, in its order. A dictionary would not do: for Swift some words are
  /// equal although their scalars differ.
  private static func ranks(_ json: Data, _ path: String) throws -> [(word: String, rank: Int)] {
    let json = Array(json)
    let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    var ranks: [(word: String, rank: Int)] = []
    var place = 0
    while let start = json[place...].firstIndex(of: quote) {
      var (end, isEscaped) = (start + 1, false)
      while json[end] != quote {
        isEscaped = isEscaped || json[end] == backslash
        end += json[end] == backslash ? 2 : 1
      }
      let word =
        try isEscaped
        ? JSONDecoder().decode(String.self, from: Data(json[start...end]))
        : String(decoding: json[start + 1..<end], as: UTF8.self)
      let isNumber = { (byte: UInt8) in byte == UInt8(ascii: "-") || 0x30...0x39 ~= byte }
      let value = json[(end + 1)...].drop { $0.isJSONSpace || $0 == UInt8(ascii: ":") }
      let number = value.prefix(while: isNumber)
      // The decoder looks only at the first of several values of a word.
      guard !number.isEmpty else {
        throw CorpusError(
          .invalidWordIndex, file: path, place: .word(word), expected: "an integer rank", found: "another value",
          advice: advice)
      }
      ranks.append((word, Int(String(decoding: number, as: UTF8.self)) ?? 0))
      place = number.endIndex
    }
    return ranks
  }

  private static let sizeLimit = 64 << 20
  private static let advice = "check that it is Keras's imdb_word_index.json"

  private static func contents(_ path: String) throws -> Data {
    do { return try RegularFile(path, advice: advice).contents(limit: sizeLimit) } catch let error as FileError {
      switch error.kind {
      case .missing: throw CorpusError.inaccessible(path, code: ENOENT)
      case .notRegular(let isFolder):
        throw CorpusError(
          .unsupportedFormat, file: path, expected: "a word index",
          found: isFolder ? "a directory" : "something that is no regular file", advice: "give the path of its file")
      case .tooLarge(let limit):
        throw CorpusError(.tooLarge, file: path, expected: "at most \(limit) bytes", found: "more", advice: advice)
      default: throw error
      }
    }
  }

  private static func error(decoding error: any Error, path: String) -> CorpusError {
    // Foundation reports a number that is not an integer as bad JSON, without its place.
    let context: DecodingError.Context? =
      switch error as? DecodingError {
      case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?: context
      default: nil
      }
    guard let context, let word = context.codingPath.last?.stringValue else {
      return CorpusError(
        .unsupportedFormat, file: path, expected: "JSON, {\"word\": rank, …} with integers as ranks",
        found: "something else",
        advice: advice)
    }
    return CorpusError(
      .invalidWordIndex, file: path, place: .word(word), expected: "an integer rank", found: "another value",
      advice: advice)
  }
}

extension WordIndex: Equatable {
  /// Whether the same ranks have the same words.
  public static func == (a: WordIndex, b: WordIndex) -> Bool {
    a.wordsByRank.count == b.wordsByRank.count
      && a.wordsByRank.allSatisfy { rank, word in b.wordsByRank[rank]?.utf8.elementsEqual(word.utf8) ?? false }
  }
}
