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

  /// The message.
  let bytes: UnsafeRawBufferPointer
  private let start: Int
  private var position = 0

  /// - Parameters:
  ///   - bytes: the message, which must outlive the reader.
  ///   - start: the message's offset in the file.
  init(_ bytes: UnsafeRawBufferPointer, start: Int = 0) {
    self.bytes = bytes
    self.start = start
  }

  func problem(_ text: String) -> Problem { Problem(offset: start + position, text: text) }

  /// Reads the next field; nil at the end of the message.
  mutating func next() throws(Problem) -> (number: UInt64, value: Value)? {
    if position == bytes.count { return nil }
    let tag = try varint()
    switch tag & 7 {
    case 0: return (tag >> 3, .varint(try varint()))
    case 1: try skip(8)
    case 2:
      let count = try varint()
      guard count <= bytes.count - position else {
        throw problem("expected \(count) bytes, found \(bytes.count - position)")
      }
      let content = UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
      defer { position += Int(count) }
      return (tag >> 3, .bytes(ProtobufReader(content, start: start + position)))
    case 5: try skip(4)
    default: throw problem("a field has an unknown wire type")
    }
    return (tag >> 3, .fixed)
  }

  private mutating func skip(_ count: Int) throws(Problem) {
    guard count <= bytes.count - position else { throw problem("the message ends within a number") }
    position += count
  }

  private mutating func varint() throws(Problem) -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < bytes.count else { throw problem("the message ends within a number") }
      let byte = bytes[position]
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

extension ProtobufReader {
  /// Reads all fields of the message, by number.
  ///
  /// - Parameters:
  ///   - single: the numbers that may occur once.
  ///   - repeated: the numbers that may occur at most `limit` times.
  /// - Throws: `Problem` if a field with any other number occurs, or one occurs too often.
  func fields(single: Set<UInt64>, repeated: Set<UInt64> = [], limit: Int = 64) throws(Problem) -> [UInt64: [Value]] {
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
    get throws(Problem) {
      guard let text = String(validating: bytes, as: UTF8.self) else { throw problem("a string is not UTF-8") }
      return text
    }
  }
}
