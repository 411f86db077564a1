import CHDF5Reader
import Files
import Foundation
import RecurrentNetwork

/// The data sets of an HDF5 file, by path ("layers/lstm/cell/vars/0").
///
/// libhdf5 reads it, in a child process under limits (Sources/CHDF5Reader): no file can bring this process down, keep
/// it waiting or take memory beyond a few times the file's size. Links to other places, data outside the file and
/// everything but plain numbers are refused.
struct HDF5File {
  struct DataSet {
    /// Extents, row-major; none for a scalar.
    var shape: [Int]
    var elements: Elements
  }

  enum Elements {
    case float([Float])
    case integer([Int])
  }

  /// A file's first bytes.
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  var dataSets: [String: DataSet] = [:]

  #if HDF5
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - contents: all its bytes.
    ///   - path: for messages.
    /// - Throws: `ModelError`.
    init(_ contents: Data, path: String) throws {
      let advice = "the file is damaged, or not one that Keras wrote: save the model anew"
      func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
      let records: [UInt8]
      switch try Self.output(of: contents, path) {
      case .finished(let bytes): records = bytes
      case .late: throw fail("libhdf5 came to no end with it")
      }
      var reader = Records(bytes: records)
      while let kind = reader.number(1) {
        switch kind {
        case HDF5RecordDataSet:
          guard let (name, dataSet) = reader.dataSet() else { throw fail("libhdf5 broke off in it") }
          dataSets[name] = dataSet
        case HDF5RecordRefusal: throw fail(reader.text() ?? "libhdf5 refuses it")
        case HDF5RecordEnd: return
        default: throw fail("libhdf5 gave what can't be read")
        }
      }
      throw fail("libhdf5 broke off in it")
    }

    private enum Outcome {
      case finished([UInt8])
      case late
    }

    /// What a child writes about a file, to its end or to its death.
    private static func output(of contents: Data, _ path: String) throws -> Outcome {
      // A sound file of this size is read in a hundredth of that.
      let seconds = UInt32(10 + contents.count / (20 << 20))
      let deadline = ContinuousClock.now + .seconds(Int(seconds))
      let child = contents.withUnsafeBytes { hdf5StartReading($0.baseAddress, $0.count, seconds) }
      guard child.pipe >= 0 else {
        throw ModelError(
          path: path, problem: "no process could be started to read it (\(String(cString: strerror(errno))))",
          advice: "see to the memory that is free, and the number of processes")
      }
      defer {
        close(child.pipe)
        // It may be at its end already, and is then only to be waited for.
        kill(child.process, SIGKILL)
        var status: Int32 = 0
        while waitpid(child.process, &status, 0) < 0 && errno == EINTR {}
      }
      // Elements become at most twice as large, and there are at most 2,000 objects with names of at most 1,000 bytes.
      let limit = 2 * contents.count + (4 << 20)
      var bytes: [UInt8] = []
      let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
      defer { chunk.deallocate() }
      while bytes.count <= limit {
        let left = deadline - ContinuousClock.now
        guard left > .zero else { return .late }
        var request = pollfd(fd: child.pipe, events: Int16(POLLIN), revents: 0)
        // A second at most, so that no number here can be too large.
        guard poll(&request, 1, left > .seconds(1) ? 1000 : 50) > 0 else { continue }
        let count = read(child.pipe, chunk.baseAddress, chunk.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
        guard count > 0 else { break }
        bytes.append(contentsOf: chunk[..<count])
      }
      return .finished(bytes)
    }

    /// The records that the child writes.
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
        guard let part = take(count * width) else { return nil }
        return part.withUnsafeBytes { part in
          (0..<count).map {
            element(Bits(littleEndian: part.loadUnaligned(fromByteOffset: $0 * width, as: Bits.self)))
          }
        }
      }
    }
  #else
    /// Says how to get a build that can.
    init(_ contents: Data, path: String) throws {
      throw ModelError(
        path: path, problem: "this build has no libhdf5, which reads Keras's files",
        advice: "run `make deps-interop`, then `make build`")
    }
  #endif
}
