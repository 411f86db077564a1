import Corpus
import Fixtures
import Foundation
import Testing

/// Which labels are accepted, and which number each one gets.
@Suite struct TextLabelsTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Two labels

  /// Each: the two labels, the one that is asked for, the one that is 1.
  @Test(
    arguments: [
      ("positive", "negative", nil, "positive"), ("pos", "neg", nil, "pos"), ("1", "0", nil, "1"), ("2", "1", nil, "2"),
      ("4", "0", nil, "4"), ("1", "-1", nil, "1"), ("true", "False", nil, "true"), ("Yes", "no", nil, "Yes"),
      ("ham", "spam", nil, "spam"), ("a", "b", nil, "b"), ("ham", "zoo", nil, "zoo"), ("no", "maybe", nil, "maybe"),
      (" b", " a ", nil, "b"), ("a", "b", "A ", "a"), ("positive", "negative", "negative", "negative"),
      ("10", "9", nil, "10"),
    ] as [(String, String, String?, String)])
  func oneOfTwoLabelsIsPositive(first: String, second: String, asked: String?, one: String) throws {
    for labels in [[first, second], [second, first]] {
      let texts = try data.load(
        table: "text,label\nx,\(labels[0])\ny,\(labels[1])\nz,\(labels[0])\n",
        .with { ($0.positiveLabel, $0.testSplit) = (asked, 0) })
      #expect(texts.labels[1] == one)
      let isFirst = labels[0].trimmingCharacters(in: .whitespaces) == one
      #expect(texts.training.labels.count { $0 == 1 } == (isFirst ? 2 : 1))
      #expect(texts.notes.last == "label 1 is “\(one)”, label 0 “\(texts.labels[0])”")
    }
  }

  /// Each: two labels as JSON has them.
  @Test(arguments: [("1", "0"), ("true", "false"), ("1.5", "-2"), ("\"b\"", "\"a\"")])
  func labelsMayBeAnyValueOfJSON(one: String, zero: String) throws {
    let lines = "{\"label\": \(one), \"text\": \"a\"}\n{\"label\":\(zero),\"text\":\"b\"}\n"
    let texts = try data.load(table: lines, .training, name: "a.jsonl")
    #expect(texts.contents[0] == ["0 <start> b", "1 <start> a"])
  }

  @Test func aWholeNumberIsTheSameLabelWithDecimals() throws {
    let texts = try data.load(table: "text,label\na,1\nb,1.0\nc,0.00\nd,0\n", .training)
    #expect(texts.labels == ["0", "1"])
    #expect(texts.contents[0] == ["0 <start> c", "0 <start> d", "1 <start> a", "1 <start> b"])
  }

  @Test(arguments: [("1.5", "1"), ("1.", "1"), ("v1.0", "v1"), (".0", "0"), ("01.0", "1")])
  func otherNumbersAreOtherLabels(first: String, second: String) throws {
    #expect(try Set(data.load(table: "text,label\na,\(first)\nb,\(second)\n", .training).labels).count == 2)
  }

  // MARK: More labels

  /// Each: names in the table's order, and the labels' names by number.
  private static let names: [([String], [String])] = [
    (["b", "c", "a"], ["a", "b", "c"]), (["10", "9", "-1"], ["-1", "9", "10"]),
    (["10", "9", "nan"], ["10", "9", "nan"]), ([" b", "c ", "a"], ["b", "a", "c"]),
  ]

  private func load(thirtyOf names: [String]) throws -> LabeledTexts {
    // Equal words, but not equal texts.
    func text(_ number: Int) -> String { "w\(number % 3)" + String(repeating: "!", count: number) }
    return try data.load(
      table: "text,label\n" + (0..<30).map { "\(text($0)),\(names[$0 % 3])\n" }.joined(), labelCount: 3)
  }

  @Test(arguments: names) func moreThanTwoLabelsAreNumberedInOrder(names: [String], expected: [String]) throws {
    let texts = try load(thirtyOf: names)
    #expect(texts.labels == expected)
    #expect(texts.notes.last == "label 0 is “\(expected[0])”, then “\(expected[1])”, “\(expected[2])”")
  }

  @Test(arguments: names) func eachTextKeepsItsLabel(names: [String], expected: [String]) throws {
    let texts = try load(thirtyOf: names)
    for (label, name) in expected.enumerated() {
      let word = "w\(names.firstIndex { $0.trimmingCharacters(in: .whitespaces) == name }!)"
      #expect(texts.contents[0].count { $0 == "\(label) <start> \(word)" } == 8)
      #expect(texts.contents[1].count { $0 == "\(label) <start> \(word)" } == 2)
    }
  }

  // MARK: A model's labels

  private static let table = "text,label\nx,a\ny,b\nz,c\n"

  private func terms(_ labels: [String]) -> LabeledTexts.Terms {
    LabeledTexts.Terms(vocabulary: (0..<20).map(String.init), coding: nil, labels: labels)
  }

  @Test func aModelsLabelsKeepTheirNumbers() throws {
    let texts = try data.load(table: Self.table, .training, labelCount: 4, terms: terms(["c", "d", "a", "b"]))
    #expect(texts.training.labels.sorted() == [0, 2, 3])
    #expect(texts.labels == ["c", "d", "a", "b"])
  }

  @Test(arguments: [(["0", "1"], "1.0", "0.0"), (["0.0", "1.0"], "1", "0")])
  func aModelsNumbersAreTheSameWithDecimals(known: [String], one: String, zero: String) throws {
    let texts = try data.load(table: "text,label\nx,\(one)\ny,\(one)\nz,\(zero)\n", .training, terms: terms(known))
    #expect(texts.training.labels.sorted() == [0, 1, 1])
    #expect(texts.labels == known)
  }

  @Test func notAllOfAModelsLabelsNeedOccur() throws {
    let texts = try data.load(
      table: "text,label\nx,positive\ny,positive\n", terms: terms(["negative", "positive"]))
    #expect(texts.training.labels == [1])
  }

  @Test func aLabelThatIsNotTheModelsIsRefused() {
    refuses(
      .foreignLabels(known: ["a", "b", "d"]),
      "a.csv: expected the model's labels, “a”, “b”, “d”, found “a” (1), “b” (1), “c” (1); leave out the others"
    ) {
      try data.load(table: Self.table, labelCount: 3, terms: terms(["a", "b", "d"]))
    }
  }

  @Test func ofAModelsTwoLabelsTheErrorAsksForThePositiveOne() {
    refuses(
      .foreignLabels(known: ["negative", "positive"]),
      "expected the model's labels, “negative” and “positive”, found “1” (2), “0” (1); say which one is “positive”"
    ) {
      try data.load(table: "text,label\nx,1\ny,1\nz,0\n", terms: terms(["negative", "positive"]))
    }
  }

  @Test func aModelsTwoLabelsMayHaveOtherNamesInTheData() throws {
    let texts = try data.load(
      table: "text,label\nx,1\ny,1\nz,0\n", .with { ($0.positiveLabel, $0.testSplit) = ("1", 0) },
      terms: terms(["negative", "positive"]))
    #expect(texts.labels == ["negative", "positive"])
    #expect(texts.training.labels.sorted() == [0, 1, 1])
  }

  @Test(arguments: [[], ["a"], ["a", "b", "c"]]) func aModelHasANameForEachLabel(labels: [String]) {
    refuses(.invalidArgument("labels"), "labels: expected 2 names, found \(labels.count)") {
      try data.load(table: Self.table, terms: terms(labels))
    }
  }

  // MARK: Refusals

  /// Each: the labels, one a text, how many are asked for, and the error.
  @Test(
    arguments: [
      ([], 2, "expected two labels, found none; add texts of another"),
      (["x", "x"], 2, "expected two labels, found “x” (2); add texts of another"),
      (
        ["x", "y", "z", "z"], 2,
        "expected two labels, found “z” (2), “x” (1), “y” (1); ask for 3 labels, leave out the others, or name another"
      ),
      (["a", "b", "c"], 4, "expected 4 labels, found “a” (1), “b” (1), “c” (1); ask for 3 labels"),
      ((0..<50).map(String.init), 2, "“0” (1), “1” (1), “10” (1), "),
      ((0..<50).map(String.init), 2, " and 40 more; ask for 50 labels"),
    ] as [([String], Int, String)])
  func anotherNumberOfLabelsIsRefused(labels: [String], count: Int, message: String) {
    refuses(.wrongLabelCount(found: Set(labels).count), "a.csv: ", message) {
      try data.load(table: "text,label\n" + labels.map { "x,\($0)\n" }.joined(), labelCount: count)
    }
  }

  @Test(arguments: [1, 257]) func fewerThan2OrMoreThan256LabelsCannotBeAskedFor(count: Int) {
    refuses(.invalidArgument("labelCount"), "labelCount: expected from 2 to 256, found \(count)") {
      try data.load(table: Self.table, labelCount: count)
    }
  }

  @Test func moreThan256LabelsOfATableAreRefused() {
    refuses(
      .tooManyLabels(column: "label"),
      "a.csv: line 258: expected at most 256 labels, found more in the column “label”; name another label column"
    ) {
      try data.load(table: "text,label\n" + (0..<300).map { "x,\($0)\n" }.joined())
    }
  }

  @Test func moreThan256LabelsOfJSONLinesAreRefused() {
    refuses(.tooManyLabels(column: "label"), "expected at most 256 labels, found more in the column “label”") {
      try data.load(table: (0..<300).map { "{\"text\": \"\", \"label\": \($0)}\n" }.joined())
    }
  }

  @Test func moreThan256FoldersAreRefused() {
    refuses(
      .tooManyLabels(column: nil), "expected a folder of texts for each of at most 256 labels, found more folders"
    ) {
      try data.load(data.zip((0..<257).map { ("\($0)/1.txt", "") }))
    }
  }

  @Test func labelsThatDifferOnlyInCaseAndSpacesAreRefused() {
    refuses(
      .ambiguousLabels,
      "expected labels that differ in more than case and spaces, found “Positive” (1), “negative” (1), “positive ” (1)"
    ) {
      try data.load(table: "text,label\na,Positive\nb,positive \nc,negative\n")
    }
  }

  @Test func foldersThatDifferOnlyInCaseAndSpacesAreRefused() {
    refuses(.ambiguousLabels, "found “Pos” (1), “pos ” (1)") {
      try data.load(data.zip([("Pos/1.txt", ""), ("pos /1.txt", "")]))
    }
  }

  @Test func aPositiveLabelThatDoesNotOccurIsRefused() {
    refuses(.unknownLabel("c"), "a.csv: expected a label “c”, found “a” (1), “b” (1); name one of these") {
      try data.load(table: "text,label\nx,a\ny,b\n", .with { $0.positiveLabel = "c" })
    }
  }

  @Test func ofMoreThanTwoLabelsNoneIsPositive() {
    refuses(
      .invalidArgument("positiveLabel"), "expected two labels, of which “a” is label 1", "leave out the positive label"
    ) {
      try data.load(table: Self.table, .with { $0.positiveLabel = "a" }, labelCount: 3)
    }
  }
}
