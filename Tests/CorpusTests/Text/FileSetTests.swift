import Corpus
import Files
import Fixtures
import Foundation
import Testing

/// Paths and archives from which no texts can be read, or only just.
@Suite struct FileSetTests {
  private let data: TextData

  init() throws { data = try TextData() }

  // MARK: Paths

  @Test func aMissingFileIsNotFound() {
    refuses(.notFound, "/nowhere.csv: no such file; check the path") { try data.load("/nowhere.csv") }
  }

  @Test func aFileThatIsWrittenToWhileItIsReadIsAnError() throws {
    let path = try data.folder.write("text\n" + String(repeating: "a good film\n", count: 30_000), to: "a.csv")
    var count = 0
    refuses(FileError.self, "a.csv: has changed while it was read") {
      try TextFiles.forEachBatch(path: path, TextOptions()) { texts in
        count += texts.count
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("another\n".utf8))
      }
    }
    #expect(count == 30_000)
  }

  @Test func aDeviceIsNeitherFileNorFolder() {
    refuses(.unsupportedFormat, "/dev/null: expected a file or a folder, found something else") {
      try data.load("/dev/null")
    }
  }

  @Test func aFileThatMayNotBeReadIsUnreadable() throws {
    let secret = try data.folder.write("text,label\n", to: "secret.csv")
    chmod(secret, 0)
    // Not for the superuser, who may read everything.
    if access(secret, R_OK) != 0 {
      refuses(.unreadableFile, "secret.csv: can't be read (Permission denied)") { try data.load(secret) }
    }
  }

  @Test func anEmptyFolderHasNoTexts() throws {
    let empty = data.folder.path + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    refuses(.noTexts, "empty: expected folders with a .txt file for each text, one table, or two", "found no files") {
      try data.load(empty)
    }
  }

  @Test func whatIsCalledZipHasToBeOne() throws {
    let path = try data.folder.write("text,label\n", to: "a.zip")
    refuses(.unsupportedFormat, "a.zip: expected a zip archive, found something else") { try data.load(path) }
  }

  @Test func aFileThatBeginsLikeAZipHasToBeOne() throws {
    let path = try data.folder.write("PK\u{3}\u{4} but no archive", to: "a.csv")
    refuses(.damaged, "a.csv: expected the table of contents of a zip archive") { try data.load(path) }
  }

  // MARK: Layouts

  @Test func anArchiveMayBeEmpty() {
    refuses(.noTexts, "a.zip: expected folders with a .txt file", "found no files") { try data.load(data.zip()) }
  }

  /// Each: the names of an archive's files, and what is found.
  @Test(
    arguments: [
      (["x.bin", "y.bin"], "found “x.bin”, “y.bin”"), (["train.csv", "b.csv"], "found “b.csv”, “train.csv”"),
      ((0..<10).map { "\($0).bin" }, "“7.bin” and 2 more"),
    ] as [([String], String)])
  func archivesWithoutTextsAreRefused(names: [String], found: String) {
    refuses(.noTexts, "a.zip: expected folders with a .txt file", found) {
      try data.load(data.zip(names.map { ($0, "") }))
    }
  }

  @Test func archivesInsideArchivesAreRefused() {
    refuses(
      .unsupportedFormat, "a.zip: inner.zip: line 1: expected text, found a zip archive inside the archive"
    ) {
      try data.load(data.zip(.init("inner.zip", Zip(.init("pos/1.txt", [])).bytes)))
    }
  }

  @Test func oneFolderOfTextsIsOneLabel() {
    refuses(.wrongLabelCount(found: 1), "a.zip: expected two labels, found “positive” (1); add texts of another") {
      try data.load(data.zip([("pos/1.txt", "")]))
    }
  }

  @Test func threeFoldersOfTextsAreThreeLabels() {
    refuses(.wrongLabelCount(found: 3), "a.zip: expected two labels, found “a” (1), “b” (1), “c” (1)") {
      try data.load(data.zip([("a/1.txt", ""), ("b/1.txt", ""), ("c/1.txt", "")]))
    }
  }

  // MARK: Entries

  @Test func namesMayBeVeryLong() throws {
    let name = String(repeating: "n", count: 10_000)
    let path = try data.zip([("\(name)/pos/\(name).txt", "a"), ("\(name)/neg/1.txt", ""), ("\(name)/neg/2.txt", "")])
    #expect(try data.load(path, .training).training.count == 3)
  }

  @Test func thereMayBeVeryManyEntries() throws {
    let path = try data.zip((0..<200_000).map { ("t/\($0 % 2 == 0 ? "pos" : "neg")/\($0).txt", "a \($0)") })
    let texts = try data.load(path)
    #expect((texts.training.count, texts.test.count) == (160_000, 40_000))
    #expect(texts.vocabulary[4] == "a")
  }

  @Test func namesOccurOnce() {
    refuses(.unsupportedEntry, "a.zip: pos/1.txt: expected one entry of this name, found several") {
      try data.load(data.zip(.init("pos/1.txt", []), .init("neg/1.txt", []), .init("pos/1.txt", [])))
    }
  }

  @Test func damagedEntriesAreRefused() {
    var damaged = Zip.Entry("pos/1.txt", [1, 2, 3])
    damaged.crc ^= 1
    refuses(.damaged, "a.zip: pos/1.txt: the data does not match its checksum") {
      try data.load(data.zip(damaged, .init("neg/1.txt", [])))
    }
  }

  @Test func encryptedEntriesAreRefused() {
    var encrypted = Zip.Entry("pos/1.txt", [1, 2, 3])
    encrypted.flags = 1
    refuses(.unsupportedEntry, "a.zip: pos/1.txt: the entry is encrypted; store it without a password") {
      try data.load(data.zip(encrypted, .init("neg/1.txt", [])))
    }
  }

  @Test func anEntryThatDeclaresMoreThanTheLimitIsRefused() {
    var huge = Zip.Entry("pos/1.txt", [1, 2, 3])
    huge.size = .max - 1
    refuses(CorpusError.Kind.tooLarge, "a.zip: pos/1.txt: expected at most 67108864 bytes, found 4294967294 declared") {
      try data.load(data.zip(huge, .init("neg/1.txt", [])))
    }
  }

  /// 80 MB in 80 kB.
  @Test func zipBombsAreRefused() throws {
    let zeros = Data(count: 20 << 20)
    let entries = ["pos/1.txt", "pos/2.txt", "neg/1.txt", "neg/2.txt"].map { ($0, zeros) }
    let path = try data.folder.write([UInt8](ZipWriter.archive(entries, isDeflated: true)), to: "bomb.zip")
    refuses(
      CorpusError.Kind.tooLarge,
      "bomb.zip: expected at most 67108864 bytes in all, a hundred times the archive's size, found more"
    ) {
      try data.load(path)
    }
  }
}
