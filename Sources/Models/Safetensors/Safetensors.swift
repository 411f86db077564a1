import Files
import Foundation

/// A safetensors file of floating-point tensors: u64 header length, JSON header, data.
public struct Safetensors: Sendable, Equatable {
  /// A tensor.
  public struct Tensor: Sendable, Equatable {
    /// Extents, row-major.
    public var shape: [Int]
    /// The elements.
    public var values: [Float]

    /// Creates a tensor.
    ///
    /// - Precondition: the number of values is the product of the extents.
    public init(shape: [Int], values: [Float]) {
      precondition(shape.reduce(1, *) == values.count)
      self.shape = shape
      self.values = values
    }
  }

  /// The tensors, by name.
  public var tensors: [String: Tensor] = [:]
  /// The texts of `__metadata__`, by name.
  public var metadata: [String: String] = [:]

  /// Creates a file without tensors.
  public init() {}

  // MARK: Reading

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - convertingFloats: whether tensors of float16, bfloat16 and float64 are accepted too, each element becoming the
  ///     nearest Float. Integers and smaller floats never are.
  /// - Throws: `FileError` if the file can't be read, `ModelError` if it is malformed.
  public init(contentsOf path: String, convertingFloats: Bool = false) throws {
    try self.init(SafetensorsFile(path, convertingFloats: convertingFloats))
  }

  /// Reads the contents of a file.
  ///
  /// - Parameter path: the file's path, for messages.
  /// - Throws: `ModelError` if the contents are malformed.
  package init(_ data: Data, path: String, convertingFloats: Bool = false) throws {
    try self.init(SafetensorsFile(data, path: path, convertingFloats: convertingFloats))
  }

  /// Reads all tensors of a file.
  ///
  /// - Throws: `FileError` if they can't be read, or don't fit into memory.
  package init(_ file: SafetensorsFile) throws {
    metadata = file.metadata
    try file.checkMemory(for: file.entries.keys)
    tensors = try .init(
      uniqueKeysWithValues: file.entries.map { name, entry in
        (name, Tensor(shape: entry.shape, values: try file.values(name)))
      })
  }

  // MARK: Writing

  /// Writes the file atomically, with tensors sorted by name, as in the reference implementation.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String) throws { try AtomicFile.write(parts, to: path) }

  /// The size of the file in bytes.
  package var size: Int { parts.reduce(0) { $0 + $1.count } }

  /// The contents of the file, in consecutive parts: each is made when it is asked for, so that they aren't all in memory.
  package var parts: some Sequence<Data> {
    var members: [(name: String, value: OrderedJSON)] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { (name: $0.key, value: OrderedJSON.string($0.value)) }
      members.append(("__metadata__", .object(texts)))
    }
    var end = 0
    let sorted = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in sorted {
      let start = end
      end += 4 * tensor.values.count
      members.append(
        (
          name,
          [
            "dtype": "F32", "shape": .array(tensor.shape.map { .integer($0) }),
            "data_offsets": [.integer(start), .integer(end)],
          ]
        ))
    }
    var header = OrderedJSON.object(members).utf8()
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    let start = [Data(littleEndianBytes(UInt64(header.count))), Data(header)]
    let pieces = sorted.map(\.value.values).flatMap { values in
      stride(from: 0, to: values.count, by: Self.pieceSize).map { values[$0..<min($0 + Self.pieceSize, values.count)] }
    }
    return (-2..<pieces.count).lazy.map { index in
      if index < 0 { return start[index + 2] }
      return pieces[index].map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
    }
  }

  /// How many numbers are encoded at once.
  private static let pieceSize = 1 << 18
}
