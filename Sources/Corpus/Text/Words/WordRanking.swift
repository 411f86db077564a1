/// The words of all threads in one table.
struct MergedWords {
  /// The first thread's words with its numbers, then those that others have added.
  let table: WordTable
  /// For each thread, the number in the table of each of its own.
  let numbers: [[Int32]]

  /// - Parameter words: for each thread the words that it has numbered.
  init(_ words: consuming [WordTable]) {
    let table = words.removeFirst()
    self = MergedWords(table: table, numbers: [Array(0..<Int32(table.count))]).adding(words)
  }

  private init(table: WordTable, numbers: [[Int32]]) { (self.table, self.numbers) = (table, numbers) }

  /// These words, which keep their numbers, then those of more threads.
  func adding(_ words: [WordTable]) -> MergedWords {
    if words.isEmpty { return self }
    var (table, numbers) = (table, numbers)
    for other in words {
      numbers.append((0..<other.count).map { number in other.withBytes(of: number) { table.add($0) } })
    }
    return MergedWords(table: table, numbers: numbers)
  }
}

extension MergedWords {
  /// For each thread, the token of each of its words by a vocabulary.
  func tokens(by coder: TextCoder) -> [[Int32]] {
    let known = table.tokens(by: coder)
    return numbers.map { $0.map { known[Int($0)] } }
  }
}

/// The words of some texts by falling count, of equal counts the one met first: a vocabulary, as Keras's Tokenizer has
/// it.
struct WordRanking {
  /// The word of each token id: `[size]`.
  let vocabulary: [String]
  /// For each thread the token of each of its numbers.
  let tokens: [[Int32]]

  /// The most bytes of all words together: a model file has to hold them.
  private static let sizeLimit = 32 << 20

  /// Counts the words of some texts.
  ///
  /// - Parameters:
  ///   - parts: some texts each, in the order that decides between words of equal count, and what holds their words.
  ///   - words: all words, with the numbers that each thread gave them.
  ///   - size: the number of tokens; the first of them stand for no words (see ``TextCoder``).
  ///   - file: the path of the data, for a message.
  /// - Throws: `CorpusError` if the words are too long for a model file.
  init(
    of parts: [(texts: [NumberedTexts.Text], chunks: [WordChunk])], words: MergedWords, size: Int, file: String
  ) throws {
    let (table, numbers) = (words.table, words.numbers)
    let ranked = Self.ranked(parts, numbers, count: table.count).prefix(max(0, size - TextCoder.firstWord))
    let length = ranked.reduce(0) { $0 + table.length(of: Int($1)) }
    guard length <= Self.sizeLimit else {
      throw CorpusError(
        .tooLarge, file: file, expected: "words of at most \(Self.sizeLimit) bytes in all", found: "\(length)",
        advice: "check that it is text; a smaller vocabulary helps too")
    }
    vocabulary = (0..<size).map { token in
      let rank = token - TextCoder.firstWord
      return ranked.indices.contains(rank) ? table[Int(ranked[rank])] : WordIndex.keras[token] ?? "<\(token)>"
    }
    var tokenOfWord = [Int32](repeating: TextCoder.unknownToken, count: table.count)
    for (rank, number) in ranked.enumerated() { tokenOfWord[Int(number)] = Int32(rank + TextCoder.firstWord) }
    tokens = numbers.map { $0.map { tokenOfWord[Int($0)] } }
  }

  /// The words that occur in some texts, as numbers of the common table, the most frequent first.
  ///
  /// - Parameters:
  ///   - numbers: for each thread, the number in the common table of each of its own.
  ///   - count: the number of words in the common table.
  private static func ranked(
    _ parts: [(texts: [NumberedTexts.Text], chunks: [WordChunk])], _ numbers: [[Int32]], count: Int
  ) -> [Int32] {
    var counts = [Int](repeating: 0, count: count)
    var met: [Int32] = []
    for part in parts {
      for text in part.texts {
        let chunk = part.chunks[text.chunk]
        let numbers = numbers[chunk.thread]
        chunk.words.forEachNumber(of: text.index) { word in
          let number = numbers[Int(word)]
          if counts[Int(number)] == 0 { met.append(number) }
          counts[Int(number)] += 1
        }
      }
    }
    return met.indices.sorted { (-counts[Int(met[$0])], $0) < (-counts[Int(met[$1])], $1) }.map { met[$0] }
  }
}
