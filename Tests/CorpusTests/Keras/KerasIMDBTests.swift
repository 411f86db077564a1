import Corpus
import Fixtures
import Foundation
import Testing

@Suite struct KerasIMDBTests {
  /// Over a grid of parameters.
  @Test func answersAreKerass() throws {
    let cases = try Golden.data.get().loadData
    #expect(cases.count > 70)
    for load in cases {
      let what = "\(load.file) \(load.parameters.options)"
      let path = try Golden.path(load.file)
      if load.error != nil {
        #expect(throws: CorpusError.self, "\(what)") {
          try KerasIMDB.loadData(path: path, options: load.parameters.options)
        }
        continue
      }
      let (train, test) = try KerasIMDB.loadData(path: path, options: load.parameters.options)
      for (part, golden) in [(train, load.train), (test, load.test)] {
        let golden = try #require(golden)
        #expect((0..<part.count).map(part.sequences.length) == golden.lengths, "\(what)")
        #expect(Array(part.sequences.tokens.prefix(24)) == golden.tokens, "\(what)")
        #expect(crc32(part.sequences.tokens.flatMap(littleEndian)) == golden.crc32, "\(what)")
        #expect(part.labels.map(String.init).joined() == golden.labels, "\(what)")
      }
    }
  }

  /// However Python and numpy wrote them.
  @Test(arguments: [
    "protocol2.npz", "protocol3.npz", "protocol4.npz", "protocol5.npz", "numpy1-protocol2.npz", "numpy1-protocol3.npz",
  ])
  func allFormatsHoldTheSameReviews(_ name: String) throws {
    let expected = try KerasIMDB.loadData(path: Golden.path("python2.npz"))
    let found = try KerasIMDB.loadData(path: Golden.path(name))
    #expect(found == expected)
  }

  // MARK: Handmade archives

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ zip: Zip, _ options: KerasIMDB.Options = .init()) throws -> (LabeledSequences, LabeledSequences) {
    try KerasIMDB.loadData(path: folder.write(zip.bytes, to: "imdb.npz"), options: options)
  }

  @Test func theHandmadeArchiveIsReadable() throws {
    let (train, test) = try load(Zip.imdb(), .init(numWords: 1000))
    #expect(Set(train.sequences.lists) == [[1, 4, 5, 303], [1, 7]])
    #expect(Set(test.sequences.lists) == [[1, 4, 5, 303], [1, 7]])
  }

  @Test func thereAreAsManyLabelsAsReviews() {
    refuses(.unsupportedArray, "imdb.npz: y_test.npy: ", "expected 2 labels", "found 3") {
      try load(Zip.imdb(yTest: NPY.labels([0, 1, 0])))
    }
  }

  @Test func eachPartHasReviews() {
    let none = NPY.lists(Pickle.around([], count: 0), count: 0)
    refuses(.emptyPart, "imdb.npz: x_train.npy: ", "at least one review") {
      try load(Zip.imdb(xTrain: none, yTrain: NPY.labels([])))
    }
  }

  @Test func labelsAre0Or1() {
    refuses(.unsupportedArray, "imdb.npz: y_train.npy: label 1: ", "0 or 1", "found -7") {
      try load(Zip.imdb(yTrain: NPY.labels([0, -7])))
    }
  }

  @Test func allFourEntriesAreNeeded() {
    var zip = Zip.imdb()
    zip.entries[2].name = "x_tset.npy"
    refuses(
      .missingEntry("x_test.npy"), "imdb.npz: ", "“x_test.npy”",
      "only “x_train.npy”, “y_train.npy”, “x_tset.npy”, “y_test.npy”"
    ) {
      try load(zip)
    }
  }

  @Test func nothingMayFollowTheReviews() {
    refuses(.damaged, "imdb.npz: x_train.npy: byte ", "the end of the entry", "1 more bytes") {
      try load(Zip.imdb(xTrain: NPY.lists(Pickle.array([[1], [2]]), count: 2) + [0]))
    }
  }

  @Test func aMaximumLengthThatLeavesNoReviewsIsRefused() {
    refuses(.emptyPart, "imdb.npz: x_train.npy: ", "fewer than 2 tokens", "increase maxLength") {
      try load(Zip.imdb(), .init(maxLength: 2))
    }
  }

  /// Keras fails at them too.
  @Test func emptyReviewsNeedANumberOfWords() {
    let lists = NPY.lists(Pickle.array([[5, 6], []]), count: 2)
    refuses(.invalidArgument("numWords"), "imdb.npz: list 1: ", "an empty review") {
      try load(Zip.imdb(xTrain: lists), .init(startChar: nil))
    }
  }

  /// Each: parameters, the one that is refused, and its value.
  @Test(
    arguments: [
      (.init(indexFrom: 1 << 30), "indexFrom", "1073741824"), (.init(startChar: 1 << 31), "startChar", "2147483648"),
      (.init(oovChar: -1 << 31 - 1), "oovChar", "-2147483649"),
    ] as [(KerasIMDB.Options, String, String)])
  func tokensThatDoNotFit32BitsAreRefused(options: KerasIMDB.Options, name: String, value: String) {
    refuses(.invalidArgument(name), "\(name): expected ", "found \(value)") { try load(Zip.imdb(), options) }
  }

  @Test func tokensThatJustFit32BitsAreRead() {
    #expect(throws: Never.self) {
      try load(Zip.imdb(), .init(numWords: .max, skipTop: .min, startChar: Int(Int32.max), indexFrom: 1 << 30 - 1))
    }
  }

  // MARK: The real file

  private static let folderOfData = ProcessInfo.processInfo.environment["IMDB_DATA"]
  static let hasData: Bool = folderOfData != nil
  static let skipped: Comment = "skipped: IMDB_DATA, the folder of imdb.npz and imdb_word_index.json, is not set"

  static func dataPath(_ name: String) throws -> String { try #require(folderOfData) + "/" + name }

  private static func realReviews() throws -> (train: LabeledSequences, test: LabeledSequences) {
    try KerasIMDB.loadData(path: dataPath("imdb.npz"), options: .init(numWords: 1000))
  }

  @Test(.enabled(if: hasData, skipped)) func theRealFileHas25000ReviewsAPart() throws {
    let (train, test) = try Self.realReviews()
    #expect(train.count == 25_000 && test.count == 25_000)
    #expect(train.sequences.tokens.count == 5_967_835)
  }

  @Test(.enabled(if: hasData, skipped)) func halfOfTheRealReviewsArePositive() throws {
    let (train, test) = try Self.realReviews()
    for part in [train, test] { #expect(part.labels.reduce(0) { $0 + Int($1) } == 12_500) }
  }

  @Test(.enabled(if: hasData, skipped)) func realTokensStayBelowTheNumberOfWords() throws {
    #expect(try Self.realReviews().train.sequences.tokens.max() == 999)
  }

  /// The review that Keras's tutorial prints first.
  @Test(.enabled(if: hasData, skipped)) func theTutorialsFirstReviewIsThere() throws {
    let review = try Self.realReviews().train.sequences[24_107]
    #expect(review.count == 218)
    #expect(review.starts(with: [1, 14, 22, 16, 43, 530, 973, 2, 2, 65, 458, 2, 66, 2, 4, 173, 36, 256]))
    #expect(Array(review.suffix(3)) == [19, 178, 32])
  }

  /// The first review to train on, and the one to test on that Keras's tutorial prints.
  @Test(.enabled(if: hasData, skipped)) func bothPartsOfTheRealFileAreInKerassOrder() throws {
    let (train, test) = try Self.realReviews()
    #expect(
      train.sequences[0].starts(with: [1, 13, 521, 6, 604, 8, 570, 2, 2, 5, 13, 43, 2, 4, 501, 241, 2, 2, 189, 537]))
    let review = test.sequences[21_750]
    #expect(review.count == 72)
    #expect(review.starts(with: [1, 89, 27, 2, 2, 17, 199, 132, 5, 2]))
    #expect(Array(review.suffix(4)) == [77, 2, 18, 12])
  }

  /// All words: 88,585 different ones in the training reviews.
  @Test(.enabled(if: hasData, skipped)) func theRealReviewsHave88585Words() throws {
    let (train, _) = try KerasIMDB.loadData(
      path: Self.dataPath("imdb.npz"), options: .init(numWords: .max, startChar: nil, indexFrom: 0))
    #expect(Set(train.sequences.tokens).count == 88_585)
  }
}
