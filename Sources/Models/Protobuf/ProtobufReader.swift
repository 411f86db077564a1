import Files

/// Reads a protobuf message field by field (protobuf.dev/programming-guides/encoding).
///
/// An embedded message is returned as another reader, so nesting is followed only as deep as the caller goes.
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    /// A message, a string or bytes.
    case bytes(ProtobufReader)
    /// 4 or 8 bytes, which the reader of ONNX models has no use for.
    case fixed
  }

  struct Problem: Error {
    /// In bytes, from the start of the file.
    var offset: Int
    var text: String
  }

  /// The message's bytes, in the file.
  let range: Range<Int>
  private let window: ByteWindow
  private var position: Int

  /// - Parameter source: the file, of which the message is all.
  init(_ source: some ByteSource) { self.init(ByteWindow(source), 0..<source.count) }

  private init(_ window: ByteWindow, _ range: Range<Int>) {
    (self.window, self.range) = (window, range)
    position = range.lowerBound
  }

  /// The number of the message's bytes.
  var count: Int { range.count }

  /// The message's bytes.
  ///
  /// - Throws: `FileError` if they can't be read.
  func bytes() throws -> [UInt8] { try window.source.bytes(range) }

  func problem(_ text: String) -> Problem { Problem(offset: position, text: text) }

  /// Reads the next field; nil at the end of the message.
  mutating func next() throws -> (number: UInt64, value: Value)? {
    if position == range.upperBound { return nil }
    let tag = try varint()
    switch tag & 7 {
    case 0: return (tag >> 3, .varint(try varint()))
    case 1: try skip(8)
    case 2:
      let count = try varint()
      guard count <= range.upperBound - position else {
        throw problem("expected \(count) bytes, found \(range.upperBound - position)")
      }
      let content = position..<position + Int(count)
      position = content.upperBound
      return (tag >> 3, .bytes(ProtobufReader(window, content)))
    case 5: try skip(4)
    default: throw problem("a field has an unknown wire type")
    }
    return (tag >> 3, .fixed)
  }

  private mutating func skip(_ count: Int) throws {
    guard count <= range.upperBound - position else { throw problem("the message ends within a number") }
    position += count
  }

  private mutating func varint() throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < range.upperBound else { throw problem("the message ends within a number") }
      let byte = try window.byte(at: position)
      position += 1
      result |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        guard shift < 63 || byte <= 1 else { break }
        return result
      }
    }
    throw problem("a number is too large")
  }
}

/// The part of a file that was read last: numbers take a few bytes each, and follow each other.
private final class ByteWindow {
  let source: any ByteSource
  private var bytes: [UInt8] = []
  private var start = 0

  init(_ source: any ByteSource) { self.source = source }

  func byte(at offset: Int) throws -> UInt8 {
    if offset < start || offset >= start + bytes.count {
      bytes = try source.bytes(offset..<min(offset + 256, source.count))
      start = offset
    }
    return bytes[offset - start]
  }
}

extension ProtobufReader {
  /// Reads all fields of the message, by number.
  ///
  /// - Parameters:
  ///   - single: the numbers that may occur once.
  ///   - repeated: the numbers that may occur at most `limit` times.
  /// - Throws: `Problem` if a field with any other number occurs, or one occurs too often.
  func fields(single: Set<UInt64>, repeated: Set<UInt64> = [], limit: Int = 64) throws -> [UInt64: [Value]] {
    var (reader, fields) = (self, [UInt64: [Value]]())
    while let (number, value) = try reader.next() {
      guard single.contains(number) || repeated.contains(number) else {
        throw reader.problem("field \(number) is unexpected")
      }
      let count = fields[number]?.count ?? 0
      guard count < (repeated.contains(number) ? limit : 1) else {
        throw reader.problem("field \(number) occurs too often")
      }
      fields[number, default: []].append(value)
    }
    return fields
  }

  /// The message as a string.
  var text: String {
    get throws {
      guard count <= Self.longestText else { throw problem("a string is longer than \(Self.longestText) bytes") }
      guard let text = String(validating: try bytes(), as: UTF8.self) else { throw problem("a string is not UTF-8") }
      return text
    }
  }

  /// More than any vocabulary takes.
  private static let longestText = 100_000_000
}
