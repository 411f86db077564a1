import Foundation

/// Bytes that are read where they are wanted: a file's, or those in memory.
package protocol ByteSource {
  /// How many there are.
  var count: Int { get }

  /// Copies the bytes from a place on.
  ///
  /// - Precondition: there are as many as the buffer takes.
  /// - Throws: `FileError` where they can't be read.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

extension ByteSource {
  /// The bytes of a range.
  ///
  /// - Throws: `FileError` where they can't be read.
  package func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](filling: range.count) { buffer, count in
      try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      count = range.count
    }
  }
}

extension Data: ByteSource {
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) {
    let start = startIndex + offset
    copyBytes(to: buffer, from: start..<start + buffer.count)
  }
}
