import Files
import Foundation

/// A gzip file (RFC 1952), of which a zip archive of one entry is made: both hold deflate's data with a CRC-32 and a
/// size, so that libzip can unpack it, and the package needs no other library for that.
enum GzipFile {
  /// The bytes of a zip archive with the file's content, and the file's state when it was read.
  ///
  /// - Throws: `FileError` if it cannot be read; `CorpusError` if it is damaged, or is larger than a zip archive of this
  ///   kind can say.
  static func zipArchive(_ path: String) throws -> (bytes: Data, state: FileState) {
    let source = try RegularFile(path, advice: "check the path and its permissions")
    guard source.count < 1 << 31 else {
      throw CorpusError(
        .tooLarge, file: path, expected: "a gzip file of at most 2 GiB", found: "\(source.count) bytes",
        advice: "unpack it first")
    }
    let file = try source.contents(limit: 1 << 31)
    guard let start = endOfHeader(file), start + 8 <= file.count else {
      throw CorpusError(
        .damaged, file: path, expected: "a gzip file", found: "a header that is cut off or unknown",
        advice: EntryReader.damagedAdvice)
    }
    let name = Array(((path as NSString).lastPathComponent as NSString).deletingPathExtension.utf8)
    let deflated = file[start..<file.count - 8]
    let checksumAndSize = file[(file.count - 8)...]
    var common = Data()
    // Version needed, flags (names in UTF-8), deflate, time and date; checksum and sizes; lengths of name and extra.
    for field in [20, 1 << 11, 8, 0, 0x21] as [UInt16] { append(field, to: &common) }
    common += checksumAndSize.prefix(4)
    append(UInt32(deflated.count), to: &common)
    common += checksumAndSize.suffix(4)
    append(UInt16(name.count), to: &common)
    append(0 as UInt16, to: &common)
    var archive = Data("PK\u{3}\u{4}".utf8) + common + name + deflated
    let directory = Data("PK\u{1}\u{2}".utf8) + [20, 0] + common + Data(count: 14) + name
    let offset = archive.count
    archive += directory + Data("PK\u{5}\u{6}".utf8) + Data(count: 4)
    for _ in 0..<2 { append(1 as UInt16, to: &archive) }
    append(UInt32(directory.count), to: &archive)
    append(UInt32(offset), to: &archive)
    append(0 as UInt16, to: &archive)
    return (archive, source.state)
  }

  private static func append(_ number: some FixedWidthInteger, to data: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }

  /// Where the compressed data begin; nil if the header is damaged or of another method.
  private static func endOfHeader(_ file: Data) -> Int? {
    guard file.count > 18, file[0] == 0x1F, file[1] == 0x8B, file[2] == 8, file[3] & 0xE0 == 0 else { return nil }
    let flags = file[3]
    var place = 10
    if flags & 4 != 0 { place += 2 + Int(file[place]) + Int(file[place + 1]) << 8 }
    // The name and the comment end with a zero.
    for flag in [8, 16] as [UInt8] where flags & flag != 0 {
      guard place < file.count, let end = file[place...].firstIndex(of: 0) else { return nil }
      place = end + 1
    }
    return place + (flags & 2 != 0 ? 2 : 0)
  }
}
