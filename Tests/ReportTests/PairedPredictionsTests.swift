import Classification
import Fixtures
import Report
import Testing

@Suite("Predictions of two models") struct PairedPredictionsTests {
  private static let header = "file,line,text,label,predicted,probability_a,probability_b\n"

  private static func read(_ rows: [String], _ folder: TemporaryFolder) throws -> LabeledPredictions {
    try LabeledPredictions(contentsOf: folder.write(header + rows.map { $0 + ",0,1\n" }.joined(), to: "p.csv"))
  }

  private static let first = ["f,2,one,a,a", "f,3,two,b,a", "f,4,three,a,a", "f,5,four,b,b"]
  private static let second = ["f,5,four,b,b", "f,2,one,a,b", "f,3,two,b,a", "f,4,three,a,b"]

  @Test("are compared text by text, whatever their order")
  func comparison() throws {
    try withTemporaryFolder { folder in
      let pair = try PairedPredictions(
        (name: "x<1>", try Self.read(Self.first, folder)), (name: "y", try Self.read(Self.second, folder)))
      #expect(pair.comparison == PairedComparison(bothRight: 1, onlyFirst: 2, onlySecond: 0, bothWrong: 1))
      #expect(pair.accuracies.map(\.accuracy) == [0.75, 0.25])
      #expect(pair.verdict == "McNemar's exact test: p = 0.5000")
      #expect(
        pair.counts == "4 texts: both right for 1, both wrong for 1; x<1> alone right for 2, y for 0", "\(pair.counts)")
      let html = ReportPage([], pair: pair).html
      #expect(html.contains("<h1>x&lt;1&gt; is right for 2 texts more than y</h1>"))
      #expect(html.contains("McNemar&#39;s exact test: p = 0.5000.") && !html.contains("x<1>"))
    }
  }

  @Test(
    "are refused where they are for other texts",
    arguments: [
      (Array(second.dropLast()), "y: holds predictions for other texts than x: 3 here, 4 there"),
      (Array(second.dropLast()) + ["f,4,3,a,b"], "f, line 4 is “3” here, “three” there"),
      (Array(second.dropLast()) + ["f,4,three,b,b"], "the label of f, line 4 is “b” here, “a” there"),
    ])
  func otherTexts(rows: [String], message: String) throws {
    try withTemporaryFolder { folder in
      let texts = (try Self.read(Self.first, folder), try Self.read(rows, folder))
      #expect {
        try PairedPredictions((name: "x", texts.0), (name: "y", texts.1))
      } throws: {
        $0.localizedDescription.contains(message)
      }
    }
  }
}
