import Corpus
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
