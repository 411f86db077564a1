import CLibZip
import Corpus
import Foundation
import Testing

/// Texts that can't be read, or only just.
@Suite struct BadTextsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ path: String, _ options: TextOptions = TextOptions(), threads: Int = 2) throws -> LabelledTexts {
    try LabelledTexts.load(path: path, options: options, vocabularySize: 20, threads: threads)
  }

  private func load(csv text: String, _ options: TextOptions = TextOptions(), name: String = "a.csv") throws
    -> LabelledTexts
  {
    try load(folder.write(Array(text.utf8), to: name), options)
  }

  // MARK: Tables

  /// Each: a table, the parts of the message.
  @Test(arguments: [
    ("", ["a.csv: expected a table of texts and labels, found an empty file"]),
    ("text,label\n", ["a.csv: expected two labels, found none"]),
    ("text,label\na,x\n\"b,y\nc,x\n", ["line 3: expected a closing quote, found 8 bytes without one"]),
    ("text,label\na,x\n\"b\"c,y\n", ["line 3: expected a delimiter or the end of the line behind a closing quote"]),
    ("text,label\na,x\nb\"c,y\n", ["line 3: a quote in a field that isn't quoted; put the field in quotes"]),
    ("text,label\na\rb,x\n", ["line 2: a carriage return in a field that isn't quoted"]),
    ("text,label\n\"a\nb\",x\nc,y,z\n", ["line 4: expected 2 fields as in the first line, found 3"]),
    ("text,label\na,x\nb\n", ["line 3: expected 2 fields as in the first line, found 1"]),
    ("text,label\na,x\nb,\n", ["line 3: expected a label, found none"]),
    ("text,label\na,x\nb,  \n", ["line 3: expected a label, found none"]),
    ("text,label\na,x\nb,x\n", ["expected two labels, found “x” (2); add texts of another"]),
    (
      "text,label\na,x\nb,y\nc,z\nd,z\n",
      ["expected two labels, found “z” (2), “x” (1), “y” (1); train with --label-count 3, leave out the others"]
    ),
    (
      "text,label\na,Positive\nb,positive \nc,negative\n",
      [
        "expected labels that differ in more than case and spaces, found “Positive” (1), “negative” (1), “positive ” (1)"
      ]
    ),
    (
      "a,b\nx,y\n",
      [
        "line 1: expected a column of texts, called review, text, ",
        "found the columns “a”, “b”; name it with --text-column",
      ]
    ),
    ("text,b\nx,y\n", ["expected a column of labels, called sentiment, label, ", "--label-column"]),
    ("text,text,label\nx,y,z\n", ["line 1: expected one column “text”, found several"]),
    ("[{\"text\": 1}]\n", ["line 1: expected JSON Lines, an object a line, found a JSON array"]),
    ("{\"text\": \"a\", \"label\": 1}\n{\"text\": \n", ["line 2: expected a JSON object, found something else"]),
    ("{\"text\": \"a\", \"label\": 1}\n\n[1]\n", ["line 3: expected a JSON object, found something else"]),
    ("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\"}\n", ["line 2: expected a value of “label”, found none"]),
    (
      "{\"text\": \"a\", \"label\": 1}\n{\"text\": {}, \"label\": 0}\n",
      ["line 2: expected a text as “text”, found another value"]
    ),
    ("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"a\", \"label\": null}\n", ["line 2: expected a text as “label”"]),
    ("{\"text\": \"a\", \"label\": 1}\n{\"text\": \"a\", \"label\": \"\"}\n", ["line 2: expected a label, found none"]),
    (
      "{\"words\": \"a\", \"label\": 1}\n",
      ["line 1: expected a column of texts", "found the columns “label”, “words”"]
    ),
    ("PK\u{3}\u{4} but no archive", ["a.csv: "]),
  ]) func badTables(table: String, message: [String]) throws {
    let found = CorpusTests.message { try load(csv: table) }
    for part in ["a.csv: "] + message { #expect(found.contains(part), "\(found)") }
  }

  @Test func columnsThatAreNamed() throws {
    var options = TextOptions()
    options.textColumn = "Words"
    options.labelColumn = "kind"
    #expect(try load(csv: "kind, words \nx,a\ny,b\nx,c\n", options).training.count == 2)
    expectError("line 1: expected a column “Words”, found the columns “a”, “b”") { try load(csv: "a,b\n", options) }
    options.labelColumn = "words"
    expectError("one column for text and label") { try load(csv: "kind,words\n", options) }
  }

  @Test func manyLabels() {
    let table = "text,label\n" + (0..<300).map { "x,\($0)\n" }.joined()
    expectError("a.csv: line 258: expected at most 256 labels, found more in the column “label”; name another") {
      try load(csv: table)
    }
    let lines = (0..<300).map { "{\"text\": \"\", \"label\": \($0)}\n" }.joined()
    expectError("expected at most 256 labels, found more in the column “label”") { try load(csv: lines) }
    expectError("“0” (1), “1” (1)", " and 40 more") {
      try load(csv: "text,label\n" + (0..<50).map { "x,\($0)\n" }.joined())
    }
  }

  /// RFC 4180 in full: each a field as it stands, and as it is meant.
  @Test(arguments: [
    ("plain", "plain"), ("\"quoted\"", "quoted"), ("\"a,b\"", "a,b"), ("\"a\r\nb\n\nc\"", "a\r\nb\n\nc"), ("\"\"", ""),
    ("\"\"\"\"", "\""), ("\"a \"\"b\"\" c\"", "a \"b\" c"), ("", ""), (" x ", " x "), ("\"\"\",\"\"\"", "\",\""),
    ("\"\n\"", "\n"), ("é—“”", "é—“”"), ("\"a\u{0}b\"", "a\u{0}b"),
  ]) func fields(field: String, expected: String) throws {
    for end in ["\n", "\r\n", ""] {
      for (table, place) in [("text,label\n\(field),a", 0), ("label,text\na,\(field)", 1)] {
        // A further row, where the first one has an end.
        let rest = end.isEmpty ? "" : "\(end)\(place == 0 ? "\(field),b" : "b,\(field)")\(end)\(end)"
        var options = TextOptions()
        options.testSplit = 0
        let path = try folder.write(Array((table + rest).utf8), to: "a.csv")
        let terms = LabelledTexts.Terms(vocabulary: [], coding: nil, labels: ["a", "b"])
        let texts = try LabelledTexts.load(path: path, options: options, vocabularySize: 20, terms: terms, threads: 1)
        let words = TextCoder(vocabulary: [], coding: TextCoding()).tokens(of: expected)
        #expect(texts.training.sequences.lists == .init(repeating: words, count: end.isEmpty ? 1 : 2), "\(table)")
      }
    }
  }

  /// Quotes mean nothing inside a field where tabs are the delimiters.
  @Test func quotesAmongTabs() throws {
    let texts = try load(csv: "text\tlabel\nsay \"a\" b\tx\n\"c\td\"\ty\ne\tx\n")
    #expect((texts.training.count, texts.test.count) == (2, 1))
  }

  @Test func textsOfAllSizes() throws {
    let long = String(repeating: "word ", count: 2 << 20)
    let texts = try load(csv: "text,label\n,a\n\u{0}\u{0},b\n\(long),a\n\"\(long)\",b\n!!!,b\n")
    #expect(texts.training.count + texts.test.count == 5)
    #expect(texts.vocabulary.contains("word") && texts.vocabulary.contains("\u{0}\u{0}"))
    let endless = try folder.write([UInt8](repeating: 0x61, count: 65 << 20), to: "endless.csv")
    expectError("endless.csv: byte ", "a line of at most 67108864 bytes") { try load(endless) }
    let line = [UInt8](repeating: 0x61, count: 1023) + [0x0A]
    let open = try folder.write(
      Array("text,label\n\"".utf8) + Array(repeatElement(line, count: 65 << 10).joined()), to: "open.csv")
    expectError("open.csv: line 2: expected a closing quote, found ") { try load(open) }
    // A word that no model file could hold.
    let word = String(repeating: "x", count: 33 << 20)
    expectError("expected words of at most 33554432 bytes in all") {
      try load(csv: "text,label\n\(word),a\n\(word),b\nx,a\nx,b\n")
    }
  }

  @Test func filesThatAreNone() throws {
    expectError("/nowhere.csv: no such file") { try load("/nowhere.csv") }
    expectError("/dev/null: expected a file or a folder, found something else") { try load("/dev/null") }
    let empty = folder.path + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    expectError("empty: expected folders with a .txt file for each text, one table, or two", "found no files") {
      try load(empty)
    }
    expectError("a.zip: expected a zip archive, found something else") {
      try load(folder.write(latin1("text,label\n"), to: "a.zip"))
    }
    let secret = try folder.write(latin1("text,label\n"), to: "secret.csv")
    chmod(secret, 0)
    if access(secret, R_OK) != 0 { expectError("secret.csv: can't be read (Permission denied)") { try load(secret) } }
  }

  // MARK: Archives

  private func zip(_ entries: Zip.Entry..., name: String = "a.zip") throws -> String {
    var zip = Zip()
    zip.entries = entries
    return try folder.write(zip.bytes, to: name)
  }

  @Test func absurdArchives() throws {
    expectError("a.zip: expected folders with a .txt file", "found no files") { try load(zip()) }
    expectError("a.zip: expected folders with a .txt file", "found “x.bin”, “y.bin”") {
      try load(zip(.init("x.bin", []), .init("y.bin", [])))
    }
    expectError("found “a.csv”, “b.csv”") { try load(zip(.init("a.csv", []), .init("b.csv", []))) }
    expectError("a.zip: inner.zip: line 1: expected text, found a zip archive inside the archive") {
      try load(zip(.init("inner.zip", Zip(.init("pos/1.txt", [])).bytes)))
    }
    expectError("a.zip: pos/1.txt: expected one entry of this name, found several") {
      try load(zip(.init("pos/1.txt", []), .init("neg/1.txt", []), .init("pos/1.txt", [])))
    }
    expectError("a.zip: expected two labels, found “positive” (1); add texts of another") {
      try load(zip(.init("pos/1.txt", [])))
    }
    expectError("a.zip: expected two labels, found “a” (1), “b” (1), “c” (1)") {
      try load(zip(.init("a/1.txt", []), .init("b/1.txt", []), .init("c/1.txt", [])))
    }
    expectError("expected labels that differ in more than case and spaces, found “Pos” (1), “pos ” (1)") {
      try load(zip(.init("Pos/1.txt", []), .init("pos /1.txt", [])))
    }
    expectError("expected a folder of texts for each of at most 256 labels, found more folders") {
      var archive = Zip()
      archive.entries = (0..<257).map { .init("\($0)/1.txt", []) }
      return try load(folder.write(archive.bytes, to: "a.zip"))
    }
    expectError("a.zip: expected test texts, found none; add texts, or set none apart with --test-split 0") {
      try load(zip(.init("pos/1.txt", []), .init("neg/1.txt", [])))
    }
    let name = String(repeating: "n", count: 10_000)
    let long = try zip(
      .init("\(name)/pos/\(name).txt", [0x61]), .init("\(name)/neg/1.txt", []), .init("\(name)/neg/2.txt", []))
    #expect(try load(long).training.count == 2)
    var damaged = Zip.Entry("pos/1.txt", [1, 2, 3])
    damaged.crc ^= 1
    expectError("a.zip: pos/1.txt: the data does not match its checksum") {
      try load(zip(damaged, .init("neg/1.txt", [])))
    }
    var encrypted = Zip.Entry("pos/1.txt", [1, 2, 3])
    encrypted.flags = 1
    expectError("a.zip: pos/1.txt: the entry is encrypted; store it without a password") {
      try load(zip(encrypted, .init("neg/1.txt", [])))
    }
    var huge = Zip.Entry("pos/1.txt", [1, 2, 3])
    huge.size = .max - 1
    expectError("a.zip: pos/1.txt: expected at most 67108864 bytes, found 4294967294 declared") {
      try load(zip(huge, .init("neg/1.txt", [])))
    }
  }

  /// 80 MB in 80 kB.
  @Test func zipBombs() throws {
    let zeros = Data(count: 20 << 20)
    let entries = ["pos/1.txt", "pos/2.txt", "neg/1.txt", "neg/2.txt"].map { ($0, zeros) }
    let path = try folder.write([UInt8](ZipWriter.archive(entries, isDeflated: true)), to: "bomb.zip")
    expectError("bomb.zip: expected at most 67108864 bytes in all, a hundred times the archive's size, found more") {
      try load(path)
    }
  }

  @Test func veryManyEntries() throws {
    let entries = (0..<200_000).map { ("t/\($0 % 2 == 0 ? "pos" : "neg")/\($0).txt", Data([0x61])) }
    let path = try folder.write([UInt8](ZipWriter.archive(entries)), to: "many.zip")
    let texts = try load(path)
    #expect((texts.training.count, texts.test.count) == (160_000, 40_000))
    #expect(texts.vocabulary[4] == "a")
  }
}
