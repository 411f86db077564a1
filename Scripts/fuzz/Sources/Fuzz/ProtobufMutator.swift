import Foundation

/// Changes protobuf messages so that all lengths stay right: libFuzzer's own mutations would rarely get past those.
struct ProtobufMutator {
  private struct Field {
    var tag: [UInt8]
    var content: Content
  }

  private indirect enum Content {
    /// A number, as it is encoded.
    case number([UInt8])
    case bytes([UInt8])
    case message([Field])
  }

  private var generator: SplitMix
  /// libFuzzer's mutation of some bytes.
  private let mutate: ([UInt8]) -> [UInt8]

  init(seed: UInt32, mutate: @escaping ([UInt8]) -> [UInt8]) {
    generator = SplitMix(state: UInt64(seed))
    self.mutate = mutate
  }

  /// The message with a field changed, taken out, doubled or moved; nil if the bytes are no message.
  mutating func mutated(_ message: [UInt8]) -> [UInt8]? {
    guard var fields = Self.fields(message[...], depth: 0), !fields.isEmpty else { return nil }
    change(&fields)
    return Self.encoded(fields)
  }

  private mutating func change(_ fields: inout [Field]) {
    let index = fields.indices.randomElement(using: &generator)!
    // Mostly deeper down, where most fields are.
    if case .message(var inner) = fields[index].content, !inner.isEmpty, Int.random(in: 0..<8, using: &generator) > 0 {
      change(&inner)
      fields[index].content = .message(inner)
      return
    }
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(fields[index], at: fields.indices.randomElement(using: &generator)!)
    case 2: fields.swapAt(index, fields.indices.randomElement(using: &generator)!)
    case 3: fields[index].content = fields.randomElement(using: &generator)!.content
    case 4: fields[index].tag = mutate(fields[index].tag)
    default:
      switch fields[index].content {
      case .number(let bytes): fields[index].content = .number(mutate(bytes))
      case .bytes(let bytes): fields[index].content = .bytes(mutate(bytes))
      case .message(let inner): fields[index].content = .bytes(mutate(Self.encoded(inner)))
      }
    }
  }

  // MARK: The encoding (protobuf.dev/programming-guides/encoding)

  private static func fields(_ bytes: ArraySlice<UInt8>, depth: Int) -> [Field]? {
    var (fields, rest) = ([Field](), bytes)
    while !rest.isEmpty {
      guard let tag = varint(&rest) else { return nil }
      switch tag[0] & 7 {
      case 0:
        guard let number = varint(&rest) else { return nil }
        fields.append(Field(tag: tag, content: .number(number)))
      case 2:
        guard let length = varint(&rest) else { return nil }
        let count = length.enumerated().reduce(0) { $0 | Int($1.element & 0x7F) << (7 * min($1.offset, 7)) }
        guard count <= rest.count else { return nil }
        let content = rest.prefix(count)
        // Text that happens to be a message is changed as one, which does no harm.
        let inner = depth < 8 && count > 1 ? Self.fields(content, depth: depth + 1) : nil
        fields.append(Field(tag: tag, content: inner.map { .message($0) } ?? .bytes(Array(content))))
        rest = rest.dropFirst(count)
      case let type where type == 1 || type == 5:
        let width = type == 1 ? 8 : 4
        guard rest.count >= width else { return nil }
        fields.append(Field(tag: tag, content: .number(Array(rest.prefix(width)))))
        rest = rest.dropFirst(width)
      default: return nil
      }
    }
    return fields
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    guard let end = rest.prefix(10).firstIndex(where: { $0 < 0x80 }) else { return nil }
    defer { rest = rest[(end + 1)...] }
    return Array(rest[...end])
  }

  private static func encoded(_ fields: [Field]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      bytes += field.tag
      var inner: [UInt8]
      switch field.content {
      case .number(let number):
        bytes += number
        continue
      case .bytes(let content): inner = content
      case .message(let fields): inner = encoded(fields)
      }
      var count = inner.count
      while count >= 0x80 {
        bytes.append(UInt8(count & 0x7F | 0x80))
        count >>= 7
      }
      bytes.append(UInt8(count))
      bytes += inner
    }
    return bytes
  }
}

/// Numbers that follow from libFuzzer's seed.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
