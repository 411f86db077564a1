import Files
import Foundation

/// Where a text comes from.
package struct TextOrigin: Sendable, Equatable {
  /// Tells the text from others, whatever surrounds it: see ``TextHashes/hash(of:)``.
  package var hash: UInt64
  /// The index of its file among those of its data set, ``Dataset/fileNames``.
  package var file: Int32
  /// The line of the file in which it begins, from 1 on; 0 where the file holds nothing else.
  package var line: Int32
}

/// A set of texts that can be recognized, but not read: 48 bits of a hash of each.
package struct TextHashes: Sendable, Equatable {
  /// The hashes' upper 48 bits, in ascending order.
  private let hashes: [UInt64]

  /// How many bytes of a hash are kept. Among a million texts, another million has a false one once in 280 times.
  private static let width = 6

  /// A set of texts by their hashes.
  package init(_ hashes: some Sequence<UInt64>) {
    let sorted = hashes.map { $0 >> (64 - 8 * Self.width) }.sorted()
    self.hashes = sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
  }

  /// The number of different texts.
  package var count: Int { hashes.count }

  /// Whether there is a text with this hash.
  package func contains(_ hash: UInt64) -> Bool {
    let wanted = hash >> (64 - 8 * Self.width)
    var (start, end) = (0, hashes.count)
    while start < end {
      let middle = (start + end) / 2
      if hashes[middle] < wanted { start = middle + 1 } else { end = middle }
    }
    return start < hashes.count && hashes[start] == wanted
  }

  /// The texts of both.
  package func union(_ other: TextHashes) -> TextHashes {
    TextHashes((hashes + other.hashes).map { $0 << (64 - 8 * Self.width) })
  }

  /// A text's hash: of its bytes, without white space around them.
  package static func hash(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var (start, end) = (0, text.count)
    while start < end, text[start] <= 0x20 { start += 1 }
    while end > start, text[end - 1] <= 0x20 { end -= 1 }
    var fingerprint = Fingerprint()
    fingerprint.add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: text[start..<end])))
    // The upper bits depend on those of the last word as well.
    fingerprint.add(0)
    return fingerprint.state
  }
}

extension TextHashes: Codable {
  /// Decodes the text that `encode` writes.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let data = Data(base64Encoded: try container.decode(String.self)), data.count % Self.width == 0 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a list of hashes")
    }
    self.init(
      stride(from: 0, to: data.count, by: Self.width).map { place in
        data[place..<place + Self.width].reduce(0) { $0 << 8 | UInt64($1) } << (64 - 8 * Self.width)
      })
  }

  /// Encodes the hashes one after the other, in Base64.
  package func encode(to encoder: any Encoder) throws {
    var data = Data(capacity: hashes.count * Self.width)
    for hash in hashes {
      for byte in (0..<Self.width).reversed() { data.append(UInt8(truncatingIfNeeded: hash >> (8 * byte))) }
    }
    var container = encoder.singleValueContainer()
    try container.encode(data.base64EncodedString())
  }
}

extension LabeledSequences {
  /// Which texts were in some others: nil where it isn't known which texts these are.
  package func places(in texts: TextHashes) -> [Int]? {
    origins.map { origins in origins.indices.filter { texts.contains(origins[$0].hash) } }
  }
}
