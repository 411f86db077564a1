#if Zip
  import CLibZip
  import Files
  import Foundation

  /// A zip archive, read straight from its file, entry by entry; nothing is unpacked to disk.
  ///
  /// An instance belongs to one thread. To read on several threads, open the archive once on each.
  package final class ZipArchive {
    /// The archive's path as the caller gave it.
    package let path: String
    /// The names of the entries, in the archive's own order.
    package let entryNames: [String]

    private let handle: OpaquePointer
    private let sizeLimit: Int
    private let isGzip: Bool
    private let state: FileState

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - path: the archive's path.
    ///   - sizeLimit: the largest entry to read, in bytes. Entries are read in chunks, so that a limit on the size is all
    ///     it takes against zip bombs; there is none on the compression ratio, which for honest data too can reach
    ///     deflate's maximum of a thousand. The default, 256 MiB, is 18 times the largest entry of Keras's `imdb.npz`.
    /// - Throws: `CorpusError` if there is no such file, if it is not a regular file or not a zip archive, if it is cut
    ///   off or inconsistent, or if two of its entries have the same name.
    package init(path: String, sizeLimit: Int = 256 << 20) throws {
      try Self.checkFile(path)
      // Without ZIP_CHECKCONS libzip would accept entries that overlap, and take the first of two with the same name.
      (handle, state) = try Self.open(path, ZIP_CHECKCONS)
      self.path = path
      self.sizeLimit = sizeLimit
      isGzip = false
      entryNames = Self.names(handle)
      if let twice = Self.firstDuplicate(entryNames) { throw Self.duplicateError(path: path, name: twice) }
    }

    /// Opens a file that is compressed with gzip, as an archive of one entry, which has the file's name without `.gz`.
    ///
    /// - Throws: `CorpusError` if it cannot be read or is damaged. One of several members in a row fails when it is read.
    package init(gzip path: String) throws {
      try Self.checkFile(path)
      (handle, state) = try Self.openGzip(path)
      self.path = path
      isGzip = true
      // Deflate shrinks to a thousandth at best; texts usually shrink to a third.
      var facts = stat()
      sizeLimit = stat(path, &facts) == 0 ? max(64 << 20, 100 * min(Int(facts.st_size), 1 << 50)) : 64 << 20
      entryNames = Self.names(handle)
    }

    private static func openGzip(_ path: String) throws -> (OpaquePointer, FileState) {
      let (archive, state) = try GzipFile.zipArchive(path)
      guard let copy = malloc(archive.count) else { throw FileError(.outOfMemory(bytes: archive.count), path: path) }
      _ = archive.withUnsafeBytes { memcpy(copy, $0.baseAddress!, $0.count) }
      var error = zip_error_t()
      zip_error_init(&error)
      defer { zip_error_fini(&error) }
      guard let source = zip_source_buffer_create(copy, UInt64(archive.count), 1, &error) else {
        free(copy)
        throw openingError(path: path, code: zip_error_code_zip(&error))
      }
      guard let handle = zip_open_from_source(source, ZIP_RDONLY, &error) else {
        zip_source_free(source)
        throw openingError(path: path, code: zip_error_code_zip(&error))
      }
      return (handle, state)
    }

    /// Opens an archive once more, for another thread, without repeating the checks.
    ///
    /// - Throws: `CorpusError` or `FileError` if the file has been removed, replaced or written since.
    package init(reopening archive: ZipArchive) throws {
      (handle, state) = try archive.isGzip ? Self.openGzip(archive.path) : Self.open(archive.path, 0)
      path = archive.path
      sizeLimit = archive.sizeLimit
      entryNames = archive.entryNames
      isGzip = archive.isGzip
      guard state == archive.state else { throw FileError(.changed, path: path) }
    }

    deinit { zip_discard(handle) }

    /// The names of an archive's entries, which tell what kind of archive it is. Whether it is intact is not checked.
    ///
    /// - Throws: `CorpusError` if there is no such file or it is not a zip archive.
    package static func entryNames(path: String) throws -> [String] {
      try checkFile(path)
      let (handle, _) = try open(path, 0)
      defer { zip_discard(handle) }
      return names(handle)
    }

    /// Reads one entry to its end, and verifies its size and its checksum.
    ///
    /// - Parameters:
    ///   - name: the entry's name.
    ///   - body: takes all of the entry's bytes from the reader.
    /// - Throws: `CorpusError` if there is no such entry, if it is too large, encrypted or compressed in an unknown way,
    ///   if its bytes are not those that the archive promises, or if `body` leaves some; and whatever `body` throws.
    package func read<Result>(_ name: String, _ body: (inout EntryReader) throws -> Result) throws -> Result {
      let index = zip_name_locate(handle, name, 0)
      guard index >= 0 else {
        throw CorpusError(
          .missingEntry(name), file: path, expected: "an entry \(CorpusError.quoted(name))",
          found: entryNames.isEmpty ? "an empty archive" : "only \(CorpusError.quoted(entryNames, limit: 8))",
          advice: "check that it is the right file")
      }
      return try read(entry: Int(index), body)
    }

    /// Reads the entry at an index of ``entryNames``; see ``read(_:_:)``.
    package func read<Result>(entry index: Int, _ body: (inout EntryReader) throws -> Result) throws -> Result {
      let name = entryNames[index]
      let size = try declaredSize(of: index)
      guard let entry = zip_fopen_index(handle, UInt64(index), 0) else {
        throw readingError(zip_error_code_zip(zip_get_error(handle)), entry: name)
      }
      defer { zip_fclose(entry) }
      var reader = EntryReader(file: path, entry: name, size: size) { chunk in
        let count = zip_fread(entry, chunk.baseAddress, UInt64(chunk.count))
        if count < 0 { throw self.readingError(zip_error_code_zip(zip_file_get_error(entry)), entry: name) }
        return Int(count)
      }
      let result: Result
      do {
        result = try body(&reader)
      } catch {
        // If the archive is damaged, that explains the problem better than the parser can.
        try reader.drain()
        throw error
      }
      let left = reader.remaining
      let end = reader.position
      try reader.drain()
      if left > 0 {
        throw reader.damage(at: end, expected: "the end of the entry", found: "\(left) more bytes")
      }
      return result
    }

    /// The first bytes of the entry at an index of ``entryNames``, whose checksum is not verified.
    ///
    /// - Throws: `CorpusError` as ``read(_:_:)`` does.
    package func start(ofEntry index: Int, count: Int) throws -> [UInt8] {
      let size = try declaredSize(of: index)
      guard let entry = zip_fopen_index(handle, UInt64(index), 0) else {
        throw readingError(zip_error_code_zip(zip_get_error(handle)), entry: entryNames[index])
      }
      defer { zip_fclose(entry) }
      let wanted = min(count, size)
      let bytes = [UInt8](filling: wanted) { buffer, filled in
        while filled < wanted {
          let count = zip_fread(entry, buffer.baseAddress! + filled, UInt64(wanted - filled))
          if count <= 0 { break }
          filled += Int(count)
        }
      }
      guard bytes.count == wanted else {
        throw readingError(zip_error_code_zip(zip_file_get_error(entry)), entry: entryNames[index])
      }
      return bytes
    }

    /// The number of bytes that an entry declares.
    ///
    /// - Throws: `CorpusError` if the entry declares none or too many, or is encrypted.
    package func declaredSize(of index: Int) throws -> Int {
      let name = entryNames[index]
      var facts = zip_stat_t()
      guard zip_stat_index(handle, UInt64(index), 0, &facts) == 0 else {
        throw readingError(zip_error_code_zip(zip_get_error(handle)), entry: name)
      }
      // Whatever the archive leaves open is taken for the worst.
      let known = UInt64(ZIP_STAT_SIZE | ZIP_STAT_ENCRYPTION_METHOD)
      guard facts.valid & known == known else {
        throw CorpusError(
          .damaged, file: path, entry: name, expected: "an entry with its size", found: "none",
          advice: EntryReader.damagedAdvice)
      }
      if facts.encryption_method != UInt16(ZIP_EM_NONE) {
        throw CorpusError(
          .unsupportedEntry, file: path, entry: name, found: "the entry is encrypted",
          advice: "store it without a password")
      }
      guard facts.size <= UInt64(sizeLimit) else {
        throw CorpusError(
          .tooLarge, file: path, entry: name, expected: "at most \(sizeLimit) bytes", found: "\(facts.size) declared",
          advice: "check that it is the right file")
      }
      return Int(facts.size)
    }

    private static func open(_ path: String, _ flags: Int32) throws -> (OpaquePointer, FileState) {
      var error = zip_error_t()
      zip_error_init(&error)
      defer { zip_error_fini(&error) }
      let (source, state) = try ZipFile.source(path)
      guard let handle = zip_open_from_source(source, ZIP_RDONLY | flags, &error) else {
        zip_source_free(source)
        throw openingError(path: path, code: zip_error_code_zip(&error))
      }
      return (handle, state)
    }

    // MARK: Errors

    private func readingError(_ code: Int32, entry: String) -> CorpusError {
      switch code {
      case ZIP_ER_CRC:
        CorpusError(
          .damaged, file: path, entry: entry, found: "the data does not match its checksum (CRC-32)",
          advice: EntryReader.damagedAdvice)
      case ZIP_ER_COMPNOTSUPP:
        CorpusError(
          .unsupportedEntry, file: path, entry: entry, found: "the compression method is not supported",
          advice: "store the entry deflated or uncompressed")
      default:
        CorpusError(
          .damaged, file: path, entry: entry, found: "the entry cannot be read (\(Self.message(code)))",
          advice: EntryReader.damagedAdvice)
      }
    }

    private static func checkFile(_ path: String) throws {
      var facts = stat()
      guard stat(path, &facts) == 0 else { throw CorpusError.inaccessible(path, code: errno) }
      // Opening a pipe or a device would wait for data, perhaps forever.
      switch facts.st_mode & S_IFMT {
      case S_IFREG: break
      case S_IFDIR:
        throw CorpusError(
          .unsupportedFormat, file: path, expected: "a zip archive", found: "a directory",
          advice: "give the path of the file inside it")
      default:
        throw CorpusError(
          .unsupportedFormat, file: path, expected: "a zip archive", found: "something that is no regular file",
          advice: "check the path")
      }
      if facts.st_size == 0 {
        throw CorpusError(
          .damaged, file: path, expected: "a zip archive", found: "an empty file", advice: EntryReader.damagedAdvice)
      }
    }

    private static func openingError(path: String, code: Int32) -> CorpusError {
      switch code {
      case ZIP_ER_NOZIP:
        // The table of contents is at the end: without it only the first bytes tell what the file was.
        let start = FileHandle(forReadingAtPath: path).flatMap { try? $0.read(upToCount: 4) } ?? Data()
        return start == Data("PK\u{3}\u{4}".utf8)
          ? CorpusError(
            .damaged, file: path, expected: "the table of contents of a zip archive at the end",
            found: "a file that is cut off", advice: EntryReader.damagedAdvice)
          : CorpusError(
            .unsupportedFormat, file: path, expected: "a zip archive", found: "something else",
            advice: "check that it is the right file")
      // If two entries have one name, libzip says that the file exists already.
      case ZIP_ER_INCONS, ZIP_ER_EXISTS:
        var ignored: Int32 = 0
        if let handle = zip_open(path, ZIP_RDONLY, &ignored) {
          defer { zip_discard(handle) }
          if let twice = firstDuplicate(names(handle)) { return duplicateError(path: path, name: twice) }
        }
        return CorpusError(
          .damaged, file: path, found: "the archive's table of contents does not match its entries",
          advice: EntryReader.damagedAdvice)
      case ZIP_ER_MEMORY:
        return CorpusError(
          .outOfMemory, file: path, found: "the archive cannot be opened", advice: "free some memory, and try again")
      default:
        return CorpusError(
          .unreadableFile, file: path, found: "the archive cannot be opened (\(message(code)))",
          advice: "check the file and its permissions")
      }
    }

    private static func duplicateError(path: String, name: String) -> CorpusError {
      CorpusError(
        .unsupportedEntry, file: path, entry: name, expected: "one entry of this name", found: "several",
        advice: "readers disagree about which one counts: write the archive again")
    }

    private static func message(_ code: Int32) -> String {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      return String(cString: zip_error_strerror(&error))
    }

    // MARK: Names

    private static func names(_ handle: OpaquePointer) -> [String] {
      (0..<max(0, zip_get_num_entries(handle, 0))).map { index in
        zip_get_name(handle, UInt64(index), 0).map { String(cString: $0) } ?? ""
      }
    }

    /// The first name that has occurred before.
    private static func firstDuplicate(_ names: [String]) -> String? {
      // Names are compared by their bytes, as libzip and Python do.
      var seen = WordTable()
      return names.first { name in
        let count = seen.count
        var name = name
        return name.withUTF8 { seen.add($0) } < count
      }
    }
  }
#endif
