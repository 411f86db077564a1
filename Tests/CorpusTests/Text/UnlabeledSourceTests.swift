import Corpus
import Fixtures
import Testing

/// Texts that are read without their labels, and no others beside them.
@Suite struct UnlabeledSourceTests {
  private let data: TextData

  init() throws { data = try TextData() }

  private func alone(
    _ path: String, size: Int = 20, threads: Int = 2, keeping kept: KeptTexts = [],
    _ change: (inout DataSource) -> Void = { _ in }
  ) throws -> Dataset {
    try data.dataset(path, beside: nil, size: size, maxLength: 2, threads: threads, keeping: kept) { source in
      source.isUnlabeled = true
      change(&source)
    }
  }

  @Test func textsMayBeReadWithoutTheirLabels() throws {
    let path = try data.zip(TextData.reviews + [("train/unsup/1_0.txt", "so fine a film")])
    for kept in [[], KeptTexts.words] {
      let texts = try alone(path, keeping: kept)
      let vocabulary = try #require(texts.vocabulary)
      let words = texts.training.sequences.lists.map { $0.map { vocabulary[Int($0)] }.joined(separator: " ") }
      #expect(
        words.sorted() == [
          "<start> a fine film br", "<start> bad film", "<start> good good film", "<start> so bad",
          "<start> so fine a film",
        ])
      #expect(texts.training.labels == [0, 0, 0, 0, 0] && texts.labels == ["negative", "positive"])
      #expect(texts.test.count == 0 && texts.validation == nil && !texts.hasTestPart && texts.unlabeled == nil)
      #expect(texts.notes.contains("5 texts are read without labels"))
      #expect(texts.notes.contains { $0.hasPrefix("a test part is not learned from: 2 files, such as “test/") })
      // Reading order is that of folders and numbers.
      #expect(vocabulary[4..<11] == ["film", "bad", "so", "good", "a", "fine", "br"])
      #expect(texts.training.texts?.count == (kept.isEmpty ? nil : 5))
      #expect(texts.training.origins?.count == 5 && texts.fileNames.count == 5)
    }
  }

  @Test(arguments: [1, 2, 5]) func manyMayBeReadAlone(threads: Int) throws {
    let path = try data.zip(TextData.manyTexts)
    let (texts, expected) = (try alone(path, threads: threads), try alone(path, threads: 1))
    #expect(texts.training == expected.training && texts.vocabulary == expected.vocabulary)
    #expect(texts.training.count == 700)
    #expect(try alone(path, threads: threads) { $0.limit = 9 }.training == expected.training.prefix(9))
  }

  @Test func aloneTooTheyAreCodedByTerms() throws {
    let path = try data.folder.write("z B\nb\n", to: "a.txt")
    let terms = LabeledTexts.Terms(vocabulary: ["", "", "", "", "b", "z"], coding: nil, labels: ["x", "y", "z"])
    for kept in [[], KeptTexts.words] {
      let texts = try alone(path, keeping: kept) { $0.terms = terms }
      #expect(Set(texts.training.sequences.lists) == [[1, 5, 4], [1, 4]] && texts.vocabulary == terms.vocabulary)
    }
  }

  @Test func aloneTooTestedTextsAreLeftOut() throws {
    let path = try data.folder.write("z B\nb\n", to: "a.txt")
    let texts = try alone(path) { $0.testPath = try? data.folder.write("text,label\nb,y\n", to: "b.csv") }
    #expect(texts.training.count == 1)
    refuses(.invalidArgument("path"), "a.txt: other texts, beside some that have no labels") {
      try alone(path) { $0.unlabeledPath = path }
    }
  }
}
