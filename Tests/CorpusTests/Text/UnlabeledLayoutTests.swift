import Corpus
import Fixtures
import Testing

/// Where texts are that are learned from without labels.
@Suite struct UnlabeledLayoutTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Layouts

  /// Each: texts in their files, and the words of those that are read, in their order.
  @Test(
    arguments: [
      // The folder of texts without labels alone, in the order of their numbers.
      (
        ["train/unsup/10_0.txt", "train/unsup/2_0.txt", "train/pos/0_9.txt", "train/urls_unsup.txt", "test/neg/1.txt"],
        ["trainunsup 2 0 txt", "trainunsup 10 0 txt"]
      ),
      // Any folders.
      (["b/1.txt", "a/c/2.txt", "3.txt", "a/readme.md"], ["3 txt", "ac 2 txt", "b 1 txt"]),
      // Whatever has labels, but for what is tested on and for what belongs to no label.
      (
        ["x/train/pos/1.txt", "x/train/neg/2.txt", "x/test/pos/3.txt", "x/train/urls_pos.txt"],
        ["xtrainneg 2 txt", "xtrainpos 1 txt"]
      ),
      (["test/1.txt", "news-test/2.txt", "latest/3.txt"], ["latest 3 txt"]),
      // Names without an ending, if none has one that says that it is a text.
      (["a/1", "a/2.gif"], ["a 1"]),
    ] as [([String], [String])])
  func filesAreTextsWhateverTheirFolder(paths: [String], expected: [String]) throws {
    let files = paths.map { ($0, $0.replacingOccurrences(of: "/", with: "").spaced) }
    for path in [try data.zip(files), try data.folder.writeTree(files, to: "tree\(paths.count)\(paths[0].count)")] {
      let expected = expected.map { "<start> " + $0 }
      #expect(try data.words(data.dataset(data.labeled(), beside: path, size: 99)) == expected)
    }
  }

  /// Each: a table, and its name.
  @Test(arguments: [
    ("text\na b\n\"c, d\"\n", "a.csv"), ("id,text,more\n1,a b,x\n2,c d,y\n", "a.csv"),
    ("label,words\nx,a b\n,c d\n", "a.csv"), ("{\"text\": \"a b\"}\n{\"text\": \"c d\", \"label\": 7}\n", "a.jsonl"),
    ("[{\"text\": \"a b\"}, {\"text\": \"c d\"}]", "a.json"), ("text\tx\na b\t1\nc d\t2\n", "a.tsv"),
    ("__label__x a b\n__label__y c d\n", "a.txt"), ("a b\r\n\r\n ! \r\nc d", "a.txt"), ("a b\nc d\n", "a"),
  ])
  func tablesAndLinesNeedNoLabels(content: String, name: String) throws {
    let path = try data.folder.write(content, to: name)
    #expect(try data.words(data.dataset(data.labeled(), beside: path)) == ["<start> a b", "<start> c d"])
  }

  /// Each: a file beside a table whose column of texts has a name that is not usual.
  @Test(arguments: ["a b\nc d\n", "a b\nc, d\n", "body,x\na b,1\n\"c, d\",2\n", "text,x\na b,1\n\"c, d\",2\n"])
  func linesMayLieBesideATableWithNamedColumns(content: String) throws {
    let table = try data.folder.write("body,label\na a a b,x\nc d,y\n", to: "labeled.csv")
    let path = try data.folder.write(content, to: "others.txt")
    func read() throws -> [String] {
      try data.words(data.dataset(table, beside: path) { $0.text!.textColumn = "body" })
    }
    if content.hasPrefix("text") {
      refuses(.missingColumn(.text, columns: ["text", "x"]), "others.txt: line 1: expected a column “body”") {
        try read()
      }
    } else {
      #expect(try read() == ["<start> a b", "<start> c d"])
    }
  }

  @Test func aTestTableIsNotLearntFrom() throws {
    let path = try data.zip([("train.csv", "text\na b\n"), ("test.csv", "text\nb\n"), ("more.csv", "text\nc d\n")])
    let texts = try data.dataset(data.labeled(), beside: path)
    #expect(try data.words(texts) == ["<start> c d", "<start> a b"])
    #expect(texts.notes.contains("a test part is not learned from: 1 files, such as “test.csv”"))
    #expect(texts.notes.contains("2 texts without labels are those of \(path)"))
  }

  @Test(arguments: ["ustar.tar.gz", "gnu.tar.gz", "pax.tar.gz"]) func archivesMayBeCompressed(name: String) throws {
    let texts = try data.dataset(data.labeled(), beside: Golden.path(name))
    #expect(texts.unlabeled?.lists.isEmpty == false)
  }

  /// `printf 'a b\nc d\n' | gzip -9n`
  private static let gzip: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 84, 72, 226, 74, 86, 72, 225, 2, 0, 144, 169, 200, 73, 8, 0, 0, 0,
  ]

  @Test(arguments: ["a.txt.gz", "a.gz"]) func linesMayBeCompressed(name: String) throws {
    #expect(
      try data.words(data.dataset(data.labeled(), beside: data.folder.write(Self.gzip, to: name))) == [
        "<start> a b", "<start> c d",
      ])
  }

  @Test func anArchiveMayHoldBoth() throws {
    let path = try data.zip(TextData.reviews + [("train/unsup/1_0.txt", "so fine a film")])
    let texts = try data.dataset(path, beside: path)
    #expect(try data.words(texts) == ["<start> so fine a film"])
    #expect(!texts.notes.contains { $0.contains("skipped") })
    #expect((texts.training.count, texts.test.count) == (4, 2))
  }

  @Test func textsWithoutLabelsArePointedAt() throws {
    let path = try data.zip(TextData.reviews + [("train/unsup/1_0.txt", "so fine a film")])
    let note = "1 texts in unsup have no label and are skipped"
    #expect(try data.dataset(path, beside: nil).notes.contains(note + Dataset.hintOfUnlabeled))
    #expect(try data.dataset(path, beside: try data.labeled()).notes.contains(note))
    #expect(try data.dataset(path, beside: nil).unlabeled == nil)
  }

  // MARK: Refusals

  @Test func numbersHaveNoTextsBesideThem() throws {
    let numbers = try data.folder.write(Zip.imdb().bytes, to: "imdb.npz")
    refuses(.tokensInsteadOfTexts, "imdb.npz: expected texts, to read others beside them, found numbers") {
      try data.dataset(numbers, beside: data.labeled()) { $0.text = nil }
    }
    refuses(.tokensInsteadOfTexts, "imdb.npz: expected texts, found numbers; give the texts") {
      try data.dataset(data.labeled(), beside: numbers)
    }
    refuses(.tokensInsteadOfTexts, "imdb.npz: expected texts, found numbers; give the texts") {
      try data.dataset(numbers, beside: nil) { $0.isUnlabeled = true }
    }
  }

  @Test func nothingToLearnFromIsRefused() throws {
    for (files, kind, message) in [
      ([("a.gif", "")], .noTexts, "expected tables (csv, tsv, jsonl, ndjson) or .txt files, found none"),
      ([("test/1.txt", "a")], .emptyPart, "expected texts to learn from, found only those of a test part; give other"),
      ([("test.csv", "text\na\n")], .emptyPart, "expected texts to learn from, found only those of a test part"),
      ([("1.txt", " ?! ")], .emptyPart, "expected texts to learn from, found none with a word in it"),
    ] as [([(path: String, text: String)], CorpusError.Kind, String)] {
      let path = try data.zip(files, name: "b.zip")
      refuses(kind, "b.zip: \(message)") { try data.dataset(data.labeled(), beside: path) }
    }
    refuses(.emptyPart, "test.csv: expected texts to learn from, found only those of a test part") {
      try data.dataset(data.labeled(), beside: data.folder.write("text\na\n", to: "test.csv"))
    }
    let both = try data.zip([("train.csv", TextData.table), ("test.csv", "text,label\nz,x\n")])
    refuses(.emptyPart, "b.csv: expected texts to learn from, found only texts that are tested on") {
      try data.dataset(both, beside: data.folder.write("text\nz\n", to: "b.csv"))
    }
    refuses(.notFound, "nowhere: no such file") { try data.dataset(data.labeled(), beside: "nowhere") }
  }
}

extension String {
  /// With spaces around each number, and without punctuation.
  fileprivate var spaced: String {
    replacing(/[0-9]+/) { " \($0.output) " }.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "." }
  }
}
