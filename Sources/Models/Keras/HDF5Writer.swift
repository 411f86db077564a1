import Foundation

/// Builds an HDF5 file in memory: groups and contiguous data sets in the newer, simpler form of the format (superblock
/// version 2, object headers version 2; HDF5 File Format Specification 3.0). Equal content gives equal bytes.
///
/// Files that Keras wrote may also use the older form, so they are read with libhdf5.
struct HDF5Writer {
  /// The elements of a data set, row-major.
  enum Elements {
    case float32([Float])
    case int64([Int64])
  }

  private final class Group {
    /// In the order in which they were added, which is also their order in the file.
    var children: [(name: String, node: Node)] = []
  }

  private enum Node {
    case group(Group)
    case dataSet(shape: [Int], Elements)
  }

  private let root = Group()

  /// Adds a data set, and those of its enclosing groups that don't exist yet.
  ///
  /// - Precondition: each name has at most 255 bytes, and a group at most a few hundred members.
  func add(_ path: String, shape: [Int], _ elements: Elements) {
    var names = path.split(separator: "/").map(String.init)
    let name = names.removeLast()
    group(names).children.append((name, .dataSet(shape: shape, elements)))
  }

  /// Adds a group, and those of its enclosing groups that don't exist yet.
  func addGroup(_ path: String) { _ = group(path.split(separator: "/").map(String.init)) }

  private func group(_ names: [String]) -> Group {
    var group = root
    for name in names {
      if case .group(let child)? = group.children.first(where: { $0.name == name })?.node {
        group = child
      } else {
        let child = Group()
        group.children.append((name, .group(child)))
        group = child
      }
    }
    return group
  }

  // MARK: The file

  private static let undefined = UInt64.max

  /// The bytes of the file.
  func file() -> Data {
    // Space for the superblock. Objects follow it; children precede their group, which needs their addresses.
    var bytes = Data(count: 48)
    let address = Self.append(.group(root), to: &bytes)
    var superblock = Data(HDF5File.signature)
    // Version, size of offsets, size of lengths, consistency flags.
    superblock.append(contentsOf: [2, 8, 8, 0])
    for value in [0, Self.undefined, UInt64(bytes.count), address] { superblock.append(value) }
    superblock.append(lookup3(superblock))
    bytes.replaceSubrange(0..<48, with: superblock)
    return bytes
  }

  /// Appends an object, and returns the address of its header.
  private static func append(_ node: Node, to bytes: inout Data) -> UInt64 {
    var messages: [(type: UInt8, body: Data)] = []
    switch node {
    case .group(let group):
      let addresses = group.children.map { append($0.node, to: &bytes) }
      // Link info: version, flags; no heap and no tree, since the header holds the links.
      var info = Data([0, 0])
      for _ in 0..<2 { info.append(undefined) }
      messages.append((0x02, info))
      // Group info: version, flags.
      messages.append((0x0A, Data([0, 0])))
      for (child, address) in zip(group.children, addresses) {
        // Link: version, flags (a hard link, a length in one byte), name, address.
        var link = Data([1, 0, UInt8(child.name.utf8.count)])
        link.append(contentsOf: child.name.utf8)
        link.append(address)
        messages.append((0x06, link))
      }
    case .dataSet(let shape, let elements):
      bytes.append(Data(count: (8 - bytes.count % 8) % 8))
      let start = UInt64(bytes.count)
      let type: Data
      switch elements {
      case .float32(let values):
        precondition(values.count == shape.reduce(1, *))
        values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { bytes.append(contentsOf: $0) }
        // Version 1, class 1; implied leading bit, sign at bit 31; size; offset, precision; exponent at 23 of 8 bits,
        // mantissa at 0 of 23 bits; bias.
        type = Data([0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0])
      case .int64(let values):
        precondition(values.count == shape.reduce(1, *))
        values.map(\.littleEndian).withUnsafeBytes { bytes.append(contentsOf: $0) }
        // Version 1, class 0; signed; size; offset, precision.
        type = Data([0x10, 0x08, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0])
      }
      // Dataspace: version, rank, flags, scalar or simple.
      var space = Data([2, UInt8(shape.count), 0, shape.isEmpty ? 0 : 1])
      for extent in shape { space.append(UInt64(extent)) }
      messages.append((0x01, space))
      messages.append((0x03, type))
      // Fill value: version; allocated late, written if set, none defined.
      messages.append((0x05, Data([3, 0x0A])))
      // Layout: version, contiguous, address, size.
      var layout = Data([3, 1])
      layout.append(start)
      layout.append(UInt64(bytes.count) - start)
      messages.append((0x08, layout))
    }
    bytes.append(Data(count: (8 - bytes.count % 8) % 8))
    let address = UInt64(bytes.count)
    // Version, flags: the chunk's size takes four bytes.
    var header = Data("OHDR".utf8) + [2, 2]
    header.append(UInt32(messages.reduce(0) { $0 + 4 + $1.body.count }))
    for message in messages {
      header.append(message.type)
      header.append(UInt16(message.body.count))
      header.append(UInt8(0))
      header.append(message.body)
    }
    header.append(lookup3(header))
    bytes.append(header)
    return address
  }
}

extension Data {
  /// Appends a number, little-endian.
  fileprivate mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// The checksum of HDF5 metadata: Bob Jenkins's lookup3, `hashlittle` with an initial value of 0.
func lookup3(_ bytes: Data) -> UInt32 {
  func rotated(_ x: UInt32, _ count: UInt32) -> UInt32 { x << count | x >> (32 - count) }
  var a = UInt32(0xDEAD_BEEF) &+ UInt32(truncatingIfNeeded: bytes.count)
  var (b, c) = (a, a)
  if bytes.isEmpty { return c }
  // Twelve bytes per round; the last round takes the remaining bytes, padded with zeros, and mixes differently.
  let padded = [UInt8](bytes) + [UInt8](repeating: 0, count: (12 - bytes.count % 12) % 12)
  func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(padded[offset + $1]) << UInt32(8 * $1) } }
  for offset in stride(from: 0, to: padded.count, by: 12) {
    a &+= word(offset)
    b &+= word(offset + 4)
    c &+= word(offset + 8)
    if offset + 12 == padded.count { break }
    a = (a &- c) ^ rotated(c, 4)
    c = c &+ b
    b = (b &- a) ^ rotated(a, 6)
    a = a &+ c
    c = (c &- b) ^ rotated(b, 8)
    b = b &+ a
    a = (a &- c) ^ rotated(c, 16)
    c = c &+ b
    b = (b &- a) ^ rotated(a, 19)
    a = a &+ c
    c = (c &- b) ^ rotated(b, 4)
    b = b &+ a
  }
  c = (c ^ b) &- rotated(b, 14)
  a = (a ^ c) &- rotated(c, 11)
  b = (b ^ a) &- rotated(a, 25)
  c = (c ^ b) &- rotated(b, 16)
  a = (a ^ c) &- rotated(c, 4)
  b = (b ^ a) &- rotated(a, 14)
  c = (c ^ b) &- rotated(b, 24)
  return c
}
