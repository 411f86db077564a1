import Fixtures
import Foundation
import Models
import RecurrentNetwork
import Testing

@Suite final class SafetensorsTests {
  private let file = TemporaryFile("safetensors")
  private var path: String { file.path }

  private func parse(_ header: String, data: Int = 8, length: UInt64? = nil) throws -> Safetensors {
    var bytes = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
    bytes += Data(header.utf8) + Data(count: data)
    try bytes.write(to: URL(fileURLWithPath: path))
    return try Safetensors(contentsOf: path)
  }

  @Test func readsBackWhatItWrote() throws {
    var file = Safetensors()
    file.tensors["b"] = .init(shape: [2, 3], values: [1, -2, .pi, 0, .leastNonzeroMagnitude, 3e38])
    file.tensors["a \"\\\u{1}é"] = .init(shape: [], values: [7])
    file.tensors["empty"] = .init(shape: [0, 4], values: [])
    file.metadata = ["vocabulary": "[\"a\",\"\\n\"]", "k\u{0}": "😀"]
    try file.write(to: path)
    #expect(try Safetensors(contentsOf: path) == file)
    // The data starts on a multiple of 8, as the reference writer has it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes[0] % 8 == 0)
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    #expect(names.filter { $0.hasPrefix(name) } == [name])
  }

  @Test func writesAPinnedHeader() {
    var file = Safetensors()
    file.tensors["b"] = .init(shape: [2, 1], values: [1, -2])
    file.tensors["A \"\\\u{1}é"] = .init(shape: [], values: [7])
    file.metadata = ["vocabulary": "[\"a/b\",\"\\n\"]", "k\u{0}": "😀"]
    let header =
      #"{"__metadata__":{"k\u0000":"😀","vocabulary":"[\"a/b\",\"\\n\"]"},"#
      + #""A \"\\\u0001é":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}}"#
    let parts = Array(file.parts)
    #expect(String(decoding: parts[1], as: UTF8.self).trimmingCharacters(in: .whitespaces) == header)
    #expect(parts[1].count % 8 == 0 && parts[0].elementsEqual([UInt8(parts[1].count), 0, 0, 0, 0, 0, 0, 0]))
    #expect(Array(Safetensors().parts)[1].elementsEqual("{}      ".utf8))
  }

  @Test func readsWhatJSONAllows() throws {
    let file = try parse(
      " { \"\\u00e9\\ud83d\\ude00\" : { \"shape\" : [ 2 ] , \"data_offsets\" : [ 0 , 8 ] , \"dtype\" : \"F32\" } } ")
    #expect(file.tensors["é😀"]?.values == [0, 0])
  }

  private func write(_ dtype: String, _ bytes: [UInt8]) throws {
    let count = bytes.count / (dtype == "F64" ? 8 : 2)
    let header = "{\"a\":{\"dtype\":\"\(dtype)\",\"shape\":[\(count)],\"data_offsets\":[0,\(bytes.count)]}}"
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    try (length + Data(header.utf8) + Data(bytes)).write(to: URL(fileURLWithPath: path))
  }

  private static func bytes<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
    numbers.map(\.littleEndian).withUnsafeBytes { Array($0) }
  }

  @Test func convertsOtherFloatsWhereTold() throws {
    // 1, -2, the largest, the smallest normal, the largest and the smallest subnormal, zeros, infinity
    let halves: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0400, 0x03FF, 0x8001, 0, 0x8000, 0x7C00, 0xFC00]
    let values: [Float] = [1, -2, 65504, 0x1p-14, 1023 * 0x1p-24, -0x1p-24, 0, -0.0, .infinity, -.infinity]
    try write("F16", Self.bytes(halves))
    let read = try Safetensors(contentsOf: path, convertingFloats: true).tensors["a"]?.values
    #expect(read?.map(\.bitPattern) == values.map(\.bitPattern))
    try write("F16", Self.bytes([UInt16(0x7E00)]))
    #expect(try Safetensors(contentsOf: path, convertingFloats: true).tensors["a"]?.values[0].isNaN == true)

    try write("BF16", Self.bytes([0x3F80, 0xC000, 0x0001, 0x7F80] as [UInt16]))
    #expect(
      try Safetensors(contentsOf: path, convertingFloats: true).tensors["a"]?.values == [1, -2, 0x1p-133, .infinity])

    // The nearest Float: 0.1, and halfway between two, where the even one is taken.
    try write("F64", Self.bytes([0.1, 1 + 0x1p-24, 1e39, -0.0].map(\.bitPattern)))
    #expect(
      try Safetensors(contentsOf: path, convertingFloats: true).tensors["a"]?.values == [0.1, 1, .infinity, -0.0])
  }

  @Test func refusesOtherFloatsUnlessTold() throws {
    try write("F64", Self.bytes([Double(0.1).bitPattern]))
    refuses(.malformed, at: path, "a has dtype F64, expected F32; give a safetensors file of float32 tensors") {
      try Safetensors(contentsOf: path)
    }
  }

  @Test(arguments: ["I64", "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F32\u{1B}"])
  func refusesOtherNumbers(dtype: String) throws {
    try write(dtype.replacing("\u{1B}", with: "\\u001b"), [0, 0])
    let shown = dtype.replacing("\u{1B}", with: "\\u{1B}")
    refuses(.malformed, at: path, "a has dtype \(shown), expected F32, F16, BF16, F64;") {
      try Safetensors(contentsOf: path, convertingFloats: true)
    }
  }

  private static let tensor = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"

  @Test(arguments: [
    ("{}", 8, nil as UInt64?, "8 bytes follow the last tensor"),
    ("{\"a\":{\(tensor)}}", 9, nil, "1 bytes follow the last tensor"),
    ("{\"a\":{\(tensor)}}", 7, nil, "ends at data byte 8, but there are 7"),
    ("{\"a\":{\(tensor)},\"a\":{\(tensor)}}", 8, nil, "“a” occurs twice"),
    ("{\"a\":{\(tensor)},\"b\":{\(tensor)}}", 8, nil, "tensors must be contiguous"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,08]}}", 8, nil, "expected a non-negative integer"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, nil, "starts at data byte 4, expected 0"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, nil, "expected 12 for its shape"),
    ("{\"a\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, nil, "dtype F16, expected F32"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, nil, "must be a start and an end"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}", 8, nil,
      "a shape larger than the file"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", 8, nil, "too large"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, nil, "expected a non-negative integer"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, nil, "lacks data_offsets"),
    ("{\"a\":{\(tensor),\"x\":1}}", 8, nil, "unexpected key “x”"),
    ("{\"a\":{\(tensor),\"dtype\":\"F32\"}}", 8, nil, "unexpected key “dtype”"),
    ("{\"__metadata__\":{\"k\":1},\"a\":{\(tensor)}}", 8, nil, "expected “\"”"),
    ("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\"a\":{\(tensor)}}", 8, nil, "metadata key “k” occurs twice"),
    ("{\"a\":{\(tensor)}} x", 8, nil, "expected the end of the header"),
    ("{\"a\":{\(tensor)}", 8, nil, "expected “}”"),
    ("{\"a\\ud800\":{\(tensor)}}", 8, nil, "surrogate"),
    ("{\"a", 0, nil, "a string is unterminated"),
    ("[[[[[[", 8, nil, "expected “{”"),
    ("{}", 0, 3, "doesn't fit a file"),
    ("{}", 0, UInt64.max, "doesn't fit a file"),
  ])
  func refusesAMalformedHeader(header: String, data: Int, length: UInt64?, problem: String) {
    refuses(.malformed, at: path, problem) { try parse(header, data: data, length: length) }
  }

  @Test func refusesAFileThatIsNotThere() {
    refuses(.missing, at: "/nowhere/x") { try Safetensors(contentsOf: "/nowhere/x") }
  }

  @Test func refusesAFolder() {
    refuses(.notRegular(isFolder: true), at: "/tmp") { try Safetensors(contentsOf: "/tmp") }
  }

  @Test func refusesAFileTooShortForAHeader() throws {
    try file.write([1, 2, 3])
    refuses(.malformed, at: path, "3 bytes are too few") { try Safetensors(contentsOf: path) }
  }

  @Test func mutatedFilesNeverTrap() throws {
    var file = Safetensors()
    file.tensors = ["a": .init(shape: [2, 2], values: [1, 2, 3, 4]), "b": .init(shape: [1], values: [5])]
    file.metadata = ["configuration": "{\"x\": \"\\u00e9\"}"]
    try file.write(to: path)
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    var generator = RandomGenerator(seed: 1)
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<1 + Int(generator.uniform() * 3) {
        let position = Int(generator.uniform() * Double(bytes.count))
        switch Int(generator.uniform() * 3) {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes.removeSubrange(position..<min(position + 4, bytes.count))
        default: bytes.insert(contentsOf: bytes[0..<min(5, bytes.count)], at: position)
        }
        if bytes.isEmpty { break }
      }
      try bytes.write(to: URL(fileURLWithPath: path))
      _ = try? Safetensors(contentsOf: path)
    }
  }
}
