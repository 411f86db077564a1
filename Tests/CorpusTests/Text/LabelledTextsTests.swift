import Corpus
import Foundation
import Testing

/// Texts in all the shapes that they come in.
@Suite struct LabelledTextsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Some reviews in reading order, in both parts.
  static let reviews: [(path: String, text: String)] = [
    ("train/pos/2_9.txt", "Good, good film"), ("train/pos/10_8.txt", "a fine film<br />"),
    ("train/neg/1_1.txt", "bad Film"), ("train/neg/3_2.txt", "so bad"),
    ("test/pos/0_9.txt", "fine"), ("test/neg/7_1.txt", "never a film so bad"),
  ]

  private func write(_ entries: [(String, String)], to name: String) throws -> String {
    try folder.write([UInt8](ZipWriter.archive(entries.map { ($0, Data($1.utf8)) }, isDeflated: true)), to: name)
  }

  private func writeTree(_ entries: [(String, String)], to name: String) throws -> String {
    let root = folder.path + "/" + name
    for (path, text) in entries {
      let url = URL(fileURLWithPath: root + "/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return root
  }

  private func load(
    _ path: String, _ options: TextOptions = TextOptions(), size: Int = 12, terms: LabelledTexts.Terms? = nil,
    threads: Int = 2
  ) throws -> LabelledTexts {
    try LabelledTexts.load(path: path, options: options, vocabularySize: size, terms: terms, threads: threads)
  }

  /// Both parts' texts in words with their labels, sorted.
  private func contents(_ texts: LabelledTexts) -> [[String]] {
    [texts.training, texts.test].map { part in
      (0..<part.count).map { index in
        "\(part.labels[index]) " + part.sequences[index].map { texts.vocabulary[Int($0)] }.joined(separator: " ")
      }.sorted()
    }
  }

  private let expected = [
    ["0 <start> bad film", "0 <start> so bad", "1 <start> a fine film br", "1 <start> good good film"],
    ["0 <start> <oov> a film so bad", "1 <start> fine"],
  ]
  private let vocabulary = ["<pad>", "<start>", "<oov>", "<3>", "film", "good", "bad", "a", "fine", "br", "so", "<11>"]

  // MARK: Shapes

  @Test(arguments: ["", "aclImdb/", "some/where/", "../", "/"]) func treesInZips(prefix: String) throws {
    // In an order that says nothing, among files that are no reviews.
    var entries = Self.reviews.map { (prefix + $0.path, $0.text) }.reversed() as [(String, String)]
    entries += [
      (prefix + "README", "x"), (prefix + "train/urls_pos.txt", "x"), (prefix + "train/labeledBow.feat", "x"),
      (prefix + "train/unsup/1_0.txt", "x"), ("__MACOSX/" + prefix + "train/pos/._2_9.txt", "\u{0}x"),
      (prefix + "train/pos/.hidden.txt", "x"),
    ]
    let texts = try load(write(entries, to: "a.zip"))
    #expect(contents(texts) == expected)
    #expect(texts.vocabulary == vocabulary)
    #expect(texts.labels == ["negative", "positive"])
    #expect(texts.hasTestPart)
    #expect(texts.coding.lowercasing == .unicode)
    #expect(texts.notes.contains("1 texts in unsup have no label, and are left out"))
    #expect(FileManager.default.fileExists(atPath: folder.path + "/../train") == false)
  }

  @Test func treesInFolders() throws {
    let root = try writeTree(Self.reviews + [("train/unsup/1_0.txt", "x"), ("README.txt", "x")], to: "tree")
    // A circle, a link that leads nowhere, and a pipe that nobody writes to.
    try FileManager.default.createSymbolicLink(atPath: root + "/train/pos/loop", withDestinationPath: root)
    try FileManager.default.createSymbolicLink(atPath: root + "/train/pos/9_9.txt", withDestinationPath: "/nowhere")
    #expect(mkfifo(root + "/train/neg/9_9.txt", 0o600) == 0)
    let texts = try load(root)
    #expect(contents(texts) == expected)
    #expect(texts.vocabulary == vocabulary)
  }

  private func csv(_ rows: [(String, String)], end: String = "\r\n") -> String {
    rows.map { text, label in "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\",\(label)" + end }.joined()
  }

  private var rows: [(String, String)] {
    Self.reviews.map { ($0.text, $0.path.contains("pos") ? "positive" : "negative") }
  }

  /// Each: what the files of the parts are called, what they hold.
  private func tables() -> [(suffix: String, header: String, row: (String, String) -> String)] {
    [
      ("csv", "review,sentiment\r\n", { self.csv([($0, $1)]) }),
      ("CSV", "\u{FEFF}id,Sentiment , review\n", { "7,\($1),\"\($0)\"\n" }),
      ("tsv", "label\ttext\textra\r\n", { "\($1)\t\($0)\t\r\n" }),
      ("csv", "text;class\n\n", { "\"\($0)\";\($1)\n\r\n" }),
      ("jsonl", "", { "{\"text\": \"\($0)\", \"id\": [1, {}], \"label\": \"\($1)\"}\n" }),
    ]
  }

  @Test func tablesInPairs() throws {
    for (suffix, header, row) in tables() {
      let parts = [rows.prefix(4), rows.suffix(2)].map { header + $0.map(row).joined() }
      for (name, extra) in [("", []), ("deep/", [("deep/readme.md", "x")])] as [(String, [(String, String)])] {
        let entries = [("\(name)Test.\(suffix)", parts[1]), ("\(name)train.\(suffix)", parts[0])] + extra
        for path in [try write(entries, to: "a.zip"), try writeTree(entries, to: "tree-\(suffix)")] {
          let texts = try load(path)
          #expect(contents(texts) == expected, "\(suffix)")
          #expect(texts.vocabulary == vocabulary, "\(suffix)")
          #expect(texts.labels == ["negative", "positive"])
          #expect(texts.hasTestPart)
        }
        try FileManager.default.removeItem(atPath: folder.path + "/tree-\(suffix)")
      }
    }
  }

  /// A table of 60 reviews, twice as many good ones.
  private func longTable() -> String {
    "review,sentiment\r\n"
      + csv((0..<60).map { ("word\($0 % 7) \"w\($0)\",\r\n x", $0 % 3 == 0 ? "negative" : "positive") })
  }

  @Test func aTableIsSplit() throws {
    let table = longTable()
    let plain = try folder.write(Array(table.utf8), to: "IMDB Dataset.csv")
    let named = try folder.write(Array(table.utf8), to: "whatever")
    let zip = try write([("IMDB Dataset.csv", table)], to: "archive.zip")
    let inner = try write([("data", table)], to: "other.zip")
    let texts = try load(plain, size: 30)
    #expect(!texts.hasTestPart)
    #expect((texts.training.count, texts.test.count) == (48, 12))
    for (part, positives) in [(texts.training, 32), (texts.test, 8)] {
      #expect(part.labels.reduce(0) { $0 + Int($1) } == positives)
    }
    #expect(texts.notes.contains { $0.contains("12 of 60 texts are set apart") })
    for other in [named, zip, inner] {
      let same = try load(other, size: 30)
      #expect(same.training == texts.training && same.test == texts.test && same.vocabulary == texts.vocabulary)
    }
    var options = TextOptions()
    options.testSplit = 0.5
    #expect(try load(plain, options).test.count == 30)
    options.testSplit = 0
    #expect(try load(plain, options).test.count == 0)
    #expect(try load(plain, options).training.count == 60)
    options.testSplit = 0.0001
    #expect(try load(plain, options).test.count == 2)
    for share in [1, -0.1, .nan] {
      options.testSplit = share
      expectError("testSplit: expected a share") { try load(plain, options) }
    }
  }

  @Test func foldersWithoutParts() throws {
    let entries = (0..<10).flatMap { [("ham/\($0).txt", "hello \($0)"), ("spam/m\($0).TXT", "buy \($0)")] }
    let texts = try load(write(entries + [("readme.txt", "x")], to: "a.zip"))
    #expect(texts.labels == ["ham", "spam"])
    #expect((texts.training.count, texts.test.count) == (16, 4))
    #expect(try load(writeTree(entries + [("readme.txt", "x")], to: "tree")).training == texts.training)
  }

  /// However many threads there are, and in however many batches.
  @Test func threadsDoNotMatter() throws {
    let many = (0..<700).map { number in
      (
        "\(number % 5 == 0 ? "test" : "train")/\(number % 2 == 0 ? "pos" : "neg")/\(number)_1.txt",
        (0..<50).map { "w\(number * $0 * 7919 % 503)" }.joined(separator: " ")
      )
    }
    let table =
      "text,label\n" + many.map { "\(String(repeating: $0.1 + " ", count: 20)),\($0.0.contains("pos"))\n" }.joined()
    for path in [try write(many, to: "a.zip"), try folder.write(Array(table.utf8), to: "a.csv")] {
      let one = try load(path, size: 300, threads: 1)
      for threads in [2, 3, 8] {
        let other = try load(path, size: 300, threads: threads)
        #expect(other.training == one.training && other.test == one.test && other.vocabulary == one.vocabulary)
      }
    }
  }

  @Test func progressIsTold() throws {
    var told: [Double] = []
    _ = try LabelledTexts.load(
      path: write(Self.reviews, to: "a.zip"), vocabularySize: 9, threads: 2, progress: { told.append($0) })
    #expect(!told.isEmpty && told.allSatisfy((0...1).contains) && told == told.sorted())
  }

  // MARK: Options

  @Test func tagsAndCase() throws {
    var options = TextOptions()
    options.stripsHTML = true
    options.lowercasing = .ascii
    let texts = try load(write(Self.reviews + [("train/pos/99_9.txt", "<p>ÉTÉ</p>")], to: "a.zip"), options, size: 30)
    #expect(texts.vocabulary.contains("ÉtÉ") && !texts.vocabulary.contains("br"))
    #expect(texts.coding.stripsHTML && texts.coding.lowercasing == .ascii)
  }

  @Test func termsOfAModel() throws {
    let path = try write(Self.reviews, to: "a.zip")
    var terms = LabelledTexts.Terms(vocabulary: ["", "", "", "", "bad", "film"], coding: nil, labels: nil)
    let texts = try load(path, terms: terms)
    #expect(Set(texts.training.sequences.lists) == [[1, 2, 2, 5], [1, 2, 2, 5, 2], [1, 4, 5], [1, 2, 4]])
    #expect(texts.vocabulary == terms.vocabulary)
    #expect(texts.coding.lowercasing == .ascii)
    // A model's labels, and data that have but one of them.
    terms.labels = ["negative", "positive"]
    let one = try folder.write(Array("text,label\nx,positive\ny,Positive\n".utf8), to: "two.csv")
    expectError("labels that differ in more than case") { try load(one, terms: terms) }
    let positive = try folder.write(Array("text,label\nx,positive\ny,positive\n".utf8), to: "one.csv")
    #expect(try load(positive, terms: terms).training.labels == [1])
    let numbers = try folder.write(Array("text,label\nx,1\ny,1\nz,0\n".utf8), to: "numbers.csv")
    expectError("expected the model's labels, “negative” and “positive”, found “1” (2), “0” (1); say with --positive") {
      try load(numbers, terms: terms)
    }
    var options = TextOptions()
    options.positiveLabel = "1"
    options.testSplit = 0
    let renamed = try load(numbers, options, terms: terms)
    #expect(renamed.labels == ["negative", "positive"] && renamed.training.labels.reduce(0, +) == 2)
  }

  /// Each: the two labels, the one that is asked for, the one that is 1.
  @Test(
    arguments: [
      ("positive", "negative", nil, "positive"), ("pos", "neg", nil, "pos"), ("1", "0", nil, "1"), ("2", "1", nil, "2"),
      ("4", "0", nil, "4"), ("1", "-1", nil, "1"), ("true", "False", nil, "true"), ("Yes", "no", nil, "Yes"),
      ("ham", "spam", nil, "spam"), ("a", "b", nil, "b"), ("ham", "zoo", nil, "zoo"), ("no", "maybe", nil, "maybe"),
      (" b", " a ", nil, "b"), ("a", "b", "A ", "a"), ("positive", "negative", "negative", "negative"),
      ("10", "9", nil, "10"),
    ] as [(String, String, String?, String)])
  func whichLabelIsOne(first: String, second: String, asked: String?, one: String) throws {
    for labels in [[first, second], [second, first]] {
      let table = "text,label\nx,\(labels[0])\ny,\(labels[1])\nz,\(labels[0])\n"
      var options = TextOptions()
      options.positiveLabel = asked
      options.testSplit = 0
      let texts = try load(folder.write(Array(table.utf8), to: "a.csv"), options)
      #expect(texts.labels[1] == one)
      let isFirst = labels[0].trimmingCharacters(in: .whitespaces) == one
      #expect(texts.training.labels.reduce(0, +) == (isFirst ? 2 : 1))
      #expect(texts.notes.last == "label 1 is “\(one)”, label 0 “\(texts.labels[0])”")
    }
  }

  /// Each: names in the table's order, and the labels' names by number.
  @Test(
    arguments: [
      (["b", "c", "a"], ["a", "b", "c"]), (["10", "9", "-1"], ["-1", "9", "10"]),
      (["10", "9", "nan"], ["10", "9", "nan"]), ([" b", "c ", "a"], ["b", "a", "c"]),
    ] as [([String], [String])])
  func moreThanTwoLabelsAreNumberedInOrder(names: [String], expected: [String]) throws {
    let table = "text,label\n" + (0..<30).map { "w\($0 % 3),\(names[$0 % 3])\n" }.joined()
    let texts = try LabelledTexts.load(
      path: folder.write(Array(table.utf8), to: "a.csv"), vocabularySize: 20, labelCount: 3, threads: 2)
    #expect(texts.labels == expected)
    #expect(texts.notes.last == "label 0 is “\(expected[0])”, then “\(expected[1])”, “\(expected[2])”")
    // A fifth of each is set apart.
    for (label, name) in expected.enumerated() {
      let place = names.firstIndex { $0.trimmingCharacters(in: .whitespaces) == name }!
      for (part, count) in [(texts.training, 8), (texts.test, 2)] {
        let own = zip(part.labels, part.sequences.lists).filter { $0.0 == UInt8(label) }
        #expect(own.count == count)
        #expect(own.allSatisfy { texts.vocabulary[Int($0.1.last!)] == "w\(place)" })
      }
    }
  }

  @Test func moreThanTwoLabelsAreThoseThatWereAskedFor() throws {
    let table = Array("text,label\nx,a\ny,b\nz,c\n".utf8)
    func load(_ count: Int, _ options: TextOptions = TextOptions(), known: [String]? = nil) throws -> LabelledTexts {
      let terms = known.map { LabelledTexts.Terms(vocabulary: (0..<20).map(String.init), coding: nil, labels: $0) }
      var options = options
      options.testSplit = 0
      return try LabelledTexts.load(
        path: folder.write(table, to: "a.csv"), options: options, vocabularySize: 20, labelCount: count, terms: terms,
        threads: 1)
    }
    expectError("expected 4 labels, found “a” (1), “b” (1), “c” (1); train with --label-count 3") { try load(4) }
    for count in [1, 257] { expectError("labelCount: expected from 2 to 256, found \(count)") { try load(count) } }
    var options = TextOptions()
    options.positiveLabel = "a"
    expectError("expected two labels, of which “a” is label 1", "leave --positive-label out") { try load(3, options) }
    // A model's labels, of which not all need be met.
    #expect(try load(4, known: ["c", "d", "a", "b"]).training.labels.sorted() == [0, 2, 3])
    expectError("expected the model's labels, “a”, “b”, “d”, found “a” (1)", "leave out the others") {
      try load(3, known: ["a", "b", "d"])
    }
  }

  @Test func labelsOfJSON() throws {
    for (one, zero) in [("1", "0"), ("true", "false"), ("1.5", "-2"), ("\"b\"", "\"a\"")] {
      let lines = "{\"label\": \(one), \"text\": \"a\"}\n{\"label\":\(zero),\"text\":\"b\"}\n"
      var options = TextOptions()
      options.testSplit = 0
      let texts = try load(folder.write(Array(lines.utf8), to: "a.jsonl"), options)
      #expect(
        Set(zip(texts.training.labels, texts.training.sequences.lists).map { "\($0) \($1)" }) == [
          "1 [1, 4]", "0 [1, 5]",
        ])
    }
  }

  @Test func encodings() throws {
    let latin: [UInt8] = latin1("text,label\ncaf\u{e9} \u{80}5,a\n\u{c9}T\u{c9},b\n")
    let path = try folder.write(latin, to: "a.csv")
    var options = TextOptions()
    options.testSplit = 0
    expectError("a.csv: line 2: expected UTF-8, found byte 0xE9 where it can't stand; convert it, or say --encoding") {
      try load(path, options)
    }
    options.encoding = .latin1
    #expect(
      try load(path, options).vocabulary.prefix(7) == ["<pad>", "<start>", "<oov>", "<3>", "café", "\u{80}5", "été"])
    options.encoding = .windows1252
    #expect(try load(path, options).vocabulary[5] == "€5")
    let tree = try folder.write(
      Zip(.init("pos/1.txt", latin1("a\n\nb\u{e9}")), .init("neg/1.txt", latin1("\u{e9}"))).bytes, to: "a.zip")
    #expect(try load(tree, options).vocabulary.contains("bé"))
    options.encoding = .utf8
    expectError("a.zip: pos/1.txt: line 3: expected UTF-8, found byte 0xE9") { try load(tree, options, threads: 1) }
    expectError("a.zip: pos/1.txt: line 3: expected UTF-8, found byte 0xE9") { try load(tree, options, threads: 4) }
    for (mark, what) in [(latin1("\u{ff}\u{fe}"), "UTF-16"), (latin1("\u{1f}\u{8b}\u{8}"), "gzip")] {
      expectError("b.csv: line 1: ", what) { try load(folder.write(mark + latin, to: "b.csv"), options) }
    }
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
      let texts = try load(KerasIMDBTests.dataPath("aclImdb.zip"), size: try #require(Int(size)))
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

  /// By Keras's word index the reviews are, number for number, those of its imdb.npz, in another order; with Unicode's
  /// lower case 17 differ.
  @Test(.enabled(if: KerasIMDBTests.hasData, KerasIMDBTests.skipped), arguments: TextCoding.Lowercasing.allCases)
  func theRealArchiveIsKerassNumbers(_ lowercasing: TextCoding.Lowercasing) throws {
    let size = 88_584 + 4
    let index = try WordIndex(contentsOf: KerasIMDBTests.dataPath("imdb_word_index.json"))
    var options = TextOptions()
    options.lowercasing = lowercasing
    let texts = try load(
      KerasIMDBTests.dataPath("aclImdb.zip"), options, size: size,
      terms: .init(vocabulary: index.vocabulary(size: size), coding: nil, labels: nil))
    let keras = try KerasIMDB.loadData(path: KerasIMDBTests.dataPath("imdb.npz"), options: .init(numWords: size)).train
    func counted(_ part: LabelledSequences) -> [[Int32]: Int] {
      (0..<part.count).reduce(into: [:]) { $0[part.sequences[$1] + [Int32(part.labels[$1])], default: 0] += 1 }
    }
    let (ours, theirs) = (counted(texts.training), counted(keras))
    let missing = theirs.reduce(0) { $0 + max(0, $1.value - ours[$1.key, default: 0]) }
    #expect(texts.training.count == 25_000 && missing == (lowercasing == .ascii ? 0 : 17))
  }
}
