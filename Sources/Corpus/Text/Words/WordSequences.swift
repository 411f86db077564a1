import Files

/// Texts with all their words, whatever a vocabulary holds.
package struct WordSequences: Sendable, Equatable {
  /// The different words.
  package var words: WordTable
  /// The texts, as numbers of `words`.
  package var sequences: PackedSequences

  package init(words: WordTable, sequences: PackedSequences) {
    (self.words, self.sequences) = (words, sequences)
  }

  /// The words of some texts.
  package init(_ texts: some Sequence<String>, coding: TextCoding) {
    var (words, sequences, numbers, scratch) = (WordTable(), PackedSequences(), [Int32](), [UInt8]())
    for var text in texts {
      numbers.removeAll(keepingCapacity: true)
      text.withUTF8 { bytes in
        coding.forEachWord(in: bytes, scratch: &scratch) { word, _ in numbers.append(words.add(word)) }
      }
      sequences.append(numbers)
    }
    self.init(words: words, sequences: sequences)
  }

  /// The number of texts.
  package var count: Int { sequences.count }

  /// Adds the texts' words, whatever numbers they have.
  func add(to fingerprint: inout Fingerprint) {
    for index in 0..<count {
      let text = sequences[index]
      for word in text { words.withBytes(of: Int(word)) { fingerprint.add(UnsafeRawBufferPointer($0)) } }
      fingerprint.add(UInt64(text.count))
    }
  }

  /// These texts, then those of another part of the same data.
  ///
  /// - Precondition: both have the same words.
  package func appending(_ other: WordSequences) -> WordSequences {
    WordSequences(words: words, sequences: sequences.appending(other.sequences))
  }

  /// The texts of a range.
  package func slice(_ range: Range<Int>) -> WordSequences {
    WordSequences(words: words, sequences: sequences.slice(range))
  }
}

extension WordTable: Equatable {
  /// Whether two tables have the same words with the same numbers.
  package static func == (a: WordTable, b: WordTable) -> Bool {
    a.count == b.count
      && (0..<a.count).allSatisfy { number in
        a.withBytes(of: number) { a in b.withBytes(of: number) { a.elementsEqual($0) } }
      }
  }
}
