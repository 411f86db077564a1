import CLibZip
import Corpus
import Foundation
import Testing

@Suite struct ZipArchiveTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ zip: Zip, _ entry: String = "a", sizeLimit: Int = 1 << 20) throws -> [UInt8] {
    let path = try folder.write(zip.bytes, to: "test.zip")
    return try ZipArchive(path: path, sizeLimit: sizeLimit).read(entry) { try $0.bytes($0.size) }
  }

  /// An archive of one deflated entry "a", written by libzip, as bytes, with the offset of its central header.
  private func deflated(_ data: [UInt8], password: String? = nil) throws -> (bytes: [UInt8], directory: Int) {
    let path = "\(folder.path)/deflated.zip"
    var code: Int32 = 0
    let archive = try #require(zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code))
    try data.withUnsafeBytes { data in
      let source = try #require(zip_source_buffer(archive, data.baseAddress, UInt64(data.count), 0))
      let index = zip_file_add(archive, "a", source, 0)
      #expect(index == 0)
      if let password {
        #expect(zip_file_set_encryption(archive, 0, UInt16(ZIP_EM_AES_256), password) == 0)
      }
      #expect(zip_close(archive) == 0)
    }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let directory = try #require(bytes.indices.last { bytes[$0...].starts(with: latin1("PK\u{1}\u{2}")) })
    return (bytes, directory)
  }

  // MARK: Good archives

  @Test func storedAndDeflated() throws {
    let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    #expect(try read(Zip(.init("b", [1]), .init("a", data))) == data)
    let path = try folder.write(deflated(data).bytes, to: "test.zip")
    let archive = try ZipArchive(path: path)
    #expect(archive.entryNames == ["a"])
    for _ in 0..<2 { #expect(try archive.read("a") { try $0.bytes($0.size) } == data) }
  }

  @Test func emptyEntry() throws { #expect(try read(Zip(.init("a", []))) == []) }

  // MARK: Bad files

  @Test func noSuchFile() {
    expectError("/nowhere/imdb.npz: no such file; check the path") { try ZipArchive(path: "/nowhere/imdb.npz") }
  }

  @Test func directory() {
    expectError("\(folder.path): expected a zip archive, found a directory") { try ZipArchive(path: folder.path) }
  }

  @Test func device() {
    expectError("/dev/null: expected a zip archive, found something that is no regular file") {
      try ZipArchive(path: "/dev/null")
    }
  }

  @Test func emptyFile() throws {
    let path = try folder.write([], to: "empty.npz")
    expectError("empty.npz: expected a zip archive, found an empty file") { try ZipArchive(path: path) }
  }

  @Test func notAZip() throws {
    let path = try folder.write(latin1("<html>not found</html>"), to: "imdb.npz")
    expectError("imdb.npz: expected a zip archive, found something else") { try ZipArchive(path: path) }
  }

  @Test(arguments: [5, 30, 500, 1000]) func cutOff(left: Int) throws {
    let path = try folder.write(
      Array(Zip(.init("a", Array(repeating: 7, count: 1000))).bytes.prefix(left)), to: "cut.npz")
    expectError("cut.npz: ", "a file that is cut off") { try ZipArchive(path: path) }
  }

  @Test func duplicateNames() {
    expectError("test.zip: a: expected one entry of this name, found several") {
      try read(Zip(.init("a", [1]), .init("b", [2]), .init("a", [3])))
    }
  }

  @Test func headersThatDisagree() throws {
    var bytes = Zip(.init("a", [1, 2, 3])).bytes
    bytes[30] = UInt8(ascii: "b")  // the name in front of the data, but not in the table of contents
    let path = try folder.write(bytes, to: "test.zip")
    expectError("test.zip: the archive's table of contents does not match its entries") { try ZipArchive(path: path) }
  }

  // MARK: Bad entries

  @Test func missingEntry() {
    expectError("test.zip: expected an entry “c”, found only “a”, “b”; ") {
      try read(Zip(.init("a", [1]), .init("b", [2])), "c")
    }
    var many = Zip.imdb()
    many.entries = (0..<20).map { .init("entry \($0)", []) }
    expectError("“entry 7” and 12 more;") { try read(many, "c") }
    many.entries = []
    expectError("found an empty archive") { try read(many, "c") }
  }

  @Test func namesCannotWriteToTheTerminal() {
    // Libzip refuses or translates control characters, but not the one that reverses the rest of the line.
    var entry = Zip.Entry("b\u{202e}x", [1])
    entry.flags = 0x800  // the name is UTF-8
    expectError("“b\\u{202E}x”") { try read(Zip(entry), "a") }
  }

  @Test func tooLarge() {
    expectError("test.zip: a: expected at most 99 bytes, found 100 declared") {
      try read(Zip(.init("a", [UInt8](repeating: 0, count: 100))), sizeLimit: 99)
    }
    var bomb = Zip.Entry("a", [1, 2, 3])
    bomb.size = .max - 1
    expectError("test.zip: a: expected at most 1048576 bytes, found 4294967294 declared") { try read(Zip(bomb)) }
  }

  @Test func wrongChecksum() throws {
    var entry = Zip.Entry("a", [1, 2, 3])
    entry.crc ^= 1
    expectError("test.zip: a: the data does not match its checksum (CRC-32)") { try read(Zip(entry)) }
    // And it is what the user is told, even if the parser fails on the data first.
    let path = try folder.write(Zip(entry).bytes, to: "test.zip")
    expectError("test.zip: a: the data does not match its checksum (CRC-32)") {
      try ZipArchive(path: path).read("a") { try NPYHeader(from: &$0) }
    }
  }

  @Test func longerThanDeclared() throws {
    var (bytes, directory) = try deflated([UInt8](repeating: 0, count: 200_000))
    for offset in [22, directory + 24] {
      bytes.replaceSubrange(offset..<offset + 4, with: littleEndian(1000 as UInt32))
    }
    let path = try folder.write(bytes, to: "test.zip")
    expectError("test.zip: a: expected the 1000 bytes that the archive declares, found more") {
      try ZipArchive(path: path).read("a") { try $0.bytes($0.size) }
    }
  }

  @Test func shorterThanDeclared() throws {
    var (bytes, directory) = try deflated([UInt8](repeating: 0, count: 1000))
    for offset in [22, directory + 24] {
      bytes.replaceSubrange(offset..<offset + 4, with: littleEndian(5000 as UInt32))
    }
    let path = try folder.write(bytes, to: "test.zip")
    expectError("test.zip: a: ", "expected the 5000 bytes that the archive declares, found the end of the data") {
      try ZipArchive(path: path).read("a") { try $0.bytes($0.size) }
    }
  }

  @Test func damagedDeflate() throws {
    var (bytes, _) = try deflated((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0) })
    for offset in 40..<60 { bytes[offset] = 0xff }
    let path = try folder.write(bytes, to: "test.zip")
    expectError("test.zip: a: ", "the file is damaged") {
      try ZipArchive(path: path).read("a") { try $0.bytes($0.size) }
    }
  }

  @Test func encrypted() throws {
    let path = try folder.write(deflated([1, 2, 3], password: "secret").bytes, to: "test.zip")
    expectError("test.zip: a: the entry is encrypted; store it without a password") {
      try ZipArchive(path: path).read("a") { try $0.bytes($0.size) }
    }
  }

  @Test func unknownCompression() {
    var entry = Zip.Entry("a", [1, 2, 3])
    entry.method = 77
    expectError("test.zip: a: the compression method is not supported") { try read(Zip(entry)) }
  }

  @Test func bytesLeftOver() throws {
    let path = try folder.write(Zip(.init("a", [1, 2, 3])).bytes, to: "test.zip")
    expectError("test.zip: a: byte 2: expected the end of the entry, found 1 more bytes") {
      try ZipArchive(path: path).read("a") { try $0.bytes(2) }
    }
    expectError("test.zip: a: byte 3: expected more data, found the end of the entry") {
      try ZipArchive(path: path).read("a") { try $0.bytes(4) }
    }
  }

  /// One handle per thread.
  @Test func twoThreads() throws {
    let path = try Golden.path("python2.npz")
    let expected = try Golden.entry("x_train.npy", of: "python2.npz")
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      #expect(throws: Never.self) {
        for _ in 0..<20 {
          let found = try ZipArchive(path: path).read("x_train.npy") { try $0.bytes($0.size) }
          #expect(found == expected)
        }
      }
    }
  }
}
