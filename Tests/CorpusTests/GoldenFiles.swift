import Corpus
import Foundation
import Testing

/// Files and answers that Python, numpy and Keras made.
enum Golden {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: name, ofType: nil, inDirectory: "Golden"), "no golden file \(name)")
  }

  static let data = Result {
    try JSONDecoder().decode(KerasData.self, from: Data(contentsOf: URL(fileURLWithPath: path("keras_data.json"))))
  }

  /// All bytes of an entry.
  static func entry(_ entry: String, of name: String) throws -> [UInt8] {
    try ZipArchive(path: path(name)).read(entry) { try $0.bytes($0.size) }
  }
}

/// What `Scripts/golden/keras_data.py` writes.
struct KerasData: Decodable, Sendable {
  struct Part: Decodable, Sendable {
    let lengths: [Int]
    let tokens: [Int32]
    let crc32: UInt32
    let labels: String
  }

  struct Load: Decodable, Sendable {
    let file: String
    let parameters: Parameters
    let train: Part?
    let test: Part?
    let error: String?
  }

  /// Null is nil, and what is not there is Keras's default.
  struct Parameters: Decodable, Sendable {
    let options: KerasIMDB.Options

    enum Key: String, CodingKey {
      case numWords = "num_words"
      case skipTop = "skip_top"
      case maxLength = "maxlen"
      case seed
      case startChar = "start_char"
      case oovChar = "oov_char"
      case indexFrom = "index_from"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Key.self)
      func optional(_ key: Key, or standard: Int?) throws -> Int? {
        values.contains(key) ? try values.decodeIfPresent(Int.self, forKey: key) : standard
      }
      let standard = KerasIMDB.Options()
      options = KerasIMDB.Options(
        numWords: try optional(.numWords, or: nil),
        skipTop: try values.decodeIfPresent(Int.self, forKey: .skipTop) ?? standard.skipTop,
        maxLength: try optional(.maxLength, or: nil),
        seed: try values.decodeIfPresent(UInt32.self, forKey: .seed) ?? standard.seed,
        startChar: try optional(.startChar, or: standard.startChar),
        oovChar: try optional(.oovChar, or: standard.oovChar),
        indexFrom: try values.decodeIfPresent(Int.self, forKey: .indexFrom) ?? standard.indexFrom)
    }
  }

  struct Pads: Decodable, Sendable {
    struct Case: Decodable, Sendable {
      let maxlen: Int?
      let padding: String
      let truncating: String
      let value: Int32
      let padded: [[Int32]]
    }

    let sequences: [[Int32]]
    let cases: [Case]
  }

  struct Shuffle: Decodable, Sendable {
    let seed: UInt32
    let count: Int
    let crc32: [UInt32]
  }

  let loadData: [Load]
  let padSequences: Pads
  let shuffle: [Shuffle]

  enum CodingKeys: String, CodingKey {
    case loadData = "load_data"
    case padSequences = "pad_sequences"
    case shuffle
  }
}
