import Corpus
import Foundation
import Testing

/// Tokens that are Unicode's words, or characters.
@Suite struct UnicodeTokensTests {
  private static func coding(
    _ tokens: TextCoding.Tokens, _ lowercasing: TextCoding.Lowercasing = .unicode, stripsHTML: Bool = false
  ) -> TextCoding {
    var coding = TextCoding()
    (coding.tokens, coding.lowercasing, coding.stripsHTML) = (tokens, lowercasing, stripsHTML)
    return coding
  }

  private func found(_ text: String, _ coding: TextCoding) -> [String] {
    TextCoder(vocabulary: [], coding: coding).words(of: text).map(\.word)
  }

  private func words(_ text: String) -> [String] { found(text, Self.coding(.words)) }

  private func characters(_ text: String) -> [String] { found(text, Self.coding(.characters)) }

  /// For Swift some words are equal although their bytes differ.
  private func bytes(_ words: [String]) -> [[UInt8]] { words.map { Array($0.utf8) } }

  /// What is between spaces, which Swift takes for one character with a mark after them.
  private func pieces(_ text: String) -> [[UInt8]] { text.utf8.split(separator: UInt8(ascii: " ")).map(Array.init) }

  // MARK: Boundaries

  /// Before scripts without spaces are divided, which the annex leaves to others.
  @Test func boundariesAreUnicodes() throws {
    let path = try CorpusTests.Golden.path("WordBreakTest.txt")
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 1823)
    for line in lines {
      var (text, expected) = ([UInt8](), [Int]())
      for piece in line.split(separator: " ") {
        switch piece {
        case "÷": expected.append(text.count)
        case "×": break
        default:
          let scalar = try #require(UInt32(piece, radix: 16).flatMap(Unicode.Scalar.init))
          text += String(scalar).utf8
        }
      }
      let boundaries = text.withUnsafeBufferPointer { text in
        var (found, rules) = ([0], WordBoundaries(text: text, dividesScripts: false))
        while found.last! < text.count { found.append(rules.end(of: found.last!)) }
        return found
      }
      #expect(boundaries == expected, "\(line)")
    }
  }

  /// Each: a text, its words with a space between them.
  @Test(arguments: [
    ("", ""), (" \t\r\n\u{A0}\u{3000}", ""), ("?!…", "? ! …"),
    ("The cat sat.", "the cat sat ."), ("don't", "don't"), ("Don’t", "don't"), ("o'clock’s", "o'clock's"),
    ("'quoted' \"quoted\"", "' quoted ' \" quoted \""), ("“curly” ‘single’", "\" curly \" ' single '"),
    ("„deutsch“ ‚so‘", "\" deutsch \" ' so '"), ("the dogs' bone", "the dogs ' bone"),
    ("well-known", "well - known"), ("a—b–c", "a — b – c"), ("wait...", "wait . . ."),
    ("3.14 1,000 1,000.5 £5", "3.14 1,000 1,000.5 £ 5"), ("1, 2; a,b", "1 , 2 ; a , b"),
    ("a:b a: 1:2", "a:b a : 1 : 2"),
    ("snake_case_1 v2", "snake_case_1 v2"), ("e.g. U.S.A.", "e.g . u.s.a ."),
    ("https://example.com/a_b?c=1&d", "https : / / example.com / a_b ? c = 1 & d"), ("me@x.org", "me @ x.org"),
    ("Die Größe: ÜBER STRASSE", "die größe : über strasse"), ("naïve café’s", "naïve café's"),
    ("ΟΔΥΣΣΕΥΣ, ΟΔΟΣ.", "οδυσσευς , οδος ."), ("ПРИВЕТ, мир", "привет , мир"),
    ("مرحبا بالعالم، كيف", "مرحبا بالعالم ، كيف"), ("צה\"ל ג'ירפה", "צה\"ל ג'ירפה"),
    ("नमस्ते दुनिया क्षि।", "नमस्ते दुनिया क्षि ।"), ("வணக்கம் உலகம்", "வணக்கம் உலகம்"),
    ("한국어는 좋아요.", "한국어는 좋아요 ."), ("你好，世界！", "你 好 ， 世 界 ！"), ("人々", "人 々"),
    ("我爱iPhone15手机", "我 爱 iphone15 手 机"), ("東京タワー", "東 京 タ ワ ー"), ("ｶﾞﾗｽ", "ｶﾞ ﾗ ｽ"), ("か\u{3099}", "が"),
    ("ภาษาไทยน้ำ", "ภ า ษ า ไ ท ย น้ำ"), ("ភាសា", "ភា សា"), ("မြန်မာ", "မြ န် မာ"), ("ພາສາ", "ພ າ ສ າ"),
    ("ok👍🏽!👨‍👩‍👧‍👦😀😀", "ok 👍🏽 ! 👨‍👩‍👧‍👦 😀 😀"), ("🇩🇪🇫🇷🇮", "🇩🇪 🇫🇷 🇮"), ("❤️1️⃣", "❤️ 1️⃣"), ("©™", "© ™"),
    ("a\0b", "a \0 b"), ("a\u{200B}b\u{202F}c\u{85}d", "a b c d"), (" \u{308}a", "\u{308} a"), ("!\u{308}", "!\u{308}"),
    ("co\u{AD}op", "co\u{AD}op"), ("می\u{200C}خواهم", "می\u{200C}خواهم"),
  ])
  func wordsAreFound(text: String, expected: String) {
    #expect(bytes(words(text)) == pieces(expected))
  }

  @Test(arguments: [
    ("", ""), ("Hi, é!", "h i , é !"), ("Cafe\u{301}", "c a f é"), ("don’t", "d o n ’ t"), ("ΟΔΟΣ ΣΑ", "ο δ ο ς σ α"),
    ("a\r\nb\u{3000}c\u{200B}d", "a b c d"), ("你好 a", "你 好 a"), ("น้ำ", "น้ำ"), ("한국", "한 국"), ("👩🏽‍🚀🇩🇪🇫🇷", "👩🏽‍🚀 🇩🇪 🇫🇷"),
    (" \u{308}a", "\u{308} a"), ("a\0", "a \0"), ("\u{600} 1", "\u{600} 1"), ("\u{600}1", "\u{600}1"),
  ])
  func charactersAreFound(text: String, expected: String) {
    #expect(bytes(characters(text)) == pieces(expected))
  }

  @Test(arguments: [TextCoding.Tokens.words, .characters]) func tagsAreRemoved(tokens: TextCoding.Tokens) {
    for (text, expected) in [
      ("a<br />b<BR>c</p>", "a b c"), ("é<i>é</i>", "é é"), ("a < b <3", "a < b < 3"), ("a<b", "a < b"), ("<", "<"),
      ("<é>", "< é >"), ("a<b>\u{308}", "a \u{308}"),
    ] {
      let found = found(text, Self.coding(tokens, stripsHTML: true))
      #expect(bytes(found) == pieces(expected), "\(text)")
    }
    #expect(found("a<b>", Self.coding(tokens)) == ["a", "<", "b", ">"])
  }

  // MARK: Normalization

  /// What `Scripts/golden/unicode_tokens.py` writes.
  private struct Golden: Decodable {
    let charactersCRC32: UInt32
    let words: [[String]]

    static func read() throws -> Golden {
      let path = try CorpusTests.Golden.path("unicode_tokens.json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  @Test func wordsAreNormalizedAsByPython() throws {
    let golden = try Golden.read()
    #expect(golden.words.count == 20)
    for pair in golden.words { #expect(bytes(words(pair[0])) == bytes([pair[1]]), "\(pair[0])") }
  }

  /// As far as Python's Unicode goes, which is of version 14.
  @Test func charactersAreNormalizedAsByPython() throws {
    let text = Self.assigned.map { String($0) }.joined(separator: " ")
    #expect(crc32(characters(text).joined(separator: " ").utf8) == (try Golden.read().charactersCRC32))
  }

  private static var assigned: [Unicode.Scalar] {
    (0x80...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter { character in
      guard character.properties.generalCategory != .unassigned else { return false }
      return character.properties.age.map { $0.major <= 14 } ?? false
    }
  }

  @Test(arguments: TextCoding.Lowercasing.allCases) func equivalentTextsHaveEqualWords(
    lowercasing: TextCoding.Lowercasing
  ) {
    // One by one, as Foundation takes minutes for a long text.
    let texts = Self.assigned.map { "x\($0) É\($0)" }
    let composed = texts.map(\.precomposedStringWithCanonicalMapping).joined(separator: " ")
    let decomposed = texts.map(\.decomposedStringWithCanonicalMapping).joined(separator: " ")
    let coding = Self.coding(.words, lowercasing)
    #expect(Array(composed.utf8) != Array(decomposed.utf8))
    #expect(bytes(found(composed, coding)) == bytes(found(decomposed, coding)))
  }

  @Test func onlyAToZBecomeLowercaseWhereThatIsAskedFor() {
    let coding = Self.coding(.words, .ascii)
    #expect(bytes(found("ÉTÉ E\u{301}TE\u{301} K\u{212A}", coding)) == bytes(["ÉtÉ", "ÉtÉ", "kk"]))
  }

  // MARK: Places

  private static let sample =
    "Don’t “QUOTE” 你好 Cafe\u{301}s, ภาษา น้ำ ΟΔΟΣ 👨‍👩‍👧‍👦🇩🇪🇫🇷 İ 한국 \u{1112}\u{1161}\u{11AB} e\u{301}\u{316} 3.14 a.é <b>x</b>\u{3000}"

  @Test(arguments: [TextCoding.Tokens.words, .characters]) func tokensHaveTheirPlacesInTheText(
    tokens: TextCoding.Tokens
  ) {
    for stripsHTML in [false, true] {
      let coding = Self.coding(tokens, stripsHTML: stripsHTML)
      let coder = TextCoder(vocabulary: ["", "", "", "", "x"], coding: coding)
      let words = coder.words(of: Self.sample)
      #expect(words.map(\.token) == Array(coder.tokens(of: Self.sample).dropFirst()))
      #expect(words.count { $0.token == 4 } == 1)
      for (word, next) in zip(words, words.dropFirst()) { #expect(word.range.upperBound <= next.range.lowerBound) }
      // Each is by itself what it is among others, except for the last sigma.
      for word in words where word.word != "ς" {
        let alone = coder.words(of: String(Self.sample[word.range])).map(\.word)
        #expect(bytes(alone) == bytes([word.word]))
      }
    }
  }

  /// Whatever the number of words that are asked for at a time: a training run asks for 256.
  @Test(arguments: [TextCoding.Tokens.words, .characters]) func longTextsAreReadPieceByPiece(tokens: TextCoding.Tokens)
    throws
  {
    let text = String(repeating: Self.sample + " ", count: 300)
    let coding = Self.coding(tokens, stripsHTML: true)
    let expected = found(text, coding)
    let folder = try TemporaryFolder()
    let rows = [text, "b"].flatMap { [["text": $0, "label": "1"], ["text": "b", "label": "0"]] }
    let lines = try rows.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    let path = try folder.write(lines.joined(separator: "\n"), to: "a.jsonl")
    var options = TextOptions()
    (options.tokens, options.stripsHTML, options.testSplit) = (tokens, true, 0)
    let texts = try LabeledTexts.load(path: path, options: options, vocabularySize: 1000, threads: 1)
    #expect(texts.coding == coding.with(\.whiteSpace, .unicode))
    let longest = try #require(
      (0..<texts.training.count).map { Array(texts.training.sequences[$0]) }.max { $0.count < $1.count })
    #expect(bytes(longest.dropFirst().map { texts.vocabulary[Int($0)] }) == bytes(expected))
  }

  /// In linear time, and in the memory there is: each of these would take minutes if it were quadratic.
  @Test(
    arguments: [
      "\u{301}\u{316}", "\u{200D}", "\u{1F469}\u{200D}", "\u{1F1E6}", "Σ", "Σ'\u{301}", "a.\u{300}", "a.", "1,\u{200D}",
      "א\"\u{300}", "\u{1161}", "\u{390}\u{344}\u{1D160}\u{130}", "\u{958}", "<a", "\u{DDD}", "Ⱥ", "\u{F900}",
      "\u{915}\u{94D}",
    ], [TextCoding.Tokens.words, .characters])
  func hostileTextsAreRead(piece: String, tokens: TextCoding.Tokens) {
    let text = "e" + String(repeating: piece, count: (1 << 19) / piece.utf8.count) + "é"
    let coder = TextCoder(vocabulary: [], coding: Self.coding(tokens, stripsHTML: true))
    #expect(coder.tokens(of: text).count > 1)
  }

  // MARK: Codings

  @Test func aCodingOfBeforeHasKerassTokens() throws {
    let json = Data(#"{"lowercasing":"unicode","stripsHTML":true,"whiteSpace":"unicode"}"#.utf8)
    let coding = try JSONDecoder().decode(TextCoding.self, from: json)
    #expect(coding.tokens == .keras)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(coding) == json)
  }

  @Test(arguments: TextCoding.Tokens.allCases) func aCodingIsStoredWithItsTokens(tokens: TextCoding.Tokens) throws {
    let coding = Self.coding(tokens)
    #expect(try JSONDecoder().decode(TextCoding.self, from: JSONEncoder().encode(coding)) == coding)
  }

  /// Each: the options' tokens, and their effect.
  @Test(arguments: [
    (nil, TextCoding.Tokens.keras), (TextCoding.Tokens.keras, .keras), (TextCoding.Tokens.words, .words),
  ])
  func theOptionsChooseTheTokens(chosen: TextCoding.Tokens?, expected: TextCoding.Tokens) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("text,label\n你好!,1\na,0\n", to: "a.csv")
    var options = TextOptions()
    (options.tokens, options.testSplit) = (chosen, 0)
    let texts = try LabeledTexts.load(path: path, options: options, vocabularySize: 20, threads: 1)
    #expect(texts.coding == Self.coding(expected).with(\.whiteSpace, .unicode))
    #expect(
      texts.vocabulary.contains("你好") == (expected == .keras)
        && texts.vocabulary.contains("好") == (expected != .keras))
    // What is decided already counts.
    let known = LabeledTexts.Terms(vocabulary: texts.vocabulary, coding: TextCoding(), labels: nil)
    let again = try LabeledTexts.load(path: path, options: options, vocabularySize: 20, terms: known, threads: 1)
    #expect(again.coding == TextCoding())
  }
}

extension TextCoding {
  fileprivate func with<Value>(_ property: WritableKeyPath<TextCoding, Value>, _ value: Value) -> TextCoding {
    var changed = self
    changed[keyPath: property] = value
    return changed
  }
}
