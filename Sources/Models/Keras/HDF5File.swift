import CHDF5Reader
import Files
import Foundation
import RecurrentNetwork

/// The data sets of an HDF5 file, by path ("layers/lstm/cell/vars/0"), and the texts that Keras writes as attributes.
///
/// libhdf5 reads the file in a child process with limited resources (Sources/CHDF5Reader), so no file can crash this
/// process, hang it, or use more memory than a few times the file's size. Links, data outside the file, and data sets of
/// anything but plain numbers are refused.
struct HDF5File {
  struct DataSet {
    /// Extents, row-major; empty for a scalar.
    var shape: [Int]
    var elements: Elements
  }

  enum Elements {
    case float([Float])
    case integer([Int])
  }

  /// The first bytes of every HDF5 file.
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  var dataSets: [String: DataSet] = [:]
  /// The texts in attributes of groups, by the group's path, which is empty for the root, and the attribute's name.
  private var attributes: [String: [String: [String]]] = [:]

  /// The texts in an attribute of a group, which may be in several, called name0, name1 and so on; nil for none.
  func texts(_ name: String, of group: String = "") -> [String]? {
    guard let attributes = attributes[group] else { return nil }
    if let texts = attributes[name] { return texts }
    var texts: [String]?
    var number = 0
    while let more = attributes["\(name)\(number)"] {
      texts = (texts ?? []) + more
      number += 1
    }
    return texts
  }

  #if HDF5
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - contents: the whole file.
    ///   - path: the file's path, for messages.
    /// - Throws: `ModelError` if the file is damaged or unsupported, or no child process can be started.
    init(_ contents: Data, path: String) throws {
      let advice = "the file is damaged, or not one that Keras wrote: save the model again"
      func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
      let records: [UInt8]
      switch try Self.output(of: contents, path) {
      case .finished(let bytes): records = bytes
      case .timedOut: throw fail("libhdf5 timed out while reading it")
      }
      var reader = Records(bytes: records)
      while let kind = reader.number(1) {
        switch kind {
        case HDF5RecordDataSet:
          guard let (name, dataSet) = reader.dataSet() else { throw fail("libhdf5 failed while reading it") }
          dataSets[name] = dataSet
        case HDF5RecordAttribute:
          guard let (group, name, texts) = reader.attribute() else { throw fail("libhdf5 failed while reading it") }
          attributes[group, default: [:]][name] = texts
        case HDF5RecordRefusal: throw fail(reader.text() ?? "libhdf5 refuses it")
        case HDF5RecordEnd: return
        default: throw fail("libhdf5's output is malformed")
        }
      }
      throw fail("libhdf5 failed while reading it")
    }

    private enum Outcome {
      case finished([UInt8])
      case timedOut
    }

    /// Starts a child process on a file, and collects what it writes until it exits or is killed.
    private static func output(of contents: Data, _ path: String) throws -> Outcome {
      // An intact file of this size takes a hundredth of that.
      let seconds = UInt32(10 + contents.count / (20 << 20))
      let deadline = ContinuousClock.now + .seconds(Int(seconds))
      let child = contents.withUnsafeBytes { hdf5StartReading($0.baseAddress, $0.count, seconds) }
      guard child.pipe >= 0 else {
        throw ModelError(
          path: path, problem: "can't start a process to read it (\(String(cString: strerror(errno))))",
          advice: "free some memory, or reduce the number of processes")
      }
      defer {
        close(child.pipe)
        // If the child has already exited, this has no effect; it must be reaped in either case.
        kill(child.process, SIGKILL)
        var status: Int32 = 0
        while waitpid(child.process, &status, 0) < 0 && errno == EINTR {}
      }
      // Elements at most double in size, and there are at most 2,000 objects with paths of at most 1,000 bytes.
      let limit = 2 * contents.count + (4 << 20)
      var bytes: [UInt8] = []
      let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
      defer { chunk.deallocate() }
      while bytes.count <= limit {
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return .timedOut }
        var request = pollfd(fd: child.pipe, events: Int16(POLLIN), revents: 0)
        // At most a second at a time, so that the argument can't overflow.
        guard poll(&request, 1, left > .seconds(1) ? 1000 : 50) > 0 else { continue }
        let count = read(child.pipe, chunk.baseAddress, chunk.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
        guard count > 0 else { break }
        bytes.append(contentsOf: chunk[..<count])
      }
      return .finished(bytes)
    }

    /// Decodes the records that the child writes.
    private struct Records {
      let bytes: [UInt8]
      private var position = 0

      init(bytes: [UInt8]) { self.bytes = bytes }

      mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
      }

      mutating func number(_ width: Int) -> Int? {
        take(width).flatMap { Int(exactly: $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
      }

      mutating func text() -> String? {
        number(2).flatMap { take($0) }.map { String(decoding: $0, as: UTF8.self) }
      }

      mutating func attribute() -> (group: String, name: String, texts: [String])? {
        guard let group = text(), let name = text(), let count = number(4) else { return nil }
        var texts: [String] = []
        for _ in 0..<count {
          guard let length = number(4), let bytes = take(length) else { return nil }
          texts.append(String(decoding: bytes, as: UTF8.self))
        }
        return (group, name, texts)
      }

      mutating func dataSet() -> (String, DataSet)? {
        guard let name = text(), let type = number(1), let rank = number(1) else { return nil }
        var shape: [Int] = []
        var count = 1
        for _ in 0..<rank {
          guard let extent = number(8) else { return nil }
          let (product, overflow) = count.multipliedReportingOverflow(by: extent)
          guard !overflow, product <= bytes.count else { return nil }
          shape.append(extent)
          count = product
        }
        switch type {
        case HDF5TypeFloat32:
          return elements(count) { Float(bitPattern: $0) }.map { (name, DataSet(shape: shape, elements: .float($0))) }
        case HDF5TypeBFloat16:
          // The upper half of a Float.
          return elements(count) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
            .map { (name, DataSet(shape: shape, elements: .float($0))) }
        case HDF5TypeFloat64:
          return elements(count) { Float(Double(bitPattern: $0)) }
            .map { (name, DataSet(shape: shape, elements: .float($0))) }
        case HDF5TypeInt64:
          return elements(count) { (bits: UInt64) in Int(Int64(bitPattern: bits)) }
            .map { (name, DataSet(shape: shape, elements: .integer($0))) }
        default: return nil
        }
      }

      private mutating func elements<Bits: FixedWidthInteger, Element>(
        _ count: Int, _ element: (Bits) -> Element
      ) -> [Element]? {
        let width = MemoryLayout<Bits>.size
        guard let bytes = take(count * width) else { return nil }
        return bytes.withUnsafeBytes { bytes in
          (0..<count).map {
            element(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * width, as: Bits.self)))
          }
        }
      }
    }
  #else
    /// Always throws an error that says how to build with libhdf5.
    init(_ contents: Data, path: String) throws {
      throw ModelError(
        .unsupported, path: path, problem: "this build can't read Keras's files, as it lacks libhdf5",
        advice: "run `make deps-interop`, then `make build`")
    }
  #endif
}
