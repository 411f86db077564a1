import Corpus
import Fixtures
import Foundation
import Testing

/// Texts without labels.
@Suite struct TextFilesTests {
  private let data: TextData

  init() throws { data = try TextData() }

  private func texts(_ path: String, _ options: TextOptions = TextOptions()) throws -> [String] {
    var texts: [String] = []
    try TextFiles.forEachBatch(path: path, options) { texts += $0 }
    return texts
  }

  @Test(arguments: [
    ("a.csv", "text\na\n\"b\nc\"\n"), ("a.tsv", "id\ttext\n1\ta\n2\t\"b\nc\"\n"),
    ("a.jsonl", "{\"text\": \"a\"}\n\n{\"text\": \"b\\nc\"}\n"),
  ]) func theRowsOfATableAreTexts(name: String, table: String) throws {
    #expect(try texts(data.folder.write(table, to: name)) == ["a", "b\nc"])
  }

  @Test func theFilesOfATreeAreTextsInTheOrderOfTheirNames() throws {
    #expect(try texts(data.zip([("b.txt", "2"), ("a/c.txt", "\u{FEFF}1"), ("b.md", "x")])) == ["1", "2"])
  }

  @Test func whereThereAreTablesOtherFilesAreIgnored() throws {
    #expect(
      try texts(data.zip([("b.csv", "text\n2\n"), ("a.jsonl", "{\"text\": \"1\"}"), ("c.txt", "x")])) == ["1", "2"])
  }

  @Test func moreThanAThousandFilesAreReadInBatches() throws {
    let path = try data.zip((1000..<3500).map { ("\($0).txt", "\($0)") })
    var counts: [Int] = []
    try TextFiles.forEachBatch(path: path, TextOptions()) { counts.append($0.count) }
    #expect(counts == [1000, 1000, 500])
  }

  @Test func aLineOfJSONHasAText() throws {
    let path = try data.folder.write("{\"text\": \"a\"}\n{\"text\": 7}\n{\"text\": []}\n", to: "a.jsonl")
    refuses(.malformedTable, "a.jsonl: line 3: expected a text as “text”, found none") { try texts(path) }
  }

  /// Each: a file by itself whose suffix says nothing, and whether it is a table.
  @Test(arguments: [
    ("{\"text\": \"a\"}\n", true), ("[{\"text\": \"a\"}]", true), ("__label__a b\n", true), ("sep=;\na;b\n", true),
    ("id\ttext\n1\ta\n", true), ("so good\t1\nso bad\t0\nbetter\t1\n", true),
    ("text\n", false), ("{\n", false), ("[sic] a text\n", false), ("a, b\nc, b\n", false), ("a\tb\nc\n", false),
    ("", false),
  ])
  func theContentTellsTablesFromLines(content: String, isTable: Bool) throws {
    #expect(try TextFiles.areMoreThanLines(at: data.folder.write(content, to: "a.txt")) == isTable)
  }

  @Test func aColumnThatIsAskedForMakesATable() throws {
    let path = try data.folder.write("a,b\nc,d\n", to: "a.txt")
    let options = TextOptions.with { $0.textColumn = "b" }
    #expect(try TextFiles.areMoreThanLines(at: path, options))
    #expect(try texts(path, options) == ["d"])
  }

  @Test(arguments: ["a.json", "a"]) func theObjectsOfAJSONFileAreTexts(name: String) throws {
    #expect(try texts(data.folder.write("{\"text\": \"a\"}\n{\"text\": \"b\"}\n", to: name)) == ["a", "b"])
    #expect(try texts(data.folder.write("[{\"text\": \"a\"}, {\"text\": \"b\"}]", to: name)) == ["a", "b"])
  }

  @Test func linesInUTF16AreTexts() throws {
    let path = try data.folder.write(
      [0xFF, 0xFE] + "a b\r\nc\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, to: "a.txt")
    #expect(try TextFiles.areMoreThanLines(at: path))
    #expect(try texts(path) == ["a b", "c"])
  }

  @Test func filesWithoutAnEndingAreTextsWhereNoneEndsInTXT() throws {
    #expect(try texts(data.zip([("b/2", "2"), ("b/1", "1"), ("c.md", "x")])) == ["1", "2"])
  }

  /// Each: a table's name, and the table, whose third row is at fault.
  @Test(arguments: [
    ("a.csv", "text\na\nb\nc,d\ne\n"), ("a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n{}\n{\"text\": \"e\"}\n"),
  ]) func theTextsBeforeABadRowAreGiven(name: String, table: String) throws {
    let path = try data.folder.write(table, to: name)
    var texts: [String] = []
    refuses(.malformedTable, "line ") { try TextFiles.forEachBatch(path: path, TextOptions()) { texts += $0 } }
    #expect(texts == ["a", "b"])
    texts = []
    let notes = try TextFiles.forEachBatch(path: path, .with { $0.skipsBadRows = true }) { texts += $0 }
    #expect(texts == ["a", "b", "e"])
    #expect(notes.count == 1 && notes[0].hasPrefix("bad rows skipped: 1 (line "))
  }

  /// Each: a table, and the values of each row; its second row is at fault.
  @Test(arguments: [
    (
      "a.csv", "id,text,more\n1,a,\"x\ny\"\n2,b\n3,c,z\n", ["id", "text", "more"],
      [["1", "a", "x\ny"], ["3", "c", "z"]]
    ),
    (
      "a.jsonl", "{\"id\": 1, \"text\": \"a\"}\n{}\n{\"id\": 3, \"text\": \"c\", \"z\": []}\n", ["id", "text"],
      [["1", "a"], ["3", "c"]]
    ),
  ])
  func rowsKeepTheirColumns(name: String, table: String, columns: [String], values: [[String]]) throws {
    let path = try data.folder.write(table, to: name)
    var rows: [TextRow] = []
    let notes = try TextFiles.forEachRows(path: path, TextOptions(), keepsColumns: true, answersBadRows: true) {
      #expect($1 == columns)
      rows += $0
    }
    #expect(notes == [])
    #expect(rows.map(\.text) == ["a", "", "c"] && [rows[0].values, rows[2].values] == values)
    #expect(rows[1].error?.kind == .malformedTable && rows[0].error == nil && rows[2].error == nil)
  }

  @Test func textsOfSeveralColumnsAreJoined() throws {
    let options = TextOptions.with { $0.textColumn = "title, body" }
    for (name, table) in [
      ("a.csv", "body,id,title\nb,1,a\n"), ("a.jsonl", "{\"body\": \"b\", \"title\": \"a\"}\n"),
    ] { #expect(try texts(data.folder.write(table, to: name), options) == ["a\nb"]) }
    let numbered = TextOptions.with { ($0.textColumn, $0.hasHeader) = ("3,1", false) }
    #expect(try texts(data.folder.write("b,1,a\nd,0,c\n", to: "b.csv"), numbered) == ["a\nb", "c\nd"])
    refuses(.missingColumn(.text, columns: ["text", "label"]), "expected a column “title”") {
      try texts(data.folder.write("text,label\na,b\n", to: "c.csv"), .with { $0.textColumn = "text,title" })
    }
  }

  @Test func otherFilesHaveNoTexts() {
    refuses(.noTexts, "a.zip: expected tables (csv, tsv, jsonl, ndjson) or .txt files, found none") {
      try texts(data.zip([("x.bin", "")]))
    }
  }

  @Test func kerassNumbersAreNotTexts() throws {
    let path = try data.folder.write(Zip.imdb().bytes, to: "imdb.npz")
    refuses(.tokensInsteadOfTexts, "imdb.npz: expected texts, found numbers; give texts to predict") {
      try texts(path)
    }
  }

  /// Each: a file by itself, and whether it is more than lines of text.
  @Test(arguments: [("a.csv", true), ("a.NDJSON", true), ("a.txt", false), ("a", false)])
  func theSuffixTellsTablesFromLines(name: String, isTable: Bool) throws {
    #expect(try TextFiles.areMoreThanLines(at: data.folder.write("text\nx\n", to: name)) == isTable)
  }

  @Test func archivesAndFoldersAreMoreThanLines() throws {
    #expect(try TextFiles.areMoreThanLines(at: data.zip([("a.txt", "")])))
    #expect(try TextFiles.areMoreThanLines(at: data.folder.path))
  }

  @Test func aPipeOrDeviceGivesLines() throws { #expect(try !TextFiles.areMoreThanLines(at: "/dev/null")) }
}
