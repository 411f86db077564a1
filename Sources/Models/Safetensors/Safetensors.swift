import Corpus
import Files
import Foundation

/// A safetensors file of floating-point tensors: u64 header length, JSON header, data.
///
/// Reading is as strict as the reference implementation (huggingface/safetensors, `SafeTensors::read_metadata`): gaps,
/// overlaps, trailing bytes, duplicate keys and sizes that don't fit the shape are refused.
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

  /// The format's limit on the header's size, in bytes.
  package static let headerLimit = 100_000_000

  /// Creates a file without tensors.
  public init() {}

  // MARK: Reading

  private static let encodings: KeyValuePairs<String, FloatEncoding> = [
    "F32": .float32, "F16": .float16, "BF16": .bfloat16, "F64": .float64,
  ]

  /// Reads a file.
  ///
  /// - Parameter convertingFloats: whether tensors of float16, bfloat16 and float64 are accepted too, each element
  ///   becoming the nearest Float. Integers and smaller floats never are.
  /// - Throws: `FileError` if the file can't be read, `ModelError` if it is malformed.
  public init(contentsOf path: String, convertingFloats: Bool = false) throws {
    let data = try mappedFile(path, advice: Self.advice(convertingFloats))
    try self.init(data, path: path, convertingFloats: convertingFloats)
  }

  private static func advice(_ convertingFloats: Bool) -> String {
    "give a safetensors file of \(convertingFloats ? "floating-point" : "float32") tensors"
  }

  /// Reads the contents of a file.
  ///
  /// - Parameter path: the file's path, for messages.
  /// - Throws: `ModelError` if the contents are malformed.
  package init(_ data: Data, path: String, convertingFloats: Bool = false) throws {
    let encodings = Self.encodings.prefix(convertingFloats ? 4 : 1)
    let advice = Self.advice(convertingFloats)
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    guard data.count >= 8 else { throw fail("\(data.count) bytes are too few for a safetensors file") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.headerLimit, length <= data.count - 8 else {
      throw fail("the header's length of \(length) bytes doesn't fit a file of \(data.count)")
    }
    let dataStart = 8 + Int(length)
    var header = SafetensorsHeader(data[8..<dataStart])
    do { try header.read() } catch let error as SafetensorsHeader.Problem {
      throw fail("header, byte \(8 + error.offset): \(error.text)")
    }
    metadata = header.metadata

    var end = 0
    for entry in header.entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      let name = CorpusError.escaped(entry.name)
      guard let encoding = encodings.first(where: { $0.key == entry.dtype })?.value else {
        throw fail(
          "\(name) has dtype \(CorpusError.escaped(entry.dtype)), expected "
            + encodings.map(\.key).joined(separator: ", "))
      }
      guard entry.start == end else {
        throw fail("\(name) starts at data byte \(entry.start), expected \(end): tensors must be contiguous")
      }
      var count = 1
      for extent in entry.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow, product <= data.count else { throw fail("\(name) has a shape larger than the file") }
        count = product
      }
      let size = encoding.width * count
      guard entry.end - entry.start == size else {
        throw fail("\(name) has \(entry.end - entry.start) bytes, expected \(size) for its shape")
      }
      guard entry.end <= data.count - dataStart else {
        throw fail("\(name) ends at data byte \(entry.end), but there are \(data.count - dataStart)")
      }
      let bytes = data[dataStart + entry.start..<dataStart + entry.end]
      tensors[entry.name] = Tensor(
        shape: entry.shape, values: bytes.withUnsafeBytes(encoding.floats))
      end = entry.end
    }
    guard end == data.count - dataStart else {
      throw fail("\(data.count - dataStart - end) bytes follow the last tensor")
    }
  }

  // MARK: Writing

  /// Writes the file atomically, with tensors sorted by name, as in the reference implementation.
  ///
  /// - Throws: `FileError`.
  public func write(to path: String) throws { try AtomicFile.write(parts, to: path) }

  /// The contents of the file, in consecutive parts.
  package var parts: [Data] {
    var members: [(name: String, value: OrderedJSON)] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { (name: $0.key, value: OrderedJSON.string($0.value)) }
      members.append(("__metadata__", .object(texts)))
    }
    var end = 0
    var parts: [Data] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
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
      parts.append(tensor.values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) })
    }
    var header = OrderedJSON.object(members).utf8()
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return [Data(littleEndianBytes(UInt64(header.count))), Data(header)] + parts
  }
}
