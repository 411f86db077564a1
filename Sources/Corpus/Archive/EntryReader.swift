import Foundation

/// The bytes of one archive entry, or of a file, fetched in chunks of 64 KiB: the whole entry is never in memory.
///
/// It hands out exactly as many bytes as the entry declares, whatever the source holds.
package struct EntryReader: ~Copyable {
  /// The archive's path.
  package let file: String
  /// The entry's name; nil for a file.
  package let entry: String?
  /// The number of bytes that the entry declares.
  package let size: Int

  private let source: (UnsafeMutableRawBufferPointer) throws -> Int
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  /// `buffer[next..<end]` has been fetched and not yet handed out; `buffer[0]` is the entry's byte `bufferStart`.
  private var next = 0
  private var end = 0
  private var bufferStart = 0

  /// - Parameters:
  ///   - file: the archive's path, for messages.
  ///   - entry: the entry's name, for messages; nil for a file.
  ///   - size: the number of bytes that the entry declares.
  ///   - source: fills the front of a buffer and returns the number of bytes, which is 0 at the end of the data.
  package init(
    file: String, entry: String?, size: Int, source: @escaping (UnsafeMutableRawBufferPointer) throws -> Int
  ) {
    self.file = file
    self.entry = entry
    self.size = size
    self.source = source
    // No more than needed: an archive of texts has very many entries.
    buffer = .allocate(capacity: max(1, min(size, 1 << 16)))
  }

  /// Reads bytes that are in memory already.
  ///
  /// - Parameters:
  ///   - bytes: all bytes.
  ///   - file: the path of the file that they come from, for messages.
  ///   - entry: the entry's name, for messages; nil for a file.
  package init(_ bytes: [UInt8], file: String, entry: String?) {
    var place = 0
    self.init(file: file, entry: entry, size: bytes.count) { target in
      let end = min(place + target.count, bytes.count)
      defer { place = end }
      target.copyBytes(from: bytes[place..<end])
      return end - place
    }
  }

  deinit { buffer.deallocate() }

  /// The offset of the next byte in the entry.
  package var position: Int { bufferStart + next }

  /// The number of declared bytes that have not been handed out yet.
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

  /// Appends the bytes before the next line end to `bytes`, and takes the line end too.
  ///
  /// - Parameters:
  ///   - limit: the largest number of bytes.
  ///   - lineEnd: the byte at which lines end.
  /// - Returns: false at the end of the entry, where there is nothing left.
  /// - Throws: `CorpusError` if there are more than `limit` bytes, or if the source fails.
  package mutating func appendLine(
    to bytes: inout [UInt8], limit: Int, lineEnd: UInt8 = UInt8(ascii: "\n")
  ) throws -> Bool {
    if remaining == 0 { return false }
    let start = bytes.count
    while remaining > 0 {
      if next == end { try refill() }
      let buffered = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[next..<end])
      let newline = memchr(buffered.baseAddress!, Int32(lineEnd), buffered.count).map {
        UnsafeRawPointer($0) - UnsafeRawPointer(buffered.baseAddress!)
      }
      bytes.append(contentsOf: buffered[..<(newline ?? buffered.count)])
      next += newline.map { $0 + 1 } ?? buffered.count
      guard bytes.count - start <= limit else {
        throw error(
          .tooLarge, expected: "a line of at most \(limit) bytes", found: "more", advice: "check that it is text")
      }
      if newline != nil { break }
    }
    return true
  }

  /// Returns the next byte without taking it.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  @inline(__always)
  package mutating func peek() throws -> UInt8 {
    if next == end { try refill() }
    return buffer[next]
  }

  /// Takes the byte that ``peek()`` has just returned.
  @inline(__always)
  package mutating func skip() { next += 1 }

  /// Takes some of the bytes that are in memory already, for loops that cannot afford a call for each.
  ///
  /// - Parameter body: gets the bytes, possibly none, and returns how many of them it takes.
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

  /// Takes `count` bytes. The caller has to limit `count`.
  ///
  /// - Throws: `CorpusError` at the end of the entry, or if the source fails.
  package mutating func bytes(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try append(count, to: &bytes)
    return bytes
  }

  /// Appends the next `count` bytes to `bytes`. The caller has to limit `count`.
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

  /// Skips the rest, for whoever has seen enough.
  ///
  /// - Throws: `CorpusError` if the source fails.
  package mutating func skipRest() throws {
    while bufferStart + end < size { try refill() }
    next = end
  }

  /// Skips the rest and makes sure that nothing follows, upon which the source verifies its checksum.
  ///
  /// - Throws: `CorpusError` if the entry is longer or shorter than it declares, or if the source fails.
  package mutating func drain() throws {
    try skipRest()
    if try source(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: 1)) != 0 {
      throw CorpusError(
        .damaged, file: file, entry: entry, expected: declaration, found: "more", advice: Self.damagedAdvice)
    }
  }

  /// A `CorpusError` about this entry.
  ///
  /// - Parameter offset: where the problem was met; by default the offset of the next byte.
  package func error(
    _ kind: CorpusError.Kind, at offset: Int? = nil, expected: String? = nil, found: String, advice: String
  ) -> CorpusError {
    CorpusError(
      kind, file: file, entry: entry, place: .byte(offset ?? position), expected: expected, found: found,
      advice: advice)
  }

  /// The error for bytes that no writer can have meant.
  package func damage(at offset: Int? = nil, expected: String, found: String) -> CorpusError {
    error(.damaged, at: offset, expected: expected, found: found, advice: Self.damagedAdvice)
  }

  private var declaration: String { "the \(size) bytes that the \(entry == nil ? "file had" : "archive declares")" }

  /// The advice for bytes that no writer can have meant.
  package static let damagedAdvice = "the file is damaged: get a fresh copy"

  @inline(never)
  private mutating func refill() throws {
    bufferStart += end
    next = 0
    end = 0
    let wanted = min(buffer.count, size - bufferStart)
    if wanted == 0 { throw damage(expected: "more data", found: "the end of the entry") }
    end = try source(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: wanted))
    if end == 0 {
      throw damage(expected: declaration, found: "the end of the data")
    }
  }
}
