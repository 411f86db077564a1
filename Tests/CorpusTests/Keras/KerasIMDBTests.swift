import Corpus
import Foundation
import Testing

@Suite struct KerasIMDBTests {
  /// Keras's own answers over a grid of parameters.
  @Test func loadDataIsKeras() throws {
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

  /// However Python and numpy wrote the file, it holds the same reviews.
  @Test(arguments: [
    "protocol2.npz", "protocol3.npz", "protocol4.npz", "protocol5.npz", "numpy1-protocol2.npz", "numpy1-protocol3.npz",
  ])
  func formatsAgree(_ name: String) throws {
    let expected = try KerasIMDB.loadData(path: Golden.path("python2.npz"))
    let found = try KerasIMDB.loadData(path: Golden.path(name))
    #expect(found == expected)
  }

  // MARK: Errors

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ zip: Zip, _ options: KerasIMDB.Options = .init()) throws -> (LabelledSequences, LabelledSequences)
  {
    try KerasIMDB.loadData(path: folder.write(zip.bytes, to: "imdb.npz"), options: options)
  }

  @Test func handmadeArchiveLoads() throws {
    let (train, test) = try load(Zip.imdb(), .init(numWords: 1000))
    #expect(Set(train.sequences.lists) == [[1, 4, 5, 303], [1, 7]])
    #expect(Set(test.sequences.lists) == [[1, 4, 5, 303], [1, 7]])
  }

  @Test func numbersOfReviewsAndLabelsDiffer() {
    expectError("imdb.npz: y_test.npy: ", "expected 2 labels", "found 3") {
      try load(Zip.imdb(yTest: NPY.labels([0, 1, 0])))
    }
  }

  @Test func noReviews() {
    let none = NPY.lists(Pickle.around([], count: 0), count: 0)
    expectError("imdb.npz: x_train.npy: ", "at least one review") {
      try load(Zip.imdb(xTrain: none, yTrain: NPY.labels([])))
    }
  }

  @Test func anotherLabel() {
    expectError("imdb.npz: y_train.npy: label 1: ", "0 or 1", "found -7") {
      try load(Zip.imdb(yTrain: NPY.labels([0, -7])))
    }
  }

  @Test func missingEntry() {
    var zip = Zip.imdb()
    zip.entries[2].name = "x_tset.npy"
    expectError("imdb.npz: ", "“x_test.npy”", "only “x_train.npy”, “y_train.npy”, “x_tset.npy”, “y_test.npy”") {
      try load(zip)
    }
  }

  @Test func trailingBytes() {
    expectError("imdb.npz: x_train.npy: byte ", "the end of the entry", "1 more bytes") {
      try load(Zip.imdb(xTrain: NPY.lists(Pickle.array([[1], [2]]), count: 2) + [0]))
    }
  }

  @Test func maxLengthThatKeepsNone() {
    expectError("imdb.npz: x_train.npy: ", "fewer than 2 tokens", "increase maxLength") {
      try load(Zip.imdb(), .init(maxLength: 2))
    }
  }

  @Test func emptyReviewWithoutBound() {
    let lists = NPY.lists(Pickle.array([[5, 6], []]), count: 2)
    expectError("imdb.npz: list 1: ", "an empty review") {
      try load(Zip.imdb(xTrain: lists), .init(startChar: nil))
    }
  }

  @Test func optionsOutOfRange() {
    expectError("indexFrom: expected ", "found 1073741824") { try load(Zip.imdb(), .init(indexFrom: 1 << 30)) }
    expectError("startChar: expected ", "found 2147483648") { try load(Zip.imdb(), .init(startChar: 1 << 31)) }
    expectError("oovChar: expected ", "found -2147483649") { try load(Zip.imdb(), .init(oovChar: -1 << 31 - 1)) }
    #expect(throws: Never.self) {
      try load(Zip.imdb(), .init(numWords: .max, skipTop: .min, startChar: Int(Int32.max), indexFrom: 1 << 30 - 1))
    }
  }

  // MARK: The real file

  private static let folderOfData = ProcessInfo.processInfo.environment["IMDB_DATA"]
  static let hasData: Bool = folderOfData != nil
  static let skipped: Comment = "skipped: IMDB_DATA, the folder of imdb.npz and imdb_word_index.json, is not set"

  static func dataPath(_ name: String) throws -> String { try #require(folderOfData) + "/" + name }

  /// Facts of the data set with num_words 1000. The first review is the one that Keras's tutorial prints first.
  @Test(.enabled(if: hasData, skipped)) func realFile() throws {
    let (train, test) = try KerasIMDB.loadData(path: Self.dataPath("imdb.npz"), options: .init(numWords: 1000))
    #expect(train.count == 25_000)
    #expect(test.count == 25_000)
    #expect(train.labels.reduce(0) { $0 + Int($1) } == 12_500)
    #expect(test.labels.reduce(0) { $0 + Int($1) } == 12_500)
    #expect(train.sequences.tokens.count == 5_967_835)
    #expect(train.sequences.tokens.max() == 999)

    let tutorial = train.sequences[24_107]
    #expect(tutorial.count == 218)
    #expect(tutorial.starts(with: [1, 14, 22, 16, 43, 530, 973, 2, 2, 65, 458, 2, 66, 2, 4, 173, 36, 256]))
    #expect(Array(tutorial.suffix(3)) == [19, 178, 32])
    let printed = test.sequences[21_750]
    #expect(printed.count == 72)
    #expect(printed.starts(with: [1, 89, 27, 2, 2, 17, 199, 132, 5, 2]))
    #expect(Array(printed.suffix(4)) == [77, 2, 18, 12])
    #expect(
      train.sequences[0].starts(with: [1, 13, 521, 6, 604, 8, 570, 2, 2, 5, 13, 43, 2, 4, 501, 241, 2, 2, 189, 537]))

    // Of 25,000 · 400 positions, so many hold a token.
    for (part, percent) in [(train, 52.8), (test, 51.6)] {
      let share = Double(part.sequences.truncated(to: 400).tokens.count) / 1e7
      #expect((share * 1000).rounded() / 10 == percent)
    }
  }

  /// All words: 88,585 different ones in the training reviews.
  @Test(.enabled(if: hasData, skipped)) func realWords() throws {
    let (train, _) = try KerasIMDB.loadData(
      path: Self.dataPath("imdb.npz"), options: .init(numWords: .max, startChar: nil, indexFrom: 0))
    #expect(Set(train.sequences.tokens).count == 88_585)
  }
}
