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

  @Test func columnsMayBeNumbered() throws {
    let options = TextOptions.with { ($0.textColumn, $0.labelColumn, $0.testSplit) = ("3", "1", 0) }
    let texts = try data.load(table: "kind,text,words\nx,q,a\ny,q,b\n", options)
    #expect(texts.contents[0] == ["0 <start> a", "1 <start> b"])
  }

  @Test func aNameComesBeforeANumber() throws {
    let options = TextOptions.with { ($0.textColumn, $0.labelColumn, $0.testSplit) = ("2", "1", 0) }
    let texts = try data.load(
      table: "2,1\na,x\nb,y\n",
      .with {
        $0 = options; $0.hasHeader = true
      })
    #expect(texts.contents[0] == ["0 <start> a", "1 <start> b"])
  }

  // MARK: No header

  /// Each: rows without a header, in the shapes of well-known data sets.
  @Test(arguments: [
    "a good film\t1\nsuch a bad film\t0\nso good\t1\nso bad\t0\n",
    "\"1\",\"a good film\"\n\"0\",\"such a bad film\"\n\"1\",\"so good\"\n\"0\",\"so bad\"\n",
    "1,7,Mon,none,ann,a good film\n0,8,Mon,none,bob,such a bad film\n1,9,Mon,none,cyd,so good\n0,6,Mon,none,dan,so bad\n",
    "good|a good film\nbad|such a bad film\ngood|so good\nbad|so bad\n",
    "1;a good film\n0;such, a bad, film\n1;so good\n0;so, bad\n",
  ])
  func aFirstRowThatIsNoHeaderIsAText(table: String) throws {
    let texts = try data.load(table: table, .training)
    let expected = ["0 <start> so bad", "0 <start> such a bad film", "1 <start> a good film", "1 <start> so good"]
    #expect(texts.contents[0] == expected)
    #expect(texts.notes.contains { $0.hasPrefix("the first row is read as a text, since its label, “") })
  }

  @Test func aHeaderCanBeDenied() throws {
    let texts = try data.load(
      table: "text,label\nlong text,kind\n", .with { ($0.hasHeader, $0.testSplit) = (false, 0) })
    #expect(texts.contents[0] == ["0 <start> long text", "1 <start> text"])
    #expect(texts.notes.contains("texts are taken from the column “1”, labels from “2”"))
  }

  @Test func aHeaderCanBeSaidToBeThere() throws {
    let options = TextOptions.with { ($0.textColumn, $0.labelColumn, $0.hasHeader, $0.testSplit) = ("1", "2", true, 0) }
    let texts = try data.load(table: "a,x\nb,x\nc,y\n", options)
    #expect(texts.training.count == 2)
  }

  /// As pandas writes a table whose columns have no names.
  @Test func numbersOfColumnsAreAHeader() throws {
    let texts = try data.load(table: "0,1\na good film,1\nbad,0\n", .training)
    #expect(texts.contents[0] == ["0 <start> bad", "1 <start> a good film"])
  }

  // MARK: Other tables

  /// As Excel writes it.
  @Test func aFirstLineMayNameTheDelimiter() throws {
    let texts = try data.load(table: "sep=;\r\ntext;label\r\na, b;x\r\nc;y\r\n", .training)
    #expect(texts.contents[0] == ["0 <start> a b", "1 <start> c"])
  }

  @Test func theDelimiterIsTheOneThatMakesTheNames() throws {
    let texts = try data.load(table: "text|label\na, b|x\nc;d|y\n", .training)
    #expect(texts.contents[0] == ["0 <start> a b", "1 <start> c d"])
  }

  @Test func aLineOfSpacesIsNoRow() throws {
    let texts = try data.load(table: "text,label\n \na,x\n  \r\nb,y\n \n", .training)
    #expect(texts.training.count == 2)
  }

  @Test func linesOfFastTextAreTextsWithLabels() throws {
    let texts = try data.load(
      table: "__label__good a film, so good\n\n__label__bad\tso bad\r\n", .training, name: "a.txt")
    #expect(texts.labels == ["bad", "good"])
    #expect(texts.contents[0] == ["0 <start> so bad", "1 <start> a film so good"])
  }

  /// Each: a line of fastText, and what is said of it.
  @Test(arguments: [
    ("so bad", "found none"), ("__label__a __label__b so bad", "found 2"), ("__label__ x", "a label, found none"),
  ])
  func aLineOfFastTextHasOneLabel(line: String, found: String) {
    refuses(.malformedTable, "a.csv: line 2: expected ", found) {
      try data.load(table: "__label__a x\n\(line)\n")
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
