import Corpus

/// The n-grams that a classifier knows, each with a number: its feature.
///
/// First come words, then pairs, triples and so on of words, then n-grams of a word's characters. An n-gram of words is
/// stored as its first n − 1 words, which are a feature themselves, and its last word. Word 0 is empty: it stands in
/// front of each text, so that an n-gram can say that it begins the text.
package struct NGramIndex: Sendable, Equatable {
  /// Feature f is word f, where there are more than f words.
  package internal(set) var words = WordTable()
  /// The feature of the first words and the last word, by feature from the number of words on.
  package internal(set) var sequences = PairTable()
  /// n-grams of characters, with ``boundary`` in front of a word and behind it; by feature from
  /// ``firstOfCharacters`` on.
  package internal(set) var characters = WordTable()
  /// The most words of an n-gram.
  package let order: Int
  /// The numbers of characters of an n-gram; empty for none.
  package let characterCounts: Range<Int>

  /// Stands for the beginning and for the end of a word among its characters; no word has one.
  static let boundary: UInt8 = 0x20

  /// The number of features.
  package var count: Int { firstOfCharacters + characters.count }
  /// The number of features that are words or sequences of them.
  package var firstOfCharacters: Int { words.count + sequences.count }

  /// An index that knows no n-gram yet.
  init(_ settings: NGramSettings) {
    order = settings.order
    characterCounts =
      settings.shortestCharacters..<max(settings.shortestCharacters, settings.longestCharacters + 1)
    _ = words.add("")
  }

  /// An index from its parts, which may come from anywhere.
  ///
  /// - Parameters:
  ///   - words: the words by their features; the first is empty.
  ///   - sequences: of each sequence the feature of its first words, and its last word.
  ///   - characters: the n-grams of characters.
  /// - Returns: nil unless all of them are different, and sequences only mention those before them.
  package init?(
    words: [String], sequences: [(first: Int, last: Int)], characters: [String], _ settings: NGramSettings
  ) {
    guard settings.invalidSetting == nil, words.first == "" else { return nil }
    self.init(settings)
    /// Adds a text; false if it was there before.
    func add(_ text: String, to table: inout WordTable) -> Bool {
      let count = table.count
      return Int(table.add(text)) == count
    }
    for word in words.dropFirst() { guard add(word, to: &self.words) else { return nil } }
    for (number, pair) in sequences.enumerated() {
      guard 0..<words.count + number ~= pair.first, 0..<words.count ~= pair.last,
        Int(self.sequences.add(PairTable.key(Int32(pair.first), Int32(pair.last)))) == number
      else { return nil }
    }
    for text in characters { guard add(text, to: &self.characters) else { return nil } }
  }

  /// An n-gram as a reader writes it: words with spaces between them; characters between hyphens where the word goes on.
  package func text(of feature: Int) -> String {
    if feature == 0 { return "^" }
    if feature < words.count { return words[feature] }
    if feature < firstOfCharacters {
      let (first, last) = sequences.pair(feature - words.count)
      return text(of: Int(first)) + " " + words[Int(last)]
    }
    let characters = characters[feature - firstOfCharacters]
    return (characters.first == " " ? "" : "-") + characters.filter { $0 != " " }
      + (characters.last == " " ? "" : "-")
  }

  /// Calls `body` with the bytes of each n-gram of a word's characters, which may come more than once.
  ///
  /// A word of a single character has none, as it is a feature itself.
  ///
  /// - Parameter scratch: memory that is reused from word to word.
  static func forEachCharacterSequence(
    of word: UnsafeBufferPointer<UInt8>, _ counts: Range<Int>, scratch: inout [UInt8],
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    if counts.isEmpty { return }
    scratch.removeAll(keepingCapacity: true)
    scratch.append(boundary)
    scratch.append(contentsOf: word)
    scratch.append(boundary)
    scratch.withUnsafeBufferPointer { bytes in
      // Where characters begin: at every byte that doesn't continue one in UTF-8.
      func next(_ place: Int) -> Int {
        var place = place + 1
        while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
        return place
      }
      if next(next(0)) >= bytes.count - 1 { return }
      var start = 0
      while start < bytes.count {
        var (end, count) = (start, 0)
        while end < bytes.count, count + 1 < counts.upperBound {
          end = next(end)
          count += 1
          if count >= counts.lowerBound { body(UnsafeBufferPointer(rebasing: bytes[start..<end])) }
        }
        start = next(start)
      }
    }
  }
}
