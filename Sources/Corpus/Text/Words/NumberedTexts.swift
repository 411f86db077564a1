import Files
import Foundation

/// What one thread made of a batch of texts: their words as numbers, in the order of the data.
struct WordChunk {
  /// The index of the thread, whose numbers these are.
  var thread = 0
  /// The words of each text; tokens already where the vocabulary is known.
  var words = PackedSequences()
  /// The number of each text's label in the ``LabelTable``.
  var labels: [Int] = []
  /// Where each text comes from.
  var origins: [TextOrigin] = []
  /// The texts as they are; empty unless they are kept.
  var originals: [String] = []
  /// The part that the texts belong to, where a whole file does.
  var part = TextPart.training
  /// Which rows were left out.
  var remarks = RowRemarks()
}

/// The texts of a data set with numbers for words, which become tokens when the vocabulary is known.
struct NumberedTexts {
  /// A text.
  struct Text {
    private let chunkNumber, number: Int32
    /// From 0 on.
    let label: UInt8
    var part: TextPart

    init(chunk: Int, index: Int, label: UInt8, part: TextPart) {
      (chunkNumber, number) = (Int32(chunk), Int32(index))
      (self.label, self.part) = (label, part)
    }

    /// The index of the chunk that holds its words.
    var chunk: Int { Int(chunkNumber) }
    /// Its index in the chunk.
    var index: Int { Int(number) }
  }

  /// The words of all texts.
  var chunks: [WordChunk]
  /// The texts in reading order.
  var texts: [Text]
  /// The names of the labels, from label 0 on.
  let labels: [String]
  /// The names of the files, by which the texts' origins tell them.
  let fileNames: [String]
  /// What was chosen or left out, in sentences.
  var notes: [String]
}

extension NumberedTexts {
  /// The texts of some chunks, in their order.
  ///
  /// - Parameter labels: the label for each number in the ``LabelTable``.
  static func texts(of chunks: [WordChunk], labels: [UInt8]) -> [Text] {
    var texts: [Text] = []
    for (index, chunk) in chunks.enumerated() {
      for (place, label) in chunk.labels.enumerated() {
        texts.append(Text(chunk: index, index: place, label: labels[label], part: chunk.part))
      }
    }
    return texts
  }

  /// The number of a text's words.
  func length(of text: Text) -> Int { chunks[text.chunk].words.length(of: text.index) }

  /// Where a text comes from.
  func origin(of text: Text) -> TextOrigin { chunks[text.chunk].origins[text.index] }

  /// Turns some of the texts into tokens, in the given order.
  ///
  /// - Parameters:
  ///   - hasTokens: whether the result has the texts' tokens, and not their words alone.
  ///   - tokens: for each thread the token of each of its numbers, or nil if the numbers are tokens already.
  ///   - words: all words, if they are to be kept beside the tokens.
  ///   - coding: what stands in front of a text, and whether unknown words are left out.
  ///   - threads: how many threads share the work.
  func sequences(
    of texts: [Text], hasTokens: Bool = true, tokens: [[Int32]]?, words: MergedWords? = nil, coding: TextCoding,
    threads: Int
  ) -> LabeledSequences {
    var sequences = TokenSequences(tokens: [], offsets: [Int](repeating: 0, count: texts.count + 1))
    if hasTokens {
      let first = coding.hasStartToken ? TextCoder.startToken : nil
      sequences = self.sequences(of: texts, numbers: tokens, first: first, threads: threads)
      if coding.skipsUnknownWords { sequences.remove(TextCoder.unknownToken) }
    }
    var result = LabeledSequences(sequences: sequences, labels: texts.map(\.label))
    result.origins = texts.map(origin)
    if let first = chunks.first(where: { !$0.labels.isEmpty }), !first.originals.isEmpty {
      result.originals = texts.map { chunks[$0.chunk].originals[$0.index] }
    }
    if let words {
      result.texts = WordSequences(
        words: words.table, sequences: packedSequences(of: texts, numbers: words.numbers, threads: threads))
    }
    return result
  }

  /// The texts as numbers.
  ///
  /// - Parameters:
  ///   - numbers: for each thread what each of its numbers becomes, or nil if they stay as they are.
  ///   - first: what each sequence begins with; nil if with the first word.
  private func sequences(
    of texts: [Text], numbers: [[Int32]]?, first: Int32?, threads: Int
  ) -> TokenSequences {
    let extra = first == nil ? 0 : 1
    var offsets = [0]
    offsets.reserveCapacity(texts.count + 1)
    for text in texts { offsets.append(offsets.last! + length(of: text) + extra) }
    let (chunks, places) = (chunks, offsets)
    let coded = [Int32](filling: places.last!) { target, count in
      count = places.last!
      // Each thread writes the places of its own texts, and no others.
      nonisolated(unsafe) let target = target
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for index in texts.count * thread / threads..<texts.count * (thread + 1) / threads {
          let chunk = chunks[texts[index].chunk]
          let table = numbers?[chunk.thread]
          if let first { target[places[index]] = first }
          var place = places[index] + extra
          chunk.words.forEachNumber(of: texts[index].index) { word in
            target[place] = table.map { $0[Int(word)] } ?? word
            place += 1
          }
        }
      }
    }
    return TokenSequences(tokens: coded, offsets: offsets)
  }

  /// The texts as numbers, packed.
  ///
  /// - Parameter numbers: for each thread what each of its numbers becomes.
  private func packedSequences(of texts: [Text], numbers: [[Int32]], threads: Int) -> PackedSequences {
    var parts = [PackedSequences](repeating: PackedSequences(), count: threads)
    parts.withUnsafeMutableBufferPointer { parts in
      // Each thread writes its own element.
      nonisolated(unsafe) let parts = parts
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for text in texts[texts.count * thread / threads..<texts.count * (thread + 1) / threads] {
          let chunk = chunks[text.chunk]
          let table = numbers[chunk.thread]
          parts[thread].appendNumbers(atMost: length(of: text)) { packer in
            chunk.words.forEachNumber(of: text.index) { packer.append(table[Int($0)]) }
          }
          parts[thread].endSequence()
        }
      }
    }
    return PackedSequences(joining: parts)
  }
}
