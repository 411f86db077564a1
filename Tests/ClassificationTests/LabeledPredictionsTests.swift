import Corpus
import Files
import Fixtures
import Foundation
import Testing

@testable import Classification

@Suite("Predictions in a file") struct LabeledPredictionsTests {
  /// Texts that are awkward in CSV, and what is predicted for them.
  private static func predictions(_ folder: TemporaryFolder) throws -> LabeledPredictions {
    let texts = ["a, \"b\"\nand c", "plain", "é 😀", " spaces "]
    let table =
      "label,text\n"
      + texts.enumerated().map { "\($0 % 2 == 0 ? "x,y" : "z")".csvField + "," + $1.csvField + "\n" }.joined()
    var options = TextOptions()
    options.testSplit = 0
    let data = try DataSource(path: folder.write(table, to: "data.csv"), text: options).load(
      vocabularySize: 20, maxLength: 9, labelCount: 2, for: nil, keeping: .originals, threads: 1, progress: { _ in })
    return try #require(
      LabeledPredictions(
        data.training, logits: [2, -1, 0.5, 0], predicted: [1, 0, 1, 0], labels: data.labels, fileNames: data.fileNames,
        dataPath: "somewhere/data.csv"))
  }

  @Test("are read as they were written", arguments: ["p.csv", "p.jsonl", "p"])
  func roundTrip(name: String) throws {
    try withTemporaryFolder { folder in
      let predictions = try Self.predictions(folder)
      try predictions.write(to: folder.path(name))
      let read = try LabeledPredictions(contentsOf: folder.path(name))
      #expect(read.rows.map(\.text) == predictions.rows.map(\.text))
      #expect(Set(read.rows.map(\.text)).contains("a, \"b\"\nand c"))
      for (a, b) in zip(read.rows, predictions.rows) {
        #expect([a.file, a.label, a.predicted] == [b.file, b.label, b.predicted] && a.line == b.line && a.line > 1)
      }
    }
  }

  @Test(
    "are refused where they are something else",
    arguments: [
      ("file,line,text,label\nf,2,t,a\n", "no column “predicted”"),
      ("file,line,text,label,predicted\nf,2,t,a,\n", "nothing in the column predicted of the row with “t”"),
      ("a,b\n1,2\n", "file, line, text, label, predicted"),
      ("file,line,text,label,predicted\n", "found no row"), ("", "found an empty file"),
    ])
  func refusals(content: String, message: String) throws {
    try withTemporaryFolder { folder in
      let path = try folder.write(content, to: "p.csv")
      #expect {
        try LabeledPredictions(contentsOf: path)
      } throws: {
        ($0 as? CorpusError)?.file == path && "\($0)".contains(message)
      }
    }
  }
}
