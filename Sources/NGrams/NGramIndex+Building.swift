import Corpus

extension NGramIndex {
  /// Collects the n-grams that occur in enough of some texts. Features are numbered as they are first met.
  ///
  /// An n-gram of words occurs at most as often as its parts, so only those whose parts are frequent enough are counted.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - settings: how many words and characters an n-gram has, and in how many texts it must occur.
  package init(of texts: WordSequences, _ settings: NGramSettings) {
    self.init(settings)
    addSequences(of: texts.sequences, spelled: texts.words, minimumCount: settings.minimumCount)
    addCharacters(of: texts.sequences, spelled: texts.words, minimumCount: settings.minimumCount)
  }

  /// Counts the texts that each of some things occurs in.
  private struct TextCounts {
    private(set) var counts: [Int32] = []
    private var lastTexts: [Int32] = []

    init(count: Int) {
      counts = [Int32](repeating: 0, count: count)
      lastTexts = [Int32](repeating: -1, count: count)
    }

    /// Counts that a text has a thing, which may be a new one.
    @inline(__always)
    mutating func add(_ thing: Int, text: Int) {
      if thing == counts.count {
        counts.append(1)
        lastTexts.append(Int32(text))
      } else if lastTexts[thing] != text {
        lastTexts[thing] = Int32(text)
        counts[thing] += 1
      }
    }
  }

  private mutating func addSequences(of texts: PackedSequences, spelled: WordTable, minimumCount: Int) {
    var counts = TextCounts(count: spelled.count)
    for text in 0..<texts.count {
      for word in texts[text] { counts.add(Int(word), text: text) }
    }
    // The texts with an empty word in front, as features of n-grams that begin there: of single words, then longer ones.
    var (features, starts) = ([Int32](), [0])
    features.reserveCapacity((0..<texts.count).reduce(texts.count) { $0 + texts.length(of: $1) })
    var known = [Int32](repeating: -1, count: spelled.count)
    for text in 0..<texts.count {
      features.append(0)
      for word in texts[text] {
        if known[Int(word)] < 0, counts.counts[Int(word)] >= minimumCount {
          known[Int(word)] = spelled.withBytes(of: Int(word)) { words.add($0) }
        }
        features.append(known[Int(word)])
      }
      starts.append(features.count)
    }
    for length in 2..<max(2, order + 1) {
      /// The n-grams of a text whose parts have features: where each begins, and the feature of its first words with its
      /// last word.
      func pairs(in text: Int) -> [(place: Int, key: UInt64)] {
        let (words, start) = (texts[text], starts[text])
        return (start..<starts[text + 1] - 1).compactMap { place in
          guard features[place] >= 0, features[place + 1] >= 0 else { return nil }
          // `words` is without the empty word in front.
          return (place, PairTable.key(features[place], known[Int(words[place - start + length - 2])]))
        }
      }
      var candidates = PairTable()
      var counts = TextCounts(count: 0)
      for text in 0..<texts.count {
        for (_, key) in pairs(in: text) { counts.add(Int(candidates.add(key)), text: text) }
      }
      var kept = [Int32](repeating: -1, count: candidates.count)
      for (candidate, count) in counts.counts.enumerated() where count >= minimumCount {
        kept[candidate] = Int32(words.count) + sequences.add(candidates.keys[candidate])
      }
      if length == order { break }
      for text in 0..<texts.count {
        let found = pairs(in: text)
        for place in starts[text]..<starts[text + 1] { features[place] = -1 }
        for (place, key) in found { features[place] = kept[Int(candidates.number(of: key)!)] }
      }
    }
  }

  private mutating func addCharacters(of texts: PackedSequences, spelled: WordTable, minimumCount: Int) {
    if characterCounts.isEmpty { return }
    // The n-grams of each word that occurs, found when it is first met.
    var candidates = WordTable()
    var (lists, ends) = ([Int32](), [Int32](repeating: -1, count: spelled.count))
    var starts = ends
    var counts = TextCounts(count: 0)
    var lastTexts = ends
    var scratch: [UInt8] = []
    for text in 0..<texts.count {
      for word in texts[text] where lastTexts[Int(word)] != text {
        let word = Int(word)
        lastTexts[word] = Int32(text)
        if starts[word] < 0 {
          starts[word] = Int32(lists.count)
          spelled.withBytes(of: word) { bytes in
            Self.forEachCharacterSequence(of: bytes, characterCounts, scratch: &scratch) {
              lists.append(candidates.add($0))
            }
          }
          ends[word] = Int32(lists.count)
        }
        for place in Int(starts[word])..<Int(ends[word]) { counts.add(Int(lists[place]), text: text) }
      }
    }
    for (candidate, count) in counts.counts.enumerated() where count >= minimumCount {
      candidates.withBytes(of: candidate) { _ = characters.add($0) }
    }
  }
}
