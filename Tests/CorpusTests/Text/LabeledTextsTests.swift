import Corpus
import Fixtures
import Foundation
import Testing

/// Texts in all the layouts that can be read.
@Suite struct LabeledTextsTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Trees

  /// In an order that tells nothing, among files that are not texts.
  private static func mixedEntries(below prefix: String) -> [(path: String, text: String)] {
    TextData.reviews.reversed().map { (prefix + $0.path, $0.text) } + [
      (prefix + "README", "x"), (prefix + "train/urls_pos.txt", "x"), (prefix + "train/labeledBow.feat", "x"),
      (prefix + "train/unsup/1_0.txt", "x"), ("__MACOSX/" + prefix + "train/pos/._2_9.txt", "\u{0}x"),
      (prefix + "train/pos/.hidden.txt", "x"),
    ]
  }

  @Test(arguments: ["", "aclImdb/", "some/where/", "../", "/"]) func treesAreReadFromZips(prefix: String) throws {
    let texts = try data.load(data.zip(Self.mixedEntries(below: prefix)), size: 12)
    #expect(texts.contents == TextData.contents)
    #expect(texts.vocabulary == TextData.vocabulary)
    #expect(texts.labels == ["negative", "positive"])
    #expect(texts.hasTestPart)
  }

  @Test func nothingIsUnpacked() throws {
    _ = try data.load(data.zip(Self.mixedEntries(below: "../")))
    #expect(!FileManager.default.fileExists(atPath: data.folder.path + "/../train"))
  }

  @Test func textsWithoutALabelAreLeftOut() throws {
    let texts = try data.load(data.zip(Self.mixedEntries(below: "")))
    #expect(texts.notes.contains("1 texts in unsup have no label and are skipped; they can be learned from, too"))
  }

  @Test func treesAreReadFromFolders() throws {
    let texts = try data.load(data.folder.writeTree(Self.mixedEntries(below: ""), to: "tree"), size: 12)
    #expect(texts.contents == TextData.contents)
    #expect(texts.vocabulary == TextData.vocabulary)
  }

  /// A circle, a link that leads nowhere, and a pipe to which nobody writes.
  @Test func whatIsNotAFileInAFolderIsIgnored() throws {
    let root = try data.folder.writeTree(TextData.reviews, to: "tree")
    try FileManager.default.createSymbolicLink(atPath: root + "/train/pos/loop", withDestinationPath: root)
    try FileManager.default.createSymbolicLink(atPath: root + "/train/pos/9_9.txt", withDestinationPath: "/nowhere")
    try #require(mkfifo(root + "/train/neg/9_9.txt", 0o600) == 0)
    #expect(try data.load(root, size: 12).contents == TextData.contents)
  }

  private static let messages = (0..<10).flatMap { number -> [(path: String, text: String)] in
    [("ham/\(number).txt", "hello \(number)"), ("spam/m\(number).TXT", "buy \(number)")]
  }

  @Test func foldersNeedNoParts() throws {
    let texts = try data.load(data.zip(Self.messages + [("readme.txt", "x")]))
    #expect(texts.labels == ["ham", "spam"])
    #expect((texts.training.count, texts.test.count) == (16, 4))
    #expect(!texts.hasTestPart)
  }

  @Test func anArchiveAndItsFolderAreTheSame() throws {
    let (zip, folder) = (try data.zip(Self.messages), try data.folder.writeTree(Self.messages, to: "tree"))
    #expect(try data.load(folder).training == data.load(zip).training)
  }

  // MARK: Tables

  /// A kind of table: its suffix, its first lines, and a row.
  struct Format: Sendable, CustomTestStringConvertible {
    let suffix: String
    let header: String
    let row: @Sendable (_ text: String, _ label: String) -> String

    var testDescription: String { "\(suffix): \(header)" }

    func table(_ rows: some Sequence<(text: String, label: String)>) -> String {
      header + rows.map { row($0.text, $0.label) }.joined()
    }
  }

  private static let formats = [
    Format(suffix: "csv", header: "review,sentiment\r\n") { "\"\($0)\",\($1)\r\n" },
    Format(suffix: "CSV", header: "\u{FEFF}id,Sentiment , review\n") { "7,\($1),\"\($0)\"\n" },
    Format(suffix: "tsv", header: "label\ttext\textra\r\n") { "\($1)\t\($0)\t\r\n" },
    Format(suffix: "csv", header: "text;class\n\n") { "\"\($0)\";\($1)\n\r\n" },
    Format(suffix: "jsonl", header: "") { "{\"text\": \"\($0)\", \"id\": [1, {}], \"label\": \"\($1)\"}\n" },
  ]

  private static let rows = TextData.reviews.map { review in
    (text: review.text, label: review.path.contains("pos") ? "positive" : "negative")
  }

  /// In archives and folders, at the top and deeper, with another file beside them.
  @Test(arguments: formats, ["", "deep/"]) func tablesMayBeAPairOfTrainAndTest(format: Format, prefix: String) throws {
    let entries = [
      (path: "\(prefix)Test.\(format.suffix)", text: format.table(Self.rows.suffix(2))),
      (path: "\(prefix)train.\(format.suffix)", text: format.table(Self.rows.prefix(4))),
      (path: "deep/readme.md", text: "x"),
    ]
    for path in [try data.zip(entries), try data.folder.writeTree(entries, to: "tree")] {
      let texts = try data.load(path, size: 12)
      #expect(texts.contents == TextData.contents)
      #expect(texts.vocabulary == TextData.vocabulary)
      #expect(texts.labels == ["negative", "positive"])
      #expect(texts.hasTestPart)
    }
  }

  /// Of 60 reviews, two thirds positive, with all that quotes are good for.
  private static let longTable =
    "review,sentiment\r\n"
    + (0..<60).map { number in
      "\"word\(number % 7) \"\"w\(number)\"\",\r\n x\",\(number % 3 == 0 ? "negative" : "positive")\r\n"
    }.joined()

  /// By itself under any name, or alone in an archive.
  @Test func aTableMayHaveAnyName() throws {
    let expected = try data.load(table: Self.longTable, name: "IMDB Dataset.csv", size: 30)
    for path in [
      try data.folder.write(Self.longTable, to: "whatever"), try data.zip([("IMDB Dataset.csv", Self.longTable)]),
      try data.zip([("data", Self.longTable)], name: "other.zip"),
    ] {
      let texts = try data.load(path, size: 30)
      #expect(texts.training == expected.training && texts.test == expected.test)
      #expect(texts.vocabulary == expected.vocabulary)
    }
  }

  @Test func theColumnsThatWereChosenAreNoted() throws {
    let texts = try data.load(table: Self.longTable)
    #expect(texts.notes.contains("texts are taken from the column “review”, labels from “sentiment”"))
  }

  @Test func columnsOfTwoTablesAreNotedOnce() throws {
    let table = "text,label\na,x\nb,y\n"
    let texts = try data.load(data.zip([("train.csv", table), ("test.csv", table)]))
    #expect(texts.notes.count { $0.hasPrefix("texts are taken") } == 1)
  }

  // MARK: The split

  @Test func aFifthOfEachLabelIsSetApart() throws {
    let texts = try data.load(table: Self.longTable)
    #expect(!texts.hasTestPart)
    #expect((texts.training.count, texts.test.count) == (48, 12))
    for (part, positives) in [(texts.training, 32), (texts.test, 8)] {
      #expect(part.labels.count { $0 == 1 } == positives)
    }
    #expect(texts.notes.contains { $0.contains("12 of 60 texts are set apart") })
  }

  @Test(arguments: [(0.5, 30), (0, 0), (0.0001, 2)])
  func theShareThatIsSetApartCanBeChosen(share: Double, count: Int) throws {
    let texts = try data.load(table: Self.longTable, .with { $0.testSplit = share })
    #expect((texts.training.count, texts.test.count) == (60 - count, count))
  }

  @Test(arguments: [1, -0.1, .nan]) func anImpossibleShareIsRefused(share: Double) {
    refuses(.invalidArgument("testSplit"), "testSplit: expected a share from 0 to below 1, found \(share)") {
      try data.load(table: Self.longTable, .with { $0.testSplit = share })
    }
  }

  @Test func ofATextOfEachLabelNoneIsSetApart() throws {
    let texts = try data.load(table: "text,label\nx,a\ny,b\n")
    #expect((texts.training.count, texts.test.count) == (2, 0))
    #expect(texts.notes.contains("there is no test part, and the 2 texts are too few to set some apart"))
  }

  private static func rows(_ range: Range<Int>) -> String {
    range.map { "text \($0 % 400) of \($0 % 400 * 7919),\($0 % 3 == 0 ? "a" : "b")\n" }.joined()
  }

  /// The hashes of the texts that are set apart.
  private func testHashes(_ rows: String) throws -> Set<UInt64> {
    Set(try #require(try data.load(table: "text,label\n" + rows).test.origins).map(\.hash))
  }

  @Test func moreRowsHardlyMoveTheOthers() throws {
    let before = try testHashes(Self.rows(0..<399))
    #expect(before.count == 80)
    let after = try testHashes("another,a\n" + Self.rows(0..<399))
    // At most a text of the label that has one more.
    #expect(before.subtracting(after).count <= 1 && after.subtracting(before).count <= 1)
    #expect(try testHashes(Self.rows(200..<399) + Self.rows(0..<200)) == before)
  }

  @Test func equalTextsStayTogether() throws {
    // Each twice, half of them with another label the second time.
    let texts = try data.load(table: "text,label\n" + Self.rows(0..<800))
    let (training, test) = (try #require(texts.training.origins), try #require(texts.test.origins))
    #expect((training.count, test.count) == (640, 160))
    #expect(Set(training.map(\.hash)).isDisjoint(with: test.map(\.hash)))
  }

  @Test func textsKnowWhereTheyComeFrom() throws {
    let table = "text,label\n\"a\nb\",x\nc,y\n"
    let path = try data.zip([("train.csv", table), ("test.csv", table)])
    let texts = try data.load(path)
    #expect(texts.fileNames == ["train.csv", "test.csv"])
    for (part, file) in [(texts.training, 0), (texts.test, 1)] {
      let origins = try #require(part.origins)
      #expect(Set(origins.map(\.line)) == [2, 4] && origins.allSatisfy { Int($0.file) == file })
    }
  }

  @Test func runsBegunBeforeSplitAsTheyDid() throws {
    let path = try data.folder.write("text,label\n" + Self.rows(0..<300), to: "a.csv")
    let json = #"{"path": "\#(path)", "fingerprint": "", "splitsAtAllWhiteSpace": true}"#
    let old = try JSONDecoder().decode(DataSource.self, from: Data(json.utf8))
    let new = try JSONDecoder().decode(DataSource.self, from: JSONEncoder().encode(DataSource(path: path)))
    let tests = try [old, new].map { source in
      try source.load(vocabularySize: 9, maxLength: 9, labelCount: 2, threads: 1).test
    }
    #expect(tests[0].count == tests[1].count)
    #expect(try tests[1].origins?.map(\.hash).sorted() == testHashes(Self.rows(0..<300)).sorted())
    #expect(tests[0].origins?.map(\.hash) != tests[1].origins?.map(\.hash))
  }

  // MARK: Named labels, and parts that lie elsewhere

  @Test func labelsCanBeNamedInTheirOrder() throws {
    let table = "text,label\nx,b\ny,a\nz,b\nv,a\n"
    #expect(try data.load(table: table, .with { $0.labelNames = ["b", "a"] }).labels == ["b", "a"])
    #expect(
      try data.load(table: table, .with { $0.labelNames = ["c", "b", "a"] }, labelCount: 3).labels == ["c", "b", "a"])
    refuses(.foreignLabels(known: ["b", "c"]), "expected the labels, “b” and “c”, found “a” (2), “b” (2)") {
      try data.load(table: table, .with { $0.labelNames = ["b", "c"] })
    }
  }

  @Test func partsMayLieElsewhere() throws {
    var source = DataSource(path: try data.folder.write("text,label\na b,x\nb,y\nb,x\nb c,y\n", to: "a.csv"))
    source.validationPath = try data.folder.write("text,label\nb d,x\na,x\n", to: "b.csv")
    source.testPath = try data.folder.write("text,label\nb,y\na,x\nd,y\n", to: "c.csv")
    let stored = try JSONDecoder().decode(DataSource.self, from: JSONEncoder().encode(source))
    #expect(stored == source)
    let dataset = try stored.load(vocabularySize: 9, maxLength: 9, labelCount: 2, threads: 1)
    #expect((dataset.training.count, dataset.validation?.count, dataset.test.count) == (4, 2, 3))
    let vocabulary = try #require(dataset.vocabulary)
    let words = try #require(dataset.validation).sequences.lists.map { $0.map { vocabulary[Int($0)] } }
    #expect(words.sorted { $0.count > $1.count } == [["<start>", "b", "<oov>"], ["<start>", "a"]])
    source.testPath = try data.folder.write("text,label\nb,z\n", to: "c.csv")
    refuses(.foreignLabels(known: ["x", "y"]), "c.csv: expected the model's labels") {
      try source.load(vocabularySize: 9, maxLength: 9, labelCount: 2, threads: 1)
    }
  }

  @Test func aTestPartAloneIsNothingToTrainOn() {
    refuses(.emptyPart, "a.zip: expected training texts, found none") {
      try data.load(
        data.zip([("train.csv", "text,label\n"), ("test.csv", "text,label\nx,a\ny,b\n")]))
    }
  }

  // MARK: Threads

  private static let manyTexts: [(path: String, text: String)] = (0..<700).map { number in
    (
      "\(number % 5 == 0 ? "test" : "train")/\(number % 2 == 0 ? "pos" : "neg")/\(number)_1.txt",
      (0..<50).map { "w\(number * $0 * 7919 % 503)" }.joined(separator: " ")
    )
  }

  private func expectTheSame(_ texts: LabeledTexts, _ expected: LabeledTexts) {
    #expect(texts.training == expected.training && texts.test == expected.test)
    #expect(texts.vocabulary == expected.vocabulary)
  }

  @Test(arguments: [2, 3, 8]) func anyNumberOfThreadsReadsTheSameTree(threads: Int) throws {
    let path = try data.zip(Self.manyTexts)
    expectTheSame(
      try data.load(path, size: 300, threads: threads), try data.load(path, size: 300, threads: 1))
  }

  @Test(arguments: [2, 3, 8]) func anyNumberOfThreadsReadsTheSameTable(threads: Int) throws {
    let rows = Self.manyTexts.map { path, text in
      "\(String(repeating: text + " ", count: 20)),\(path.contains("pos"))\n"
    }
    let path = try data.folder.write("text,label\n" + rows.joined(), to: "a.csv")
    expectTheSame(
      try data.load(path, size: 300, threads: threads), try data.load(path, size: 300, threads: 1))
  }

  @Test func progressRisesFrom0To1() throws {
    var told: [Double] = []
    _ = try LabeledTexts.load(path: data.zip(Self.manyTexts), vocabularySize: 9, threads: 2) { told.append($0) }
    #expect(!told.isEmpty && told.allSatisfy((0...1).contains) && told == told.sorted())
  }

  // MARK: Options

  @Test func tagsAreRemovedIfAskedFor() throws {
    let texts = try data.load(data.zip(TextData.reviews), .with { $0.stripsHTML = true })
    #expect(!texts.vocabulary.contains("br"))
    #expect(texts.coding.stripsHTML)
  }

  @Test(arguments: [(nil, "été"), (.unicode, "été"), (.ascii, "ÉtÉ")] as [(TextCoding.Lowercasing?, String)])
  func lettersBecomeLowercaseAsAskedFor(lowercasing: TextCoding.Lowercasing?, word: String) throws {
    let texts = try data.load(
      data.zip(TextData.reviews + [("train/pos/99_9.txt", "ÉTÉ")]), .with { $0.lowercasing = lowercasing })
    #expect(texts.vocabulary.contains(word))
    #expect(texts.coding.lowercasing == lowercasing ?? .unicode)
  }

  @Test func aVocabularySizeBelow0IsRefused() {
    refuses(.invalidArgument("vocabularySize"), "vocabularySize: expected at least 0, found -1") {
      try data.load(table: "text,label\nx,a\ny,b\n", size: -1)
    }
  }

  // MARK: White space

  /// Two texts of three words each, between which there is white space of some kind.
  private static func texts(_ space: String) -> [String] {
    ["good\(space)old\(space)film", "bad\(space)new\(space)film\(space)"]
  }

  private static let words: Set = ["good", "old", "film", "bad", "new"]

  private func expectWords(_ texts: LabeledTexts) {
    #expect(Set(texts.vocabulary[4..<9]) == Self.words && texts.vocabulary[9] == "<9>")
    #expect(texts.training.sequences.lists.map(\.count) == [4, 4])
  }

  @Test(arguments: TextCoderTests.spaces) func allWhiteSpaceSeparatesTheWordsOfAFile(space: String) throws {
    let texts = Self.texts(space)
    expectWords(try data.load(data.zip([("neg/1.txt", texts[0]), ("pos/1.txt", texts[1])]), .training))
  }

  @Test(arguments: TextCoderTests.spaces) func allWhiteSpaceSeparatesTheWordsOfACell(space: String) throws {
    let texts = Self.texts(space)
    expectWords(try data.load(table: "text,label\n\"\(texts[0])\",a\n\"\(texts[1])\",b\n", .training))
  }

  @Test(arguments: TextCoderTests.spaces) func allWhiteSpaceSeparatesTheWordsOfAJSONString(space: String) throws {
    let rows = try Self.texts(space).enumerated().map { label, text in
      String(decoding: try JSONEncoder().encode(["text": text, "label": "\(label)"]), as: UTF8.self)
    }
    expectWords(try data.load(table: rows.joined(separator: "\n"), .training, name: "a.jsonl"))
  }

  /// As old Mac programs end them, and what writing in text mode on Windows makes of `\r\n`.
  @Test(arguments: ["\r", "\r\r\n"]) func rowsMayEndInOtherWays(end: String) throws {
    let texts = try data.load(table: ["text,label", "\"a, b\",x", "c,y", ""].joined(separator: end), .training)
    #expect(texts.contents[0] == ["0 <start> a b", "1 <start> c"])
  }

  /// A run that was begun when Keras's white space was the only one has to find the same texts.
  @Test func aSourceOfBeforeKeepsKerassWhiteSpace() throws {
    let path = try data.folder.write("text,label\n\"a\r\nb\",x\nc,y\nd,y\n", to: "a.csv")
    var source = try JSONDecoder().decode(
      DataSource.self,
      from: Data(#"{"path":"","text":{"encoding":"utf8","stripsHTML":false,"testSplit":0},"fingerprint":""}"#.utf8))
    source.path = path
    let before = try source.load(vocabularySize: 20, maxLength: 9, labelCount: 2, threads: 1)
    #expect(before.coding.whiteSpace == .keras && before.vocabulary?[4] == "a\r")
    let stored = try JSONDecoder().decode(DataSource.self, from: JSONEncoder().encode(DataSource(path: path)))
    let now = try stored.load(vocabularySize: 20, maxLength: 9, labelCount: 2, threads: 1)
    #expect(now.coding.whiteSpace == .unicode)
  }

  // MARK: Terms

  private static let terms = LabeledTexts.Terms(
    vocabulary: ["", "", "", "", "bad", "film"], coding: nil, labels: nil)

  @Test func textsAreCodedByTheVocabularyOfTheTerms() throws {
    let texts = try data.load(data.zip(TextData.reviews), terms: Self.terms)
    #expect(Set(texts.training.sequences.lists) == [[1, 2, 2, 5], [1, 2, 2, 5, 2], [1, 4, 5], [1, 2, 4]])
    #expect(texts.vocabulary == Self.terms.vocabulary)
  }

  /// As Keras's word index was made.
  @Test func withTermsOnlyASCIIBecomesLowercase() throws {
    #expect(try data.load(data.zip(TextData.reviews), terms: Self.terms).coding.lowercasing == .ascii)
  }

  @Test func theCodingOfTheTermsComesBeforeTheOptions() throws {
    var terms = Self.terms
    var coding = TextCoding()
    coding.lowercasing = .unicode
    terms.coding = coding
    let texts = try data.load(data.zip(TextData.reviews), .with { $0.stripsHTML = true }, terms: terms)
    #expect(texts.coding == coding)
  }

  // MARK: The real archive

  struct RealGolden: Decodable {
    let words: Int
    let vocabularyCRC32: UInt32
    let tokenCRC32: [String: [UInt32]]
  }

  /// Keras's Tokenizer on the same texts in the same order (Scripts/golden/imdb_tokenizer.py).
  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped)) func theRealArchiveIsKerass() throws {
    let golden = try JSONDecoder().decode(
      RealGolden.self, from: Data(contentsOf: URL(fileURLWithPath: Golden.path("imdb_tokenizer.json"))))
    for (size, expected) in golden.tokenCRC32 {
      let texts = try data.load(KerasIMDBTests.dataPath("aclImdb.zip"), size: try #require(Int(size)))
      for (part, expected) in zip([texts.training, texts.test], expected) {
        var bytes: [UInt8] = []
        for index in 0..<part.count {
          let tokens = part.sequences[index]
          bytes += ([Int32(tokens.count), Int32(part.labels[index])] + tokens).withUnsafeBytes(Array.init)
        }
        #expect(crc32(bytes) == expected, "\(size)")
      }
      guard texts.vocabulary.count > golden.words + 4 else { continue }
      #expect(texts.vocabulary[golden.words + 4] == "<\(golden.words + 4)>")
      #expect(crc32(texts.vocabulary[4..<golden.words + 4].joined(separator: "\n").utf8) == golden.vocabularyCRC32)
    }
  }

  /// 693 of its reviews hold U+0085 or U+00A0 inside words, where Keras's Tokenizer leaves them.
  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped)) func theRealArchiveHasItsOwnWhiteSpace() throws {
    #expect(try data.load(KerasIMDBTests.dataPath("aclImdb.zip")).coding.whiteSpace == .imdb)
  }

  /// By Keras's word index the reviews are, number for number, those of its imdb.npz, in another order; with Unicode's
  /// lowercase 17 differ.
  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped), arguments: TextCoding.Lowercasing.allCases)
  func theRealArchiveHasKerassNumbers(_ lowercasing: TextCoding.Lowercasing) throws {
    let size = 88_584 + 4
    let index = try WordIndex(contentsOf: KerasIMDBTests.dataPath("imdb_word_index.json"))
    let texts = try data.load(
      KerasIMDBTests.dataPath("aclImdb.zip"), .with { $0.lowercasing = lowercasing }, size: size,
      terms: .init(vocabulary: index.vocabulary(size: size), coding: nil, labels: nil))
    let keras = try KerasIMDB.loadData(path: KerasIMDBTests.dataPath("imdb.npz"), options: .init(numWords: size)).train
    func counted(_ part: LabeledSequences) -> [[Int32]: Int] {
      (0..<part.count).reduce(into: [:]) { $0[part.sequences[$1] + [Int32(part.labels[$1])], default: 0] += 1 }
    }
    let (ours, theirs) = (counted(texts.training), counted(keras))
    let missing = theirs.reduce(0) { $0 + max(0, $1.value - ours[$1.key, default: 0]) }
    #expect(texts.training.count == 25_000 && missing == (lowercasing == .ascii ? 0 : 17))
  }
}
