import Foundation

/// Vectors of a vocabulary's words, from a file that may have millions.
///
/// Such a file is GloVe's text, a word and its numbers in each line; word2vec's text or fastText's `.vec`, before whose
/// lines stand the numbers of words and of numbers; or word2vec's binary. It may be gzipped, or in a zip archive. It is
/// read from front to back, and no more of it is kept than the vocabulary's words.
public struct WordVectors: Sendable, Equatable {
  /// The length of each vector.
  public let size: Int
  /// The vector of each token whose word is in the file.
  public private(set) var vectors: [Int: [Float]] = [:]

  // MARK: Reading

  /// The length of a file's vectors, from its first line.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - size: which length is wanted, of an archive with several files, such as GloVe's; nil if it has one.
  /// - Throws: `CorpusError` if the file can't be read, or doesn't begin as such a file does.
  public static func size(ofVectorsIn path: String, wanted size: Int? = nil) throws -> Int {
    try VectorFile(path, size: size).format.size
  }

  /// Reads the vectors of some words.
  ///
  /// A word that the file has in this very spelling has that vector; one whose spelling only differs in case, as the words
  /// of texts are in lower case, the first such one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - vocabulary: the word of each token, [V]; the first ones, which stand for no words, are left out.
  ///   - size: which length is wanted, of an archive with several files, such as GloVe's; nil if it has one.
  /// - Throws: `CorpusError` if the file can't be read, is damaged, or has a vector of another length, or of numbers that
  ///   aren't finite.
  public init(contentsOf path: String, for vocabulary: [String], size: Int? = nil) throws {
    let file = try VectorFile(path, size: size)
    self.size = file.format.size
    var table = WordTable()
    // The words' tokens, in the order of the table.
    var tokens: [Int] = []
    for (token, word) in vocabulary.enumerated().dropFirst(TextCoder.firstWord) where table.add(word) == tokens.count {
      tokens.append(token)
    }
    var inAnotherCase: [Int: [Float]] = [:]
    try file.forEach { word, vector in
      if let number = table.number(of: word) {
        let token = tokens[Int(number)]
        if vectors[token] == nil, let values = try vector() { vectors[token] = values }
      } else if word.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 || $0 >= 0x80 }) {
        guard let number = table.number(of: String(decoding: word, as: UTF8.self).lowercased()) else { return }
        let token = tokens[Int(number)]
        if inAnotherCase[token] == nil, let values = try vector() { inAnotherCase[token] = values }
      }
    }
    vectors.merge(inAnotherCase) { own, _ in own }
  }
}

/// A file of vectors, by itself or in an archive.
private struct VectorFile {
  let format: VectorFormat
  private let files: FileSet
  private let file: FileSet.File

  init(_ path: String, size: Int?) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw CorpusError(
        .unsupportedFormat, file: path, expected: "a file of vectors", found: "a folder", advice: "name a file in it")
    }
    files = try FileSet(path: path)
    var candidates: [(file: FileSet.File, format: VectorFormat)] = []
    for file in files.files {
      let (path, entry) = files.location(of: file)
      let start = try files.start(of: file, count: 1 << 20)
      do { candidates.append((file, try VectorFormat(start, file: path, entry: entry))) } catch {
        // An archive may have instructions, too.
        if files.files.count == 1 { throw error }
      }
    }
    if candidates.count > 1 {
      let sizes = candidates.map { "\($0.format.size)" }.joined(separator: ", ")
      candidates = candidates.filter { $0.format.size == size }
      guard candidates.count == 1 else {
        throw CorpusError(
          .invalidArgument("size"), file: path, expected: "one file of vectors",
          found: "several, with \(sizes) numbers a word", advice: "name a file, or the one size that is wanted")
      }
    }
    guard let chosen = candidates.first else {
      throw CorpusError(
        .unsupportedFormat, file: path, expected: "a file of vectors", found: "none", advice: "check the path")
    }
    (file, format) = chosen
  }

  /// Calls `body` with each word and what reads its vector, which is nil where the word turns out to be another.
  func forEach(_ body: (UnsafeBufferPointer<UInt8>, () throws -> [Float]?) throws -> Void) throws {
    try files.read(file) { reader in
      if format.isBinary {
        try format.readBinary(&reader, body)
      } else {
        try format.readText(&reader, body)
      }
      try reader.skipRest()
    }
  }
}

/// How vectors stand in a file.
private struct VectorFormat {
  /// The length of each vector.
  let size: Int
  /// The number of words, if the first line says so.
  let wordCount: Int?
  let isBinary: Bool

  private static let advice = "give GloVe's or word2vec's text, word2vec's binary, or fastText's .vec"
  private static let largestSize = 65_536
  /// In bytes.
  private static let longestWord = 1 << 16

  /// Tells the format from a file's first bytes.
  init(_ start: [UInt8], file: String, entry: String?) throws {
    func fail(_ found: String) -> CorpusError {
      CorpusError(
        .unsupportedFormat, file: file, entry: entry, place: .line(1), expected: "a word and its vector",
        found: found, advice: Self.advice)
    }
    let line = start.prefix { $0 != UInt8(ascii: "\n") }
    let fields = Self.fields(line)
    guard line.count < start.count || fields.count > 2 else {
      throw fail(start.isEmpty ? "nothing" : "something else")
    }
    guard fields.count == 2 else {
      (size, wordCount, isBinary) = (fields.count - 1, nil, false)
      guard 1...Self.largestSize ~= size, fields.last.map(Self.number) != nil, Self.number(fields[1]) != nil else {
        throw fail("something else")
      }
      return
    }
    guard let count = Int(Self.text(fields[0])), count >= 0, let size = Int(Self.text(fields[1])),
      1...Self.largestSize ~= size
    else { throw fail("two fields that aren't the numbers of words and of each word's numbers") }
    (self.size, wordCount) = (size, count)
    // After the first word stand either digits, up to the end of the line, or the bytes of floats.
    let rest = start[(line.endIndex + 1)...]
    let vector = rest.drop { $0 != Self.space }.dropFirst()
    let window = vector.prefix { $0 != UInt8(ascii: "\n") }
    let isText = window.allSatisfy { Self.space == $0 || 0x21...0x7E ~= $0 || $0 == 9 || $0 == 13 }
    isBinary = !vector.isEmpty && !(isText && (window.count == vector.count || Self.fields(window).count == size))
  }

  // MARK: Text

  private static let space = UInt8(ascii: " ")

  /// What stands between spaces and tabs.
  private static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split { $0 == space || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
  private static func number(_ bytes: ArraySlice<UInt8>) -> Float? { Float(text(bytes)) }

  func readText(
    _ reader: inout EntryReader, _ body: (UnsafeBufferPointer<UInt8>, () throws -> [Float]?) throws -> Void
  ) throws {
    let (file, entry) = (reader.file, reader.entry)
    var (line, number, count) = ([UInt8](), 0, 0)
    while try reader.appendLine(to: &line, limit: Self.longestWord + 64 * size) {
      number += 1
      defer { line.removeAll(keepingCapacity: true) }
      if number == 1, wordCount != nil { continue }
      // The word may begin with any other white space of Unicode's.
      let end = line.firstIndex { $0 == Self.space || $0 == UInt8(ascii: "\t") } ?? line.endIndex
      if end == line.endIndex, Self.fields(line[...]).isEmpty { continue }
      count += 1
      try line[..<end].withUnsafeBufferPointer { word in
        try body(word) { try vector(line[end...], file, entry, number) }
      }
    }
    if let wordCount, count < wordCount {
      throw CorpusError(
        .damaged, file: file, entry: entry, expected: "\(wordCount) words, as the first line says", found: "\(count)",
        advice: "get a fresh copy, or correct the first line")
    }
  }

  /// The numbers of a line; nil where its word goes on after a space, and so is no word of a text.
  private func vector(_ numbers: ArraySlice<UInt8>, _ file: String, _ entry: String?, _ line: Int) throws -> [Float]? {
    let fields = Self.fields(numbers)
    if fields.count > size, Self.number(fields[0]) == nil { return nil }
    guard fields.count == size else {
      throw CorpusError(
        .damaged, file: file, entry: entry, place: .line(line), expected: "\(size) numbers", found: "\(fields.count)",
        advice: EntryReader.damagedAdvice)
    }
    return try fields.map { field in
      guard let value = Self.number(field), value.isFinite else {
        throw CorpusError(
          .damaged, file: file, entry: entry, place: .line(line), expected: "a finite number",
          found: CorpusError.quoted(Self.text(field)), advice: EntryReader.damagedAdvice)
      }
      return value
    }
  }

  // MARK: Binary

  func readBinary(
    _ reader: inout EntryReader, _ body: (UnsafeBufferPointer<UInt8>, () throws -> [Float]?) throws -> Void
  ) throws {
    while try reader.byte() != UInt8(ascii: "\n") {}
    var (word, bytes) = ([UInt8](), [UInt8]())
    for _ in 0..<wordCount! {
      word.removeAll(keepingCapacity: true)
      while case let byte = try reader.byte(), byte != Self.space {
        // Some writers end each vector with a newline.
        if byte != UInt8(ascii: "\n") || !word.isEmpty { word.append(byte) }
        guard word.count <= Self.longestWord else {
          throw reader.damage(expected: "a word", found: "more than \(Self.longestWord) bytes without a space")
        }
      }
      let start = reader.position
      bytes.removeAll(keepingCapacity: true)
      try reader.append(4 * size, to: &bytes)
      let (file, entry) = (reader.file, reader.entry)
      try word.withUnsafeBufferPointer { word in
        try body(word) { [bytes] in
          try bytes.withUnsafeBytes { bytes in
            try (0..<size).map { index in
              let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
              let value = Float(bitPattern: bits)
              guard value.isFinite else {
                throw CorpusError(
                  .damaged, file: file, entry: entry, place: .byte(start + 4 * index), expected: "a finite number",
                  found: "\(value)", advice: EntryReader.damagedAdvice)
              }
              return value
            }
          }
        }
      }
    }
  }
}
