import Corpus
import Fixtures
import Foundation
import Testing

/// Texts without labels that are learned from beside labeled ones.
@Suite struct UnlabeledTextsTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Words

  @Test func theirWordsCountToo() throws {
    let path = try data.folder.write("text\n\"z z z z e c, d\"\nd a\n", to: "b.csv")
    let texts = try data.dataset(data.labeled(), beside: path, size: 10)
    // Of equal counts, those of the labeled texts come first.
    #expect(texts.vocabulary?[4...] == ["a", "z", "d", "c", "b", "e"])
    #expect(try data.words(texts) == ["<start> z z z z e c d", "<start> d a"])
    #expect(
      try data.dataset(data.labeled(), beside: nil, size: 10).vocabulary?[4...] == ["a", "b", "c", "d", "<8>", "<9>"])
  }

  @Test func theyAreNeitherCutNorLimited() throws {
    let path = try data.folder.write("text\na a b\nb\nc\n", to: "b.csv")
    let texts = try data.dataset(data.labeled(), beside: path, maxLength: 2) { $0.limit = 1 }
    #expect(try data.words(texts) == ["<start> a a b", "<start> b", "<start> c"])
    #expect(texts.training.count == 1 && texts.training.sequences.tokens.count == 2)
  }

  @Test func givenTermsCodeThem() throws {
    let path = try data.folder.write("text\nz B É\n", to: "b.csv")
    let terms = LabeledTexts.Terms(vocabulary: ["", "", "", "", "b", "z"], coding: nil, labels: nil)
    for kept in [[], KeptTexts.words] {
      let texts = try data.dataset(data.labeled(), beside: path, keeping: kept) { $0.terms = terms }
      #expect(texts.unlabeled?.lists == [[1, 5, 4, 2]])
      #expect(texts.vocabulary == terms.vocabulary)
    }
    var coding = TextCoding()
    (coding.hasStartToken, coding.skipsUnknownWords) = (false, true)
    let texts = try data.dataset(data.labeled(), beside: path) {
      $0.terms = .init(vocabulary: terms.vocabulary, coding: coding, labels: nil)
    }
    #expect(texts.unlabeled?.lists == [[5, 4]])
  }

  @Test func optionsAreThoseOfTheLabeledTexts() throws {
    let path = try data.folder.write("words,more\nx,A<br>b!\n", to: "b.csv")
    let texts = try data.dataset(data.folder.write("more,label\nc,x\nd,y\n", to: "a.csv"), beside: path) {
      $0.text = .with { ($0.textColumn, $0.stripsHTML, $0.tokens, $0.testSplit) = ("more", true, .words, 0) }
    }
    #expect(try data.words(texts) == ["<start> a b !"])
  }

  @Test func keptWordsAreThoseOfLabeledTexts() throws {
    let path = try data.folder.write("text\nz z z a\n", to: "b.csv")
    for threads in [1, 3] {
      let texts = try data.dataset(data.labeled(), beside: path, threads: threads, keeping: .words)
      let without = try data.dataset(data.labeled(), beside: nil, threads: threads, keeping: .words)
      #expect(texts.training.texts?.words.count == 4)
      #expect(texts.training.texts?.words.all.sorted() == without.training.texts?.words.all.sorted())
      #expect(texts.vocabulary?[4...5] == ["a", "z"])
      #expect(try data.words(texts) == ["<start> z z z a"])
    }
  }

  // MARK: Threads

  @Test(arguments: [2, 5], [true, false]) func anyNumberOfThreadsReadsTheSame(threads: Int, isTree: Bool) throws {
    let rows = TextData.manyTexts.map { String(repeating: $0.text + " ", count: 20) + "\n" }
    let path =
      try isTree ? data.zip(TextData.manyTexts) : data.folder.write("text\n" + rows.joined(), to: "many.csv")
    let expected = try data.dataset(data.labeled(), beside: path, size: 300, threads: 1)
    let texts = try data.dataset(data.labeled(), beside: path, size: 300, threads: threads)
    #expect(texts.unlabeled == expected.unlabeled && texts.training == expected.training)
    #expect(texts.vocabulary == expected.vocabulary && texts.unlabeled?.count == 700)
  }

  @Test func progressRisesFrom0To1() throws {
    var told: [Double] = []
    var source = DataSource(path: try data.zip(TextData.manyTexts), text: .with { $0.labelNames = ["0", "1", "2"] })
    source.unlabeledPath = source.path
    _ = try source.load(vocabularySize: 9, maxLength: 9, labelCount: 3, threads: 2) { told.append($0) }
    #expect(told.contains { $0 > 0.5 } && told.allSatisfy((0...1).contains) && told == told.sorted())
  }

  // MARK: Test texts

  @Test func textsThatAreTestedOnAreLeftOut() throws {
    let path = try data.zip([("train.csv", TextData.table), ("test.csv", "text,label\nz z,x\nd,y\n")])
    let other = try data.folder.write("text\nz z\na\n\" d \"\nz\n", to: "b.csv")
    let texts = try data.dataset(path, beside: other)
    #expect(try data.words(texts) == ["<start> a", "<start> z"])
    #expect(texts.notes.contains("2 texts are not learned from, as they are also texts of the test part"))
    // Nor do their words count.
    #expect(texts.vocabulary?[4...8] == ["a", "b", "c", "d", "z"])
  }

  @Test func textsThatAreSetApartAreLeftOut() throws {
    let path = try data.folder.write(
      "text,label\n" + (0..<20).map { "w\($0),\($0 % 2)\n" }.joined(), to: "a.csv")
    let texts = try data.dataset(path, beside: path) { $0.text = nil }
    #expect((texts.training.count, texts.test.count, texts.unlabeled?.count) == (16, 4, 16))
    #expect(texts.vocabulary?.count { $0.hasPrefix("w") } == 16)
  }

  /// Each: data to test on, and the texts that are left.
  @Test(
    arguments: [
      ([("test.csv", "text,label\nz z,x\n"), ("train.csv", "text,label\nz,y\n")], ["<start> z", "<start> e"]),
      ([("all.csv", "label,words\nx,z\ny,z z\n")], ["<start> e"]),
      ([("x/1.txt", "z"), ("y/2.txt", "e\n")], ["<start> z z"]),
    ] as [([(path: String, text: String)], [String])])
  func otherTextsThatAreTestedOnAreLeftOut(files: [(path: String, text: String)], expected: [String]) throws {
    let test = try data.zip(files.map { ($0.path, $0.text) }, name: "test.zip")
    let other = try data.folder.write("text\nz z\nz\ne\n", to: "b.csv")
    let texts = try data.dataset(data.labeled(), beside: other) { $0.testPath = test }
    #expect(try data.words(texts) == expected)
  }

  // MARK: Storing

  @Test func theSourceStoresWhereTheyAre() throws {
    var source = DataSource(path: "a")
    let before = String(decoding: try JSONEncoder().encode(source), as: UTF8.self)
    #expect(!before.contains("nlabeled"))
    (source.unlabeledPath, source.isUnlabeled) = ("b", true)
    #expect(try JSONDecoder().decode(DataSource.self, from: JSONEncoder().encode(source)) == source)
  }

  @Test func theFingerprintTellsThemApart() throws {
    let texts = try data.dataset(data.labeled(), beside: data.labeled())
    func fingerprint(_ unlabeled: TokenSequences?) -> String {
      Dataset.fingerprint(training: texts.training, validation: texts.test, unlabeled: unlabeled)
    }
    let other = TokenSequences([[1]])
    #expect(Set([fingerprint(nil), fingerprint(texts.unlabeled), fingerprint(other)]).count == 3)
  }
}

extension WordTable {
  /// The words.
  fileprivate var all: [String] { (0..<count).map { self[$0] } }
}
