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

  private mutating func addSequences(of texts: TokenSequences, spelled: WordTable, minimumCount: Int) {
    var counts = TextCounts(count: spelled.count)
    for text in 0..<texts.count {
      for word in texts[text] { counts.add(Int(word), text: text) }
    }
    // The texts with an empty word in front, as features of n-grams that begin there: of single words, then longer ones.
    var features: [Int32] = []
    features.reserveCapacity(texts.tokens.count + texts.count)
    var known = [Int32](repeating: -1, count: spelled.count)
    for text in 0..<texts.count {
      features.append(0)
      for word in texts[text] {
        if known[Int(word)] < 0, counts.counts[Int(word)] >= minimumCount {
          known[Int(word)] = spelled.withBytes(of: Int(word)) { words.add($0) }
        }
        features.append(known[Int(word)])
      }
    }
    for length in 2..<max(2, order + 1) {
      /// The n-gram that begins at a place: the feature of its first words, and its last word. Each text so far has an
      /// empty word in front.
      func key(_ first: Int32, _ text: Int, _ place: Int) -> UInt64 {
        PairTable.key(first, known[Int(texts.tokens[place + length - 2 - text])])
      }
      var candidates = PairTable()
      var counts = TextCounts(count: 0)
      forEachPair(in: texts, features) { text, place in
        counts.add(Int(candidates.add(key(features[place], text, place))), text: text)
      }
      var kept = [Int32](repeating: -1, count: candidates.count)
      for (candidate, count) in counts.counts.enumerated() where count >= minimumCount {
        kept[candidate] = Int32(words.count) + sequences.add(candidates.keys[candidate])
      }
      if length == order { break }
      lengthen(&features, in: texts) { first, text, place in
        kept[Int(candidates.number(of: key(first, text, place))!)]
      }
    }
  }

  /// Calls `body` with each place where an n-gram begins that has a feature, and another begins at the next place.
  @inline(__always)
  private func forEachPair(in texts: TokenSequences, _ features: [Int32], _ body: (_ text: Int, _ place: Int) -> Void) {
    features.withUnsafeBufferPointer { features in
      for text in 0..<texts.count {
        // With the empty words, text t begins t places later.
        let start = texts.offsets[text] + text
        let end = texts.offsets[text + 1] + text + 1
        for place in start..<end - 1 where features[place] >= 0 && features[place + 1] >= 0 { body(text, place) }
      }
    }
  }

  /// Replaces the feature at each place where `forEachPair` finds one by that of a longer n-gram, and all others by -1.
  @inline(__always)
  private func lengthen(
    _ features: inout [Int32], in texts: TokenSequences,
    _ longer: (_ feature: Int32, _ text: Int, _ place: Int) -> Int32
  ) {
    features.withUnsafeMutableBufferPointer { features in
      for text in 0..<texts.count {
        let end = texts.offsets[text + 1] + text + 1
        for place in texts.offsets[text] + text..<end {
          // The next place still has what it had.
          let isPair = place + 1 < end && features[place] >= 0 && features[place + 1] >= 0
          features[place] = isPair ? longer(features[place], text, place) : -1
        }
      }
    }
  }

  private mutating func addCharacters(of texts: TokenSequences, spelled: WordTable, minimumCount: Int) {
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
