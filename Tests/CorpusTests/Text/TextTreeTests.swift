import Corpus
import Fixtures
import Foundation
import Testing

/// Which files of a tree are texts, and which folders are labels and parts.
@Suite struct TextTreeTests {
  private let data: TextData

  init() throws { data = try TextData() }

  /// The texts' files, each holding its own path without the slashes.
  private func load(_ paths: [String], labelCount: Int = 2) throws -> LabeledTexts {
    try data.load(
      data.zip(paths.map { ($0, $0.filter(\.isLetter)) }), .training, size: 100, labelCount: labelCount)
  }

  /// Each: the paths of texts, and the label and text of each.
  @Test(
    arguments: [
      // What lies deeper belongs to the label.
      (
        ["neg/b", "pos/c", "pos/old/d", "pos/old/er/e"],
        ["negative negb", "positive posc", "positive posoldd", "positive posoldere"]
      ),
      // What lies higher is no text.
      (["neg/b", "pos/c", "readme"], ["negative negb", "positive posc"]),
      // Labels may lie in several folders.
      (
        ["en/neg/b", "en/pos/c", "de/neg/d", "de/pos/e"],
        ["negative denegd", "negative ennegb", "positive depose", "positive enposc"]
      ),
      // One label's texts may all lie deeper.
      (["neg/2019/b", "neg/2020/c", "pos/d"], ["negative negb", "negative negc", "positive posd"]),
    ] as [([String], [String])])
  func labelsAreTheFirstFoldersOfTexts(paths: [String], expected: [String]) throws {
    let texts = try load(paths)
    let found = (0..<texts.training.count).map { index in
      let words = texts.training.sequences[index].dropFirst().map { texts.vocabulary[Int($0)] }
      return texts.labels[Int(texts.training.labels[index])] + " " + words.joined(separator: " ")
    }
    #expect(found.sorted() == expected)
  }

  @Test func aFolderWithADescriptionIsNoLabel() throws {
    let paths = (0..<20).flatMap { ["all/neg/\($0)", "all/pos/\($0)"] }
    let texts = try load(paths + ["all/readme", "docs/readme"])
    #expect(texts.labels == ["negative", "positive"] && texts.training.count == 40)
  }

  @Test func textsBelowALabelsFolderAreNoted() throws {
    #expect(
      try load(["neg/b", "pos/c", "pos/old/d", "pos/old/e"]).notes.contains(
        "texts in subfolders of a label's folder belong to that label: 2, such as “pos/old/d”"))
  }

  @Test func filesOutsideTheLabelsAreNoted() throws {
    #expect(
      try load(["neg/b", "pos/c", "readme", "urls"]).notes.contains(
        "files outside the labels' folders are skipped: 2, such as “readme”"))
  }

  @Test(arguments: ["", ".md", ".7", ".TXT"]) func namesOfTextsMayEndInAnything(ending: String) throws {
    let texts = try load(["neg/b\(ending)", "pos/c\(ending)"])
    #expect(texts.training.count == 2)
  }

  @Test func textsOfAnotherEndingBesideTXTAreNoted() throws {
    #expect(
      try load(["neg/b.txt", "pos/c.txt", "pos/d.md"]).notes.contains(
        "files that don't end in .txt are read as texts, too: 1, such as “pos/d.md”"))
  }

  @Test func besideTablesTextsEndInTXT() throws {
    let texts = try load(["neg/b.txt", "pos/c.txt", "pos/d", "info.csv"])
    #expect(texts.training.count == 2)
    #expect(
      texts.notes.contains("files in the labels' folders that aren't texts are skipped: 2, such as “info.csv”")
        || texts.notes.contains("files in the labels' folders that aren't texts are skipped: 2, such as “pos/d”"))
  }

  /// Each: names of the folders of parts.
  @Test(arguments: [
    ("train", "test"), ("Training", "testing"), ("20news-bydate-train", "20news-bydate-test"), ("x_train", "x_test"),
  ])
  func foldersMayBeParts(train: String, test: String) throws {
    let texts = try load(["\(train)/a.b/1", "\(train)/c.d/2", "\(test)/a.b/1", "\(test)/c.d/3", "readme"])
    #expect(texts.labels == ["a.b", "c.d"])
    #expect((texts.training.count, texts.test.count) == (2, 2))
    #expect(texts.hasTestPart)
  }

  @Test func inPartsTooWhatLiesDeeperBelongsToTheLabel() throws {
    let texts = try load(["train/neg/b", "train/pos/c", "train/pos/old/d", "test/neg/e", "test/pos/old/f"])
    #expect((texts.training.count, texts.test.count) == (3, 2))
    #expect(texts.labels == ["negative", "positive"])
  }

  // MARK: Validation

  @Test(arguments: ["valid", "validation", "val", "dev"]) func aFolderMayBeTheValidationPart(name: String) throws {
    let texts = try load([
      "train/neg/b", "train/pos/c", "test/neg/d", "\(name)/pos/e", "\(name)/neg/f", "\(name)/neg/g",
    ])
    #expect((texts.training.count, texts.validation?.count, texts.test.count) == (2, 3, 1))
    #expect(texts.notes.contains("the 3 texts of the validation part are used for validation, not for testing"))
  }

  @Test func aTableMayBeTheValidationPart() throws {
    let table = "text,label\na,x\nb,y\n"
    let path = try data.zip([
      ("train.csv", table), ("validation.csv", table + "c,y\n"), ("test.csv", "text,label\na,x\n"),
    ])
    let texts = try data.load(path)
    #expect((texts.training.count, texts.validation?.count, texts.test.count) == (2, 3, 1))
    let dataset = try DataSource(path: path).load(vocabularySize: 9, maxLength: 1, labelCount: 2, threads: 1)
    let validation = try dataset.parts(validationSplit: nil).validation
    #expect(validation.count == 3 && validation.sequences.lists.allSatisfy { $0.count == 1 })
  }

  @Test func withoutATestPartTheValidationPartIsIt() throws {
    let texts = try load(["train/neg/b", "train/pos/c", "valid/pos/e"])
    #expect((texts.training.count, texts.validation?.count, texts.test.count) == (2, nil, 1))
    #expect(texts.notes.contains("there is no test part: the 1 texts of the validation part are used instead"))
  }

  @Test func tablesWithoutPartsAreOne() throws {
    let table = "text,label\na,x\nb,y\n"
    let texts = try data.load(data.zip([("2023/a.csv", table), ("2024/a.csv", table + "c,x\n")]), .training)
    #expect(texts.training.count == 5 && texts.notes.contains("2 tables are read: “2023/a.csv”, “2024/a.csv”"))
  }

  @Test func aPartMayHaveSeveralTables() throws {
    let table = "text,label\na,x\nb,y\n"
    let texts = try data.load(
      data.zip(["train-00000-of-00002.csv", "train-00001-of-00002.csv", "test/a.csv"].map { ($0, table) }))
    #expect((texts.training.count, texts.test.count) == (4, 2))
  }

  @Test func otherTablesBesideTheirPartsAreRefused() {
    refuses(.noTexts, "found “other.csv”, “test.csv”, “train.csv”") {
      try data.load(data.zip(["train.csv", "test.csv", "other.csv"].map { ($0, "text,label\na,x\n") }))
    }
  }

  // MARK: Names

  /// The SMS Spam Collection's archive.
  @Test func aTableWithoutAnEndingMayStandBesideAReadMe() throws {
    let texts = try data.load(
      data.zip([("readme", "x"), ("Collection", "ham\tsee you at noon\nspam\twin a prize\nham\tnot now\n")]), .training)
    #expect(texts.training.count == 3)
  }

  @Test func whatSystemsAddIsIgnored() throws {
    #expect(try load(["neg/b", "pos/c", "pos/Thumbs.db", "pos/desktop.ini", "pos/.DS_Store"]).training.count == 2)
  }

  @Test func backslashesMaySeparateFolders() throws {
    let texts = try load(["a\\neg\\b.txt", "a\\pos\\c.txt", "a\\.git\\d.txt"])
    #expect(texts.labels == ["negative", "positive"] && texts.training.count == 2)
  }

  #if os(Linux)
    /// As on file systems with names in Latin-1; macOS has none such.
    @Test func namesNeedNotBeUTF8() throws {
      let root = data.folder.path + "/tree"
      for (folder, name, text) in [
        ("caf\u{E9}", "1\u{E9}.txt", "a"), ("caf\u{E9}", "2.txt", "b"), ("bar", "\u{E8}", "c"),
      ] {
        let folder = latin1("\(root)/\(folder)") + [0]
        mkdir(root, 0o755)
        mkdir(folder.map { CChar(bitPattern: $0) }, 0o755)
        let path = folder.dropLast() + latin1("/\(name)") + [0]
        let file = try #require(fopen(path.map { CChar(bitPattern: $0) }, "w"))
        fputs(text, file)
        fclose(file)
      }
      let texts = try data.load(root, .training)
      #expect(texts.labels == ["bar", "caf\u{FFFD}"])
      #expect(texts.contents[0] == ["0 <start> c", "1 <start> a", "1 <start> b"])
    }
  #endif

  // MARK: Binaries

  @Test func aBinaryFileIsNamedAndRefused() {
    refuses(.unsupportedFormat, "a.zip: pos/c: expected a text, found a binary file, with NUL bytes; leave it out") {
      try data.load(data.zip([("neg/b", "x"), ("pos/c", "P\u{0}\u{0}x")]), .training)
    }
  }
}
