import CLibZip
import Corpus
import Files
import Fixtures
import Foundation
import Testing

@Suite struct ZipArchiveTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads all bytes of the entry "a".
  private func read(_ zip: [UInt8]) throws -> [UInt8] {
    try ZipArchive(path: folder.write(zip, to: "test.zip")).read("a") { try $0.bytes($0.size) }
  }

  private func read(_ zip: Zip, _ entry: String = "a", sizeLimit: Int = 1 << 20) throws -> [UInt8] {
    let path = try folder.write(zip.bytes, to: "test.zip")
    return try ZipArchive(path: path, sizeLimit: sizeLimit).read(entry) { try $0.bytes($0.size) }
  }

  /// An archive of one deflated entry "a", written by libzip.
  private func deflated(_ data: [UInt8], password: String? = nil) throws -> [UInt8] {
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
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// A deflated archive of so many zeros that declares another number of them.
  private func deflated(zeros count: Int, declaring size: UInt32) throws -> [UInt8] {
    var bytes = try deflated([UInt8](repeating: 0, count: count))
    let directory = try #require(bytes.indices.last { bytes[$0...].starts(with: latin1("PK\u{1}\u{2}")) })
    for offset in [22, directory + 24] { bytes.replaceSubrange(offset..<offset + 4, with: littleEndian(size)) }
    return bytes
  }

  // MARK: Good archives

  private static let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  @Test func storedEntriesAreRead() throws {
    #expect(try read(Zip(.init("b", [1]), .init("a", Self.data))) == Self.data)
  }

  @Test func deflatedEntriesAreRead() throws {
    #expect(try read(deflated(Self.data)) == Self.data)
  }

  @Test func entriesCanBeReadAgain() throws {
    let archive = try ZipArchive(path: folder.write(deflated(Self.data), to: "test.zip"))
    for _ in 0..<2 { #expect(try archive.read("a") { try $0.bytes($0.size) } == Self.data) }
  }

  @Test(arguments: [false, true]) func anArchiveIsNotReopenedWhenAnotherHasTakenItsPlace(isGzip: Bool) throws {
    let (path, other) = (folder.path + "/test.zip", folder.path + "/other.zip")
    // “a” by gzip.
    let gzip: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 75, 4, 0, 67, 190, 183, 232, 1, 0, 0, 0]
    for path in [path, other] {
      try Data(isGzip ? gzip : Zip(.init("a", [1])).bytes).write(to: URL(fileURLWithPath: path))
    }
    let archive = try isGzip ? ZipArchive(gzip: path) : ZipArchive(path: path)
    _ = try ZipArchive(reopening: archive)
    #expect(rename(other, path) == 0)
    refuses(FileError.self, "test.zip: has changed while it was read") { try ZipArchive(reopening: archive) }
  }

  @Test func entriesAreListedInTheArchivesOrder() throws {
    let path = try folder.write(Zip(.init("b", [1]), .init("a", [2])).bytes, to: "test.zip")
    #expect(try ZipArchive(path: path).entryNames == ["b", "a"])
  }

  @Test func anEntryMayBeEmpty() throws { #expect(try read(Zip(.init("a", []))) == []) }

  @Test func eachThreadMayOpenTheArchiveForItself() throws {
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

  // MARK: Files that are not intact archives

  @Test func aMissingFileIsNotFound() {
    refuses(.notFound, "/nowhere/imdb.npz: no such file; check the path") {
      try ZipArchive(path: "/nowhere/imdb.npz")
    }
  }

  @Test func aFileThatMayNotBeReadIsUnreadable() throws {
    let path = try folder.write(Zip(.init("a", [])).bytes, to: "secret.zip")
    chmod(path, 0)
    // Not for the superuser, who may read everything.
    if access(path, R_OK) != 0 {
      refuses(.unreadableFile, "secret.zip: the archive cannot be opened (Permission denied)") {
        try ZipArchive(path: path)
      }
    }
  }

  @Test func aDirectoryIsNotAnArchive() {
    refuses(.unsupportedFormat, "\(folder.path): expected a zip archive, found a directory") {
      try ZipArchive(path: folder.path)
    }
  }

  @Test func aDeviceIsNotAnArchive() {
    refuses(.unsupportedFormat, "/dev/null: expected a zip archive, found something that is no regular file") {
      try ZipArchive(path: "/dev/null")
    }
  }

  @Test func anEmptyFileIsDamaged() throws {
    let path = try folder.write([], to: "empty.npz")
    refuses(.damaged, "empty.npz: expected a zip archive, found an empty file") { try ZipArchive(path: path) }
  }

  @Test func anotherFileIsNotAnArchive() throws {
    let path = try folder.write("<html>not found</html>", to: "imdb.npz")
    refuses(.unsupportedFormat, "imdb.npz: expected a zip archive, found something else") {
      try ZipArchive(path: path)
    }
  }

  @Test(arguments: [5, 30, 500, 1000]) func aFileThatIsCutOffIsDamaged(left: Int) throws {
    let path = try folder.write(
      Array(Zip(.init("a", Array(repeating: 7, count: 1000))).bytes.prefix(left)), to: "cut.npz")
    refuses(.damaged, "cut.npz: ", "a file that is cut off") { try ZipArchive(path: path) }
  }

  @Test func namesOccurOnce() {
    refuses(.unsupportedEntry, "test.zip: a: expected one entry of this name, found several") {
      try read(Zip(.init("a", [1]), .init("b", [2]), .init("a", [3])))
    }
  }

  @Test func namesInFrontOfTheDataMatchTheTableOfContents() throws {
    var bytes = Zip(.init("a", [1, 2, 3])).bytes
    bytes[30] = UInt8(ascii: "b")  // in front of the data only
    refuses(.damaged, "test.zip: the archive's table of contents does not match its entries") { try read(bytes) }
  }

  // MARK: Entries that cannot be read

  @Test func aMissingEntryIsNamedWithThoseThatAreThere() {
    refuses(.missingEntry("c"), "test.zip: expected an entry “c”, found only “a”, “b”; ") {
      try read(Zip(.init("a", [1]), .init("b", [2])), "c")
    }
  }

  @Test func ofManyEntriesEightAreNamed() {
    var many = Zip()
    many.entries = (0..<20).map { .init("entry \($0)", []) }
    refuses(.missingEntry("c"), "“entry 7” and 12 more;") { try read(many, "c") }
  }

  @Test func anArchiveMayBeEmpty() {
    refuses(.missingEntry("c"), "found an empty archive") { try read(Zip(), "c") }
  }

  @Test func namesCannotWriteToTheTerminal() {
    // Libzip refuses or translates control characters, but not the one that reverses the rest of the line.
    var entry = Zip.Entry("b\u{202e}x", [1])
    entry.flags = 0x800  // the name is UTF-8
    refuses(.missingEntry("a"), "“b\\u{202E}x”") { try read(Zip(entry), "a") }
  }

  @Test func entriesBeyondTheLimitAreRefused() {
    refuses(CorpusError.Kind.tooLarge, "test.zip: a: expected at most 99 bytes, found 100 declared") {
      try read(Zip(.init("a", [UInt8](repeating: 0, count: 100))), sizeLimit: 99)
    }
  }

  @Test func whatTheEntryDeclaresCounts() {
    var bomb = Zip.Entry("a", [1, 2, 3])
    bomb.size = .max - 1
    refuses(CorpusError.Kind.tooLarge, "test.zip: a: expected at most 1048576 bytes, found 4294967294 declared") {
      try read(Zip(bomb))
    }
  }

  @Test func aWrongChecksumIsDamage() {
    var entry = Zip.Entry("a", [1, 2, 3])
    entry.crc ^= 1
    refuses(.damaged, "test.zip: a: the data does not match its checksum (CRC-32)") { try read(Zip(entry)) }
  }

  @Test func aWrongChecksumExplainsWhyTheDataCannotBeParsed() throws {
    var entry = Zip.Entry("a", [1, 2, 3])
    entry.crc ^= 1
    let path = try folder.write(Zip(entry).bytes, to: "test.zip")
    refuses(.damaged, "test.zip: a: the data does not match its checksum (CRC-32)") {
      try ZipArchive(path: path).read("a") { try NPYHeader(from: &$0) }
    }
  }

  @Test func moreDataThanDeclaredIsDamage() {
    refuses(.damaged, "test.zip: a: expected the 1000 bytes that the archive declares, found more") {
      try read(deflated(zeros: 200_000, declaring: 1000))
    }
  }

  @Test func lessDataThanDeclaredIsDamage() {
    refuses(
      .damaged, "test.zip: a: ", "expected the 5000 bytes that the archive declares, found the end of the data"
    ) {
      try read(deflated(zeros: 1000, declaring: 5000))
    }
  }

  @Test func damagedDeflateIsNoticed() throws {
    var bytes = try deflated((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0) })
    for offset in 40..<60 { bytes[offset] = 0xff }
    refuses(.damaged, "test.zip: a: ", "the file is damaged") { try read(bytes) }
  }

  @Test func encryptedEntriesAreRefused() {
    refuses(.unsupportedEntry, "test.zip: a: the entry is encrypted; store it without a password") {
      try read(deflated([1, 2, 3], password: "secret"))
    }
  }

  @Test func unknownCompressionIsRefused() {
    var entry = Zip.Entry("a", [1, 2, 3])
    entry.method = 77
    refuses(.unsupportedEntry, "test.zip: a: the compression method is not supported") { try read(Zip(entry)) }
  }

  @Test func noByteMayBeLeftOver() throws {
    let path = try folder.write(Zip(.init("a", [1, 2, 3])).bytes, to: "test.zip")
    refuses(.damaged, "test.zip: a: byte 2: expected the end of the entry, found 1 more bytes") {
      try ZipArchive(path: path).read("a") { try $0.bytes(2) }
    }
  }

  @Test func noByteMayBeReadBeyondTheEnd() throws {
    let path = try folder.write(Zip(.init("a", [1, 2, 3])).bytes, to: "test.zip")
    refuses(.damaged, "test.zip: a: byte 3: expected more data, found the end of the entry") {
      try ZipArchive(path: path).read("a") { try $0.bytes(4) }
    }
  }
}
