import Corpus
import Files
import Foundation

/// A safetensors file whose header has been read and checked, and whose tensors are read one by one, where they are wanted.
///
/// Reading is as strict as the reference implementation (huggingface/safetensors, `SafeTensors::read_metadata`): gaps,
/// overlaps, trailing bytes, duplicate keys and sizes that don't fit the shape are refused.
package struct SafetensorsFile {
  /// A tensor, as the header describes it.
  package struct Entry {
    /// Extents, row-major.
    package let shape: [Int]
    /// The number of elements.
    package let count: Int
    fileprivate let encoding: FloatEncoding
    /// In bytes, from the start of the file.
    fileprivate let start: Int
  }

  /// The tensors, by name.
  package let entries: [String: Entry]
  /// The texts of `__metadata__`, by name.
  package let metadata: [String: String]
  private let source: any ByteSource
  private let path: String

  /// The format's limit on the header's size, in bytes.
  package static let headerLimit = 100_000_000

  private static let encodings: KeyValuePairs<String, FloatEncoding> = [
    "F32": .float32, "F16": .float16, "BF16": .bfloat16, "F64": .float64,
  ]

  private static func advice(_ convertingFloats: Bool) -> String {
    "give a safetensors file of \(convertingFloats ? "floating-point" : "float32") tensors"
  }

  /// Opens a file, and reads its header.
  ///
  /// - Parameter convertingFloats: whether tensors of float16, bfloat16 and float64 are accepted too.
  /// - Throws: `FileError` if the file can't be read, `ModelError` if it is malformed.
  package init(_ path: String, convertingFloats: Bool = false) throws {
    let file = try RegularFile(path, advice: Self.advice(convertingFloats))
    try self.init(file, path: path, convertingFloats: convertingFloats)
  }

  /// Reads the header of a file's bytes.
  ///
  /// - Parameter path: the file's path, for messages.
  /// - Throws: `FileError` if they can't be read, `ModelError` if they are malformed.
  package init(_ source: some ByteSource, path: String, convertingFloats: Bool = false) throws {
    (self.source, self.path) = (source, path)
    let encodings = Self.encodings.prefix(convertingFloats ? 4 : 1)
    let advice = Self.advice(convertingFloats)
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    guard source.count >= 8 else { throw fail("\(source.count) bytes are too few for a safetensors file") }
    let length = try source.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.headerLimit, length <= source.count - 8 else {
      throw fail("the header's length of \(length) bytes doesn't fit a file of \(source.count)")
    }
    let dataStart = 8 + Int(length)
    var header = SafetensorsHeader(try source.bytes(8..<dataStart))
    do { try header.read() } catch let error as SafetensorsHeader.Problem {
      throw fail("header, byte \(8 + error.offset): \(error.text)")
    }
    metadata = header.metadata

    var entries: [String: Entry] = [:]
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
        guard !overflow, product <= source.count else { throw fail("\(name) has a shape larger than the file") }
        count = product
      }
      let size = encoding.width * count
      guard entry.end - entry.start == size else {
        throw fail("\(name) has \(entry.end - entry.start) bytes, expected \(size) for its shape")
      }
      guard entry.end <= source.count - dataStart else {
        throw fail("\(name) ends at data byte \(entry.end), but there are \(source.count - dataStart)")
      }
      entries[entry.name] = Entry(shape: entry.shape, count: count, encoding: encoding, start: dataStart + entry.start)
      end = entry.end
    }
    guard end == source.count - dataStart else {
      throw fail("\(source.count - dataStart - end) bytes follow the last tensor")
    }
    self.entries = entries
  }

  /// Reads the elements of a tensor.
  ///
  /// - Precondition: there is such a tensor.
  /// - Throws: `FileError` if they can't be read.
  package func values(_ name: String) throws -> [Float] {
    let entry = entries[name]!
    var values: [Float] = []
    values.reserveCapacity(entry.count)
    // Some at a time, so that a file's bytes are never all in memory besides the floats.
    let width = entry.encoding.width
    for first in stride(from: 0, to: entry.count, by: Self.elementsPerRead) {
      let count = min(Self.elementsPerRead, entry.count - first)
      let start = entry.start + first * width
      values += try source.bytes(start..<start + count * width).withUnsafeBytes(entry.encoding.floats)
    }
    return values
  }

  private static let elementsPerRead = 1 << 17

  /// Checks that there is enough memory for some tensors, a few times over: they are transposed and packed.
  ///
  /// - Throws: `FileError` if there isn't.
  package func checkMemory(for names: some Sequence<String>) throws {
    try Files.checkMemory(12 * names.reduce(0) { $0 + (entries[$1]?.count ?? 0) }, for: path)
  }
}
