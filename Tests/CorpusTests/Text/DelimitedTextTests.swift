import Corpus
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
    refuses(.tooLarge, "endless.csv: byte ", "expected a line of at most 67108864 bytes, found more") {
      try data.load(path)
    }
  }
}
