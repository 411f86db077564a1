import Corpus
import Fixtures
import Testing

/// Comma-separated values, after RFC 4180.
@Suite struct DelimitedTextTests {
  private let data: TextData

  init() throws { data = try TextData() }

  /// Each: a field as it is written, and what it means.
  @Test(
    arguments: [
      ("plain", "plain"), ("\"quoted\"", "quoted"), ("\"a,b\"", "a,b"), ("\"a\r\nb\n\nc\"", "a\r\nb\n\nc"),
      ("\"\"", ""),
      ("\"\"\"\"", "\""), ("\"a \"\"b\"\" c\"", "a \"b\" c"), ("", ""), (" x ", " x "), ("\"\"\",\"\"\"", "\",\""),
      ("\"\n\"", "\n"), ("é—“”", "é—“”"), ("\"a\u{0}b\"", "a\u{0}b"),
    ], ["\n", "\r\n", ""])
  func fieldsAreReadAsTheStandardSays(field: (written: String, meant: String), end: String) throws {
    let terms = LabeledTexts.Terms(vocabulary: [], coding: nil, labels: ["a", "b"])
    let expected = TextCoder(vocabulary: [], coding: TextCoding()).tokens(of: field.meant)
    for isTextFirst in [true, false] {
      func row(_ label: String) -> String {
        isTextFirst ? "\(field.written),\(label)" : "\(label),\(field.written)"
      }
      // A second row, unless the first has no end, and then a blank line.
      let rows = end.isEmpty ? [row("a")] : [row("a"), row("b"), ""]
      let table = (isTextFirst ? "text,label\n" : "label,text\n") + rows.joined(separator: end)
      let texts = try data.load(table: table, .training, terms: terms)
      #expect(texts.training.sequences.lists == .init(repeating: expected, count: end.isEmpty ? 1 : 2), "\(table)")
    }
  }

  @Test func quotesMeanNothingInsideAFieldAmongTabs() throws {
    let texts = try data.load(table: "text\tlabel\nsay \"a\" b\tx\n\"c\td\"\ty\ne\tx\n", .training, name: "a.tsv")
    #expect(texts.contents[0] == ["0 <start> e", "0 <start> say a b", "1 <start> c d"])
  }

  // MARK: What quotes mean

  private func texts(_ table: String, _ options: TextOptions = TextOptions(), name: String = "a.tsv") throws -> [String]
  {
    let path = try data.folder.write(table, to: name)
    var texts: [String] = []
    try TextFiles.forEachBatch(path: path, options) { texts += $0 }
    return texts
  }

  /// Each: a table with tabs, and its texts.
  @Test(arguments: [
    // A quote that isn't closed at the field's end makes all of them characters.
    ("ham\t\"Ring me\" now\nspam\t\"x\"\n", ["\"Ring me\" now", "\"x\""]), ("a\t\"b\nc\td\n", ["\"b", "d"]),
    // It is closed by a quote in another row.
    ("a\t\"b\nc\td\ne\tf\"\n", ["\"b", "d", "f\""]), ("a\tb\"\n", ["b\""]),
    // All are closed as in CSV.
    ("a\t\"b\tc\"\nd\t\"e \"\"f\"\"\"\n", ["b\tc", "e \"f\""]), ("a\t\"b\nc\"\nd\te\n", ["b\nc", "e"]),
    // All are closed, with backslashes before those inside.
    ("\"a\"\t\"\\\"A Title\\\" is \\ it\"\nb\t\"c\\\\\"\n", ["\"A Title\" is \\ it", "c\\"]),
  ])
  func quotesAmongTabsMeanSomethingOnlyIfAllAreClosed(rows: String, expected: [String]) throws {
    #expect(try texts("label\ttext\n" + rows) == expected)
  }

  @Test func quotesAmongCommasMayHaveBackslashes() throws {
    let rows = "\"a \\\"b\\\", c\",x\n\"d\",y\n"
    #expect(try texts("text,label\n" + rows, name: "a.csv") == ["a \"b\", c", "d"])
    let plain = "a \\\"b\\\" c,x\n\"d \\\"e\\\"\",y\n"
    #expect(try texts("text,label\n" + plain, name: "b.csv") == ["a \\\"b\\\" c", "d \"e\""])
  }

  @Test func quotesInAnUnquotedFieldAreRefusedAmongBackslashesToo() {
    let table = "text,label\n-\"93\",x\n\"d \\\"e\\\"\",y\n"
    refuses(.malformedTable, "a.csv: line 2: a quote in a field that isn't quoted", "double those inside") {
      try data.load(table: table)
    }
    refuses(.malformedTable, "a.csv: line 2: a quote in a field that isn't quoted", "a backslash in front of those") {
      try data.load(table: table, .with { $0.quotes = .backslash })
    }
  }

  @Test func theLineOfAQuoteThatMakesAllLiteralIsNoted() throws {
    let texts = try data.load(table: "label\ttext\na\tx\nb\t\"y\" z\n", .training, name: "a.tsv")
    #expect(texts.notes.contains { $0.hasPrefix("quotes are read literally") && $0.contains("in line 3 ") })
  }

  /// Each: what quotes are said to mean, a row, and its text.
  @Test(
    arguments: [
      (.none, "\"a,x\n", "\"a"), (.none, "a\"b,x\r\n", "a\"b"),
      (.backslash, "\"a \\\"b, c\\\" d\",x\n", "a \"b, c\" d"),
      (.double, "\"a \\\",x\n", "a \\"),
    ] as [(TextOptions.Quotes, String, String)])
  func whatQuotesMeanCanBeSaid(quotes: TextOptions.Quotes, row: String, expected: String) throws {
    #expect(try texts("text,label\n" + row, .with { $0.quotes = quotes }, name: "a.csv") == [expected])
  }

  /// The field's last line looks like a row, too.
  private static func swallowing(_ count: Int) -> String {
    "text,label\na,x\n\"b,y\n" + (0..<count).map { "c\($0),x\n" }.joined() + "d\",y\n"
  }

  @Test func aFieldThatHoldsRowsIsReportedWhereItsQuoteOpened() throws {
    refuses(
      .malformedTable,
      "a.csv: line 3: expected a closing quote, found one 10 lines later, behind what look like 10 other",
      "close the quote, or say what quotes mean"
    ) {
      try data.load(table: Self.swallowing(9))
    }
  }

  @Test func quotesThatAreSaidToCloseAreBelieved() throws {
    let texts = try texts(Self.swallowing(9), .with { $0.quotes = .double }, name: "a.csv")
    #expect(texts.count == 2 && texts[1].hasPrefix("b,y\nc0,x\n"))
  }

  @Test func aTextMayHaveHundredsOfLines() throws {
    let long = (0..<300).map { "line \($0), of many, many" }.joined(separator: "\n")
    #expect(try texts("text,label\n\"\(long)\",x\n", name: "a.csv") == [long])
  }

  @Test func aFieldThatIsClosedInTheMiddleIsReportedWhereItOpened() {
    refuses(.malformedTable, "a.csv: line 2: expected a delimiter", "found more, in line 4; quotes inside") {
      try data.load(table: "text,label\n\"a,x\nb,y\nc \"d\",x\n")
    }
  }

  // MARK: Broken rules

  /// Each: a table that breaks the rules, and what is said of it.
  @Test(arguments: [
    ("text,label\na,x\n\"b,y\nc,x\n", "a.csv: line 3: expected a closing quote, found 8 bytes without one"),
    (
      "text,label\na,x\n\"b\"c,y\n",
      "a.csv: line 3: expected a delimiter or the end of the line behind a closing quote, found more; quotes inside"
    ),
    ("text,label\na,x\nb\"c,y\n", "a.csv: line 3: a quote in a field that isn't quoted; put the field in quotes"),
    ("text,label\na\rb,x\n", "a.csv: line 2: a carriage return in a field that isn't quoted"),
    ("text,label\n\"a\nb\",x\nc,y,z\n", "a.csv: line 4: expected 2 fields as in the first line, found 3"),
    ("text,label\na,x\nb\n", "a.csv: line 3: expected 2 fields as in the first line, found 1"),
  ]) func whatBreaksTheRulesIsRefused(table: String, message: String) {
    refuses(.malformedTable, message) { try data.load(table: table) }
  }

  @Test func aQuoteThatIsNeverClosedIsNotReadForever() throws {
    let line = [UInt8](repeating: 0x61, count: 1023) + [0x0A]
    let open = try data.folder.write(
      Array("text,label\n\"".utf8) + Array(repeatElement(line, count: 65 << 10).joined()), to: "open.csv")
    refuses(.malformedTable, "open.csv: line 2: expected a closing quote, found 671") { try data.load(open) }
  }

  @Test func aLineHasAtMost64MiB() throws {
    let path = try data.folder.write([UInt8](repeating: 0x61, count: 65 << 20), to: "endless.csv")
    refuses(CorpusError.Kind.tooLarge, "endless.csv: byte ", "expected a line of at most 67108864 bytes, found more") {
      try data.load(path)
    }
  }
}
