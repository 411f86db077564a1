import Corpus
import Dispatch

/// Which n-grams occur in each of some texts: presence, not counts.
package struct NGramFeatures: Sendable {
  /// The features of all texts, in the order in which they are first met in each; first of words, then of characters.
  package let features: [Int32]
  /// Where each text's features begin, where those of characters begin, and so on: `[2 · count + 1]`.
  package let offsets: [Int]

  /// The number of texts.
  package var count: Int { offsets.count / 2 }

  /// How many texts a thread takes at a time.
  static let textsAtOnce = 500

  /// The features of a text that are words or sequences of them.
  @inline(__always)
  func words(of text: Int) -> Range<Int> { offsets[2 * text]..<offsets[2 * text + 1] }

  /// The features of a text that are n-grams of characters.
  @inline(__always)
  func characters(of text: Int) -> Range<Int> { offsets[2 * text + 1]..<offsets[2 * text + 2] }

  /// Looks the n-grams of texts up.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - index: the n-grams to look for.
  ///   - threads: how many threads share the work.
  package init(of texts: WordSequences, in index: NGramIndex, threads: Int) {
    let finder = Finder(texts, index)
    let pieces = (texts.count + Self.textsAtOnce - 1) / Self.textsAtOnce
    var (features, offsets) = ([Int32](), [0])
    offsets.reserveCapacity(2 * texts.count + 1)
    // A piece a thread, and then the next: all of them would take as much memory as the result does.
    for first in stride(from: 0, to: pieces, by: max(1, threads)) {
      var parts = [(features: [Int32], offsets: [Int])](
        repeating: ([], []), count: min(max(1, threads), pieces - first))
      parts.withUnsafeMutableBufferPointer { parts in
        // Each job writes its own element.
        nonisolated(unsafe) let parts = parts
        DispatchQueue.concurrentPerform(iterations: parts.count) { job in
          let start = (first + job) * Self.textsAtOnce
          parts[job] = finder.features(of: start..<min(start + Self.textsAtOnce, texts.count))
        }
      }
      for part in parts {
        let start = features.count
        offsets += part.offsets.map { $0 + start }
        let count = start + part.features.count
        if count > features.capacity {
          // Room for about all texts, where an array that grows as it likes may take twice what it needs.
          let share = Double(offsets.count / 2) / Double(texts.count)
          features.reserveCapacity(max(count, Int(1.02 * Double(count) / share)))
        }
        features += part.features
      }
    }
    (self.features, self.offsets) = (features, offsets)
  }

  /// Looks the n-grams of some of a finder's texts up.
  init(of range: Range<Int>, by finder: Finder) {
    let found = finder.features(of: range)
    (features, offsets) = (found.features, [0] + found.offsets)
  }

  /// Looks the n-grams of texts up, a range of them at a time.
  struct Finder {
    private let texts: PackedSequences
    private let known: KnownWords
    private let index: NGramIndex

    init(_ texts: WordSequences, _ index: NGramIndex) {
      (self.texts, self.index) = (texts.sequences, index)
      known = KnownWords(texts.words, index)
    }

    /// The features of some texts, and where those of words and those of characters end in each.
    fileprivate func features(of range: Range<Int>) -> (features: [Int32], offsets: [Int]) {
      var search = Search(index)
      var (features, offsets) = ([Int32](), [Int]())
      for text in range {
        let words = texts[text]
        search.addSequences(of: words, known, index, to: &features)
        offsets.append(features.count)
        search.addCharacters(of: words, known, to: &features)
        offsets.append(features.count)
      }
      return (features, offsets)
    }
  }
}

/// What an index knows of some words.
private struct KnownWords {
  /// Each word's feature, or -1.
  private(set) var features: [Int32] = []
  /// The features of the n-grams of all words' characters, and where each word's begin.
  private(set) var characters: [Int32] = []
  private(set) var offsets = [0]

  init(_ words: WordTable, _ index: NGramIndex) {
    features.reserveCapacity(words.count)
    offsets.reserveCapacity(words.count + 1)
    var scratch: [UInt8] = []
    for word in 0..<words.count {
      words.withBytes(of: word) { bytes in
        features.append(index.words.number(of: bytes) ?? -1)
        NGramIndex.forEachCharacterSequence(of: bytes, index.characterCounts, scratch: &scratch) {
          if let number = index.characters.number(of: $0) {
            characters.append(Int32(index.firstOfCharacters) + number)
          }
        }
        offsets.append(characters.count)
      }
    }
  }
}

/// Finds features in one text after the other.
private struct Search {
  /// The last text in which each feature was found.
  private var lastTexts: [Int32]
  private var text: Int32 = 0
  /// The features of single words at each place of the text, with the empty word in front.
  private var singles: [Int32] = []
  /// The features of the n-grams that begin at each place.
  private var sequences: [Int32] = []

  init(_ index: NGramIndex) { lastTexts = [Int32](repeating: 0, count: index.count) }

  @inline(__always)
  private mutating func add(_ feature: Int32, to features: inout [Int32]) {
    if lastTexts[Int(feature)] == text { return }
    lastTexts[Int(feature)] = text
    features.append(feature)
  }

  mutating func addSequences(
    of words: [Int32], _ known: KnownWords, _ index: NGramIndex, to features: inout [Int32]
  ) {
    text += 1
    singles.removeAll(keepingCapacity: true)
    singles.append(0)
    for word in words { singles.append(known.features[Int(word)]) }
    for feature in singles where feature >= 0 { add(feature, to: &features) }
    sequences = singles
    for length in 2..<max(2, index.order + 1) {
      var found = false
      for place in sequences.indices {
        let (first, last) = (sequences[place], place + length - 1)
        sequences[place] = -1
        guard first >= 0, last < singles.count, singles[last] >= 0,
          let number = index.sequences.number(of: PairTable.key(first, singles[last]))
        else { continue }
        let feature = Int32(index.words.count) + number
        sequences[place] = feature
        add(feature, to: &features)
        found = true
      }
      if !found { return }
    }
  }

  mutating func addCharacters(of words: [Int32], _ known: KnownWords, to features: inout [Int32]) {
    for word in words {
      for place in known.offsets[Int(word)]..<known.offsets[Int(word) + 1] {
        add(known.characters[place], to: &features)
      }
    }
  }
}
