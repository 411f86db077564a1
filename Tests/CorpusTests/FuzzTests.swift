import Corpus
import Foundation
import Testing

/// Damaged files must give an error or data, never a trap, a hang or a flood of memory.
///
/// FUZZ_MUTATIONS sets the number of mutations of each kind of file.
@Suite struct FuzzTests {
  private static let mutations = ProcessInfo.processInfo.environment["FUZZ_MUTATIONS"].flatMap(Int.init) ?? 1000

  /// Bytes that mean something in the formats, and so get further than random ones.
  private static let telling =
    latin1("()].CKMJUXRabcehjqrtN\u{80}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8c}\u{93}\u{94}\u{95}")
    + [0, 1, 0x7f, 0xff]

  private static func mutated(_ seeds: [[UInt8]], _ generator: inout MersenneTwister) -> [UInt8] {
    func below(_ bound: Int) -> Int { Int(generator.interval(UInt32(max(1, bound) - 1))) }
    var bytes = seeds[below(seeds.count)]
    for _ in 0...below(4) where !bytes.isEmpty {
      let place = below(bytes.count)
      switch below(6) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = telling[below(telling.count)]
      case 2: bytes.insert(telling[below(telling.count)], at: place)
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
      case 4: bytes.removeSubrange(place...)
      default:  // a piece of another seed, or of this one
        let other = seeds[below(seeds.count)]
        let start = below(other.count)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(40))], at: place)
      }
    }
    return bytes
  }

  /// Runs a parser on mutations, and returns how many were read and how many refused.
  private static func run(
    _ seeds: [[UInt8]], seed: UInt32, count: Int = mutations, _ parse: ([UInt8]) throws -> Void
  ) -> (read: Int, refused: Int) {
    var generator = MersenneTwister(seed: seed)
    var result = (read: 0, refused: 0)
    for number in 0..<count {
      let bytes = mutated(seeds, &generator)
      do {
        try parse(bytes)
        result.read += 1
      } catch let error as CorpusError {
        result.refused += 1
        #expect(!error.description.contains("\n"), "mutation \(number)")
      } catch {
        Issue.record("mutation \(number): \(error)")
      }
    }
    return result
  }

  @Test func damagedPicklesAreReadOrRefused() throws {
    let small = Pickle.array([[1, 2, 300], [70_000], []])
    let python3 = ["protocol2.npz", "protocol4.npz", "savez.npz"].map { try? Golden.entry("x_test.npy", of: $0) }
    // Without their headers, which all have the same length, and only the first bytes.
    let pickles = [small, small] + python3.compactMap { $0.map { Array($0.dropFirst(128).prefix(400)) } }
    #expect(pickles.count == 5)
    let result = Self.run(pickles, seed: 1) { pickle in
      for count in [3, 30] { _ = try sequences(NPY.lists(pickle, count: count), chunk: 50) }
    }
    #expect(result.refused > 0)
    // With the number of lists that the header says.
    let own = Self.run([small], seed: 2) { _ = try sequences(NPY.lists($0, count: 3)) }
    #expect(own.read > 0)
    #expect(own.refused > 0)
  }

  @Test func damagedArraysAreReadOrRefused() throws {
    let lists = NPY.lists(Pickle.array([[1, 2, 300], [70_000]]), count: 2)
    let numbers = [NPY.labels([0, 1, 1]), try Golden.entry("y_test.npy", of: "savez.npz")]
    let labeled = Self.run(numbers, seed: 3) { _ = try labels($0) }
    #expect(labeled.refused > 0)
    let listed = Self.run(numbers + [lists, lists], seed: 4) { _ = try sequences($0) }
    #expect(listed.read > 0 && listed.refused > 0)
  }

  @Test func damagedArchivesAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let golden = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Golden.path("python2.npz"))))
    let result = Self.run([Zip.imdb().bytes, Zip.imdb().bytes, golden], seed: 5) { bytes in
      _ = try KerasIMDB.loadData(path: folder.write(bytes, to: "imdb.npz"), options: .init(numWords: 1000))
    }
    #expect(result.refused > 0)
  }

  @Test func damagedTextsAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let csv = "review,sentiment\r\n\"a \"\"b\"\",\n<br />é\",positive\r\nc,negative\r\n\"d\",positive\r\n"
    let tsv = "label\ttext\n1\tÉté \"x\"\n0\ty\n"
    let json =
      #"{"text": "a \u00e9 \ud83d\ude00", "label": 1}"# + "\n" + #"{"label": true, "text": "b", "x": [{}, 1e9]}"# + "\n"
    let tree = Zip(.init("a/train/pos/1_9.txt", Array("Σé".utf8)), .init("a/train/neg/2_1.txt", [0x61]))
    let table = Zip(.init("train.csv", Array(csv.utf8)), .init("test.csv", Array(csv.utf8)))
    let columns = #"{"text": {"0": "a \u00e9", "1": "b"}, "label": {"0": 1, "1": true}}"#
    let tar = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Golden.path("ustar.tar.gz"))))
    let seeds = [csv, tsv, json, columns].map { Array($0.utf8) } + [tree.bytes, table.bytes, tar]
    var options = TextOptions()
    options.stripsHTML = true
    let result = Self.run(seeds, seed: 7) { bytes in
      options.encoding = bytes.count % 3 == 0 ? .windows1252 : .utf8
      _ = try LabeledTexts.load(
        path: folder.write(bytes, to: "texts"), options: options, vocabularySize: 9, threads: 2)
    }
    #expect(result.read > 0 && result.refused > 0)
  }

  @Test func damagedWordIndexesAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let json = Array(#"{"the": 1, "a": 2, "œuvre": 88584, "\u00e9t\u00e9": 4}"#.utf8)
    let result = Self.run([json], seed: 6) { _ = try WordIndex(contentsOf: folder.write($0, to: "words.json")) }
    #expect(result.read > 0 && result.refused > 0)
  }
}
