import Corpus
import Testing

/// The columns and rows of tables.
@Suite struct TextTableTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Columns

  @Test func columnsMayBeNamed() throws {
    let options = TextOptions.with { ($0.textColumn, $0.labelColumn, $0.testSplit) = ("Words", "kind", 0) }
    let texts = try data.load(table: "kind, words \nx,a\ny,b\n", options)
    #expect(texts.contents[0] == ["0 <start> a", "1 <start> b"])
  }

  /// Each: a table, the column it lacks, those that it has, and what is said of it.
  @Test(
    arguments: [
      ("a,b\nx,y\n", .text, ["a", "b"], "expected a column of texts, called review, text, "),
      ("text,b\nx,y\n", .label, ["text", "b"], "expected a column of labels, called sentiment, label, "),
      (
        "{\"words\": \"a\", \"label\": 1}\n", .text, ["label", "words"], "found the columns “label”, “words”; name the"
      ),
    ] as [(String, CorpusError.Column, [String], String)])
  func aColumnWithAUsualNameIsNeeded(
    table: String, column: CorpusError.Column, columns: [String], message: String
  ) {
    refuses(
      .missingColumn(column, columns: columns), "a.csv: line 1: ", message,
      "name the column that holds the \(column)s"
    ) {
      try data.load(table: table)
    }
  }

  @Test func aNamedColumnIsNeeded() {
    refuses(
      .missingColumn(.text, columns: ["a", "label"]),
      "line 1: expected a column “Words”, found the columns “a”, “label”"
    ) {
      try data.load(table: "a,label\n", .with { $0.textColumn = "Words" })
    }
  }

  @Test func ofManyColumnsTwentyAreNamed() {
    let names = (0..<30).map { "c\($0)" }
    refuses(.missingColumn(.text, columns: names), "“c19” and 10 more") {
      try data.load(table: names.joined(separator: ",") + "\n")
    }
  }

  @Test func twoColumnsOfOneNameAreRefused() {
    refuses(.ambiguousColumn("text"), "line 1: expected one column “text”, found several; rename the others") {
      try data.load(table: "text,text,label\nx,y,z\n")
    }
  }

  @Test func textAndLabelAreTwoColumns() {
    refuses(
      .invalidArgument("labelColumn"),
      "line 1: one column for text and label, “words”; name another text or label column"
    ) {
      try data.load(table: "kind,words\n", .with { ($0.textColumn, $0.labelColumn) = ("Words", "words") })
    }
  }

  // MARK: Rows

  @Test func textsMayBeOfAnySize() throws {
    let long = String(repeating: "word ", count: 2 << 20)
    let texts = try data.load(
      table: "text,label\n,a\n\u{0}\u{0},b\n\(long),a\n\"\(long)\",b\n!!!,b\n", .training)
    #expect(texts.training.sequences.lists.map(\.count).sorted() == [1, 1, 2, (2 << 20) + 1, (2 << 20) + 1])
    #expect(texts.vocabulary[4...5] == ["word", "\u{0}\u{0}"])
  }

  /// A model file has to hold the vocabulary.
  @Test func wordsHaveAtMost32MiBInAll() {
    let word = String(repeating: "x", count: 33 << 20)
    refuses(.tooLarge, "a.csv: expected words of at most 33554432 bytes in all") {
      try data.load(table: "text,label\n\(word),a\n\(word),b\nx,a\nx,b\n")
    }
  }

  @Test(arguments: ["b,", "b,  "]) func eachRecordHasALabel(record: String) {
    refuses(.malformedTable, "a.csv: line 3: expected a label, found none") {
      try data.load(table: "text,label\na,x\n\(record)\n")
    }
  }

  /// Each: JSON Lines, and what is said of them.
  @Test(arguments: [
    ("{\"text\": \n", "line 2: expected a JSON object, found something else; each line must be one"),
    ("\n[1]\n", "line 3: expected a JSON object, found something else"),
    ("{\"text\": \"b\"}\n", "line 2: expected a value of “label”, found none"),
    ("{\"text\": {}, \"label\": 0}\n", "line 2: expected a text as “text”, found another value"),
    ("{\"text\": \"a\", \"label\": null}\n", "line 2: expected a text as “label”, found another value"),
    ("{\"text\": \"a\", \"label\": \"\"}\n", "line 2: expected a label, found none"),
  ]) func eachLineOfJSONHasATextAndALabel(lines: String, message: String) {
    refuses(.malformedTable, "a.csv: ", message) {
      try data.load(table: "{\"text\": \"a\", \"label\": 1}\n" + lines)
    }
  }

  // MARK: Other files

  @Test func anEmptyFileIsNotATable() {
    refuses(.noTexts, "a.csv: expected a table of texts and labels, found an empty file") { try data.load(table: "") }
  }

  @Test func aJSONArrayIsNotATable() {
    refuses(.unsupportedFormat, "line 1: expected JSON Lines, an object a line, found a JSON array") {
      try data.load(table: "[{\"text\": 1}]\n")
    }
  }

  /// Each: the bytes with which another format begins, and its name.
  @Test(
    arguments: [([0xff, 0xfe], "UTF-16"), ([0xfe, 0xff], "UTF-16"), ([0x1f, 0x8b, 0x08], "gzip")] as [([UInt8], String)]
  )
  func otherFormatsAreRecognized(mark: [UInt8], name: String) throws {
    let path = try data.folder.write(mark + latin1("text,label\n"), to: "b.csv")
    refuses(.unsupportedFormat, "b.csv: line 1: ", name) { try data.load(path) }
  }
}
