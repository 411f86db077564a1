import Corpus
import Fixtures
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
      ("text,b,c\nx,y,z\n", .label, ["text", "b", "c"], "expected a column of labels, called sentiment, label, "),
      (
        "{\"words\": \"a\", \"label\": 1, \"id\": 2}\n", .text, ["id", "label", "words"],
        "found the columns “id”, “label”, “words”; name the"
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

  /// Each: a table of two columns, one of which has a usual name.
  @Test(arguments: [
    ("text,kind\nx,a\ny,b\n", "a.csv"), ("label,words\na,x\nb,y\n", "a.csv"),
    ("{\"words\": \"x\", \"label\": \"a\"}\n{\"words\": \"y\", \"label\": \"b\"}\n", "a.jsonl"),
  ]) func theOtherOneOfTwoColumnsNeedsNoName(table: String, name: String) throws {
    #expect(try data.load(table: table, .training, name: name).contents[0] == ["0 <start> x", "1 <start> y"])
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
    #expect(
      texts.notes.contains { $0.hasPrefix("the first row is read as a text, not as a header, since its label, “") })
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
    refuses(CorpusError.Kind.tooLarge, "a.csv: expected words of at most 33554432 bytes in all") {
      try data.load(table: "text,label\n\(word),a\n\(word),b\nx,a\nx,b\n", .training)
    }
  }

  @Test(arguments: ["b,", "b,  "]) func eachRecordHasALabel(record: String) {
    refuses(.malformedTable, "a.csv: line 3: expected a label, found none") {
      try data.load(table: "text,label\na,x\n\(record)\n")
    }
  }

  /// Each: JSON Lines, and what is said of them.
  @Test(arguments: [
    (
      "{\"text\": \n",
      "line 2: expected a JSON object, found something else (byte 9: expected a value); each line must be one"
    ),
    (
      "{\"text\": \"a\tb\", \"label\": 0}\n", "line 2: expected a JSON object, found something else (byte 11: a control"
    ),
    (
      "{\"text\": \"a\", \"label\": 0, \"x\": -01}\n",
      "line 2: expected a JSON object, found something else (byte 33: expected"
    ),
    (
      "{\"text\": \"a\", \"label\": 0,}\n",
      "line 2: expected a JSON object, found something else (byte 25: expected a name"
    ),
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

  /// Each: the bytes with which another format begins, and its name.
  @Test(
    arguments: [
      (latin1("PAR1\u{15}"), "a Parquet file"), (latin1("SQLite format 3\u{0}"), "an SQLite database"),
      (latin1("%PDF-1.7\n"), "a PDF file"), (latin1("\u{80}\u{4}\u{95}"), "a pickle of Python"),
      ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an Excel or Word file"),
      (latin1("BZh9"), "compressed with bzip2"), (latin1("\u{FD}7zXZ\u{0}"), "compressed with xz"),
      ([UInt8](repeating: 0x61, count: 257) + latin1("ustar\u{0}00"), "a tar archive"),
    ] as [([UInt8], String)]
  )
  func otherFormatsAreRecognized(start: [UInt8], name: String) throws {
    let path = try data.folder.write(start + latin1("text,label\nx,a\ny,b\n"), to: "b.csv")
    refuses(.unsupportedFormat, "b.csv: line 1: expected text, found ", name) { try data.load(path) }
    refuses(.unsupportedFormat, name) { try TextFiles.areMoreThanLines(at: data.folder.write(start, to: "b")) }
  }

  /// Each: a name that an archive of some program has, and what that is.
  @Test(arguments: [("xl/workbook.xml", "an Excel workbook"), ("word/document.xml", "a Word document")])
  func documentsInArchivesAreRecognized(name: String, found: String) {
    refuses(.unsupportedFormat, "b.xlsx: line 1: expected text, found \(found)") {
      try data.load(data.zip([(name, "<x/>")], name: "b.xlsx"))
    }
  }

  // MARK: UTF-16

  private func utf16(_ text: String, isBigEndian: Bool, hasMark: Bool) -> [UInt8] {
    ((hasMark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit in
      isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 0xFF)] : [UInt8(unit & 0xFF), UInt8(unit >> 8)]
    }
  }

  @Test(arguments: [false, true], [false, true]) func tablesMayBeUTF16(isBigEndian: Bool, hasMark: Bool) throws {
    let table = utf16("label\ttext\r\nx\té 😀\r\ny\tb\r\n", isBigEndian: isBigEndian, hasMark: hasMark)
    let texts = try data.load(data.folder.write(table, to: "a.tsv"), .training)
    #expect(texts.contents[0] == ["0 <start> é 😀", "1 <start> b"])
  }

  @Test(arguments: [false, true]) func filesOfTextMayBeUTF16(hasMark: Bool) throws {
    let path = try data.zip(
      .init("neg/1", utf16("a film", isBigEndian: false, hasMark: hasMark)), .init("pos/1", latin1("so good")))
    #expect(try data.load(path, .training).contents[0] == ["0 <start> a film", "1 <start> so good"])
  }

  @Test func aHalfOfASurrogatePairInUTF16BecomesAReplacement() throws {
    let table =
      utf16("text,label\nx", isBigEndian: true, hasMark: true) + [0xD8, 0x3D]
      + utf16(",a\ny,b\n", isBigEndian: true, hasMark: false)
    #expect(try data.load(data.folder.write(table, to: "a.csv"), .training).vocabulary.contains("x\u{FFFD}"))
  }

  @Test func latin1WithZerosIsNotTakenForUTF16() throws {
    let path = try data.folder.write(latin1("text,label\n\u{E9},a\ny,b\n"), to: "a.csv")
    #expect(try data.load(path, .with { ($0.encoding, $0.testSplit) = (.latin1, 0) }).vocabulary.contains("é"))
  }

  @Test func bytesThatAreNoUTF8BecomeReplacementsIfThatIsAskedFor() throws {
    let path = try data.folder.write(latin1("text,label\n\u{E9}t\u{E9} x,a\ny,b\n"), to: "a.csv")
    let texts = try data.load(path, .with { ($0.encoding, $0.testSplit) = (.utf8Lossy, 0) })
    #expect(texts.contents[0] == ["0 <start> \u{FFFD}t\u{FFFD} x", "1 <start> y"])
  }

  @Test func severalColumnsOfLabelsAreRefusedByName() {
    refuses(
      .invalidArgument("labelColumn"), "expected one column of labels, found “toxic”, “insult”; train a model for each"
    ) {
      try data.load(table: "text,toxic,insult\na,0,1\nb,1,0\n", .with { $0.labelColumn = "toxic, insult" })
    }
  }

  // MARK: Gzip

  /// `printf 'text,label\na b,x\nc,y\n' | gzip -9n`, and the same with a name and a comment in the header.
  private static let gzip: [UInt8] = [
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x49, 0xAD, 0x28, 0xD1, 0xC9, 0x49, 0x4C, 0x4A,
    0xCD, 0xE1, 0x4A, 0x54, 0x48, 0xD2, 0xA9, 0xE0, 0x4A, 0xD6, 0xA9, 0xE4, 0x02, 0x00, 0x27, 0xE7, 0xBE, 0x2E, 0x15,
    0x00, 0x00, 0x00,
  ]

  @Test func tablesMayBeCompressedWithGzip() throws {
    let texts = try data.load(data.folder.write(Self.gzip, to: "a.csv.gz"), .training)
    #expect(texts.contents[0] == ["0 <start> a b", "1 <start> c"])
  }

  @Test func aHeaderOfGzipMayHoldANameAndAComment() throws {
    var bytes = Self.gzip
    bytes[3] = 8 | 16
    bytes.insert(contentsOf: latin1("a.csv\u{0}made by hand\u{0}"), at: 10)
    #expect(try data.load(data.folder.write(bytes, to: "b.gz"), .training).training.count == 2)
  }

  @Test func damagedGzipIsRefused() {
    var bytes = Self.gzip
    bytes[bytes.count - 8] ^= 1
    refuses(.damaged, "a.csv.gz: a.csv: the data does not match its checksum") {
      try data.load(data.folder.write(bytes, to: "a.csv.gz"))
    }
    refuses(.damaged, "a.csv.gz: expected a gzip file, found a header that is cut off") {
      try data.load(data.folder.write(Array(bytes.prefix(15)), to: "a.csv.gz"))
    }
  }

  // MARK: JSON

  @Test func anArrayOfObjectsIsATable() throws {
    let json = "\n[ {\"text\": \"a ] } \\\" b\",\n \"label\": 1},\n\n{\"label\": 0, \"text\": \"c\", \"x\": [{}]}\n]\n"
    #expect(try data.load(table: json, .training, name: "a.json").contents[0] == ["0 <start> c", "1 <start> a b"])
  }

  /// Each: a broken array, and what is said of it.
  @Test(arguments: [
    ("[{\"text\": \"a\", \"label\": 1}\n{}]", "line 2: expected a JSON object"),
    ("[{\"text\": \"a\", \"label\": 1},\n]", "line 2: expected a JSON object"),
    ("[{\"text\": \"a\", \"label\": 1}", "expected the end of the JSON array, ], found the end of the file"),
    ("[{\"text\": \"a\", \"label\": 1},\n{\"text\": \"b\"", "line 2: expected the end of the JSON object"),
    ("[{\"text\": \"a\", \"label\": 1}] x", "expected the end of the file behind the JSON array"),
    ("[1]", "line 1: expected a JSON object"),
    ("[{\"text\": \"a\", \"label\": 1},\n\n{\"text\": \"b\"}]", "line 3: expected a value of “label”, found none"),
  ]) func brokenArraysAreRefused(json: String, message: String) {
    refuses(.malformedTable, "a.json: ", message) { try data.load(table: json, name: "a.json") }
  }

  @Test func anEmptyArrayHasNoTexts() {
    refuses(.noTexts, "found an empty JSON array") { try data.load(table: "[]", name: "a.json") }
  }

  /// Each: a table by columns, as pandas writes it and as lists.
  @Test(arguments: [
    #"{"text":{"0":"b","10":"\ud83d c","2":"a"},"label":{"0":1,"10":1,"2":0}}"#,
    #"{ "label": [1, 0, 1], "text": ["b", "a", "\ud83d c"]}"# + "\n",
  ]) func anObjectOfColumnsIsATable(json: String) throws {
    let contents = ["0 <start> a", "1 <start> b", "1 <start> \u{FFFD} c"]
    #expect(try data.load(table: json, .training, name: "a.json").contents[0] == contents)
    let path = try data.folder.write(utf16(json, isBigEndian: false, hasMark: true), to: "b.json")
    #expect(try data.load(path, .training).contents[0] == contents)
    var rows: [String] = []
    try TextFiles.forEachBatch(path: path, TextOptions()) { rows += $0 }
    #expect(rows == ["b", "a", "\u{FFFD} c"])
  }

  @Test func columnsOfUnequalLengthLackValues() {
    refuses(.malformedTable, "a.json: line 2: expected a value of “label”, found none") {
      try data.load(table: #"{"text": ["a", "b"], "label": [1]}"#, name: "a.json")
    }
  }

  @Test func linesWhoseFirstValueIsAnObjectAreNoColumns() throws {
    let lines = #"{"id": {"n": 1}, "text": "a", "label": 0}"# + "\n" + #"{"id": [2], "text": "b", "label": 1}"#
    #expect(try data.load(table: lines, .training, name: "a.jsonl").contents[0] == ["0 <start> a", "1 <start> b"])
  }

  @Test func aHalfOfASurrogatePairBecomesAReplacement() throws {
    let lines = #"{"text": "a\ud83d b", "label": 1}"# + "\n" + #"{"text": "\ud83d\ude00 \\ud83d \udc00", "label": 0}"#
    let texts = try data.load(table: lines, .training, name: "a.jsonl")
    #expect(texts.contents[0] == ["0 <start> 😀 ud83d \u{FFFD}", "1 <start> a\u{FFFD} b"])
    #expect(texts.notes.contains("unpaired surrogates replaced by U+FFFD: 2"))
  }

  // MARK: Bad rows

  private static let skipping = TextOptions.with { ($0.skipsBadRows, $0.testSplit) = (true, 0) }

  @Test func badRowsMayBeLeftOut() throws {
    let texts = try data.load(table: "text,label\na,x\nb\nc,y,z\nd,\n\"e\"f,x\ng,y\n", Self.skipping)
    #expect(texts.contents[0] == ["0 <start> a", "1 <start> g"])
    #expect(
      texts.notes.contains {
        $0.hasPrefix("bad rows skipped: 4 (line 3: expected 2 fields as in the first line, found 1; line 4: ")
      })
  }

  @Test func badObjectsMayBeLeftOut() throws {
    let lines = (0..<20).map { "{\"text\": \"a\", \"label\": \($0 % 2)}\n{\"text\": \"b\"}\n" }.joined()
    let texts = try data.load(table: lines, Self.skipping, name: "a.jsonl")
    #expect(texts.training.count == 20)
    #expect(
      texts.notes.contains { $0.hasPrefix("bad rows skipped: 20 (line 2: ") && $0.hasSuffix("; and 15 more)") })
  }

  @Test func rowsOfAnotherEncodingMayBeLeftOut() throws {
    let path = try data.folder.write(latin1("text,label\na,x\n\u{E9},x\nb,y\n"), to: "a.csv")
    #expect(try data.load(path, Self.skipping).contents[0] == ["0 <start> a", "1 <start> b"])
  }

  /// Nobody knows where the next row begins.
  @Test func aQuoteThatIsNotClosedIsNoBadRow() {
    refuses(.malformedTable, "line 2: expected a closing quote") {
      try data.load(table: "text,label\n\"a,x\nb,y\n", Self.skipping)
    }
  }
}
