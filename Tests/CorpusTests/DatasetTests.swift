import Corpus
import Fixtures
import Testing

/// Data sets as a library's user makes them.
@Suite struct DatasetTests {
  private let data: TextData
  private let texts = (0..<200).map { "a \($0 % 2 == 0 ? "good" : "bad") film, number \($0)" }
  private let labels = (0..<200).map { $0 % 2 == 0 ? "good" : "bad" }

  init() throws { data = try TextData() }

  @Test func textsInMemoryAreThoseOfATable() throws {
    let table = zip(texts, labels).map { "\"\($0)\",\($1)\n" }.joined()
    let path = try data.folder.write("text,label\n" + table, to: "a.csv")
    let read = try Dataset(contentsOf: path, vocabularySize: 50, maxLength: 4)
    for threads in [1, 3] {
      let made = try Dataset(texts: texts, labels: labels, vocabularySize: 50, maxLength: 4, threads: threads)
      #expect(made.training == read.training && made.test == read.test)
      #expect(made.vocabulary == read.vocabulary && made.labels == read.labels && made.coding == read.coding)
      #expect(made.trainingTexts == read.trainingTexts)
    }
    #expect((read.training.count, read.test.count, read.labels) == (160, 40, ["bad", "good"]))
    #expect(read.training.sequences.lists.allSatisfy { $0.count == 4 })
  }

  @Test func theShareThatIsSetApartCanBeChosen() throws {
    let all = try Dataset(texts: texts, labels: labels, options: .training)
    #expect((all.training.count, all.test.count) == (200, 0))
    let named = try Dataset(texts: texts, labels: labels, options: .with { $0.labelNames = ["good", "bad"] })
    #expect(named.labels == ["good", "bad"])
  }

  @Test func whatMakesNoDatasetIsRefused() {
    refuses(.invalidArgument("labels"), "labels: expected 200, one for each text, found 1; give each text a label") {
      try Dataset(texts: texts, labels: ["good"])
    }
    refuses(.wrongLabelCount(found: 1), "the texts: expected two labels, found “x” (200)") {
      try Dataset(texts: texts, labels: texts.map { _ in "x" })
    }
    refuses(.wrongLabelCount(found: 0), "the texts: expected two labels, found none") {
      try Dataset(texts: [], labels: [])
    }
  }
}
