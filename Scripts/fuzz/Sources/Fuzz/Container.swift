import Foundation
import Models

/// What is put around libFuzzer's bytes, so that they reach the reader behind a checksum.
enum Container {
  /// A zip archive: the bytes are its parts, each a name, a zero and the contents, with a separator between them.
  case zip
  /// A checkpoint: the bytes are a safetensors file, whose checksum is replaced by the right one.
  case checkpoint

  /// The file's bytes; those given where they can't be put into the container.
  func file(of bytes: Data) -> Data {
    switch self {
    case .zip: Self.archive(Self.parts(bytes))
    case .checkpoint: Self.signed(bytes) ?? bytes
    }
  }

  // MARK: Zip

  typealias Part = (name: Data, data: Data)

  private static let separator = Data([0xFF, 0xFE, 0xFD, 0xFC])

  /// What ``file(of:)`` makes these parts of.
  static func bytes(_ parts: [(name: String, data: Data)]) -> Data {
    Data(parts.map { Data($0.name.utf8) + [0] + $0.data }.joined(separator: separator))
  }

  /// The parts of an archive of stored entries, as our writers make them.
  static func parts(ofArchive path: String) throws -> [(name: String, data: Data)] {
    var (parts, rest) = ([(name: String, data: Data)](), try Data(contentsOf: URL(fileURLWithPath: path)))
    while rest.starts(with: Data("PK\u{3}\u{4}".utf8)) {
      let fields = Data(rest.prefix(30))
      func number(_ place: Int, _ width: Int) -> Int {
        (0..<width).reduce(0) { $0 | Int(fields[place + $1]) << (8 * $1) }
      }
      let (nameLength, size) = (number(26, 2), number(18, 4))
      rest = rest.dropFirst(30)
      let name = String(decoding: rest.prefix(nameLength), as: UTF8.self)
      rest = rest.dropFirst(nameLength + number(28, 2))
      parts.append((name, Data(rest.prefix(size))))
      rest = rest.dropFirst(size)
    }
    return parts
  }

  private static func parts(_ bytes: Data) -> [Part] {
    var (parts, rest) = ([Part](), bytes)
    while parts.count < 20 {
      let end = rest.range(of: separator)?.lowerBound ?? rest.endIndex
      let name = rest[..<end].prefix { $0 != 0 }
      parts.append((Data(name), withRightHeader(Data(rest[..<end].dropFirst(name.count + 1)))))
      guard end < rest.endIndex else { break }
      rest = rest[(end + separator.count)...]
    }
    return parts
  }

  /// The length of a NumPy array's header follows from the header.
  private static func withRightHeader(_ array: Data) -> Data {
    guard array.starts(with: Data([0x93]) + Data("NUMPY\u{1}".utf8)), let newLine = array.firstIndex(of: 0x0A),
      (10..<1 << 16).contains(newLine)
    else { return array }
    var array = array
    array.replaceSubrange(8..<10, with: number(newLine - 9, 2))
    return array
  }

  /// Stored entries (PKWARE's APPNOTE.TXT 6.3.10).
  private static func archive(_ parts: [Part]) -> Data {
    var (file, directory) = (Data(), Data())
    for part in parts {
      let offset = file.count
      var fields = number(20, 2) + number(0x800, 2) + number(0, 2) + number(0, 2) + number(0x21, 2)
      fields += number(Int(crc32(part.data)), 4) + number(part.data.count, 4) + number(part.data.count, 4)
      fields += number(part.name.count, 2) + number(0, 2)
      file += Data("PK\u{3}\u{4}".utf8) + fields + part.name + part.data
      directory += Data("PK\u{1}\u{2}".utf8) + number(20, 2) + fields + number(0, 10) + number(offset, 4) + part.name
    }
    let end = number(0, 4) + number(parts.count, 2) + number(parts.count, 2) + number(directory.count, 4)
    return file + directory + Data("PK\u{5}\u{6}".utf8) + end + number(file.count, 4) + number(0, 2)
  }

  private static func number(_ value: Int, _ width: Int) -> Data {
    Data((0..<width).map { $0 < 8 ? UInt8(value >> (8 * $0) & 0xFF) : 0 })
  }

  private static let crcTable = (0..<256 as Range<UInt32>).map { byte in
    (0..<8).reduce(byte) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xEDB8_8320) }
  }

  private static func crc32(_ bytes: Data) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ crcTable[Int($0 & 0xFF ^ UInt32($1))] }
  }

  // MARK: Checkpoints

  private static func signed(_ bytes: Data) -> Data? {
    let path = scratchPath + ".checkpoint"
    guard (try? bytes.write(to: URL(fileURLWithPath: path))) != nil, var file = try? Safetensors(contentsOf: path),
      file.metadata.removeValue(forKey: "checksum") != nil
    else { return nil }
    file.metadata["checksum"] = checksum(file)
    try! file.write(to: path)
    return try! Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// As CheckpointFile.swift makes it, whose own isn't public.
  private static func checksum(_ file: Safetensors) -> String {
    var state: UInt64 = 0x6C73_746D
    func add(_ word: UInt64) {
      state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 32
    }
    func add(_ bytes: Data) {
      add(UInt64(bytes.count))
      let whole = bytes.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        add(bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
      for byte in bytes[whole...] { add(UInt64(byte)) }
    }
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      add(Data(key.utf8))
      add(Data(value.utf8))
    }
    for (name, tensor) in file.tensors.sorted(by: { $0.key < $1.key }) {
      add(Data(name.utf8))
      for extent in tensor.shape { add(UInt64(extent)) }
      add(tensor.values.withUnsafeBytes { Data($0) })
    }
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
