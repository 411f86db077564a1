import Corpus
import Files
import Fixtures
import Foundation
import Models
import RecurrentNetwork
import Testing

/// A damaged file gives an error or a model, never a trap or a hang, and never fills the memory.
///
/// FUZZ_COUNT sets the number of mutations of each kind of file.
@Suite struct FuzzTests {
  private static let count = ProcessInfo.processInfo.environment["FUZZ_COUNT"].flatMap(Int.init) ?? 1500

  @Test(
    arguments: [ModelFormat.safetensors, .onnx, .npz],
    [SmallModel.model, SmallModel.model(of: SmallModel.architectures[5])])
  func aMutatedFileIsReadOrRefusedInALine(format: ModelFormat, model: Model) throws {
    let file = TemporaryFile(format.rawValue)
    try model.write(to: file.path, as: format)
    let original = try file.bytes()
    var archive: [(name: String, data: Data)] = []
    if format == .npz {
      let reader = try ZipArchive(path: file.path)
      archive = try reader.entryNames.map { name in
        (name, Data(try reader.read(name) { try $0.bytes($0.remaining) }))
      }
    }
    var generator = RandomGenerator(seed: 3)
    var (read, refused) = (0, 0)
    for number in 0..<Self.count {
      var bytes = original
      if format == .npz, number % 4 != 0 {
        // Within an entry, or libzip would see from the checksum that it was changed.
        let index = Int(generator.uniform() * Double(archive.count))
        var entries = archive
        entries[index].data = Data(Self.mutated([UInt8](entries[index].data), &generator))
        bytes = [UInt8](try ZipWriter.archive(entries, isDeflated: number % 8 < 4))
      } else {
        bytes = Self.mutated(bytes, &generator)
      }
      try file.write(bytes)
      do {
        _ = try Model(contentsOf: file.path)
        read += 1
      } catch {
        refused += 1
        #expect(error is any ActionableError || error is CorpusError, "mutation \(number): \(error)")
        #expect(!"\(error)".contains("\n") && "\(error)".hasPrefix(file.path), "mutation \(number): \(error)")
      }
    }
    #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
  }

  /// Values that mean something in the formats, or lie at the ends of their numbers.
  private static let boundaries: [[UInt8]] =
    [[0], [1], [0x7F], [0x80], [0xFF], Array("\"".utf8), Array("{".utf8), Array("9".utf8), Array("'".utf8)]
    + [[UInt8](repeating: 0xFF, count: 9) + [1], [UInt8](repeating: 0, count: 8), [UInt8](repeating: 0xFF, count: 4)]

  private static func mutated(_ bytes: [UInt8], _ generator: inout RandomGenerator) -> [UInt8] {
    func below(_ bound: Int) -> Int { min(Int(generator.uniform() * Double(bound)), max(bound - 1, 0)) }
    var bytes = bytes
    for _ in 0...below(4) where !bytes.isEmpty {
      let place = below(bytes.count)
      switch below(7) {
      case 0: bytes[place] ^= 1 << UInt8(below(8))
      case 1: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      case 2:
        let piece = boundaries[below(boundaries.count)]
        bytes.replaceSubrange(place..<min(place + piece.count, bytes.count), with: piece)
      case 3: bytes.insert(contentsOf: boundaries[below(boundaries.count)], at: place)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
      case 5: bytes.removeSubrange(place...)
      default:
        let start = below(bytes.count)
        bytes.insert(contentsOf: bytes[start..<min(bytes.count, start + 1 + below(40))], at: place)
      }
    }
    return bytes
  }
}
