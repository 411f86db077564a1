import Files
import Foundation

/// A tar archive (POSIX.1-1988 and -2001, and GNU's), plain or compressed with gzip.
///
/// Any number of threads can read it at the same time.
final class TarArchive: Sendable {
  /// A regular file in the archive.
  struct Entry: Sendable {
    let name: String
    /// Its bytes' place in the archive.
    let range: Range<Int>
  }

  /// The archive's path as the caller gave it.
  let path: String
  /// The regular files, in the archive's order. Where two have the same name, the last one counts, as for tar.
  let entries: [Entry]
  private let source: any ByteSource & Sendable

  /// Whether a file whose first ``blockSize`` bytes are these is a tar archive. Old ones have no mark, but all have a
  /// checksum there.
  static func isTar(_ start: [UInt8]) -> Bool { start.count == blockSize && Header(start)?.isEmpty == false }

  /// Headers and files begin at multiples of this number of bytes.
  static let blockSize = 512

  /// Opens an archive.
  ///
  /// - Throws: `FileError` if it cannot be read; `CorpusError` if it is damaged.
  convenience init(path: String) throws {
    try self.init(RegularFile(path, advice: "check the path and its permissions"), path: path)
  }

  /// Opens an archive that is compressed with gzip: it is unpacked into a file without a name, which is gone with the
  /// process.
  ///
  /// - Parameter file: the compressed file as an archive of one entry.
  /// - Throws: `FileError` if there is no room to unpack it; `CorpusError` if it is damaged.
  convenience init(gzip file: ZipArchive) throws {
    let unpacked = try UnnamedFile(for: file.path)
    try file.read(entry: 0) { reader in
      var chunk: [UInt8] = []
      while reader.remaining > 0 {
        chunk.removeAll(keepingCapacity: true)
        try reader.append(min(reader.remaining, 1 << 20), to: &chunk)
        try unpacked.append(chunk)
      }
    }
    try self.init(unpacked, path: file.path)
  }

  private init(_ source: some ByteSource & Sendable, path: String) throws {
    (self.source, self.path) = (source, path)
    var (found, places) = ([Entry](), [String: Int]())
    // What extended headers say of the file that follows.
    var (longName, longSize): (String?, Int?)
    var place = 0
    while place + Self.blockSize <= source.count {
      let header = try Header(source.bytes(place..<place + Self.blockSize))
      guard let header else {
        throw CorpusError(
          .damaged, file: path, place: .byte(place), expected: "the header of a file in the archive",
          found: "other bytes", advice: EntryReader.damagedAdvice)
      }
      if header.isEmpty { break }
      place += Self.blockSize
      let isExtension = "Lxg".utf8.contains(header.kind)
      guard let size = isExtension ? header.size : longSize ?? header.size, size >= 0, size <= source.count - place,
        !isExtension || size <= 1 << 20
      else {
        throw CorpusError(
          .damaged, file: path, place: .byte(place), expected: "a file inside the archive",
          found: "the end of the archive", advice: EntryReader.damagedAdvice)
      }
      let range = place..<place + size
      switch header.kind {
      case UInt8(ascii: "L"):
        longName = String(decoding: try source.bytes(range).prefix { $0 != 0 }, as: UTF8.self)
      case UInt8(ascii: "x"):
        let records = Self.records(try source.bytes(range))
        (longName, longSize) = (records["path"], records["size"].flatMap { Int($0) })
      case UInt8(ascii: "g"): break
      default:
        if header.isRegularFile {
          let entry = Entry(name: longName ?? header.name, range: range)
          if let earlier = places.updateValue(found.count, forKey: entry.name) {
            found[earlier] = Entry(name: "", range: 0..<0)
          }
          found.append(entry)
        }
        (longName, longSize) = (nil, nil)
      }
      place += (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize
    }
    entries = found.filter { !$0.name.isEmpty }
  }

  /// The records of an extended header: each has its own length in decimal, a space, a key, `=`, a value and a newline.
  private static func records(_ bytes: [UInt8]) -> [String: String] {
    var (records, rest) = ([String: String](), bytes[...])
    while let space = rest.firstIndex(of: UInt8(ascii: " ")),
      let count = Int(String(decoding: rest[..<space], as: UTF8.self)), count > space - rest.startIndex,
      count <= rest.count
    {
      let record = rest[(space + 1)..<(rest.startIndex + count)]
      if let sign = record.firstIndex(of: UInt8(ascii: "=")) {
        records[String(decoding: record[..<sign], as: UTF8.self)] = String(
          decoding: record[(sign + 1)...].dropLast(), as: UTF8.self)
      }
      rest = rest[(rest.startIndex + count)...]
    }
    return records
  }

  /// A reader of an entry's bytes.
  func reader(of index: Int) -> EntryReader {
    var place = entries[index].range.lowerBound
    let end = entries[index].range.upperBound
    return EntryReader(file: path, entry: entries[index].name, size: end - place) { [source] target in
      let count = min(target.count, end - place)
      if count > 0 { try source.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: target[..<count])) }
      place += count
      return count
    }
  }

  /// The first bytes of an entry: as many as are wanted, or all.
  func start(of index: Int, count: Int) throws -> [UInt8] { try source.bytes(entries[index].range.prefix(count)) }

  /// The block that precedes each file.
  private struct Header {
    let name: String
    /// In bytes; nil if it can't be read.
    let size: Int?
    let kind: UInt8
    /// Whether it is a block of zeros, with which an archive ends.
    let isEmpty: Bool

    var isRegularFile: Bool {
      // Kind 7 is a file that was contiguous on its disk. Old archives store a folder as a file whose name ends in a slash.
      [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(kind) && name.utf8.last != UInt8(ascii: "/")
    }

    /// Nil if its checksum is wrong.
    init?(_ block: [UInt8]) {
      isEmpty = block.allSatisfy { $0 == 0 }
      kind = block[156]
      size = Self.number(block[124..<136])
      func text(_ field: Range<Int>) -> String { String(decoding: block[field].prefix { $0 != 0 }, as: UTF8.self) }
      // GNU's archives have other facts in the place of the prefix.
      let prefix = block[262] == 0 && block[257..<262].elementsEqual("ustar".utf8) ? text(345..<500) : ""
      name = prefix.isEmpty ? text(0..<100) : prefix + "/" + text(0..<100)
      // For the sum, the checksum's own bytes count as spaces.
      let sum = block.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 0x20 : Int($1.element)) }
      guard isEmpty || sum == Self.number(block[148..<156]) else { return nil }
    }

    /// A number in octal digits, or, where the first bit is set, in binary.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
      if field.first! & 0x80 != 0 {
        guard field.dropLast(7).dropFirst().allSatisfy({ $0 == 0 }), field.first! == 0x80 else { return nil }
        return field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
      }
      let digits = field.drop { $0 == 0x20 }.prefix { 0x30...0x37 ~= $0 }
      return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
  }
}

/// A temporary file that has no name, so that it is gone when it is closed.
private final class UnnamedFile: ByteSource, Sendable {
  private let path: String
  private let descriptor: Int32

  /// - Parameter path: the file whose content it is going to hold, for messages.
  init(for path: String) throws {
    var name = Array((NSTemporaryDirectory() as NSString).appendingPathComponent("lstm.XXXXXX").utf8CString)
    descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw Self.error(path) }
    unlink(name)
    self.path = path
  }

  deinit { close(descriptor) }

  var count: Int {
    var facts = stat()
    return fstat(descriptor, &facts) == 0 ? Int(facts.st_size) : 0
  }

  func append(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.error(path) }
      rest = rest.dropFirst(count)
    }
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.error(path) }
      done += count
    }
  }

  private static func error(_ path: String) -> CorpusError {
    CorpusError(
      .unreadableFile, file: path,
      found: "the archive cannot be unpacked into \(NSTemporaryDirectory()) (\(String(cString: strerror(errno))))",
      advice: "make room there, or set TMPDIR to a folder that has some")
  }
}
