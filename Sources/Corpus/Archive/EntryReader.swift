import Foundation

/// The bytes of one archive entry, or of a file, pulled in chunks of 64 KiB: the whole entry is never in memory.
///
/// It gives out exactly as many bytes as the entry declares, never more, whatever the source holds.
package struct EntryReader: ~Copyable {
  /// The archive's path.
  package let file: String
  /// The entry's name; nil for a file.
  package let entry: String?
  /// The number of bytes that the entry declares.
  package let size: Int

  private let source: (UnsafeMutableRawBufferPointer) throws -> Int
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  /// `buffer[next..<end]` was fetched and is still to be given out; `buffer[0]` is the entry's byte `bufferStart`.
  private var next = 0
  private var end = 0
  private var bufferStart = 0

  /// - Parameters:
  ///   - file: the archive's path, for messages.
  ///   - entry: the entry's name, for messages; nil for a file.
  ///   - size: the number of bytes that the entry declares.
  ///   - source: fills the front of a buffer, returns the number of bytes, 0 at the end of the data.
  package init(
    file: String, entry: String?, size: Int, source: @escaping (UnsafeMutableRawBufferPointer) throws -> Int
  ) {
    self.file = file
    self.entry = entry
    self.size = size
    self.source = source
    // No more than is needed: of an archive of texts there are many.
    buffer = .allocate(capacity: max(1, min(size, 1 << 16)))
  }

  deinit { buffer.deallocate() }

  /// The offset into the entry of the byte that comes next.
  package var position: Int { bufferStart + next }

  /// The number of declared bytes that were not given out yet.
  package var remaining: Int { size - position }

  /// Takes one byte.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  @inline(__always)
  package mutating func byte() throws -> UInt8 {
    if next == end { try refill() }
    defer { next += 1 }
    return buffer[next]
  }

  /// Appends the bytes before the next newline to others, and takes the newline too.
  ///
  /// - Returns: false at the end of the entry, where there is nothing left.
  /// - Throws: `CorpusError` if there are more than `limit` bytes, or if the source fails.
  package mutating func appendLine(to bytes: inout [UInt8], limit: Int) throws -> Bool {
    if remaining == 0 { return false }
    let start = bytes.count
    while remaining > 0 {
      if next == end { try refill() }
      let buffered = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[next..<end])
      let newline = memchr(buffered.baseAddress!, 0x0A, buffered.count).map {
        UnsafeRawPointer($0) - UnsafeRawPointer(buffered.baseAddress!)
      }
      bytes.append(contentsOf: buffered[..<(newline ?? buffered.count)])
      next += newline.map { $0 + 1 } ?? buffered.count
      guard bytes.count - start <= limit else {
        throw error(expected: "a line of at most \(limit) bytes", found: "more", advice: "check that it is text")
      }
      if newline != nil { break }
    }
    return true
  }

  /// Looks at the next byte and leaves it there.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  @inline(__always)
  package mutating func peek() throws -> UInt8 {
    if next == end { try refill() }
    return buffer[next]
  }

  /// Takes the byte that `peek` has shown.
  @inline(__always)
  package mutating func skip() { next += 1 }

  /// Takes some of the bytes that are in memory, for loops that must not ask for each.
  ///
  /// - Parameter body: gets the bytes, perhaps none, and returns how many of them it takes.
  @inline(__always)
  package mutating func takeBuffered(_ body: (UnsafeBufferPointer<UInt8>) -> Int) {
    let taken = body(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[next..<end]))
    precondition(taken >= 0 && taken <= end - next)
    next += taken
  }

  /// Takes `width` bytes (at most 8) as a little-endian number.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  @inline(__always)
  package mutating func unsigned(width: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(try byte()) << UInt64(8 * index) }
    return value
  }

  /// Takes `count` bytes. The caller bounds `count`.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  package mutating func bytes(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try append(count, to: &bytes)
    return bytes
  }

  /// Appends the next `count` bytes to others. The caller bounds `count`.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  package mutating func append(_ count: Int, to bytes: inout [UInt8]) throws {
    var left = count
    while left > 0 {
      if next == end { try refill() }
      let taken = min(left, end - next)
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[next..<next + taken]))
      next += taken
      left -= taken
    }
  }

  /// Reads the rest, and beyond, so that the source checks its checksum.
  ///
  /// - Throws: `CorpusError` if the entry is longer or shorter than it declares, or if the source fails.
  package mutating func drain() throws {
    while bufferStart + end < size { try refill() }
    next = end
    if try source(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: 1)) != 0 {
      throw CorpusError(
        file: file, entry: entry, expected: declaration, found: "more",
        advice: Self.damaged)
    }
  }

  /// A `CorpusError` about this entry.
  ///
  /// - Parameter offset: where it was met; by default the place of the byte that comes next.
  package func error(at offset: Int? = nil, expected: String? = nil, found: String, advice: String) -> CorpusError {
    CorpusError(
      file: file, entry: entry, place: .byte(offset ?? position), expected: expected, found: found, advice: advice)
  }

  private var declaration: String { "the \(size) bytes that the \(entry == nil ? "file had" : "archive declares")" }

  /// The advice for bytes that no writer wrote like that.
  package static let damaged = "the file is damaged: get it anew"

  @inline(never)
  private mutating func refill() throws {
    bufferStart += end
    next = 0
    end = 0
    let wanted = min(buffer.count, size - bufferStart)
    if wanted == 0 { throw error(expected: "more data", found: "the end of the entry", advice: Self.damaged) }
    end = try source(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: wanted))
    if end == 0 {
      throw error(
        expected: declaration, found: "the end of the data", advice: Self.damaged)
    }
  }
}
