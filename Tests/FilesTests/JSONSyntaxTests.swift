import Files
import Testing

@Suite struct JSONSyntaxTests {
  @Test(arguments: [
    "0", "-0", " [1, -2.5e+10, 0.1E-7] ", "{}", "[]",
    #"{"a": {"b": [true, false, null]}, "c": "\"\\\/\b\f\n\r\té\u00e9😀"}"#,
    "\u{FEFF}1", "1e999",
  ])
  func jsonIsAccepted(text: String) {
    #expect(throws: Never.self) { try JSONSyntax.check(text.utf8) }
    #expect(throws: Never.self) { try JSONSyntax.check(Array(text.utf8)) }
  }

  /// Each: what isn't JSON, and the byte at which that shows.
  @Test(arguments: [
    ("", 0), ("-01", 2), ("01", 1), ("1.0e+", 5), ("1.", 2), (".5", 0), ("+1", 0), ("0x1", 1), ("NaN", 0), ("tru", 3),
    ("[1,]", 3), (#"{"a":1,}"#, 7), ("{a:1}", 1), ("[1 2]", 3), ("[1}", 2), ("\"\t\"", 1), ("\"a", 2), (#""\x""#, 2),
    (#""\u12g4""#, 5), ("1 1", 2), ("1\0", 1), ("[", 1), ("{\"a\"", 4), ("/**/1", 0),
    (String(repeating: "[", count: 600), 500),
  ])
  func otherThingsAreRefused(text: String, byte: Int) {
    do {
      try JSONSyntax.check(text.utf8)
      Issue.record("accepted")
    } catch { #expect(error.offset == byte, "\(error.text)") }
  }

  @Test func numbersThatCanNotBeStoredAreRefusedWhereTheyMatter() {
    do {
      try JSONSyntax.check(#"{"a":1e999}"#.utf8, needsFiniteNumbers: true)
      Issue.record("accepted")
    } catch { #expect(error.offset == 5 && error.text == "a number is too large") }
    #expect(throws: Never.self) { try JSONSyntax.check("[1e300,0]".utf8, needsFiniteNumbers: true) }
  }
}
