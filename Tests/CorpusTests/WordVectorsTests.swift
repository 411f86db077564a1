import Corpus
import Fixtures
import Foundation
import Testing

@Suite("Vectors of words in files") struct WordVectorsTests {
  private static let vocabulary = ["<pad>", "<start>", "<oov>", "<3>", "good", "film", "é", "absent", "the"]
  private static let glove = "the 1 2 -3\n, 0 0 0\nfilm 0.5 -1e-2 4E1\nGood 7 8 9\né 1 1 1\ngood 0 1 0.25\ngood 9 9 9\n"
  private static let expected: [Int: [Float]] = [
    8: [1, 2, -3], 5: [0.5, -0.01, 40], 4: [0, 1, 0.25], 6: [1, 1, 1],
  ]

  /// Word2vec's binary.
  private static func binary(_ words: [(String, [Float])], count: Int? = nil, newlines: Bool = false) -> [UInt8] {
    Array("\(count ?? words.count) \(words.first?.1.count ?? 3)\n".utf8)
      + words.flatMap { word, vector in
        Array("\(word) ".utf8) + vector.flatMap { littleEndian($0.bitPattern) } + (newlines ? [10] : [])
      }
  }
  // Newlines and spaces among the floats' bytes, too.
  private static let floats: [(String, [Float])] = [
    ("the", [Float(bitPattern: 0x3F0A_0A20), 2, -3]), ("GOOD", [1, 1, 1]), ("é", [0, 0, 0.5]),
  ]

  private func read(
    _ bytes: some DataProtocol, named name: String = "vectors.txt", size: Int? = nil
  ) throws -> WordVectors {
    try withTemporaryFolder { folder in
      try WordVectors(contentsOf: folder.write(bytes, to: name), for: Self.vocabulary, size: size)
    }
  }
  private func read(_ text: String) throws -> WordVectors { try read(Data(text.utf8)) }

  @Test(arguments: ["", "7 3\n", "7 3 \r\n"]) func textIsRead(header: String) throws {
    for text in [Self.glove, Self.glove.replacing("\n", with: " \r\n"), String(Self.glove.dropLast())] {
      let vectors = try read(header + text)
      #expect(vectors.size == 3 && vectors.vectors == Self.expected)
    }
  }

  @Test(arguments: [false, true]) func binaryIsRead(newlines: Bool) throws {
    let vectors = try read(Self.binary(Self.floats, newlines: newlines), named: "vectors.bin")
    #expect(vectors.size == 3)
    #expect(vectors.vectors == [8: Self.floats[0].1, 4: [1, 1, 1], 6: [0, 0, 0.5]])
  }

  /// `printf 'good 1 2\nthe 3 4\n' | gzip -9n`
  private static let gzip: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 207, 207, 79, 81, 48, 84, 48, 226, 42, 201, 72, 85, 48, 86, 48, 225, 2, 0, 152,
    247, 37, 101, 17, 0, 0, 0,
  ]

  @Test func gzippedFilesAreRead() throws {
    #expect(try read(Self.gzip, named: "v.vec.gz").vectors == [4: [1, 2], 8: [3, 4]])
    refuses(CorpusError.self) { try read(Self.gzip.dropLast(9), named: "v.vec.gz") }
  }

  @Test func anArchivesFilesAreChosenByTheirSize() throws {
    try withTemporaryFolder { folder in
      let archive = Zip(
        .init("README", Array("Read me.\n".utf8)), .init("glove.2d.txt", Array("good 1 2\n".utf8)),
        .init("glove.3d.txt", Array(Self.glove.utf8)))
      let path = try folder.write(archive.bytes, to: "glove.zip")
      #expect(try WordVectors(contentsOf: path, for: Self.vocabulary, size: 2).vectors == [4: [1, 2]])
      #expect(try WordVectors(contentsOf: path, for: Self.vocabulary, size: 3).vectors == Self.expected)
      #expect(try WordVectors.size(ofVectorsIn: path, wanted: 2) == 2)
      for size in [nil, 4] {
        refuses(.invalidArgument("size"), at: path, "several, with 2, 3 numbers a word") {
          try WordVectors(contentsOf: path, for: Self.vocabulary, size: size)
        }
      }
    }
  }

  /// Such as GloVe's “. . .” and addresses.
  @Test func wordsWithSpacesAreNoWords() throws {
    #expect(try read("film 1 2\ngood at all 3 4\n. . . 1 2\n").vectors == [5: [1, 2]])
  }

  @Test(arguments: [
    ("", "expected a word and its vector, found nothing"), ("good\n", "found something else"),
    ("good x y\n", "found something else"), ("-1 3\ngood 1 2 3\n", "two fields"), ("1 0\ngood\n", "two fields"),
    ("99999999999999999999 3\ngood 1 2 3\n", "two fields"), ("1 99999999\n", "two fields"),
    ("the 1 2\ngood 1\n", "line 2: expected 2 numbers, found 1"),
    ("the 1 2\ngood 1 2 3\n", "line 2: expected 2 numbers, found 3"),
    ("the 1 2\ngood 1 nan\n", "line 2: expected a finite number, found “nan”"),
    ("the 1 2\ngood 1 1e99\n", "expected a finite number, found “1e99”"),
    ("the 1 2\ngood 1 x\n", "expected a finite number, found “x”"),
    ("3 2\nthe 1 2\ngood 1 2\n", "expected 3 words, as the first line says, found 2"),
  ])
  func damagedTextIsRefused(text: String, problem: String) {
    refuses(CorpusError.self, problem) { try read(text) }
  }

  @Test func damagedBinariesAreRefused() throws {
    let whole = Self.binary(Self.floats)
    // Wherever it ends, it ends too early, unless the first line alone is there.
    for count in 0..<whole.count - 1 where count > 4 {
      refuses(CorpusError.self) { try read(Array(whole.prefix(count)), named: "v.bin") }
    }
    refuses(.damaged, "expected more data") { try read(Self.binary(Self.floats, count: .max), named: "v.bin") }
    refuses(.damaged, "expected a finite number, found nan") {
      try read(Self.binary([("x", [1]), ("good", [.nan])]), named: "v.bin")
    }
    refuses(CorpusError.self) {
      try read(Array("2 3\n".utf8) + [UInt8](repeating: 0xFF, count: 100_000), named: "v.bin")
    }
  }

  @Test func whatIsNoFileIsRefused() {
    refuses(.notFound, at: "/nowhere", "no such file") { try WordVectors.size(ofVectorsIn: "/nowhere") }
    refuses(.unsupportedFormat, "found a folder") {
      try WordVectors.size(ofVectorsIn: FileManager.default.temporaryDirectory.path)
    }
  }

  /// Any bytes give vectors or an error.
  @Test func mutatedFilesDoNotCrash() throws {
    let file = TemporaryFile("vec")
    var state: UInt64 = 7
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    for seed in [Array(Self.glove.utf8), Array(("7 3\n" + Self.glove).utf8), Self.binary(Self.floats)] {
      for _ in 0..<300 {
        var bytes = seed
        for _ in 0...random(4) {
          switch random(3) {
          case 0: bytes[random(bytes.count)] = UInt8(random(256))
          case 1: bytes.insert(UInt8(random(256)), at: random(bytes.count))
          default: bytes.remove(at: random(bytes.count))
          }
        }
        try file.write(bytes)
        do { _ = try WordVectors(contentsOf: file.path, for: Self.vocabulary) } catch is CorpusError {}
      }
    }
  }
}
