import Corpus
import Foundation
import Testing

@Suite struct TextCoderTests {
  /// What `Scripts/golden/tokenizer.py` writes.
  struct Golden: Decodable {
    struct Case: Decodable {
      let words: [[String]]
      let vocabulary: [String]
      let coded: [String: [[Int32]]]
    }

    let lowercaseCRC32: UInt32
    let texts: [String]
    let cases: [String: Case]

    static func read() throws -> Golden {
      let path = try CorpusTests.Golden.path("tokenizer.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  private func coding(_ lowercasing: TextCoding.Lowercasing, stripsHTML: Bool = false) -> TextCoding {
    var coding = TextCoding()
    coding.lowercasing = lowercasing
    coding.stripsHTML = stripsHTML
    return coding
  }

  private func words(_ text: String, _ coding: TextCoding) -> [String] {
    TextCoder(vocabulary: [], coding: coding).words(of: text).map(\.word)
  }

  /// For Swift some words are equal although their bytes differ.
  private func bytes(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

  @Test(arguments: TextCoding.Lowercasing.allCases) func wordsAndTokensAreKerass(_ lowercasing: TextCoding.Lowercasing)
    throws
  {
    let golden = try Golden.read()
    let expected = try #require(golden.cases[lowercasing.rawValue])
    #expect(golden.texts.count > 20)
    for (text, words) in zip(golden.texts, expected.words) {
      #expect(bytes(self.words(text, coding(lowercasing))) == bytes(words), "\(text)")
    }
    for (size, coded) in expected.coded {
      let vocabulary = Array(
        (["<pad>", "<start>", "<oov>", "<3>"] + expected.vocabulary).prefix(try #require(Int(size))))
      let coder = TextCoder(vocabulary: vocabulary, coding: coding(lowercasing))
      for (text, tokens) in zip(golden.texts, coded) { #expect(coder.tokens(of: text) == tokens, "\(size): \(text)") }
    }
  }

  /// As far as Python's Unicode goes, which is of version 14.
  @Test func lowercaseIsPythons() throws {
    let letters = (0x80...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter { letter in
      guard letter.properties.generalCategory != .unassigned, let age = letter.properties.age else { return false }
      return age.major <= 14
    }
    let text = letters.map { String($0) }.joined(separator: " ")
    let lower = words(text, coding(.unicode)).joined(separator: " ")
    #expect(crc32(lower.utf8) == (try Golden.read().lowercaseCRC32))
  }

  @Test func wordsHaveTheirPlacesInTheText() {
    let coder = TextCoder(vocabulary: ["", "", "", "", "straße", "i\u{307}"], coding: coding(.unicode))
    for text in ["Die STRAßE, dort: ÉTÉ Ⱥ! 😀x", String(NSString(string: "Straße İ \u{1F600}"))] {
      let words = coder.words(of: text)
      #expect(words.map(\.token) == Array(coder.tokens(of: text).dropFirst()))
      #expect(words.map { text[$0.range].lowercased() } == words.map(\.word))
      #expect(words.contains { $0.token == 4 })
    }
  }

  @Test func anEmptyTextIsTheStartToken() {
    #expect(TextCoder(vocabulary: [], coding: TextCoding()).tokens(of: "") == [1])
  }

  @Test func theNamesOfReservedTokensAreNotWords() {
    let coder = TextCoder(vocabulary: ["<pad>", "<start>", "<oov>", "<3>"], coding: TextCoding())
    #expect(coder.tokens(of: "<pad> <start> <oov>") == [1, 2, 2, 2])
  }

  @Test func theFirstOfTwoEqualWordsCounts() {
    let coder = TextCoder(vocabulary: ["a", "b", "c", "x", "a", "x", "a", "y"], coding: TextCoding())
    #expect(coder.tokens(of: "x a y c") == [1, 3, 4, 7, 2])
  }

  @Test(arguments: [
    ("one<br />two<BR>three</p>four", ["one", "two", "three", "four"]),
    ("a<a href=\"x\">link</a>.<!-- no -->b<?pi?>", ["a", "link", "b"]),
    ("a < b > c <3 x <> y <1>", ["a", "b", "c", "3", "x", "y", "1"]),
    ("open <b never closed", ["open", "b", "never", "closed"]),
    ("<b <i>x</i>", ["b", "x"]), ("<", []), ("a<b", ["a", "b"]), ("x</", ["x"]),
  ])
  func tagsAreRemoved(text: String, expected: [String]) {
    #expect(words(text, coding(.ascii, stripsHTML: true)) == expected)
  }

  /// In linear time: each `<` looks for its end, and each capital sigma for the end of its word.
  @Test(arguments: [("<a", 1 << 20), ("Σ", 1)]) func longTextsAreRead(piece: String, count: Int) {
    #expect(words(String(repeating: piece, count: 1 << 20), coding(.unicode, stripsHTML: true)).count == count)
  }

  // MARK: White space

  /// All line ends, no-break spaces, and what else Unicode calls White_Space.
  static let spaces = [
    "\r\n", "\r", "\n", "\t", "\u{B}", "\u{C}", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2007}", "\u{200A}",
    "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}",
  ]

  private func coding(_ lowercasing: TextCoding.Lowercasing, _ whiteSpace: TextCoding.WhiteSpace) -> TextCoding {
    var coding = coding(lowercasing)
    coding.whiteSpace = whiteSpace
    return coding
  }

  @Test(arguments: spaces, TextCoding.Lowercasing.allCases)
  func unicodesWhiteSpaceSeparatesWords(space: String, lowercasing: TextCoding.Lowercasing) {
    let text = "\(space)É\(space)\(space)b\(space)"
    let coder = TextCoder(vocabulary: [], coding: coding(lowercasing, .unicode))
    #expect(coder.words(of: text).map { String(text[$0.range]) } == ["É", "b"])
  }

  @Test(arguments: spaces) func theWhiteSpaceForIMDBLacksTwoCharacters(space: String) {
    let isPartOfAWord = ["\u{85}", "\u{A0}"].contains(space)
    #expect(
      bytes(words("a\(space)b", coding(.ascii, .imdb))) == bytes(isPartOfAWord ? ["a\(space)b"] : ["a", "b"]))
  }

  @Test(arguments: spaces) func kerassWhiteSpaceIsSpaceTabAndNewline(space: String) {
    let expected = ["\n", "\t"].contains(space) ? ["a", "b"] : space == "\r\n" ? ["a\r", "b"] : ["a\(space)b"]
    #expect(bytes(words("a\(space)b", coding(.ascii, .keras))) == bytes(expected))
  }

  /// Their first two bytes are those of white space.
  @Test(arguments: [
    "\u{84}", "é", "\u{A1}", "\u{1681}", "\u{200B}", "—", "\u{2030}", "\u{2060}", "\u{3001}", "\u{FEFF}",
  ])
  func otherCharactersArePartsOfWords(character: String) {
    #expect(bytes(words("a\(character)b", coding(.unicode, .unicode))) == bytes(["a\(character)b"]))
  }

  @Test func aCodingOfBeforeHasKerassWhiteSpace() throws {
    let json = Data(#"{"lowercasing":"unicode","stripsHTML":true}"#.utf8)
    let coding = try JSONDecoder().decode(TextCoding.self, from: json)
    #expect(coding == self.coding(.unicode, stripsHTML: true) && coding.whiteSpace == .keras)
  }

  @Test(arguments: TextCoding.WhiteSpace.allCases) func aCodingIsStoredWithItsWhiteSpace(
    whiteSpace: TextCoding.WhiteSpace
  ) throws {
    let coding = coding(.ascii, whiteSpace)
    #expect(try JSONDecoder().decode(TextCoding.self, from: JSONEncoder().encode(coding)) == coding)
  }

  /// Keras's TextVectorization: ASCII's letters become lowercase, its punctuation vanishes, its white space separates.
  @Test func removesPunctuation() {
    var coding = TextCoding()
    (coding.removesPunctuation, coding.whiteSpace, coding.hasStartToken) = (true, .ascii, false)
    for (text, words) in [
      ("It's well-known: the FILM, wow!", ["its", "wellknown", "the", "film", "wow"]),
      ("ÉCOLE a\u{A0}b c\u{3000}d", ["École", "a\u{A0}b", "c\u{3000}d"]),
      ("a\tb\u{B}c\u{C}d\re\nf\u{1F}g", ["a", "b", "c", "d", "e", "f\u{1F}g"]),
      (" -- C++ _ 1,000.5 'q'", ["c", "10005", "q"]), ("…“x”", ["…“x”"]), ("\u{0}a", ["\u{0}a"]), ("--", []),
    ] {
      #expect(TextCoder(vocabulary: [], coding: coding).words(of: text).map(\.word) == words, "\(text)")
    }
    let decoded = try? JSONDecoder().decode(TextCoding.self, from: JSONEncoder().encode(coding))
    #expect(decoded == coding)
    coding.truncation = .post
    #expect((try? JSONDecoder().decode(TextCoding.self, from: JSONEncoder().encode(coding))) == coding)
  }
}
