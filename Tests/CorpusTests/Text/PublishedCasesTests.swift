import Corpus
import Foundation
import Testing

/// Inputs that people have, in a folder `cases` beside that of the real reviews.
@Suite struct PublishedCasesTests {
  static let folder: String? = ProcessInfo.processInfo.environment["IMDB_DATA"].flatMap { folder in
    let path = (folder as NSString).deletingLastPathComponent + "/cases"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
  static let skipped: Comment = "skipped: there is no folder cases beside IMDB_DATA"

  /// Each: a file or a folder, and how many texts it has.
  @Test(
    .enabled(if: folder != nil, skipped),
    arguments: [
      ("no-header.txt", 60), ("no-header-label-first.csv", 60), ("no-header-six-columns.csv", 60),
      ("literal-quotes.tsv", 60), ("quote-swallows-rows.tsv", 60), ("backslash-quotes.tsv", 60),
      ("line-of-a-space.csv", 60), ("excel-sep.csv", 60), ("pipe.csv", 60), ("table.csv.gz", 60),
      ("stray-folders", 66), ("no-ending", 60), ("windows-line-ends", 10), ("json-lines-called.json", 60),
      ("array.json", 60), ("lone-surrogate.jsonl", 60), ("fasttext.txt", 60), ("labels-1.0.csv", 60),
      ("two-rows.csv", 2),
    ])
  func allTextsAreRead(name: String, count: Int) throws {
    var options = TextOptions.training
    if name == "quote-swallows-rows.tsv" { options.labelColumn = "Liked" }
    let texts = try LabeledTexts.load(
      path: Self.folder! + "/" + name, options: options, vocabularySize: 200, threads: 2)
    #expect(texts.training.count == count)
    #expect(texts.vocabulary.allSatisfy { !$0.contains { $0.isWhitespace } })
  }

  /// One more row moves at most a text into the test part, or out of it.
  @Test(.enabled(if: folder != nil, skipped)) func aRowThatIsAppendedLeavesTheSplit() throws {
    let data = try TextData()
    let rows = try String(contentsOfFile: Self.folder! + "/moving-split.csv", encoding: .utf8)
    let paths = try [
      data.folder.write(rows, to: "a.csv"), data.folder.write(rows + "another text,Zustellung\n", to: "b.csv"),
    ]
    let tests = try paths.map { path in
      Set(try #require(try data.load(path).test.origins).map(\.hash))
    }
    #expect(tests[0].count > 500 && tests[0].symmetricDifference(tests[1]).count <= 2)
  }
}
